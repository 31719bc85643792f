"""Climate records in the public formats: monthly totals by the month's length, signs, layouts."""

import calendar

import numpy as np
import pytest

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput, UnknownUnits
from gwkeras.fields.readers import read_climate
from gwkeras.fields.readers.climate import read_channels
from tests.fixtures import (
    centres,
    write_era5_legacy,
    write_era5_new,
    write_era5_split,
    write_gldas_monthly,
    write_plain,
    write_zip,
)

LAT, LON = centres(12.0, -0.1, 5), centres(100.0, 0.1, 7)  # north to south, as ECMWF has it
MONTHS = ["2003-12", "2004-01", "2004-02", "2004-03", "2005-02"]
DAYS = np.array([calendar.monthrange(int(m[:4]), int(m[5:]))[1] for m in MONTHS])
RNG = np.random.default_rng(11)
SHAPE = (5, 5, 7)
RAIN = RNG.gamma(1.5, 0.002, SHAPE)  # m per day
VARIABLES = {
    "tp": RAIN,
    "e": -RNG.random(SHAPE) * 0.004,
    "t2m": 290 + RNG.random(SHAPE) * 10,
    "swvl1": RNG.random(SHAPE) * 0.4,
    "sp": 9e4 + RNG.random(SHAPE) * 1e3,
    "ro": RAIN * 0.3,
    "smlt": RAIN * 0.1,
    "sd": RNG.random(SHAPE) * 0.02,
}


def expected():
    """What the file's numbers mean, by hand: m a day × 1000 × days of the month; evaporation is negative in the file."""
    total = 1000 * DAYS[:, None, None]
    channels = {
        "precipitation": VARIABLES["tp"] * total,
        "evapotranspiration": -VARIABLES["e"] * total,
        "temperature": VARIABLES["t2m"],
        "soil_moisture": VARIABLES["swvl1"],
        "surface_pressure": VARIABLES["sp"],
        "runoff": VARIABLES["ro"] * total,
        "snowmelt": VARIABLES["smlt"] * total,
        "snow_water_equivalent": VARIABLES["sd"] * 1000,
    }
    return {name: values[:, ::-1] for name, values in channels.items()}


def source(*paths, **more):
    return SourceConfig(path=tuple(str(p) for p in paths), **more)


def check(climate, rtol=1e-5, only=None, atol=None):
    for name, values in expected().items():
        if only is None or name in only:
            spread = np.nanmax(values) - np.nanmin(values)
            np.testing.assert_allclose(climate[name].values, values, rtol=rtol, atol=(atol or 1e-6) * spread, err_msg=name)
            assert climate[name]["time"].values.astype("M8[M]").astype(str).tolist() == MONTHS
            np.testing.assert_allclose(climate[name]["lat"], LAT[::-1], rtol=1e-9)
            np.testing.assert_allclose(climate[name]["lon"], LON, rtol=1e-9)


def test_new_layout(tmp_path):
    climate = read_climate(source(write_era5_new(tmp_path / "data_0.nc", MONTHS, LAT, LON, VARIABLES)))
    check(climate)
    assert list(climate) == [
        "precipitation",
        "evapotranspiration",
        "soil_moisture",
        "temperature",
        "surface_pressure",
        "snow_water_equivalent",
        "runoff",
        "snowmelt",
    ]
    assert climate["precipitation"].attrs["units"] == "mm month-1"


def test_split_by_step_type_with_differing_stamps(tmp_path):
    check(read_climate(source(*write_era5_split(tmp_path, MONTHS, LAT, LON, VARIABLES))))


def test_zip_that_calls_itself_nc(tmp_path):
    members = write_era5_split(tmp_path / "m", MONTHS, LAT, LON, VARIABLES)
    check(read_climate(source(write_zip(tmp_path / "download.nc", members))))


def test_yearly_files(tmp_path):
    for year in ("2003", "2004", "2005"):
        kept = [i for i, month in enumerate(MONTHS) if month.startswith(year)]
        write_era5_new(tmp_path / f"{year}.nc", [MONTHS[i] for i in kept], LAT, LON, {k: v[kept] for k, v in VARIABLES.items()})
    check(read_climate(source(tmp_path)))


def test_legacy_packed_layout(tmp_path):
    climate = read_climate(source(write_era5_legacy(tmp_path / "l.nc", MONTHS, LAT, LON, VARIABLES)))
    check(climate, atol=2e-5)  # half a step of 65,532


def test_legacy_with_expver_as_a_dimension(tmp_path):
    both = {}
    for name, values in VARIABLES.items():
        stacked = np.full((5, 2, 5, 7), np.nan)
        stacked[:3, 0], stacked[3:, 1] = values[:3], values[3:]
        both[name] = stacked
    climate = read_channels(source(write_era5_legacy(tmp_path / "l.nc", MONTHS, LAT, LON, both, expver=True)))
    check(climate.fields, atol=2e-5)
    assert any("preliminary" in note for note in climate.notes)


def test_preliminary_months_are_said(tmp_path):
    notes = read_channels(source(write_era5_new(tmp_path / "x.nc", MONTHS, LAT, LON, VARIABLES, preliminary=2))).notes
    assert notes == ("x.nc: 2 of 5 months are preliminary (expver 5, ERA5T)",)


def test_tiny_negative_precipitation_is_clipped(tmp_path):
    rain = RAIN.copy()
    rain[2, 3, 3] = -1e-9
    path = write_era5_new(tmp_path / "x.nc", MONTHS, LAT, LON, {"tp": rain})
    assert read_channels(source(path)).fields["precipitation"].values.min() < 0
    assert read_climate(source(path))["precipitation"].values.min() == 0


def test_evaporation_that_is_positive_is_taken_as_it_stands(tmp_path):
    record = read_channels(source(write_era5_new(tmp_path / "x.nc", MONTHS, LAT, LON, {"e": -VARIABLES["e"]})))
    check(record.fields, only=("evapotranspiration",))
    assert "positive, against the convention" in record.notes[0]


def test_surface_runoff_stands_in_for_runoff(tmp_path):
    record = read_channels(source(write_era5_new(tmp_path / "x.nc", MONTHS, LAT, LON, {"sro": VARIABLES["ro"]})))
    check(record.fields, only=("runoff",))
    assert "surface runoff is used as runoff" in record.notes[0]


def test_hourly_era5_is_refused(tmp_path):
    path = write_plain(
        tmp_path / "h.nc",
        ("valid_time", "latitude", "longitude"),
        {"valid_time": np.arange(48) * 3600 + 1104537600, "latitude": LAT, "longitude": LON},
        {"tp": np.zeros((48, 5, 7), "f4")},
        {"valid_time": {"units": "seconds since 1970-01-01"}, "tp": {"units": "m"}},
    )
    with pytest.raises(BadInput, match="expected monthly means, found 48 steps in 1 months"):
        read_climate(source(path))


def test_gldas_noah_monthly(tmp_path):
    """kg m-2 s-1 × 86400 × days; _acc is per 3 hours, × 8 × days; the first 10 cm's kg m-2 by 100 mm."""
    lat = LAT[::-1]
    mm = {k: v[:, ::-1] for k, v in VARIABLES.items()}
    files = {
        "Rainf_f_tavg": mm["tp"] * 1000 / 86400,
        "Evap_tavg": -mm["e"] * 1000 / 86400,
        "SoilMoi0_10cm_inst": mm["swvl1"] * 100,
        "SoilMoi10_40cm_inst": mm["swvl1"] * 300,
        "Tair_f_inst": mm["t2m"],
        "SWE_inst": mm["sd"] * 1000,
        "Qs_acc": mm["ro"] * 1000 / 8 * 0.75,
        "Qsb_acc": mm["ro"] * 1000 / 8 * 0.25,
        "Qsm_acc": mm["smlt"] * 1000 / 8,
    }
    files["Rainf_f_tavg"] = files["Rainf_f_tavg"].copy()
    files["Rainf_f_tavg"][1, 0, 0] = np.nan
    climate = read_climate(source(write_gldas_monthly(tmp_path, MONTHS, lat, LON, files)))
    assert np.isnan(climate["precipitation"].values[1, 0, 0])
    climate["precipitation"] = climate["precipitation"].fillna(expected()["precipitation"][1, 0, 0])
    check(climate, only=set(climate))
    assert set(climate) == set(expected()) - {"surface_pressure"}


PLAIN = {"time": np.array([0.0, 31.0, 60.0]), "lat": centres(0.5, 1.0, 3), "lon": centres(0.5, 1.0, 4)}  # Jan, Feb, Mar 2004


def plain(path, variables, attributes):
    time = {"time": {"units": "days since 2004-01-01"}}
    return write_plain(
        path,
        ("time", "lat", "lon"),
        PLAIN,
        {k: np.full((3, 3, 4), v, "f4") for k, v in variables.items()},
        {**time, **attributes},
    )


@pytest.mark.parametrize(
    ("name", "attributes", "value", "channel", "expected_values"),
    [
        ("pr", {"units": "kg m-2 s-1"}, 1e-5, "precipitation", [0.864 * 31, 0.864 * 29, 0.864 * 31]),
        ("PPT", {"units": "mm"}, 80.0, "precipitation", [80, 80, 80]),
        ("rain_gauge", {"units": "mm/day", "standard_name": "lwe_precipitation_rate"}, 2.0, "precipitation", [62, 58, 62]),
        ("var1", {"units": "cm", "long_name": "Actual evapotranspiration"}, 3.0, "evapotranspiration", [30, 30, 30]),
        ("tas", {"units": "degC"}, 20.0, "temperature", [293.15] * 3),
        ("sm", {"units": "%"}, 25.0, "soil_moisture", [0.25] * 3),
        ("ps", {"units": "hPa"}, 1000.0, "surface_pressure", [1e5] * 3),
    ],
)
def test_any_netcdf_by_name_or_description(tmp_path, name, attributes, value, channel, expected_values):
    climate = read_climate(source(plain(tmp_path / "x.nc", {name: value, "flag": 1.0}, {name: attributes})))
    assert list(climate) == [channel]
    np.testing.assert_allclose(climate[channel].values[:, 1, 1], expected_values, rtol=1e-5)


def test_mapping_names_all_that_is_read(tmp_path):
    path = plain(tmp_path / "x.nc", {"a": 1.0, "aet": 2.0}, {})
    climate = read_climate(source(path, variables={"precipitation": "a"}, units={"precipitation": "mm d-1"}))
    assert list(climate) == ["precipitation"]
    np.testing.assert_allclose(climate["precipitation"].values[:, 0, 0], [31, 29, 31])


def test_refusals_name_file_and_variable(tmp_path):
    path = plain(tmp_path / "x.nc", {"pr": 1.0, "rain": 2.0, "q2": 3.0}, {"pr": {"units": "mm"}})
    with pytest.raises(BadInput, match=r"one variable for precipitation, found pr and rain"):
        read_climate(source(path))
    with pytest.raises(
        UnknownUnits, match=r"x\.nc, variable rain: expected a units attribute convertible to mm month-1, found none"
    ):
        read_climate(source(path, variables={"precipitation": "rain"}))
    with pytest.raises(UnknownUnits, match="found 'stere'"):
        read_climate(source(path, variables={"precipitation": "rain"}, units={"precipitation": "stere"}))
    with pytest.raises(BadInput, match=r"expected ppt, found pr\(time, lat, lon\), rain"):
        read_climate(source(path, variables={"precipitation": "ppt"}))
    with pytest.raises(BadInput, match=r"expected names among precipitation, .*found 'rainfall'"):
        read_climate(source(path, variables={"rainfall": "rain"}))
    with pytest.raises(BadInput, match="a climate variable with time"):
        read_climate(source(plain(tmp_path / "y.nc", {"z9": 1.0}, {})))
