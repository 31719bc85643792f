"""Forest, boosting and perceptron on worlds whose storage is a known mixture of memories."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.methods.priors.boosting import Boosting
from gwkeras.methods.priors.forest import Forest
from gwkeras.methods.priors.learners.fitted import FittedLearner
from gwkeras.methods.priors.perceptron import Perceptron
from tests.methods.priors.domains import make_world

RECIPES = [Forest(trees=10), Boosting(), Perceptron(members=2)]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("learners"), signal=1.0, noise=3.0)


@pytest.fixture(scope="module", params=RECIPES, ids=lambda recipe: recipe.label)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(recipe, world):
    return recipe.fit(world.training)


def errors(world, prior):
    """RMSE of the prior in held-out months, and that of expecting nothing; both as anomalies from the training months."""
    domain = world.domain
    training = [domain.record.position(month) for month in world.training.months]
    truth = world.truth - world.truth[training].mean(axis=0)
    land = domain.land_fine > 0
    months = [(domain.record.position(month), month) for month in world.test_months]
    missed = np.stack([(truth[at] - prior.predict(domain, month).mean)[land] for at, month in months])
    whole = np.stack([truth[at][land] for at, _ in months])
    return np.sqrt(np.mean(missed**2)), np.sqrt(np.mean(whole**2))


def test_storage_that_climate_and_maps_tell_is_found(world, fitted):
    left, whole = errors(world, fitted)
    assert left < 0.75 * whole
    assert "variance explained" in fitted.notes[0]
    assert "do not predict" not in fitted.notes[0]


def test_climate_of_another_world_is_not_believed(recipe, tmp_path):
    prior = recipe.fit(make_world(tmp_path, climate_from=7).training)
    assert (prior.regression, prior.share) == (None, 0.0)
    assert "0 everywhere" in prior.notes[0]


def test_kept_learners_answer_the_same_and_damaged_ones_are_refused(world, fitted, tmp_path):
    fitted.save(tmp_path)
    again, month = FittedLearner.load(tmp_path), world.test_months[4]
    assert again.digest == fitted.digest
    assert np.array_equal(again.predict(world.domain, month).mean, fitted.predict(world.domain, month).mean)
    with pytest.raises(BadInput, match=r"learner\.json and learner\.npz"):
        FittedLearner.load(tmp_path / "nowhere")


def test_a_prior_is_an_anomaly_from_the_training_months(world, fitted):
    mean = np.mean([fitted.predict(world.domain, month).mean for month in world.training.months], axis=0)
    assert np.abs(mean).max() < 1e-3


def test_bad_input_in_one_sentence(world, fitted):
    domain = world.domain
    short = replace(world.training.split, train_months=world.training.split.train_months[:9])
    with pytest.raises(MissingMonths, match="at least 12 training months, found 9"):
        Forest().fit(replace(world.training, split=short))
    drivers = replace(domain.fine_drivers, static={}, key=["other"])
    with pytest.raises(BadInput, match="expected the map"):
        fitted.predict(replace(domain, fine_drivers=drivers), domain.months[0])
    dry = {n: v for n, v in domain.fine_drivers.channels.items() if n != "temperature"}
    drivers = replace(domain.fine_drivers, channels=dry, key=["dry"])
    with pytest.raises(BadInput, match="expected the channels precipitation, net_water_input, temperature"):
        fitted.predict(replace(domain, fine_drivers=drivers), domain.months[0])
