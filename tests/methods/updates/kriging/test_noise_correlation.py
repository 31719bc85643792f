"""Noise told from storage that goes on, where both are drawn with known covariances."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation
from tests.methods.updates.kriging.worlds import chords

GRID = Grid(20.0, 75.0, 0.5, 0.5, 14, 12)
MONTHS = np.delete(np.arange(170), [30, 31, 90])


def product(share, length_km, seed=0, noise=9.0):
    """Storage of 100 mm² that forgets a tenth each month, correlated over 200 km, and noise."""
    rng, distance = np.random.default_rng(seed), chords(GRID)
    field, white = (np.linalg.cholesky(np.exp(-distance / d) + 1e-9 * np.eye(len(distance))) for d in (200.0, length_km))
    storage = np.zeros((170, len(distance)))
    storage[0] = field @ rng.standard_normal(len(distance))
    for month in range(1, 170):
        storage[month] = 0.95 * storage[month - 1] + np.sqrt(1 - 0.95**2) * field @ rng.standard_normal(len(distance))
    joint = rng.standard_normal(storage.shape) @ white.T
    drawn = np.sqrt(share) * joint + np.sqrt(1 - share) * rng.standard_normal(storage.shape)
    return (10.0 * storage + np.sqrt(noise) * drawn)[MONTHS].reshape(-1, *GRID.shape)


def test_white_noise_is_seen_as_white():
    found = NoiseCorrelation.seen(MONTHS, product(0.0, 100.0), GRID, 9.0)
    assert found is not None
    assert found.share * np.exp(-56.0 / found.length_km) < 0.15  # a cell apart


def test_noise_that_is_correlated_is_seen_with_its_length():
    """All of it over 160 km: at one, three and six cells 0.71, 0.35, 0.12."""
    found = NoiseCorrelation.seen(MONTHS, product(1.0, 160.0, noise=25.0), GRID, 25.0)
    assert found is not None
    for apart in (55.6, 166.8, 333.6):
        assert found.share * np.exp(-apart / found.length_km) == pytest.approx(np.exp(-apart / 160.0), abs=0.12)


def test_a_season_does_not_hide_noise():
    """A prior that misses a season of 15 mm: noise of 25 mm² over 160 km beside it is seen as large and as long as it is."""
    field = np.linalg.cholesky(np.exp(-chords(GRID) / 300.0)) @ np.random.default_rng(4).standard_normal(
        (GRID.n_lat * GRID.n_lon, 2)
    )
    angle = 2 * np.pi * MONTHS / 12.0
    season = 15.0 * (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ field.T).reshape(-1, *GRID.shape)
    found = [NoiseCorrelation.seen(MONTHS, product(1.0, 160.0, seed, 25.0) + season, GRID, 50.0) for seed in range(4)]
    assert np.mean([each.variance for each in found]) == pytest.approx(25.0, rel=0.1)
    apart = [each.share * np.exp(-166.8 / each.length_km) for each in found]
    assert np.mean(apart) == pytest.approx(np.exp(-166.8 / 160.0), abs=0.05)


def test_noise_is_no_larger_than_believed():
    """A month's own rain that a prior misses looks the same."""
    found = NoiseCorrelation.seen(MONTHS, product(1.0, 160.0, noise=25.0), GRID, 16.0)
    assert found is not None
    assert found.variance == 16.0


def test_what_cannot_be_told_is_not_told():
    residuals = product(0.5, 160.0)
    assert NoiseCorrelation.seen(MONTHS, residuals, GRID, 400.0) is None  # less than half of what is believed
    assert NoiseCorrelation.seen(3 * MONTHS, residuals, GRID, 9.0) is None  # no month follows another
    assert NoiseCorrelation.seen(MONTHS, np.full(residuals.shape, np.nan), GRID, 9.0) is None
    assert NoiseCorrelation.seen(MONTHS, residuals[:, :2], Grid(20.0, 75.0, 0.5, 0.5, 2, 12), 9.0) is None
