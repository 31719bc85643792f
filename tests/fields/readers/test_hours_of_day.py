"""Monthly means by hour of day, in the layout of the store, against months worked out by hand."""

import netCDF4
import numpy as np
import pytest

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.fields.readers.climate import read_channels
from tests.fixtures import write_era5_new

LAT, LON = np.array([10.1, 10.0]), np.array([40.0, 40.1, 40.2])
ALL = tuple(range(1, 25))


def stamps(month, hours=ALL, midnight="next day"):
    """ISO stamps of the hours 1 … 24 after 00 UTC; 24 on the second day, as of a forecast, or at 00:00 of the first."""
    night = f"{month}-02T00:00" if midnight == "next day" else f"{month}-01T00:00"
    return [night if hour == 24 else f"{month}-01T{hour:02d}:00" for hour in hours]


def write(path, months, by_hour, hours=ALL, **more):
    """`by_hour`: variable -> values at the hours 1 … 24, equal in all cells; times 1, 2, 3 … in the months."""
    times = [stamp for month in months for stamp in stamps(month, hours, **more)]
    values = {
        name: np.concatenate(
            [np.full((len(hours), 2, 3), np.array(day)[np.array(hours) - 1, None, None] * k) for k in range(1, len(months) + 1)]
        ).astype("f4")
        for name, day in by_hour.items()
    }
    return write_era5_new(path, times, LAT, LON, values)


def read(path, **more):
    return read_channels(SourceConfig(path=(str(path),), **more))


def months_of(field):
    return field["time"].values.astype("M8[M]").astype(str).tolist()


def test_states_are_averaged_over_the_hours(tmp_path):
    record = read(write(tmp_path / "t.nc", ["2022-01", "2022-02"], {"t2m": [280.0] * 12 + [290.0] * 12}))
    field = record.fields["temperature"]
    assert months_of(field) == ["2022-01", "2022-02"]
    np.testing.assert_allclose(field.values[:, 0, 0], [285.0, 570.0])  # the second month has twice the first, see `write`
    assert record.notes == ("t.nc: monthly means by hour of day; the 24 hours of a month are averaged",)


@pytest.mark.parametrize("midnight", ["next day", "first day"])
def test_amounts_that_add_up_from_midnight_count_by_their_last_hour(tmp_path, midnight):
    """ERA5-Land: 0.1 mm more each hour is 2.4 mm a day; January has 31 days, February 28 and, here, twice the rain."""
    path = write(tmp_path / "land.nc", ["2022-01", "2022-02"], {"tp": 1e-4 * np.arange(1, 25)}, midnight=midnight)
    record = read(path)
    np.testing.assert_allclose(record.fields["precipitation"].values[:, 1, 2], [2.4 * 31, 4.8 * 28], rtol=1e-6)
    assert "'tp' accumulates from 00 UTC, as in ERA5-Land" in record.notes[0]


def test_amounts_over_each_hour_are_added(tmp_path):
    """ERA5: twelve hours of 0.1 mm and twelve of 0.3 mm are 4.8 mm a day."""
    record = read(write(tmp_path / "era5.nc", ["2024-02"], {"tp": [3e-4] * 6 + [1e-4] * 12 + [3e-4] * 6}))
    np.testing.assert_allclose(record.fields["precipitation"].values, 4.8 * 29, rtol=1e-6)
    assert "'tp' is over each hour, and a day's is the sum of its 24 hours" in record.notes[0]


def test_evaporation_is_negative_and_dew_is_no_fall(tmp_path):
    """0.04 mm of dew in each of the first and last three hours, 0.2 mm an hour between them: 3.6 − 0.24 = 3.36 mm a day."""
    hourly = np.array([0.04] * 3 + [-0.2] * 18 + [0.04] * 3) * 1e-3
    for name, day in (("land", np.cumsum(hourly)), ("era5", hourly)):
        field = read(write(tmp_path / f"{name}.nc", ["2022-06"], {"e": day})).fields["evapotranspiration"]
        np.testing.assert_allclose(field.values, 3.36 * 30, rtol=1e-5)


def test_mean_rates_are_averaged(tmp_path):
    """24 kg m⁻² a day on average, as twelve hours of 1/3600 − δ and twelve of 1/3600 + δ a second."""
    path = write(tmp_path / "rate.nc", ["2022-04"], {"tp": [0.5 / 3600] * 12 + [1.5 / 3600] * 12})
    with netCDF4.Dataset(path, "a") as file:
        file["tp"].units = "kg m**-2 s**-1"
    np.testing.assert_allclose(read(path).fields["precipitation"].values, 24.0 * 30, rtol=1e-5)


def test_months_without_all_hours_are_left_out_and_told(tmp_path):
    months = ["2022-01", "2022-02", "2022-03"]
    times = [stamp for month in months for stamp in stamps(month)]
    missing = times.index("2022-02-01T05:00")
    t2m = np.full((72, 2, 3), 280.0, "f4")
    record = read(write_era5_new(tmp_path / "t.nc", times[:missing] + times[missing + 1 :], LAT, LON, {"t2m": t2m[1:]}))
    assert months_of(record.fields["temperature"]) == ["2022-01", "2022-03"]
    assert record.notes[0] == "t.nc: 1 of 3 months lack some of the 24 hours of day and are left out (2022-02 with 23)"


def test_hours_spread_evenly_over_the_day_serve_for_states(tmp_path):
    record = read(write(tmp_path / "t.nc", ["2022-01"], {"t2m": 280.0 + np.arange(1, 25)}, hours=(3, 9, 15, 21)))
    np.testing.assert_allclose(record.fields["temperature"].values, 292.0)
    assert record.notes == ("t.nc: monthly means by hour of day; the 4 hours of a month are averaged",)


@pytest.mark.parametrize(
    ("name", "hours", "found"),
    [
        ("t2m", (6, 7, 8), "3 hours (06, 07, 08 UTC)"),
        ("tp", (6, 12, 18, 24), "4 hours (06, 12, 18, 00 UTC)"),
    ],
)
def test_too_few_hours_are_refused_in_one_sentence(tmp_path, name, hours, found):
    path = write(tmp_path / "x.nc", ["2022-01"], {name: np.full(24, 1.0)}, hours=hours)
    with pytest.raises(BadInput) as refused:
        read(path)
    assert f"x.nc, variable {name}: expected all 24 hours of day, " in str(refused.value)
    assert f"found monthly means of {found}; download the product 'monthly averaged reanalysis'" in str(refused.value)


def test_hourly_data_are_still_refused(tmp_path):
    times = [f"2022-01-{day:02d}T{hour:02d}:00" for day in range(1, 32) for hour in range(24)]
    path = write_era5_new(tmp_path / "x.nc", times, LAT, LON, {"t2m": np.full((744, 2, 3), 280.0, "f4")})
    with pytest.raises(BadInput, match="expected monthly means, found 744 steps in 1 months"):
        read(path)


def test_inspect_says_why_a_known_variable_is_not_read(tmp_path, gwkeras_command):
    path = write(tmp_path / "x.nc", ["2022-01"], {"t2m": np.full(24, 280.0)}, hours=(6, 7, 8))
    answer = gwkeras_command("inspect", path)
    assert answer.code == 2
    assert "expected all 24 hours of day, or some evenly spread over it, found monthly means of 3 hours" in answer.out
    assert "known by name" not in answer.out


@pytest.mark.real
def test_the_store_s_own_file(real_data):
    """ERA5-Land: by hand, the mean of 24 hours, and the amount stamped 00 UTC of the second day times the days of the month."""
    path = real_data / "formats/era5_monthly_by_hour.nc"
    record = read(path)
    with netCDF4.Dataset(path) as file:
        t2m, tp = (np.ma.filled(file[name][:].astype("f8"), np.nan)[:, ::-1] for name in ("t2m", "tp"))
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    np.testing.assert_allclose(record.fields["temperature"].values, t2m.reshape(12, 24, 10, 16).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(record.fields["precipitation"].values, tp[23::24] * 1000 * days[:, None, None], rtol=1e-5)
