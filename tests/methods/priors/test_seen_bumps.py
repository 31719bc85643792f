"""Tile by tile, in a large region, everything is seen as it is by filtering the whole."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.priors.teaching import nearby as module
from gwkeras.methods.priors.teaching.bumps import Bumps
from gwkeras.methods.priors.teaching.metric import Metric
from gwkeras.methods.priors.teaching.nearby import nearby
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.priors.teaching.seen_bumps import SeenBumps
from gwkeras.observation.open_edges import OpenEdges
from gwkeras.observation.point_spread import PointSpread

GLOBE = Grid(-90.0, -180.0, 6.0, 6.0, 30, 60)


def teaching(over, filtered=True):
    """Two tiles on a globe of some land: one reaches across the dateline, one lies near the pole."""
    rng = np.random.default_rng(0)
    land = np.where(rng.uniform(size=GLOBE.shape) > 0.6, rng.uniform(0.2, 1.0, size=GLOBE.shape), 0.0)
    cells = np.array([[14, 0], [14, 1], [15, 0], [15, 59], [28, 20], [28, 21], [27, 22]])
    land[tuple(cells.T)] = 1.0
    blur = OpenEdges(GLOBE, land, PointSpread.gaussian(900.0, over)) if filtered else None
    whiteners = [np.tril(rng.normal(size=(n, n))).astype(np.float32) for n in (4, 3)]
    months = np.arange("2001-01", "2001-03", dtype="datetime64[M]")
    known, values = np.ones((2, 2), bool), np.zeros((2, 7))
    return Teaching(GLOBE, 1, cells, (4, 3), months, known, values, blur, Metric(tuple(whiteners)), 1.0, 0.0)


def divided(whole, monkeypatch):
    monkeypatch.setattr(module, "_LARGE", 10)
    found = nearby(whole.grid, np.split(whole.cells, [4]), whole.blur)
    assert len(found) == 2
    return replace(whole, nearby=found)


@pytest.mark.parametrize("over", ["land", "everything"])
def test_a_tile_sees_what_filtering_the_globe_shows_it(over, monkeypatch):
    whole = teaching(over)
    fields = np.random.default_rng(1).normal(size=(3, *GLOBE.shape)).astype(np.float32)
    found = divided(whole, monkeypatch).see(fields)
    assert found == pytest.approx(whole.see(fields), abs=3e-4)  # weights below 1e-5 are left out
    constant = divided(whole, monkeypatch).see(np.ones(GLOBE.shape, np.float32))
    if over == "land":
        assert constant == pytest.approx(1.0, abs=3e-4)


@pytest.mark.parametrize("filtered", [True, False])
def test_bumps_are_seen_alike(filtered, monkeypatch):
    whole = teaching("land", filtered)
    bumps = Bumps.over(GLOBE, 4000.0)
    fields = np.random.default_rng(2).normal(size=(2, *GLOBE.shape)).astype(np.float32)
    expected = SeenBumps(bumps, whole)(fields)
    found = SeenBumps(bumps, divided(whole, monkeypatch))(fields)
    assert found.shape == (2, len(bumps.lat) * len(bumps.lon), 7)
    assert found == pytest.approx(expected, abs=1e-3 if filtered else 1e-5)


def test_small_grids_and_grids_with_edges_are_seen_whole(monkeypatch):
    whole = teaching("land")
    assert nearby(whole.grid, [whole.cells], whole.blur) == ()  # small
    monkeypatch.setattr(module, "_LARGE", 10)
    half = Grid(-90.0, -180.0, 6.0, 6.0, 30, 30)
    assert nearby(half, [whole.cells[:1]], OpenEdges(half, np.ones(half.shape), PointSpread.gaussian(900.0))) == ()
    assert len(nearby(half, [whole.cells[:1]], None)) == 1


def test_bumps_of_the_globe_reach_across_the_dateline():
    bumps = Bumps.over(GLOBE, 3000.0)
    weights = np.zeros((len(bumps.lat), len(bumps.lon)))
    weights[:, 0] = 1.0
    row = bumps.field(weights, GLOBE).sum(axis=0)
    step, first = 360.0 / len(bumps.lon), bumps.lon[0]
    to_last, to_first = first + 360.0 - GLOBE.lon[-1], first - GLOBE.lon[0]
    assert row[-1] / row[0] == pytest.approx(np.exp(((to_first / step) ** 2 - (to_last / step) ** 2) / 2), rel=1e-4)
