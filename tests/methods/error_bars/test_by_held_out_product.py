"""Groups of months and places, and intervals carried from the product's cells to fine ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.groups import blocks_of, in_groups, spans_of
from gwkeras.methods.error_bars.by_held_out_product import carried


def test_spans_end_after_their_length():
    months = np.array(["2003-01", "2003-02", "2003-12", "2004-01", "2004-12", "2009-05"], "datetime64[M]")
    assert spans_of(months).tolist() == [0, 0, 0, 1, 1, 2]
    assert spans_of(months, 1).tolist() == [0, 1, 2, 3, 4, 5]
    assert spans_of(months[:0]).tolist() == []


def test_blocks_have_equal_sides():
    """Cells of 0.5° over 10° × 3°."""
    lat, lon = (axis.ravel() for axis in np.meshgrid(np.arange(0.25, 10, 0.5), np.arange(20.25, 23, 0.5), indexing="ij"))
    found = blocks_of(lat, lon, 4.0)
    assert np.bincount(found).tolist() == [60, 60]  # 10 / 4 is nearer to two
    assert (found == (lat > 5.0)).all()
    assert len(np.unique(blocks_of(lat, lon, 3.0))) == 3
    assert blocks_of(np.array([7.0]), np.array([8.0]), 4.0).tolist() == [0]


def test_every_error_is_in_one_group():
    ratios = np.arange(12.0).reshape(3, 4)
    found = in_groups(ratios, np.array([0, 0, 1, 1]), np.array([0, 0, 1]))
    assert [group.tolist() for group in found] == [[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0], [8.0, 9.0], [10.0, 11.0]]


def test_an_uncertain_sigma_widens_intervals():
    """P(|z e^{τ z'}| ≤ q) by quadrature, with z, z' Normal."""
    normal = Calibration(1.2, 1.6448536, 0.9, "draws", ((0.5, 0.6744898), (0.95, 1.959964)), 40)
    assert carried(normal, 0.0).interval_factor == pytest.approx(1.6448536, rel=1e-4)
    wide = carried(normal, 0.3)
    for probability, factor in ((0.9, wide.interval_factor), *wide.quantiles):
        held = integrate.quad(
            lambda x, q=factor: (2 * stats.norm.cdf(q * np.exp(-0.3 * x)) - 1) * stats.norm.pdf(x), -9, 9, epsabs=1e-9
        )[0]
        assert held == pytest.approx(probability, abs=5e-4)
    assert (wide.sigma_scale, wide.groups, wide.interval) == (1.0, 40, 0.9)
    assert "is assumed" in wide.basis
