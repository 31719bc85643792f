"""Maps of local coefficients: what they say adds up to what the prior predicts."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.analysis.attribution.coalitions import Attribution
from gwkeras.analysis.attribution.local_coefficients import CONSTANT, coefficient_maps, has_local_coefficients
from gwkeras.application.analysis import explain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.learners.features import Features
from gwkeras.methods.priors.learners.fitted import FittedLearner
from gwkeras.methods.priors.weighted_regression.local_memories import SPACE, TIME, YEAR, LocalMemories
from gwkeras.regression.places import Places
from gwkeras.regression.weighted_network import WeightedNetwork
from tests.methods.priors.domains import make_world

SHARE, SCALE = 0.5, 8.0


def learner(domain, training, timed):
    """A prior whose network has weights drawn at random: nobody has taught it."""
    rng = np.random.default_rng(0)
    features = Features.of(FineClimate.of(domain), (2.0, 12.0), located=True)
    memories, maps = features.memories, len(features.standard.names)
    places = Places.of(rng.normal(size=(50, 4)) * 1000, (SPACE, TIME) if timed else (SPACE,), YEAR if timed else None)
    kinds = places.kinds
    fusion = [rng.normal(size=shape) for shape in ((3, 2), (2,), (2, 1), (1,))] if timed else []
    layers = [rng.normal(size=shape) for shape in ((5 + maps, 6), (2, 3), (3, 2 * (memories + 1)), (2, memories + 1))]
    network = WeightedNetwork(
        rng.normal(size=(5, places(rng.normal(size=(1, 4))).shape[1])),
        np.array([column for columns in kinds for column in columns]),
        np.array([len(columns) for columns in kinds]),
        np.zeros(len(kinds)),
        np.ones(len(kinds)),
        rng.normal(size=memories + 1),
        np.full(memories + 1, 0.1),
        tuple(weight.astype(np.float32) for weight in (*fusion, *layers)),
    )
    mean, deviation = rng.normal(size=memories + maps), rng.uniform(1, 5, memories + maps)
    regression = LocalMemories(mean, deviation, np.array(SCALE), np.array(memories), places.centres, places.scales, network)
    return FittedLearner("GNNWR", features, regression, SHARE, np.array(training.months, "datetime64[M]"))


@pytest.mark.parametrize("timed", [False, True])
def test_coefficients_times_memories_are_the_prior(timed, tmp_path):
    training = make_world(tmp_path).training
    domain = training.domain
    prior = learner(domain, training, timed)
    months = [domain.months[0], domain.months[7]]
    assert has_local_coefficients(prior)
    found = coefficient_maps(prior, domain, months)
    land = domain.land_fine > 0
    assert found.values.shape == (len(found.names), 2 if timed else 1, *domain.fine.shape)
    assert len(found.months) == (2 if timed else 0)
    assert found.names[-1] == CONSTANT
    assert np.isnan(found.values[..., ~land]).all()
    assert found.values[0, 0, land].std() > 0
    climate = FineClimate.of(domain)
    rows = {
        position: row.copy()
        for position, row in prior.features.fine(climate, prior.features.maps(climate), np.array(months, "datetime64[M]"))
    }
    told = []
    for position in range(2):
        memories = prior.features.memories
        x = (rows[position][:, :memories] - prior.regression.mean[:memories]) / prior.regression.deviation[:memories]
        x = np.clip(x, -4, 4)  # what lies farther out counts as this
        own = found.values[:, position if timed else 0, land].T
        told.append((own[:, :-1] * x).sum(axis=1) + own[:, -1])
    fields = [prior.predict(domain, month).mean[land] for month in months]
    np.testing.assert_allclose(told[1] - told[0], fields[1] - fields[0], rtol=1e-3, atol=1e-3 * np.std(told))


def test_place_and_time_are_told_among_the_features_by_name(tmp_path, monkeypatch):
    training = make_world(tmp_path).training
    prior = learner(training.domain, training, timed=True)
    asked = []

    def nothing(regression, rows, background, names, seed=0):
        asked.append((rows.shape[1], background.shape[1], len(names)))
        told = regression(rows)
        return Attribution(tuple(names), np.zeros((len(names), len(rows))), told, told)

    monkeypatch.setattr(explain, "tabular_shapley", nothing)
    parts, groups = explain._of_learner(prior, training.domain, list(training.domain.months[:2]), 4)
    assert asked == [(prior.features.count,) * 3]
    assert parts.names[-3:] == ("latitude", "longitude", "month")
    assert groups.names[-2:] == ("maps", "place")
    assert groups.names.count("time") == 1  # the month goes with the channel that counts time
