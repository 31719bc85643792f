"""A region whose filter sees beyond its edges, against a larger world that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.methods.updates.kriging.solvers.region_edges import RegionEdges, deviation_at_edges
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, chords

FILTER = PointSpread.gaussian(150.0)
GRID = Grid.covering(20, 30, 70, 81, 1.0)
WORLD = Grid.covering(15, 35, 64, 87, 1.0)  # 5° more on each side, 555 km, where nothing of the filter is left
INSIDE = slice(5, 15), slice(6, 17)


def test_a_field_that_goes_on_as_it_is_at_the_edge():
    """A ramp in longitude that stands still outside: what the larger world's filter shows of it."""
    column = np.clip(np.arange(WORLD.n_lon), 6, 16) * 10.0
    whole = np.broadcast_to(column, WORLD.shape)
    seen = Observation(WORLD, 1, np.ones(WORLD.shape), FILTER)(whole)[INSIDE]
    means = whole[INSIDE]
    cut = Observation(GRID, 1, np.ones(GRID.shape), FILTER)(means)
    edges = RegionEdges(GRID, np.ones(GRID.shape), FILTER)
    assert edges.see_land
    assert np.abs(seen - cut).max() > 2.0
    # 1/76 of the weight stands beyond 2.5 half-weight radii.
    assert np.abs(seen - cut - edges.seen_beyond(means)).max() < 0.05


def test_what_is_unknown_has_the_variance_of_the_world_beyond():
    """var(w'S) of the weights w that the larger world's filter gives to what lies outside, less to the nearest cell inside."""
    observation = Observation(WORLD, 1, np.ones(WORLD.shape), FILTER)
    place = np.arange(WORLD.n_lat * WORLD.n_lon).reshape(WORLD.shape)
    nearest = place[np.clip(np.arange(WORLD.n_lat), 5, 14)][:, np.clip(np.arange(WORLD.n_lon), 6, 16)]
    covariance = Covariance(1.0, 0.3)(chords(WORLD), 2 * 111.195**2 / 12)
    share = RegionEdges(GRID, np.ones(GRID.shape), FILTER).unknown_share(0.3)
    for row, column in ((0, 0), (4, 0), (5, 2), (9, 10)):
        weights = observation.rows(np.array([[row + 5, column + 6]]))[0].ravel()
        outside = nearest.ravel() != place.ravel()
        unknown = np.where(outside, weights, 0.0)
        np.add.at(unknown, nearest.ravel()[outside], -weights[outside])
        assert share[row, column] == pytest.approx(unknown @ covariance @ unknown, rel=0.05)
    assert share[5, 5] < 1e-3 * share[0, 0]


def test_there_is_nothing_beyond_sea():
    island = np.zeros(GRID.shape)
    island[3:7, 3:8] = 1.0
    edges = RegionEdges(GRID, island, FILTER)
    assert not edges.see_land
    assert (edges.unknown_share(0.3) == 0).all()
    nothing, stated = np.zeros(GRID.shape), np.full(GRID.shape, 3.0)
    assert (deviation_at_edges(nothing, Covariance(100.0, 0.3), 4.0, stated) == 3.0).all()


@pytest.mark.parametrize("is_open", [True, False])
def test_the_product_shows_whether_its_filter_sees_beyond(is_open):
    """A prior that goes on as at the edge, seen by the larger world's filter, or by one that ends at the region's edge."""
    rng = np.random.default_rng(2)
    fields = 30.0 * rng.standard_normal((40, *GRID.shape)).cumsum(axis=2) / 3.0
    rows, columns = np.clip(np.arange(WORLD.n_lat), 5, 14) - 5, np.clip(np.arange(WORLD.n_lon), 6, 16) - 6
    world, cut = Observation(WORLD, 1, np.ones(WORLD.shape), FILTER), Observation(GRID, 1, np.ones(GRID.shape), FILTER)
    edges = RegionEdges(GRID, np.ones(GRID.shape), FILTER)
    product = np.stack([world(f[rows][:, columns])[INSIDE] if is_open else cut(f) for f in fields])
    residuals = product + 5.0 * rng.standard_normal(product.shape) - np.stack([cut(f) for f in fields])
    beyond = np.stack([edges.seen_beyond(f) for f in fields])
    assert edges.are_open(residuals, beyond) == is_open
    assert not edges.are_open(residuals, np.zeros_like(beyond))  # no prior, nothing said
    assert not edges.are_open(residuals[:10], beyond[:10])


def test_an_open_region_is_believed_less_near_its_edge():
    """A constant prior is seen as it is either way; σ grows at the edge and stays within."""
    grid = Grid.covering(20, 32, 70, 84, 1.0)
    observation = Observation(grid.refine(2), 2, np.ones(grid.refine(2).shape), FILTER)
    recipe = Kriging(conservation="observed")
    closed, opened = (assumed(replace(recipe, edges=edges), observation, 900.0, 0.3, 4.0) for edges in ("closed", "open"))
    prior = np.full(observation.fine.shape, 50.0)
    values = np.full(grid.shape, 50.0)
    one, other = closed.posterior(prior, values), opened.posterior(prior, values)
    np.testing.assert_allclose(one.mean, 50.0, atol=1e-6)
    np.testing.assert_allclose(other.mean, 50.0, atol=1e-6)
    assert (other.sigma[:2] > 1.02 * one.sigma[:2]).all()
    np.testing.assert_allclose(other.sigma[12, 14], one.sigma[12, 14], rtol=0.02)
    rough = nearest_upsample(np.random.default_rng(0).standard_normal(grid.shape), 2)
    np.testing.assert_allclose(opened.region.seen(rough)[6, 7], observation(rough)[6, 7], atol=1e-3)
