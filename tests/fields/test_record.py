"""All sources of a run together: region, months, coarsening, what is said and what is refused."""

import dataclasses
import hashlib

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.tree import DataConfig, RegionConfig, SourceConfig
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.readers import in_memory
from gwkeras.fields.readers.survey import Survey, survey
from gwkeras.fields.record import _without_climate, coarsened, read_fields
from gwkeras.observation.point_spread import PointSpread
from tests.fixtures import centres, write_era5_split, write_g3p, write_plain

LAT, LON = centres(0.25, 0.5, 12), centres(10.25, 0.5, 16)
FINE_LAT, FINE_LON = centres(7.0, -0.1, 81), centres(9.0, 0.1, 101)
STORAGE_MONTHS = ["2003-01", "2003-02", "2003-04", "2003-05"]
CLIMATE_MONTHS = ["2002-11", "2002-12", "2003-01", "2003-02", "2003-03", "2003-04", "2003-05", "2003-06"]
RNG = np.random.default_rng(5)
GWSA = RNG.normal(0, 50, (4, 12, 16)).astype("f4")


def source(*paths, **more):
    return SourceConfig(path=tuple(str(p) for p in paths), **more)


@pytest.fixture
def data(tmp_path):
    storage = write_g3p(tmp_path / "g3p.nc", STORAGE_MONTHS, LAT, LON, GWSA, np.full(GWSA.shape, 40.0))
    shape = (8, 81, 101)
    rain = RNG.random(shape) * 0.01
    rain[3, 20, 30] = -1e-8
    climate = write_era5_split(
        tmp_path / "era5", CLIMATE_MONTHS, FINE_LAT, FINE_LON, {"tp": rain, "t2m": 290 + RNG.random(shape)}
    )
    maps = {"elevation": RNG.random((81, 101)), "lsm": RNG.random((81, 101))}
    static = write_plain(tmp_path / "static.nc", ("lat", "lon"), {"lat": FINE_LAT, "lon": FINE_LON}, maps)
    truth = write_g3p(
        tmp_path / "truth.nc",
        STORAGE_MONTHS,
        centres(0.0625, 0.125, 48),
        centres(10.0625, 0.125, 64),
        np.repeat(np.repeat(GWSA, 4, 1), 4, 2),
    )
    return DataConfig(gwsa=source(storage), climate=(source(*climate),), static=(source(static),), truth=source(truth))


def test_whole_record(data):
    fields = read_fields(data)
    assert fields.grid.describe() == "0.5° cells, 12 × 16, 0…6°N 10…18°E"
    np.testing.assert_array_equal(fields.gwsa.values, GWSA)
    assert set(fields.climate) == {"precipitation", "temperature"}
    assert fields.climate["precipitation"].sizes["time"] == 8
    # 0…6°N and a cell of 0.1° more on each side: -0.1…6.1, but the file starts at -1
    np.testing.assert_allclose(fields.climate["temperature"]["lat"], np.arange(-0.1, 6.15, 0.1), atol=1e-9)
    assert set(fields.static) == {"elevation"}
    assert fields.land is not None
    assert fields.land.name == "land"
    assert fields.reference is None
    assert fields.point_spread == PointSpread()
    assert fields.notes == [
        "point spread: g3p.nc states no filter; methods estimate one from the product",
        "data_stream-moda_stepType-avgua.nc, data_stream-moda_stepType-avgad.nc: precipitation is negative in 1 of 41832 values, "
        "down to -0.00028 mm month-1; set to zero (rounding of the packed file)",
    ]
    assert float(fields.climate["precipitation"].min()) == 0.0
    assert [s["file"] for s in fields.sources] == [
        "g3p.nc",
        "data_stream-moda_stepType-avgua.nc",
        "data_stream-moda_stepType-avgad.nc",
        "static.nc",
    ]
    with open(data.gwsa.path[0], "rb") as file:
        assert fields.sources[0]["sha256"] == hashlib.sha256(file.read()).hexdigest()


def test_region_and_months(data):
    region = RegionConfig(south=1, north=3, west=12, east=15)
    fields = read_fields(dataclasses.replace(data, region=region, first_month="2003-02", last_month="2003-04"))
    np.testing.assert_array_equal(fields.gwsa.values, GWSA[1:3, 2:6, 4:10])
    np.testing.assert_array_equal(fields.uncertainty.values, np.full((2, 4, 6), 40.0))
    # climate keeps what went before, as memory
    assert fields.climate["precipitation"]["time"].values.astype("M8[M]").astype(str).tolist() == CLIMATE_MONTHS[:6]
    assert fields.truth.shape == (2, 16, 24)
    assert fields.grid.refine(4).is_close(grid_of(fields.truth))


def test_truth_is_opened_but_not_read(data, monkeypatch):
    read = []
    getitem = xr.backends.netCDF4_.NetCDF4ArrayWrapper._getitem
    monkeypatch.setattr(
        xr.backends.netCDF4_.NetCDF4ArrayWrapper,
        "_getitem",
        lambda self, key: (read.append((self.datastore._filename, self.variable_name)), getitem(self, key))[1],
    )
    fields = read_fields(data)
    assert ("truth.nc", "gwsa") not in [(name.rsplit("/")[-1], variable) for name, variable in read]
    assert ("g3p.nc", "gwsa") in [(name.rsplit("/")[-1], variable) for name, variable in read]
    np.testing.assert_array_equal(fields.truth.values[:, ::4, ::4], GWSA)


def test_fingerprint_follows_content_and_not_place_or_truth(data, tmp_path):
    base = read_fields(data).fingerprint
    assert read_fields(dataclasses.replace(data, truth=None)).fingerprint == base
    moved = tmp_path / "elsewhere.nc"
    with open(data.gwsa.path[0], "rb") as file:
        moved.write_bytes(file.read())
    assert read_fields(dataclasses.replace(data, gwsa=source(moved))).fingerprint == base
    assert read_fields(dataclasses.replace(data, last_month="2003-04")).fingerprint != base
    write_g3p(moved, STORAGE_MONTHS, LAT, LON, GWSA + 1)
    assert read_fields(dataclasses.replace(data, gwsa=source(moved))).fingerprint != base


def test_coarsened_product_with_its_own_reference(data):
    fields = read_fields(dataclasses.replace(data, gwsa=data.truth, reference=data.truth, truth=None, coarsen_product=4))
    np.testing.assert_allclose(fields.gwsa.values, GWSA, rtol=1e-5)
    assert grid_of(fields.reference).is_close(fields.grid.refine(4))
    assert fields.reference.shape == (4, 48, 64)


def test_coarsened_by_hand():
    """Two rows at 45° and 46°: areas go as the difference of the sines of the edges; a block needs half its area."""
    values = np.array([[[1.0, 2, np.nan, 7], [5, 4, np.nan, np.nan]]], "f4")
    field = xr.DataArray(
        values,
        dims=("time", "lat", "lon"),
        coords={"time": np.array(["2003-01-01"], "M8[ns]"), "lat": [45.5, 46.5], "lon": [0.5, 1.5, 2.5, 3.5]},
        name="gwsa",
    )
    lower, upper = np.diff(np.sin(np.deg2rad([45.0, 46, 47])))
    whole = (1 * lower + 2 * lower + 5 * upper + 4 * upper) / (2 * lower + 2 * upper)
    result = coarsened(field, 2, 0.5).values[0, 0]
    assert result[0] == pytest.approx(whole, rel=1e-6)
    assert np.isnan(result[1])
    assert coarsened(field, 2, 0.25).values[0, 0, 1] == pytest.approx(7.0)


def test_months_of_storage_outside_of_the_climate_are_counted():
    storage = np.arange("2002-01", "2003-01", dtype="datetime64[M]")
    said = ["3 of 12 months of storage lie outside the climate's period, 2002-03 to 2002-11, and are left out"]
    assert _without_climate(storage, storage[2:11]) == said
    assert _without_climate(storage[2:5], storage) == []


def test_gaps_of_a_map_are_counted(data, tmp_path):
    """A map of irrigation that holds nothing where nothing is irrigated would be spread there."""
    irrigated = np.full((81, 101), 0.3)
    irrigated[:, :41] = np.nan  # 9.0 … 13.0°E; the region is 10 … 18°E with a cell of the map on each side: 9.9 … 18.1
    path = write_plain(tmp_path / "irrigated.nc", ("lat", "lon"), {"lat": FINE_LAT, "lon": FINE_LON}, {"irrigated": irrigated})
    (said,) = [
        note for note in read_fields(dataclasses.replace(data, static=(*data.static, source(path)))).notes if "irrigated" in note
    ]
    assert "39 % of its cells in the region are empty, of the product's 0 %" in said  # 32 of 83 columns
    assert not [note for note in read_fields(data).notes if "are empty" in note]


def test_no_months_in_common(data, tmp_path):
    other = write_g3p(tmp_path / "late.nc", ["2015-01", "2015-02"], LAT, LON, GWSA[:2])
    with pytest.raises(MissingMonths, match=r"months of the storage record \(2015-01 to 2015-02\), found 2002-11 to 2003-06"):
        read_fields(dataclasses.replace(data, gwsa=source(other)))
    with pytest.raises(MissingMonths, match="months from 2020-01 to the end, found 2003-01 to 2003-05"):
        read_fields(dataclasses.replace(data, first_month="2020-01"))


def test_region_without_data(data, tmp_path):
    empty = write_g3p(tmp_path / "empty.nc", STORAGE_MONTHS, LAT, LON, np.where(LAT[:, None] < 3, np.nan, GWSA))
    with pytest.raises(BadInput, match="expected data in the region, found only missing values"):
        read_fields(dataclasses.replace(data, gwsa=source(empty), region=RegionConfig(south=0, north=2, west=10, east=15)))
    with pytest.raises(GridMismatch, match="expected cells in the region"):
        read_fields(dataclasses.replace(data, region=RegionConfig(south=50, north=60, west=10, east=15)))


def test_file_damaged_inside_is_named(data, tmp_path):
    path = tmp_path / "damaged.nc"
    write_g3p(path, STORAGE_MONTHS, LAT, LON, GWSA)
    content = bytearray(path.read_bytes())
    start = content.rfind(b"\x78\x5e") if b"\x78\x5e" in content else content.rfind(b"\x78\x9c")
    content[start : start + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"damaged\.nc"):
        read_fields(dataclasses.replace(data, gwsa=source(path)))


def test_missing_files_are_named(data):
    with pytest.raises(BadInput, match="nothing of that name"):
        read_fields(dataclasses.replace(data, truth=source("nowhere/truth.nc")))


def field(values, unit):
    return xr.DataArray(
        np.asarray(values, "f4").reshape(2, 1, 3),
        dims=("time", "lat", "lon"),
        attrs={"units": unit},
        coords={"time": np.array(["2004-07-01", "2004-08-01"], "M8[ns]"), "lat": [25.1], "lon": [91, 91.5, 92]},
    )


def test_a_unit_that_most_values_belie_is_refused():
    said = (
        r"t\.nc, temperature: expected values within 180 … 335 K, found 20 … 293, 67 % of them outside; state the unit that the "
        r"values have \(such as --set 'data\.climate=\[\{units: \{temperature: degC\}\}\]'\)"
    )
    with pytest.raises(BadInput, match=said):
        survey(field([20, 21, 22, 23, 292, 293], "K"), "temperature", "t.nc")
    packed = survey(field([-1e-6] * 5 + [3], "mm"), "snow_water_equivalent", "s.nc", clipped=True)
    assert packed.notes == (
        "s.nc: snow_water_equivalent is negative in 5 of 6 values, down to -1e-06 mm; set to zero (rounding of the packed file)",
    )


def test_survey_says_where_the_odd_value_stands():
    seen = survey(field([1, np.nan, 4089, -2, 3, 4], "mm month-1"), "precipitation", "f.nc", clipped=True)
    assert seen.finite == 5
    assert seen.notes == (
        "f.nc: precipitation is negative in 1 of 5 values, down to -2 mm month-1; set to zero",
        "f.nc: precipitation is above 3000 mm month-1 in 1 of 5 values, "
        "highest 4089 mm month-1 in 2004-07 at 25.1°N 92°E; kept, check it",
    )
    cold = survey(field([20, 291, 292, 293, 294, 295], "K"), "temperature", "t.nc")
    assert cold.notes == (
        "t.nc: temperature is below 180 K in 1 of 6 values, lowest 20 K in 2004-07 at 25.1°N 91°E; kept, check it",
    )
    assert survey(field([0.1] * 6, "m3 m-3"), "soil_moisture", "s.nc").notes == ()
    assert survey(field([np.nan] * 6, "mm"), "gwsa", "s.nc") == survey(field([np.nan] * 6, "mm"), "gwsa", "s.nc").__class__(0, ())


def test_a_survey_counts_alike_with_and_without_odd_values():
    stamps = np.array(["2001-01", "2001-02", "2001-03"], dtype="datetime64[ns]")
    values = np.array([[[1.0, 2.0]], [[3.0, np.nan]], [[5.0, 6.0]]], dtype="f4")
    rain = xr.DataArray(values, dims=("time", "lat", "lon"), coords={"time": stamps, "lat": [0.25], "lon": [0.25, 0.75]})
    assert survey(rain, "precipitation", "rain.nc") == Survey(5, ())
    assert "in 1 of 5 values" in survey(rain.where(rain != 1.0, 4000.0), "precipitation", "rain.nc").notes[0]
    assert survey(rain.where(rain.time < stamps[1]), "precipitation", "rain.nc") == Survey(2, ())


def test_a_small_record_is_decoded_once_and_a_large_one_is_left_as_it_is(data, monkeypatch):
    whole = read_fields(data)
    assert all(isinstance(value.data, np.ndarray) for value in whole.climate.values())
    monkeypatch.setattr(in_memory, "MOST_BYTES", 0)
    for name, value in read_fields(data).climate.items():
        assert not isinstance(value.data, np.ndarray)
        xr.testing.assert_identical(value.compute(), whole.climate[name])
