"""Local answers: a field that answers by a smooth factor of its own is found, and no factor is found where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.methods.priors.ridge.local_amplitude import LocalAmplitude, spacing_km
from gwkeras.methods.priors.teaching.bumps import Bumps
from gwkeras.methods.priors.teaching.product import teaching_of
from tests.methods.priors.domains import COARSE, make_world


def test_bumps_lie_apart_by_the_spacing_and_are_never_too_many():
    grid = Grid(-5.0, 0.0, 0.5, 0.5, 20, 20)
    bumps = Bumps.over(grid, 222.4)
    assert len(bumps.lat) == len(bumps.lon) == 5  # 10° of 111.2 km, every 2°
    assert bumps.lat == pytest.approx([-4.0, -2.0, 0.0, 2.0, 4.0])
    whole = Bumps.over(Grid(-90.0, -180.0, 0.5, 0.5, 360, 720), 100.0)
    assert len(whole.lat) * len(whole.lon) < 400
    weights = np.zeros((1, 5, 5))
    weights[0, 2, 2] = 1.0
    field = bumps.field(weights, grid)[0]
    assert field[10, 10] == pytest.approx(np.exp(-((0.25 / 2.0) ** 2)), rel=1e-5)  # 0.25° off in both directions, width 2°


def test_spacing_follows_cells_and_filter():
    grid = Grid(0.0, 0.0, 0.5, 0.5, 4, 4)
    assert spacing_km(grid, 0.0) == pytest.approx(3 * 55.597, rel=1e-4)
    assert spacing_km(grid, 300.0) == 300.0


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("local"), signal=0.0, noise=3.0)
    return teaching_of(world.training)


def parts_of(teaching):
    rng = np.random.default_rng(3)
    return (20 * rng.normal(size=(len(teaching.months), 2, 1, 1)) + 5 * rng.normal(size=(1, 2, *COARSE.shape))).astype(
        np.float32
    ) * np.ones((1, 1, *COARSE.shape), np.float32)


def with_values(teaching, fields):
    known = np.repeat(teaching.known, teaching.tiles, axis=1)
    seen = teaching.see(fields)
    usual = np.where(known, seen, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return replace(teaching, values=np.where(known, teaching.values + seen - usual, 0.0))


def test_a_place_that_answers_more_strongly_is_found(taught):
    parts = parts_of(taught)
    true = 1 + 0.5 * np.sin(np.linspace(0, np.pi, COARSE.n_lon))[None] * np.ones((COARSE.n_lat, 1))
    fields = parts[:, 0] * true + parts[:, 1]
    local = LocalAmplitude.fit(parts, with_values(taught, fields), 170.0)
    factors = local.factors(COARSE)[:, taught.cells[:, 0], taught.cells[:, 1]]
    assert factors[0] == pytest.approx(true[taught.cells[:, 0], taught.cells[:, 1]], abs=0.12)
    assert factors[1] == pytest.approx(1.0, abs=0.12)


def test_where_places_answer_alike_no_departure_is_believed(taught):
    parts = parts_of(taught)
    local = LocalAmplitude.fit(parts, with_values(taught, parts.sum(axis=1)), 170.0)
    assert not np.isfinite(local.strength)
    assert local.factors(COARSE) == pytest.approx(1.0)
