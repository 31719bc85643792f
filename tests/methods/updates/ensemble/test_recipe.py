"""The ensemble filter on domains whose fine truth is known and is no storage model."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.methods.method import Prediction
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.priors.storage_model.recipe import StorageModel
from gwkeras.methods.updates.ensemble.fitted import FittedEnsemble
from gwkeras.methods.updates.ensemble.recipe import EnsembleFilter, OpenLoop
from gwkeras.observation.point_spread import PointSpread
from tests.methods.priors.domains import make_world

NOTHING = Prediction(np.zeros(1))


def quiet(*told):
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def model(world):
    return StorageModel(regional=False).fit(world.training)


@pytest.fixture(scope="module")
def fitted(world, model):
    recipes = OpenLoop(members=16), EnsembleFilter(members=16), EnsembleFilter(members=16, lag=2)
    return [recipe.fit(model, world.training, quiet) for recipe in recipes]


def missed(world, update):
    """Root mean square error in held-out months on land, and of σ over the same cells."""
    land, errors, variances = world.domain.observation.land > 0, [], []
    for month in world.test_months:
        found = update.apply(NOTHING, world.domain, month)
        errors.append((world.truth[world.domain.record.position(month)] - found.mean)[land])
        variances.append(found.sigma[land] ** 2)
    return np.sqrt(np.mean(np.square(errors))), np.sqrt(np.mean(variances))


def test_the_product_brings_the_members_nearer_to_the_truth(world, model, fitted):
    alone, filtered, smoothed = (missed(world, update)[0] for update in fitted)
    month = world.test_months[0]
    assert filtered < 0.6 * alone
    assert smoothed < 0.7 * alone
    # By themselves members are the model, but for what is not linear in their perturbations.
    apart = fitted[0].apply(NOTHING, world.domain, month).mean - model.mean(world.domain, month)
    assert np.nanstd(apart) < 0.5 * np.nanstd(model.mean(world.domain, month))


def test_behind_a_filter_too(tmp_path):
    world = make_world(tmp_path, spread=PointSpread.gaussian(100.0))
    model = StorageModel(regional=False).fit(world.training)
    alone, filtered = (r.fit(model, world.training, quiet) for r in (OpenLoop(members=16), EnsembleFilter(members=16)))
    assert missed(world, filtered)[0] < 0.85 * missed(world, alone)[0]


def test_spread_is_as_large_as_errors_are_to_a_factor_of_two(world, fitted):
    for update in fitted[:2]:
        error, sigma = missed(world, update)
        assert 0.5 < sigma / error < 2.0


def test_the_smoothers_last_month_is_the_filters_and_others_are_not(world, fitted):
    """Nothing comes after the last month that could correct it."""
    _, filtered, smoothed = fitted
    last = [update.apply(NOTHING, world.domain, world.domain.months[-1]).mean for update in (filtered, smoothed)]
    early = [update.apply(NOTHING, world.domain, world.domain.months[5]).mean for update in (filtered, smoothed)]
    assert np.array_equal(*last, equal_nan=True)
    assert np.nanstd(early[0] - early[1]) > 0.1


def test_what_is_kept_comes_back_and_travels(world, fitted, tmp_path):
    (tmp_path / "update").mkdir()
    fitted[1].save(tmp_path / "update")
    month = world.test_months[3]
    expected = fitted[1].apply(NOTHING, world.domain, month)
    for copy in (FittedEnsemble.load(tmp_path / "update"), pickle.loads(pickle.dumps(fitted[1]))):
        assert copy.digest == fitted[1].digest
        assert np.array_equal(copy.apply(NOTHING, world.domain, month).mean, expected.mean, equal_nan=True)
    with pytest.raises(BadInput, match=r"ensemble\.json"):
        FittedEnsemble.load(tmp_path)


def test_a_prior_without_an_ensemble_is_refused_in_one_sentence(world):
    with pytest.raises(BadInput, match="a prior that can be run as an ensemble, storage_model, found NoPrior"):
        EnsembleFilter().fit(NoPrior(), world.training, quiet)
    nothing = replace(StorageModel(regional=False).fit(world.training), weights=None, notes=("no temperature",))
    with pytest.raises(BadInput, match="found no temperature"):
        OpenLoop().fit(nothing, world.training, quiet)
