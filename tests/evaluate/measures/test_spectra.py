"""Variance by wavelength: waves of a known length, and sums that are variances."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.evaluate.measures.spectra import CENTRES_KM, EDGES_KM, Spectra

GRID = Grid(-8.0, 0.0, 0.25, 0.25, 64, 64)  # astride the equator: degrees are as long in both directions
DEGREE_KM = np.deg2rad(1.0) * EARTH_RADIUS_KM


def wave(cells: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.sqrt(2.0) * np.sin(2 * np.pi * np.arange(64) / cells)[None, :] * np.ones((64, 1))


def test_a_wave_stands_at_its_length_with_its_variance():
    spectra = Spectra(GRID, np.ones(GRID.shape))
    for cells in (4.0, 8.0, 16.0):
        found = spectra([wave(cells, 3.0)])[0]
        length = cells * 0.25 * DEGREE_KM
        peak = int(np.searchsorted(EDGES_KM, length)) - 1
        assert found[max(peak - 1, 0) : peak + 2].sum() == pytest.approx(9.0, rel=0.05)
        assert found.sum() == pytest.approx(9.0, rel=0.05)


def test_the_sum_is_the_tapered_variance():
    """Parseval: over all classes, Σ (w (x − x̄))² / Σ w², less what the taper brings back of the mean."""
    rng = np.random.default_rng(0)
    field = rng.normal(0, 5, GRID.shape)
    taper = np.outer(np.hanning(66)[1:-1], np.hanning(66)[1:-1])
    shaped = taper * (field - field.mean())
    expected = (np.square(shaped).sum() - shaped.sum() ** 2 / shaped.size) / np.square(taper).sum()
    assert Spectra(GRID, np.ones(GRID.shape))([field])[0].sum() == pytest.approx(expected, rel=1e-12)


def test_an_error_is_what_is_missing():
    """Truth of two waves, of which a prediction has the longer: its error has all of the shorter one's variance."""
    long, short = wave(32.0, 2.0), wave(4.0, 1.0)
    truth, predicted, error = Spectra(GRID, np.ones(GRID.shape))([long + short, long, -short])
    at_short = slice(0, int(np.searchsorted(CENTRES_KM, 250.0)))
    assert error[at_short].sum() == pytest.approx(truth[at_short].sum(), rel=0.02)
    assert predicted[at_short].sum() < 1e-3 * truth[at_short].sum()


def test_sea_and_gaps_are_left_out_of_all_alike():
    land = np.ones(GRID.shape)
    land[:, 48:] = 0.0
    field, gap = wave(8.0), wave(8.0)
    gap[10:12, 10:12] = np.nan
    a, b = Spectra(GRID, land)([field, gap])
    assert a == pytest.approx(b)
    half = Spectra(GRID, np.where(np.arange(64) < 20, 1.0, 0.0) * np.ones((64, 1)))
    assert np.isnan(half([field])).all()  # less than half is land


def test_degrees_of_longitude_are_shorter_in_the_north():
    north = Grid(52.0, 0.0, 0.25, 0.25, 64, 64)  # around 60°N, where they are half as long
    found = Spectra(north, np.ones(north.shape))([wave(16.0)])[0]
    assert CENTRES_KM[found.argmax()] == pytest.approx(16 * 0.25 * DEGREE_KM / 2, rel=0.2)


def test_the_globe_is_cut_into_windows():
    globe = Grid(-90.0, -180.0, 1.0, 1.0, 180, 360)
    field = np.sin(2 * np.pi * np.arange(360) / 6)[None, :] * np.ones((180, 1))
    found = Spectra(globe, np.ones(globe.shape))([field])[0]
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(0.5, rel=0.05)
