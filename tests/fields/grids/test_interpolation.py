"""Interpolation against Keras, closed forms, a hand-worked filling, and the figures of the domain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from gwkeras.core.grid import Grid
from gwkeras.fields.grids.interpolation import axis_weights, conserve, fill_missing, upsample


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("factor", [2, 4, 5])
def test_interior_equals_keras(kind, factor):
    keras = pytest.importorskip("keras")
    values = np.random.default_rng(0).normal(size=(2, 9, 11)).astype(np.float32)
    layer = keras.layers.UpSampling2D(factor, interpolation=kind, data_format="channels_last")
    expected = keras.ops.convert_to_numpy(layer(values[..., None]))[..., 0]
    found = upsample(values, factor, kind)
    inside = (slice(None), slice(2 * factor, -2 * factor), slice(2 * factor, -2 * factor))
    # TensorFlow looks its cubic weights up in a table of 1024 steps, which holds halves and quarters of a cell, not fifths
    np.testing.assert_allclose(found[inside], expected[inside], atol=4e-3 if (kind, factor) == ("bicubic", 5) else 2e-6)


def test_keys_weights_at_half_and_quarter_are_the_published_ones():
    # Midway between centres, Keys' a = −1/2 gives −1, 9, 9, −1 sixteenths (Keys 1981, eq. 15 at s = 1/2).
    halfway = axis_weights(8, 1, "bicubic").toarray()
    np.testing.assert_array_equal(halfway, np.eye(8))
    row = axis_weights(8, 2, "bicubic").toarray()[8]  # fine centre at 3.75, a quarter below cell 4
    s = 0.75
    keys = [(-(s**3) + 2 * s**2 - s) / 2, (3 * s**3 - 5 * s**2 + 2) / 2, (-3 * s**3 + 4 * s**2 + s) / 2, (s**3 - s**2) / 2]
    np.testing.assert_allclose(row[2:6], keys, atol=1e-15)


@given(st.integers(2, 6), st.floats(-5, 5), st.floats(-5, 5))
def test_planes_are_exact_inside(factor, a, b):
    y, x = np.arange(8.0)[:, None], np.arange(9.0)
    fine_y, fine_x = ((np.arange(factor * n) + 0.5) / factor - 0.5 for n in (8, 9))
    for kind in ("bilinear", "bicubic"):
        found = upsample(a * y + b * x, factor, kind)
        inside = (slice(2 * factor, -2 * factor),) * 2
        np.testing.assert_allclose(found[inside], (a * fine_y[:, None] + b * fine_x)[inside], atol=1e-9)


def test_edges_are_replicated():
    values = np.random.default_rng(0).normal(size=(6, 7))
    wide = np.pad(values, 3, mode="edge")
    np.testing.assert_allclose(upsample(values, 4, "bicubic"), upsample(wide, 4, "bicubic")[12:-12, 12:-12], atol=1e-12)


def test_periodic_columns_turn_with_the_globe():
    values = np.random.default_rng(0).normal(size=(5, 12))
    values[2, 0] = np.nan
    for kind in ("nearest", "bilinear", "bicubic"):
        found = upsample(values, 3, kind, periodic=True)
        turned = upsample(np.roll(values, 5, axis=1), 3, kind, periodic=True)
        np.testing.assert_allclose(np.roll(found, 15, axis=1), turned, atol=1e-12)


def test_filling_by_hand():
    nan = np.nan
    values = np.array([[1.0, 2.0, nan, nan, nan], [3.0, nan, nan, nan, nan]])
    once = np.array([[1.0, 2.0, 2.0, nan, nan], [3.0, 2.0, 2.0, nan, nan]])
    np.testing.assert_allclose(fill_missing(values, passes=1), once)
    np.testing.assert_allclose(fill_missing(values), [[1, 2, 2, 2, nan], [3, 2, 2, 2, nan]])
    # across the seam, column 4 is beside column 0
    np.testing.assert_allclose(fill_missing(values, passes=1, periodic=True), [[1, 2, 2, nan, 2], [3, 2, 2, nan, 2]])


def test_two_passes_reach_the_kernels_support():
    values = np.full((9, 9), np.nan)
    values[4, 4] = 7.0
    fine = upsample(values, 4, "bicubic")
    inside = np.isfinite(fine)
    assert inside.sum() == 16
    np.testing.assert_allclose(fine[inside], 7.0, atol=1e-12)
    assert np.isfinite(upsample(values, 4, "bicubic", missing="filled")).all()


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.8))
def test_constant_fields_stay_constant_whatever_is_missing(seed, share):
    values = np.full((3, 7, 6), 4.0)
    values[np.random.default_rng(seed).random(values.shape) < share] = np.nan
    for kind in ("nearest", "bilinear", "bicubic"):
        fine = upsample(values, 4, kind)
        np.testing.assert_array_equal(np.isnan(fine), np.repeat(np.repeat(np.isnan(values), 4, -2), 4, -1))
        np.testing.assert_allclose(fine[np.isfinite(fine)], 4.0, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 4]), st.booleans())
def test_conserved_to_rounding(seed, factor, with_land):
    rng = np.random.default_rng(seed)
    coarse_grid = Grid.covering(50, 62, -5, 9, 1.0)
    coarse = rng.normal(0, 60, (2, *coarse_grid.shape))
    coarse[rng.random(coarse.shape) < 0.2] = np.nan
    grid = coarse_grid.refine(factor)
    land = np.where(rng.random(grid.shape) < 0.3, 0.0, rng.random(grid.shape)) if with_land else None
    fine = upsample(coarse, factor, "bicubic")
    fine[rng.random(fine.shape) < 0.1] = np.nan
    found = conserve(fine, coarse, grid, factor, land)
    # the block mean anew, with nothing of ours but the areas
    area = np.diff(np.sin(np.radians(np.linspace(50, 62, grid.n_lat + 1))))[:, None] * np.ones(grid.shape)
    weight = np.where(np.isfinite(fine), area if land is None else area * land, 0.0)
    blocks = (2, 12, factor, 14, factor)
    total = weight.reshape(blocks).sum((2, 4))
    mean = (np.nan_to_num(found) * weight).reshape(blocks).sum((2, 4)) / np.where(total > 0, total, np.nan)
    held = np.isfinite(mean) & np.isfinite(coarse)
    assert np.abs(mean - coarse)[held].max() < 1e-9
    np.testing.assert_array_equal(np.isnan(found), np.isnan(fine))
    if land is not None:
        np.testing.assert_array_equal(found[:, land == 0], fine[:, land == 0])


def test_how_far_interpolation_is_from_conserving():
    """Mean |block mean − coarse| at s.d. 66.7, measured elsewhere: white 16.8 (bicubic), 24.8 (bilinear); smooth 0.30, 0.80."""
    white = np.random.default_rng(0).normal(size=(240, 240))
    smooth = gaussian_filter(white, 3.3, mode="wrap")  # about a 250 km Gaussian on cells of half a degree

    def distance(field, kind):
        field = field / field.std() * 66.7
        fine = upsample(field, 4, kind)
        return np.abs(fine.reshape(240, 4, 240, 4).mean((1, 3)) - field)[4:-4, 4:-4].mean()

    assert distance(white, "bicubic") == pytest.approx(16.8, rel=0.05)
    assert distance(white, "bilinear") == pytest.approx(24.8, rel=0.05)
    assert distance(smooth, "bicubic") == pytest.approx(0.30, rel=0.1)
    assert distance(smooth, "bilinear") == pytest.approx(0.80, rel=0.1)
