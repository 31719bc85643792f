"""Samples cut from a domain: windows, gaps, the date line, and what each feature holds where nothing is known."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.core.schema import features
from gwkeras.domain.array_cache import cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.domain import Domain
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.seasonal_detail import SeasonalDetail
from gwkeras.domain.target import BicubicArray
from gwkeras.domain.window import Window
from gwkeras.fields.grids.interpolation import upsample

FACTOR, MEMORY = 2, 3
CLIMATE_CALENDAR = Calendar(from_month_number(np.arange(24)))
STORED = np.array([2, 3, 5, 6, 9, 20])  # 2002-03, 2002-04, 2002-06 …
MONTH = from_month_number(STORED)
COVARIATES = (Covariate("elevation", "elevation", "static"), Covariate("temperature_mean_2", "temperature", "mean", 2))


def make_domain(folder, grid=Grid(10.0, 20.0, 0.5, 0.5, 4, 5), soil=True, water=True, target="bicubic") -> Domain:
    """Every value of a climate channel or of storage tells month, row and column: 1000 m + 10 row + col."""
    fine = grid.refine(FACTOR)

    def told(name, months, at, by=1.0):
        rows, cols = np.indices(at.shape)
        values = by * (1000.0 * np.asarray(months)[:, None, None] + 10 * rows + cols)
        return cached_array(folder, [name, at.shape], values.shape, lambda part: values[part])

    months = np.arange(24)
    coarse = {"precipitation": told("precipitation", months, grid), "temperature": told("temperature", months, grid, 2)}
    if water:
        coarse["net_water_input"] = told("water", months, grid, -1)
    if soil:
        coarse["soil_moisture"] = told("soil", months, grid, 1e-5)
    storage = np.array(told("storage", STORED, grid, 0.5).values)
    storage[:, 0, 0] = np.nan  # never
    storage[2, 1, 1] = np.nan  # in 2002-06 alone
    stored = cached_array(folder, ["gaps", grid.shape], storage.shape, lambda part: storage[part])
    land = np.where(np.isfinite(storage).any(axis=0), 0.75, 0.0).astype(np.float32)
    land_fine = np.where(np.arange(fine.n_lon) % 2, 0.5, 1.0) * np.ones(fine.shape, np.float32)
    elevation = np.arange(np.prod(fine.shape), dtype=np.float32).reshape(fine.shape)
    warmth = {"temperature": told("fine", months, fine)}
    coarse_drivers = Drivers(grid, CLIMATE_CALENDAR, coarse, {}, land, folder, "coarse")
    fine_drivers = Drivers(fine, CLIMATE_CALENDAR, warmth, {"elevation": elevation}, land_fine, folder, "fine")
    return Domain(
        factor=FACTOR,
        memory=MEMORY,
        climate_channels=("temperature", "precipitation"),
        fine_covariates=COVARIATES,
        coarse_drivers=coarse_drivers,
        fine_drivers=fine_drivers,
        fine_origin=(0, 0),
        calendar=Calendar(MONTH),
        record=Calendar(MONTH),
        storage=stored,
        fine_target=BicubicArray(stored, FACTOR, grid.is_periodic) if target else None,
        fine_target_sigma=None,
        constant_efficiency=0.25,
    )


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 7)),
    corner=st.tuples(st.integers(-15, 15), st.integers(-15, 15)),
    size=st.tuples(st.integers(1, 12), st.integers(1, 20)),
    periodic=st.booleans(),
)
def test_windows_cell_by_cell(shape, corner, size, periodic):
    values = np.arange(2.0 * shape[0] * shape[1]).reshape(2, *shape)
    found = Window(shape, *corner, *size, periodic).cut(values, outside=-1.0)
    assert found.shape == (2, *size)
    for i in range(size[0]):
        for j in range(size[1]):
            row, col = corner[0] + i, corner[1] + j
            col = col % shape[1] if periodic else col
            inside = 0 <= row < shape[0] and 0 <= col < shape[1]
            assert found[0, i, j] == (values[0, row, col] if inside else -1.0)
            assert found[1, i, j] == (values[1, row, col] if inside else -1.0)


@given(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), st.tuples(st.integers(1, 5), st.integers(1, 9)), st.booleans())
def test_a_refined_window_is_the_window_refined(corner, size, periodic):
    coarse = np.arange(24.0).reshape(4, 6)
    window = Window((4, 6), *corner, *size, periodic)
    fine = np.repeat(np.repeat(coarse, 3, 0), 3, 1)
    np.testing.assert_array_equal(window.refined(3).cut(fine), np.repeat(np.repeat(window.cut(coarse), 3, 0), 3, 1))


def test_every_feature_of_a_sample(tmp_path):
    """Rows 1–2, columns 2–3 in 2002-06 (month 5): numbers that the cells themselves tell."""
    domain = make_domain(tmp_path)
    sample = domain.sample(MONTH[2], 1, 2, 2, 2)
    shape = domain.sample_shape(2, 2)
    assert {name: value.shape for name, value in sample.items()} == {f.name: f.shape(shape) for f in features(shape, "input")}
    assert {value.dtype for value in sample.values()} == {np.dtype("float32")}
    cells = np.array([[12.0, 13.0], [22.0, 23.0]])
    np.testing.assert_array_equal(sample["gwsa"][..., 0], 0.5 * (5000 + cells))
    for step, month in enumerate((3, 4, 5)):
        np.testing.assert_array_equal(sample["climate"][step, ..., 0], 2 * (1000 * month + cells))
        np.testing.assert_array_equal(sample["climate"][step, ..., 1], 1000 * month + cells)
    np.testing.assert_array_equal(sample["net_water_input"][..., 0], -(5000 + cells))
    np.testing.assert_allclose(sample["infiltration_efficiency"][..., 0], 0.1 + 0.4e-5 * (5000 + cells), rtol=1e-6)
    np.testing.assert_array_equal(sample["land"][..., 0], np.full((2, 2), 0.75))
    np.testing.assert_array_equal(sample["land_fine"][..., 0], [[1.0, 0.5, 1.0, 0.5]] * 4)
    assert sample["time"] == 5
    np.testing.assert_allclose(sample["latitude"], [10.75, 11.25])
    np.testing.assert_allclose(sample["longitude"], [21.25, 21.75])
    rows, cols = np.indices((4, 4)) + np.array([2, 4])[:, None, None]
    np.testing.assert_array_equal(sample["covariates_fine"][..., 0], 10 * rows + cols)  # ten fine columns
    np.testing.assert_array_equal(sample["covariates_fine"][..., 1], 4500 + 10 * rows + cols)  # months 4 and 5


def test_previous_months_and_gaps(tmp_path):
    """2002-06 follows a gap; 2002-07 follows it, but for the cell that 2002-06 lacks; the first month has nothing before."""
    domain = make_domain(tmp_path)
    has = [float(domain.sample(MONTH[month], 0, 0, 4, 5)["has_previous"]) for month in range(len(STORED))]
    assert has == [0, 1, 0, 1, 0, 0]
    after = domain.sample(MONTH[3], 0, 0, 4, 5)
    rows, cols = np.indices((4, 5))
    expected = 0.5 * (5000 + 10.0 * rows + cols)
    expected[0, 0] = expected[1, 1] = 0.0
    np.testing.assert_array_equal(after["gwsa_previous"][..., 0], expected)
    # The cell without a previous value leaves the storage-change terms by α = 0; where the month is missing has_previous says so.
    assert (after["infiltration_efficiency"][..., 0] == 0).tolist() == (expected == 0).tolist()
    gap = domain.sample(MONTH[2], 0, 0, 4, 5)
    assert not gap["gwsa_previous"].any()
    unknown = np.zeros((4, 5), bool)
    unknown[0, 0] = unknown[1, 1] = True
    assert (gap["infiltration_efficiency"][..., 0] == 0).tolist() == unknown.tolist()
    for name in ("gwsa", "land", "net_water_input"):
        assert (gap[name][..., 0] == 0).tolist() == unknown.tolist()
    hidden = np.repeat(np.repeat(unknown, 2, 0), 2, 1)
    assert ((gap["land_fine"][..., 0] == 0) == hidden).all()
    assert not gap["covariates_fine"][hidden].any()


def test_without_soil_moisture_or_water(tmp_path):
    alpha = make_domain(tmp_path / "a", soil=False).sample(MONTH[0], 1, 0, 3, 5)["infiltration_efficiency"]
    np.testing.assert_array_equal(alpha, np.full((3, 5, 1), 0.25))
    dry = make_domain(tmp_path / "b", water=False).sample(MONTH[0], 1, 0, 3, 5)
    assert not dry["infiltration_efficiency"].any()
    assert not dry["net_water_input"].any()


def test_a_domain_smaller_than_its_patch_is_padded(tmp_path):
    domain = make_domain(tmp_path)
    whole, padded = domain.sample(MONTH[2], 0, 0, 4, 5), domain.sample(MONTH[2], -2, -1, 8, 8)
    for name, f in {f.name: f for f in features(domain.sample_shape(8, 8), "input")}.items():
        if "H" in f.axes and "W" in f.axes:
            edges = [(2, 2), (1, 2)] if name != "climate" else [(0, 0), (2, 2), (1, 2)]
        elif "sH" in f.axes:
            edges = [(4, 4), (2, 4)]
        else:
            continue
        edges += [(0, 0)] * (whole[name].ndim - len(edges))
        np.testing.assert_array_equal(padded[name], np.pad(whole[name], edges), err_msg=name)
    target = domain.target(MONTH[2], -2, -1, 8, 8)[..., 0]
    assert np.isnan(target[:4]).all()
    np.testing.assert_array_equal(target[4:12, 2:12], domain.target(MONTH[2], 0, 0, 4, 5)[..., 0])


def test_the_globe_has_no_edge_at_the_date_line(tmp_path):
    domain = make_domain(tmp_path, Grid(-90.0, -180.0, 45.0, 36.0, 4, 10))
    across, east, west = (
        domain.sample(MONTH[1], 0, 7, 4, 6),
        domain.sample(MONTH[1], 0, 7, 4, 3),
        domain.sample(MONTH[1], 0, 0, 4, 3),
    )
    for name in ("climate", "gwsa", "gwsa_previous", "net_water_input", "land", "land_fine", "covariates_fine"):
        np.testing.assert_array_equal(across[name], np.concatenate([east[name], west[name]], axis=-2), err_msg=name)
    target = domain.target(MONTH[1], 0, 7, 4, 6)
    np.testing.assert_array_equal(
        target, np.concatenate([domain.target(MONTH[1], 0, 7, 4, 3), domain.target(MONTH[1], 0, 0, 4, 3)], axis=1)
    )
    regional = make_domain(tmp_path / "region", Grid(-90.0, -180.0, 45.0, 35.0, 4, 10)).sample(MONTH[1], 0, 7, 4, 6)
    assert not regional["land"][:, 3:].any()


def test_bicubic_target_is_the_interpolated_storage(tmp_path):
    domain = make_domain(tmp_path)
    for month in (2, 0):
        expected = upsample(domain.storage_of(MONTH[month]), FACTOR, "bicubic")
        np.testing.assert_array_equal(domain.target(MONTH[month], 0, 0, 4, 5)[..., 0], expected)
        np.testing.assert_array_equal(domain.target(MONTH[month], 1, 2, 2, 3)[..., 0], expected[2:6, 4:10])
    assert domain.target_sigma(MONTH[0], 0, 0, 4, 5) is None
    with pytest.raises(BadInput, match="target: expected a fine field"):
        make_domain(tmp_path, target=None).target(MONTH[0], 0, 0, 4, 5)


def test_target_and_its_error_are_cut_alike(tmp_path):
    domain = make_domain(tmp_path)
    fine = np.random.default_rng(0).uniform(1, 2, (len(STORED), 8, 10)).astype(np.float32)
    fine[1, 3, 3] = np.nan
    array = cached_array(tmp_path, "fine target", fine.shape, lambda part: fine[part])
    domain = replace(domain, fine_target=array, fine_target_sigma=array)
    assert domain.sample_shape(4, 5).target_sigma
    target, sigma = domain.target(MONTH[1], 0, 0, 4, 5)[..., 0], domain.target_sigma(MONTH[1], 0, 0, 4, 5)[..., 0]
    expected = fine[1].copy()
    expected[:2, :2] = np.nan  # the coarse cell that has no storage
    np.testing.assert_array_equal(target, expected)
    np.testing.assert_array_equal(sigma, np.nan_to_num(expected))


def test_seasonal_detail_is_the_last_covariate(tmp_path):
    fine = np.arange(len(STORED) * 80, dtype=np.float32).reshape(len(STORED), 8, 10)
    array = cached_array(tmp_path, "detail", fine.shape, lambda part: fine[part])
    trained = np.array([True] * len(STORED))
    detail = SeasonalDetail(array, Calendar(MONTH), trained, np.zeros((8, 10), bool))
    plain = make_domain(tmp_path)
    for others in (COVARIATES, ()):
        domain, k = replace(plain, seasonal_detail=detail, fine_covariates=others), len(others)
        assert domain.covariates[k:] == ("reference_seasonal_detail",)
        for month in (4, 5, 4):
            maps = domain.sample(MONTH[month], 1, 1, 2, 3)["covariates_fine"]
            assert maps.shape[-1] == k + 1
            np.testing.assert_array_equal(maps[..., k], detail.of(MONTH[month])[2:6, 2:8])


def test_the_whole_climate_is_what_samples_are_cut_from(tmp_path):
    domain = make_domain(tmp_path)
    np.testing.assert_array_equal(domain.climate_of(MONTH[3])[:, 1:3, 2:5], domain.sample(MONTH[3], 1, 2, 2, 3)["climate"])
    bare = replace(domain, climate_channels=())
    assert bare.climate_of(MONTH[3]).shape == (MEMORY, 4, 5, 0)
    assert bare.sample(MONTH[3], 0, 0, 4, 5)["climate"].shape == (MEMORY, 4, 5, 0)


def test_a_copy_for_another_process_carries_no_fields(tmp_path):
    domain = make_domain(tmp_path, Grid(10.0, 20.0, 0.5, 0.5, 60, 60))
    before = len(pickle.dumps(domain))
    first = domain.sample(MONTH[1], 0, 0, 4, 5), domain.target(MONTH[1], 0, 0, 4, 5)
    packed = pickle.dumps(domain)
    assert len(packed) == before
    copy = pickle.loads(packed)
    for name, value in copy.sample(MONTH[1], 0, 0, 4, 5).items():
        np.testing.assert_array_equal(value, first[0][name])
    np.testing.assert_array_equal(copy.target(MONTH[1], 0, 0, 4, 5), first[1])
