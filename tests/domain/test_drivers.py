"""Drivers: block means by loops, derived channels against the whole record at once, gaps, months, memory."""

import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.tree import DataConfig
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.domain import array_cache
from gwkeras.domain.array_cache import cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.regridded_drivers import climate_months, derived_channels, drivers_from_fields
from gwkeras.fields.evapotranspiration import evapotranspiration
from tests.fields.in_memory import CLIMATE_FIRST, CLIMATE_MONTHS, PRODUCT, make_fields

FINE = PRODUCT.refine(2)
WATER = ("precipitation", "temperature", "evapotranspiration", "net_water_input")


STRIPES = np.arange(FINE.n_lon) % 2 * np.ones(FINE.shape, np.float32)


def open_drivers(fields, tmp_path, grid=FINE, channels=WATER, land=None, **data):
    land = np.ones(grid.shape, np.float32) if land is None else land
    return drivers_from_fields(fields, DataConfig(**data), grid, channels, land, tmp_path)


@pytest.mark.parametrize(("row", "col"), [(0, 0), (1, 2)])
def test_block_means_by_loops(tmp_path, row, col):
    """Weights are cos φ times land (exact for cells of one step); a block without land is averaged as a whole."""
    rng = np.random.default_rng(0)
    grid = Grid(60.0, 10.0, 0.25, 0.25, 7, 8)
    land = rng.uniform(size=grid.shape).astype(np.float32)
    land[row : row + 3, col : col + 3] = 0.0
    rain = rng.uniform(0, 100, (5, *grid.shape)).astype(np.float32)
    height = rng.uniform(0, 900, grid.shape).astype(np.float32)
    channels = {"precipitation": cached_array(tmp_path, "rain", rain.shape, lambda part: rain[part])}
    drivers = Drivers(grid, Calendar(from_month_number(np.arange(5))), channels, {"elevation": height}, land, tmp_path, "key")
    coarse = drivers.coarsen(3, row, col)
    assert coarse.grid == Grid(60.0 + 0.25 * row, 10.0 + 0.25 * col, 0.75, 0.75, 2, 2)
    for i in range(2):
        for j in range(2):
            cells = [(row + 3 * i + a, col + 3 * j + b) for a in range(3) for b in range(3)]
            area = np.array([np.cos(np.deg2rad(grid.lat[r])) for r, _ in cells])
            share = np.array([land[c] for c in cells])
            weight = area * (share if share.any() else 1.0)
            height_expected = np.average([height[c] for c in cells], weights=weight)
            for month in range(5):
                expected = np.average([rain[(month, *c)] for c in cells], weights=weight)
                assert coarse.channels["precipitation"][month, i, j] == pytest.approx(expected, rel=1e-5)
            assert coarse.static["elevation"][i, j] == pytest.approx(height_expected, rel=1e-5)
            assert coarse.land[i, j] == pytest.approx(np.average(share, weights=area), rel=1e-5)


def test_land_decides_what_a_cached_block_mean_is(tmp_path):
    all_drivers = [open_drivers(make_fields(), tmp_path, land=land) for land in (STRIPES, 1 - STRIPES)]
    west, east = (drivers.coarsen(2).channels["precipitation"].values for drivers in all_drivers)
    np.testing.assert_allclose(all_drivers[0].channels["precipitation"].values, all_drivers[1].channels["precipitation"].values)
    assert np.abs(west - east).max() > 1


@pytest.mark.parametrize("method", ["oudin", "hamon", "thornthwaite"])
def test_evapotranspiration_by_rows_is_that_of_the_whole_record(tmp_path, monkeypatch, method):
    """The climate lies on the drivers's own grid, so that nothing is interpolated."""
    fields = make_fields()
    monkeypatch.setattr(array_cache, "_BLOCK_BYTES", 2 * 4 * CLIMATE_MONTHS * FINE.n_lon * 3)  # three rows at once
    drivers = open_drivers(fields, tmp_path, evapotranspiration=method, aridity_cap=0.8)
    whole = evapotranspiration(fields.climate["temperature"], fields.climate["precipitation"], method, aridity_cap=0.8)
    np.testing.assert_allclose(drivers.channels["evapotranspiration"].values, whole.values, rtol=1e-5, atol=1e-4)
    left = fields.climate["precipitation"].values - whole.values
    np.testing.assert_allclose(drivers.channels["net_water_input"].values, left, rtol=1e-5, atol=1e-3)
    assert {"precipitation", "temperature"} <= set(drivers.channels)


def test_memory_does_not_grow_with_the_record(tmp_path, monkeypatch):
    """Four channels of 14 blocks each pass in the memory of twelve, float64 sums and temporaries included."""
    monkeypatch.setattr(array_cache, "_BLOCK_BYTES", 2**18)
    grid = Grid(0.0, 0.0, 0.5, 0.5, 20, 200)
    fields = make_fields(grid, climate_grid=grid, climate_months=240, static={})
    read = fields.climate["precipitation"].nbytes
    open_drivers(make_fields(), tmp_path)  # what is imported at first use counts for nothing here
    tracemalloc.start()
    try:
        open_drivers(fields, tmp_path, grid).coarsen(4)  # asks for all channels
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read > 14 * 2**18
    assert peak < 12 * 2**18  # one row of both channels is 1.5 blocks


def test_the_file_s_evapotranspiration_is_read_where_asked_or_where_none_can_be_computed(tmp_path):
    fields = make_fields(channels=("precipitation", "temperature", "evapotranspiration"))
    read = fields.climate["evapotranspiration"].values
    for method in ("file", "none"):
        found = open_drivers(fields, tmp_path, channels=("evapotranspiration",), evapotranspiration=method)
        np.testing.assert_allclose(found.channels["evapotranspiration"].values, read, rtol=1e-6)
    computed = open_drivers(fields, tmp_path, channels=("evapotranspiration",)).channels["evapotranspiration"].values
    assert np.abs(computed - read).max() > 10
    cold = make_fields(channels=("precipitation", "evapotranspiration"), fingerprint="b")
    found = open_drivers(cold, tmp_path, channels=("evapotranspiration",))
    np.testing.assert_allclose(found.channels["evapotranspiration"].values, cold.climate["evapotranspiration"].values, rtol=1e-6)


@pytest.mark.parametrize(
    ("channels", "method", "derived"),
    [
        (("precipitation", "temperature"), "oudin", ("evapotranspiration", "net_water_input")),
        (("precipitation", "temperature", "evapotranspiration"), "hamon", ("net_water_input",)),
        (("precipitation", "evapotranspiration"), "file", ("net_water_input",)),
        (("precipitation", "temperature"), "file", ()),
        (("precipitation", "temperature"), "none", ()),
        (("precipitation",), "oudin", ()),
        (("temperature",), "oudin", ()),
    ],
)
def test_what_can_be_derived(channels, method, derived):
    assert derived_channels(make_fields(channels=channels), DataConfig(evapotranspiration=method)) == derived


def test_a_gap_in_one_month_takes_its_neighbours_value_of_that_month(tmp_path):
    fields = make_fields()
    fields.climate["temperature"].values[3, 0, 0] = np.nan
    fields.climate["temperature"].values[:, -1, -1] = np.nan
    fields.static["elevation"].values[:2, :2] = np.nan
    drivers = open_drivers(fields, tmp_path, channels=("temperature",))
    found = drivers.channels["temperature"].values
    assert np.isfinite(found).all()
    assert found[3, 0, 0] in (found[3, 0, 1], found[3, 1, 0])
    assert (abs(found[:, -1, -1, None] - np.stack([found[:, -1, -2], found[:, -2, -1]], axis=1)).min(axis=1) == 0).all()
    assert drivers.static["elevation"][0, 0] in (drivers.static["elevation"][0, 1], drivers.static["elevation"][1, 0])
    warmth = fields.climate["temperature"]
    alone = replace(fields, climate={"temperature": warmth.where(warmth.time.dt.month != 7)})
    with pytest.raises(BadInput, match="temperature: expected data in the region in every month"):
        dict(open_drivers(alone, tmp_path / "other", channels=("temperature",)).channels)


def test_climate_months_are_those_in_common_without_gaps():
    fields = make_fields()
    later = fields.climate["temperature"].isel(time=slice(5, None))
    months = climate_months(replace(fields, climate=fields.climate | {"temperature": later}))
    np.testing.assert_array_equal(months, from_month_number(CLIMATE_FIRST + 5 + np.arange(CLIMATE_MONTHS - 5)))
    gap = xr.concat([later.isel(time=slice(0, 3)), later.isel(time=slice(4, None))], "time")
    with pytest.raises(MissingMonths, match="found no 2002-05"):
        climate_months(replace(fields, climate=fields.climate | {"temperature": gap}))
    early = fields.climate["precipitation"].isel(time=slice(0, 5))
    with pytest.raises(MissingMonths, match="months that precipitation, temperature have in common"):
        climate_months(replace(fields, climate={"precipitation": early, "temperature": later}))
    np.testing.assert_array_equal(climate_months(replace(fields, climate={})), fields.gwsa["time"].values)


def test_channels_that_start_in_different_months_meet_in_the_same_ones(tmp_path):
    fields = make_fields()
    rain, warmth = fields.climate["precipitation"], fields.climate["temperature"]
    shifted = {"precipitation": rain.isel(time=slice(0, 30)), "temperature": warmth.isel(time=slice(5, None))}
    drivers = open_drivers(replace(fields, climate=shifted), tmp_path, channels=("precipitation", "temperature"))
    assert len(drivers.calendar) == 25
    np.testing.assert_allclose(drivers.channels["precipitation"].values, rain.values[5:30], rtol=1e-6)
    np.testing.assert_allclose(drivers.channels["temperature"].values, warmth.values[5:30], rtol=1e-6)


def test_all_drivers_of_other_cells_months_files_or_options_never_share_a_file(tmp_path):
    base = make_fields()
    moved = Grid(PRODUCT.south + 1e-7, PRODUCT.west, 0.5, 0.5, *PRODUCT.shape).refine(2)  # prints like the other one
    all_drivers = [
        open_drivers(base, tmp_path),
        open_drivers(replace(base, fingerprint="b"), tmp_path),
        open_drivers(base, tmp_path, moved),
        open_drivers(base, tmp_path, Grid(FINE.south, FINE.west, FINE.lat_step, FINE.lon_step, FINE.n_lat - 1, FINE.n_lon)),
        open_drivers(replace(base, climate={n: c.isel(time=slice(1, None)) for n, c in base.climate.items()}), tmp_path),
        open_drivers(base, tmp_path, aridity_cap=0.9),
        open_drivers(base, tmp_path, evapotranspiration="hamon"),
        open_drivers(base, tmp_path, minimum_valid_share=0.6),
    ]
    paths = [array.path for drivers in all_drivers for array in drivers.channels.values()]
    assert len(set(paths)) == len(paths) == 4 * len(all_drivers)
    again = [array.path for array in open_drivers(base, tmp_path).channels.values()]
    assert again == paths[:4]


def test_channels_are_regridded_when_they_are_asked_for_and_travel_as_files(tmp_path):
    channels = open_drivers(make_fields(), tmp_path).channels
    assert list(channels) == list(WATER)
    assert "runoff" not in channels
    assert not list(tmp_path.glob("*.npy"))
    rain = channels["precipitation"]
    assert list(tmp_path.glob("*.npy")) == [rain.path]
    assert channels["precipitation"] is rain
    with pytest.raises(KeyError):
        channels["runoff"]
    sent = pickle.loads(pickle.dumps(channels))
    assert {name: array.path for name, array in sent.items()} == {name: array.path for name, array in channels.items()}
