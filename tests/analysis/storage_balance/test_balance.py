"""Groundwater as a remainder: worked by hand, on one baseline, with errors by squares; gaps filled and their error."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.analysis.storage_balance.balance import Component, balance
from gwkeras.analysis.storage_balance.gap_filling import fill_months
from gwkeras.core.errors import MissingMonths

MONTHS = np.arange(24, 96)
CYCLE = 20 * np.cos(2 * np.pi * np.arange(12) / 12)


def test_what_is_left():
    """Groundwater is known; soil and snow lie on other levels, and soil lacks two months."""
    rng = np.random.default_rng(0)
    groundwater, soil, snow = rng.normal(size=(3, MONTHS.size, 4)) * 10
    total = Component(MONTHS, groundwater + soil + snow + 500.0, np.full((MONTHS.size, 4), 3.0))
    kept = np.delete(np.arange(MONTHS.size), [5, 60])
    found = balance(
        total,
        {"soil": Component(MONTHS[kept], soil[kept] + 300.0, 4.0), "snow": Component(MONTHS, snow)},
        (24, 59),
        "2004 to 2006",
    )
    base = (MONTHS[kept] >= 24) & (MONTHS[kept] <= 59)
    np.testing.assert_allclose(found.gwsa, groundwater[kept] - groundwater[kept][base].mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.sigma, 5.0)
    said = " ".join(found.notes)
    assert "35 months that all records have" in said
    assert "had another baseline" in said
    assert "No error is known for snow" in said
    assert "2 months of total storage are left out" in said


def test_records_that_do_not_meet():
    zeros = np.zeros((72, 1))
    with pytest.raises(MissingMonths, match="months that all records share"):
        balance(Component(MONTHS, zeros), {"soil": Component(MONTHS + 500, zeros)}, (24, 59), "x")
    with pytest.raises(MissingMonths, match="one of each calendar month"):
        balance(Component(MONTHS, zeros), {"soil": Component(MONTHS, zeros)}, (90, 200), "x")


def test_a_line_and_a_season_are_filled_exactly():
    values = (3.0 + 0.5 * MONTHS + CYCLE[MONTHS % 12])[:, None] * np.array([1.0, -2.0])
    kept = np.delete(np.arange(MONTHS.size), np.r_[20:31, 50])
    found = fill_months(values[kept], np.full((kept.size, 2), 2.0), MONTHS[kept])
    np.testing.assert_allclose(found.values, values, atol=1e-9)
    np.testing.assert_allclose(found.sigma, 2.0, atol=1e-9)
    assert np.flatnonzero(found.is_filled).tolist() == [*range(20, 31), 50]


def test_the_error_of_a_filled_month_is_that_of_a_bridge():
    """A random walk between two known months strays by s √(k (L + 1 − k) / (L + 1)) at step k of a gap of L months."""
    rng = np.random.default_rng(1)
    months = np.arange(600)
    walk = np.cumsum(rng.normal(size=(600, 40)), axis=0)
    kept = np.delete(months, np.r_[300:311])
    found = fill_months(walk[kept], np.zeros((kept.size, 40)), kept)
    step = np.arange(1, 12)
    expected = np.sqrt(step * (12 - step) / 12)
    np.testing.assert_allclose(np.sqrt((found.sigma[300:311] ** 2).mean(axis=1)), expected, rtol=0.1)
    assert (found.sigma[:300] == 0).all()
