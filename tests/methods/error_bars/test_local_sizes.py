"""Sizes of errors that repeat themselves, and those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.methods.error_bars.local_sizes import CARRIED, with_own_sizes
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.selection.held_out_product import HeldOutProduct
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, small

SPANS = np.repeat(np.arange(20), 12)


def held_out(deviation, seed=0):
    grid = small(6, 7).coarse
    lat, lon = (axis.ravel() for axis in np.meshgrid(grid.lat, grid.lon, indexing="ij"))
    errors = deviation.ravel()[:, None] * np.random.default_rng(seed).standard_normal((42, len(SPANS)))
    return HeldOutProduct(lat, lon, np.arange(len(SPANS)), errors, np.full(42, 2.0), errors)


def fitted(spread=None):
    return assumed(Kriging(), small(6, 7, spread=spread), 400.0, 0.0, 4.0)


def test_what_repeats_itself_counts_with_half_its_logarithm():
    deviation = np.random.default_rng(1).choice([1.0, 3.0], (6, 7))
    update, product = with_own_sizes(fitted(), held_out(deviation), SPANS)
    found = np.log(update.local)
    assert np.ptp(found) == pytest.approx(CARRIED * np.log(9.0), abs=0.35)
    assert (found[deviation > 2].min() > found[deviation < 2].max()).all()
    ratio = (product.errors / product.sigma_of_months) ** 2
    there = deviation.ravel() > 2
    before = 9.0
    assert ratio[there].mean() / ratio[~there].mean() == pytest.approx(before ** (1 - CARRIED), rel=0.2)


def test_what_does_not_repeat_itself_counts_for_little():
    found = with_own_sizes(fitted(), held_out(np.ones((6, 7))), SPANS)
    assert found is None or np.abs(np.log(found[0].local)).max() < 0.1


def test_where_nothing_can_be_learned():
    deviation = np.random.default_rng(1).choice([1.0, 3.0], (6, 7))
    assert with_own_sizes(fitted(PointSpread.gaussian(150.0)), held_out(deviation), SPANS) is None
    assert with_own_sizes(fitted(), held_out(deviation), np.zeros(len(SPANS), int)) is None  # a single span of years
