"""The storage model end to end, on domains whose fine truth is known and is no storage model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.split import Box
from gwkeras.methods.priors.storage_model.descent import _Slope
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.priors.storage_model.ground import Ground, maps_of
from gwkeras.methods.priors.storage_model.linearised import Seen
from gwkeras.methods.priors.storage_model.parameters import Weights
from gwkeras.methods.priors.storage_model.recipe import StorageModel
from gwkeras.methods.priors.teaching.product import teaching_of
from tests.methods.priors.domains import COARSE, make_world

RECIPE = StorageModel()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def fitted(world):
    return RECIPE.fit(world.training)


def share_missed(world, prior):
    """Of the truth's variance, anomalies from the training months' mean, in held-out months; a prior of zero misses 1."""
    land, record = world.domain.observation.land > 0, world.domain.record
    usual = np.mean([world.truth[record.position(month)] for month in world.training.months], axis=0)
    missed = total = 0.0
    for month in world.test_months:
        truth = (world.truth[record.position(month)] - usual)[land]
        total += (truth**2).sum()
        missed += ((truth - prior.mean(world.domain, month)[land]) ** 2).sum()
    return missed / total


def test_storage_of_held_out_months_is_told_from_climate_and_product(world, fitted):
    assert share_missed(world, fitted) < 0.6
    assert 0.5 < fitted.amplitude <= 1.0


def test_storage_that_follows_no_climate_gives_no_prior(tmp_path):
    world = make_world(tmp_path, climate_from=5)
    fitted = RECIPE.fit(world.training)
    assert fitted.amplitude == 0.0
    assert not fitted.mean(world.domain, world.test_months[0]).any()
    assert "0 everywhere" in fitted.notes[0]


def test_anomalies_start_from_the_training_months_mean(world, fitted):
    fields = [fitted.mean(world.domain, month) for month in world.training.months[::-1]]
    assert np.mean(fields, axis=0) == pytest.approx(0.0, abs=1e-3)
    assert np.ptp(fields) > 10.0


def test_bands_of_rows_give_what_the_whole_gives(world, fitted):
    climate, months = FineClimate.of(world.domain), world.domain.months.astype("datetime64[M]")[[0, 7]]
    maps = maps_of(climate, fitted.standard)[1]
    whole = fitted._window(climate, maps, months)
    parts = [fitted._window(climate.band(rows), maps[:, rows], months) for rows in (slice(0, 5), slice(5, 32))]
    assert np.concatenate(parts, axis=1) == pytest.approx(whole, abs=1e-3)


def test_beyond_the_maps_of_the_cells_taught_on_a_parameter_stays_as_it_is_there(world, fitted):
    """Taught on means over 2 × 2 cells, whose maps do not reach as far as those of the cells."""
    climate = FineClimate.of(world.domain)
    fine = maps_of(climate, fitted.standard)[1]
    mass = (climate.grid.area * climate.land).reshape(16, 2, 20, 2)
    with np.errstate(invalid="ignore"):
        means = (fine.reshape(-1, 16, 2, 20, 2) * mass).sum(axis=(2, 4)) / mass.sum(axis=(1, 3))
    least, greatest = np.nanmin(means, axis=(1, 2)), np.nanmax(means, axis=(1, 2))
    assert fitted.taught == pytest.approx(np.stack([least, greatest]), abs=1e-5)
    assert (fine[:, climate.land > 0].max(axis=1) > greatest + 0.02).any()
    assert fitted.maps(climate) == pytest.approx(np.clip(fine, least[:, None, None], greatest[:, None, None]), abs=1e-5)


def test_a_map_that_the_product_sees_little_of_is_to_do_little(world, fitted):
    """Held back by the standard deviation that is left of it in the cells taught on: half of a quarter counts half."""
    climate, teaching = FineClimate.of(world.domain), teaching_of(world.training)
    chequered = np.indices(climate.grid.shape).sum(axis=0) % 2 * 2.0 - 1.0
    chequered[:6] = 0.0  # where cells are part sea; of the rest nothing is left
    waves = np.where(np.arange(climate.grid.n_lon) // 10 % 2, 1.0, -1.0) * np.ones(climate.grid.shape)
    maps = np.stack([chequered, waves, 0.125 * waves]).astype(np.float32)
    ground = Ground.of(climate, maps, fitted.bumps, fitted.middle, teaching.factor, teaching.needed)
    slope = _Slope.of(Seen(ground, teaching))
    likely = Weights.textbook(3, 0).put(slope.likely(Weights.textbook(3, 0)))
    assert slope.seen.shown() == pytest.approx([0.0, 1.0, 0.125], abs=0.003)
    assert likely.maps[0] == pytest.approx([0.3 * 0.02, 0.3, 0.3 * 0.5], abs=0.01)
    assert np.all(likely.typical == 1.0)


def test_storage_of_held_out_months_and_blocks_is_never_looked_at(tmp_path):
    world = make_world(tmp_path, held_out=(Box(22.0, 24.0, 72.0, 75.0),))
    first = StorageModel(regional=False).fit(world.training)
    storage, split = world.domain.storage.copy(), world.training.split
    for name in split.test_months + split.validation_months:
        storage[world.domain.record.position(np.datetime64(name, "M"))] = 1e4
    storage[:, split.untrained(COARSE)] = -1e4
    again = StorageModel(regional=False).fit(replace(world.training, domain=replace(world.domain, storage=storage)))
    assert np.array_equal(first.weights.flat, again.weights.flat)


def test_parameters_are_fields_within_their_bounds(world, fitted):
    found = fitted.parameters(FineClimate.of(world.domain))
    land = world.domain.observation.land > 0
    assert np.isnan(found["residence"][~land]).all()
    assert ((found["residence"][land] > 2.0) & (found["residence"][land] < 240.0)).all()


def test_what_is_kept_comes_back(world, fitted, tmp_path):
    fitted.save(tmp_path / "kept")
    again = FittedStorageModel.load(tmp_path / "kept")
    assert again.digest == fitted.digest
    month = world.test_months[3]
    assert np.array_equal(again.mean(world.domain, month), fitted.mean(world.domain, month))


def test_without_precipitation_nothing_is_expected_and_it_is_said(world):
    drivers = world.domain.fine_drivers
    dry = replace(drivers, channels={"temperature": drivers.channels["temperature"]})
    fitted = RECIPE.fit(replace(world.training, domain=replace(world.domain, fine_drivers=dry)))
    assert fitted.notes == ("storage model: 0 everywhere, since the climate has no precipitation",)


def test_bad_input_is_refused_in_one_sentence(world, fitted, tmp_path):
    with pytest.raises(BadInput, match=r"expected storage_model\.json and storage_model\.npz"):
        FittedStorageModel.load(tmp_path)
    drivers = world.domain.fine_drivers
    late = {name: values[60:] for name, values in drivers.channels.items()}
    short = replace(drivers, channels=late, calendar=Calendar(drivers.calendar.months[60:], "climate"), key="short")
    with pytest.raises(MissingMonths, match="climate of every training month"):
        RECIPE.fit(replace(world.training, domain=replace(world.domain, fine_drivers=short)))
    with pytest.raises(MissingMonths, match="climate of the training months"):
        fitted.mean(replace(world.domain, fine_drivers=short), world.test_months[0])
    bare = replace(drivers, static={}, key="bare")
    with pytest.raises(BadInput, match="expected the map elevation"):
        fitted.mean(replace(world.domain, fine_drivers=bare), world.test_months[0])
