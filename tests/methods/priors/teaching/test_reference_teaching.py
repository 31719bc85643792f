"""What priors are taught on where a fine reference is known: detail, and features' detail."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.tree import TargetConfig
from gwkeras.domain.split import Box
from gwkeras.methods.priors.ridge.recipe import Ridge
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.priors.teaching.reference_teaching import ReferenceTeaching, taught_on
from tests.methods.priors.domains import FACTOR, make_world


def learning(world, kind="reference"):
    return replace(world.training, config=replace(world.training.config, target=TargetConfig(kind)))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("reference"), noise=2.0, reference=True)


def test_detail_is_what_the_product_s_interpolation_leaves(world):
    teaching = taught_on(learning(world))
    assert isinstance(teaching, ReferenceTeaching)
    domain, rng = world.domain, np.random.default_rng(0)
    # A field that is constant over product cells, away from the coast, has means that are all its own: no mean is left of it.
    field = rng.normal(size=domain.fine.shape)
    seen = np.full(domain.fine.shape, np.nan)
    seen[teaching.cells[:, 0], teaching.cells[:, 1]] = teaching.see(field)
    means = domain.fine.block_mean(seen, FACTOR, domain.land_fine)
    assert np.nanmax(np.abs(means)) < 1e-5
    # and a constant has no detail at all
    assert np.abs(teaching.see(np.full(domain.fine.shape, 7.0))).max() < 1e-5
    assert teaching.take(field) == pytest.approx(field[teaching.cells[:, 0], teaching.cells[:, 1]], abs=1e-6)
    assert np.abs(teaching.values.mean(axis=0)).max() < 1e-4


def test_the_product_is_taught_where_no_reference_is_to_be_learned(world):
    assert type(taught_on(learning(world, "coarsen"))) is Teaching


def test_cells_that_are_held_out_are_not_taught_on(tmp_path):
    world = make_world(tmp_path, reference=True, held_out=(Box(23.0, 25.0, 73.0, 76.0),))
    training = learning(world)
    teaching = taught_on(training)
    assert not training.withheld[teaching.cells[:, 0], teaching.cells[:, 1]].any()


def test_a_ridge_taught_on_the_reference_knows_its_detail(world):
    """The world's detail is soil × a memory of rain, which is among the features; 2 mm of smooth noise have little detail."""
    training, domain = learning(world), world.domain
    prior = Ridge((6.0, 24.0), local=False).fit(training)
    teaching = taught_on(training)
    errors = powers = 0.0
    for month in world.test_months:
        truth = teaching.see(world.truth[domain.record.position(month)])
        errors += float(((truth - teaching.see(prior.mean(domain, month))) ** 2).sum())
        powers += float((truth**2).sum())
    assert errors < 0.35 * powers
