"""The ridge prior end to end, on domains whose fine truth is known."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from gwkeras.core.config.yaml_file import from_dict
from gwkeras.core.errors import BadInput, ConfigError, MissingMonths
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.split import Box
from gwkeras.methods.priors.ridge.fitted import FittedRidge
from gwkeras.methods.priors.ridge.recipe import Ridge
from gwkeras.observation.point_spread import PointSpread
from tests.methods.priors.domains import COARSE, make_world

RECIPE = Ridge(time_constants=(2.0, 6.0, 24.0))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def fitted(world, tmp_path_factory):
    return RECIPE.fit(world.training)


def share_missed(world, prior):
    """Of the truth's variance within product cells, in held-out months: what the prior cannot tell."""
    fine, land, missed, all_of_it = world.domain.fine, world.domain.observation.land, 0.0, 0.0
    for month in world.test_months:
        truth = world.truth[world.domain.record.position(month)]
        expected = prior.mean(world.domain, month)
        detail = [f - np.repeat(np.repeat(fine.block_mean(f, 2, land), 2, 0), 2, 1) for f in (truth, truth - expected)]
        all_of_it += (detail[0][land > 0] ** 2).sum()
        missed += (detail[1][land > 0] ** 2).sum()
    return missed / all_of_it


def test_detail_of_held_out_months_is_told_from_the_product_alone(world, fitted):
    # Noise of 8 mm, smooth over 3 cells, has a detail of its own that no climate tells; a prior of zero misses 1.
    assert share_missed(world, fitted) < 0.35


def test_detail_is_told_through_a_wide_filter(tmp_path):
    filtered = make_world(tmp_path / "filtered", spread=PointSpread.gaussian(150.0), noise=4.0)
    assert share_missed(filtered, RECIPE.fit(filtered.training)) < 0.5


def test_months_come_in_any_order_and_start_from_the_training_mean(world, fitted):
    months = world.training.months
    backwards = [fitted.mean(world.domain, m) for m in months[::-1]]
    assert np.mean(backwards, axis=0) == pytest.approx(0.0, abs=1e-3)
    assert np.array_equal(fitted.mean(world.domain, months[3]), backwards[-4])


def test_bands_of_rows_give_what_the_whole_gives(world, fitted):
    climate, months = FineClimate.of(world.domain), world.domain.months.astype("datetime64[M]")[[0, 7]]
    window, _ = fitted._windows(climate, months)
    whole = window(climate)
    parts = [window(climate.band(slice(a, b))) for a, b in ((0, 5), (5, 32))]
    assert np.concatenate(parts, axis=1) == pytest.approx(whole, abs=1e-3)


def test_storage_of_held_out_months_and_blocks_is_never_looked_at(tmp_path):
    box = Box(22.0, 24.0, 72.0, 75.0)
    world = make_world(tmp_path, held_out=(box,))
    first = RECIPE.fit(world.training)
    storage = world.domain.storage.copy()
    split = world.training.split
    for name in split.test_months + split.validation_months:
        storage[world.domain.record.position(np.datetime64(name, "M"))] = 1e4
    storage[:, split.untrained(COARSE)] = -1e4
    again = RECIPE.fit(replace(world.training, domain=replace(world.domain, storage=storage)))
    assert first.weights.any()
    assert np.array_equal(first.weights, again.weights)
    assert np.array_equal(first.local.departures, again.local.departures)


@pytest.mark.slow
def test_the_same_training_gives_the_same_weights(world, fitted, tmp_path):
    again = RECIPE.fit(world.training)
    assert np.array_equal(again.weights, fitted.weights)
    assert again.digest == fitted.digest


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(150.0)])
def test_climate_of_another_world_is_not_believed(tmp_path, spread):
    world = make_world(tmp_path, spread=spread, climate_from=77)
    # Both worlds have the same season, which the other climate tells rightly; without it nothing is left to tell.
    storage = world.domain.storage.copy()
    known = np.isfinite(storage).any(axis=0)
    for start in range(12):
        same = (world.domain.months.astype("datetime64[M]").astype(int) % 12) == start
        storage[same] -= np.where(known, np.nanmean(np.where(known, storage[same], 0.0), axis=0), 0.0)
    fitted = RECIPE.fit(replace(world.training, domain=replace(world.domain, storage=storage)))
    month = world.test_months[0]
    assert np.abs(fitted.mean(world.domain, month)).max() == 0.0
    assert "0 everywhere" in fitted.notes[0]


def test_another_prior_of_the_same_domain_is_not_mistaken_for_it(world, fitted):
    month = world.test_months[0]
    fitted.mean(world.domain, month)
    doubled = replace(fitted, weights=2 * fitted.weights)
    assert doubled.mean(world.domain, month) == pytest.approx(2 * fitted.mean(world.domain, month), abs=1e-3)


def test_constant_and_repeated_maps_do_no_harm_and_are_told(tmp_path, world, fitted):
    doubled = make_world(tmp_path, constant_map=True)
    prior = RECIPE.fit(doubled.training)
    assert any("flat is constant" in note for note in prior.notes)
    assert share_missed(doubled, prior) == pytest.approx(share_missed(world, fitted), abs=0.03)


def test_saved_and_pickled_priors_expect_the_same(world, fitted, tmp_path):
    fitted.save(tmp_path / "prior")
    month = world.test_months[2]
    for copy in (FittedRidge.load(tmp_path / "prior"), pickle.loads(pickle.dumps(fitted))):
        assert copy.digest == fitted.digest
        assert np.array_equal(copy.mean(world.domain, month), fitted.mean(world.domain, month))
        assert copy.notes == fitted.notes
    with pytest.raises(BadInput, match=r"expected ridge\.json"):
        FittedRidge.load(tmp_path / "nowhere")


def test_a_prior_that_believes_nothing_survives_saving(world, tmp_path):
    nothing = FittedRidge.nothing((6.0,), world.training.months, "there is no climate")
    nothing.save(tmp_path)
    assert FittedRidge.load(tmp_path).strength == np.inf
    assert not FittedRidge.load(tmp_path).mean(world.domain, world.test_months[0]).any()


def test_a_month_without_climate_or_storage_is_one_sentence(world, fitted):
    with pytest.raises(MissingMonths, match="1990-01, which it lacks"):
        fitted.mean(world.domain, np.datetime64("1990-01"))


def test_climate_that_ends_before_the_training_is_one_sentence(world, tmp_path):
    drivers = world.domain.fine_drivers
    short = replace(
        drivers,
        calendar=Calendar(drivers.calendar.months[:60], "climate"),
        channels={name: array[:60] for name, array in drivers.channels.items()},
    )
    with pytest.raises(MissingMonths, match="climate of every training month"):
        RECIPE.fit(replace(world.training, domain=replace(world.domain, fine_drivers=short)))


def test_without_channels_nothing_is_expected_and_told(world, tmp_path):
    bare = replace(world.domain, fine_drivers=replace(world.domain.fine_drivers, channels={}))
    prior = RECIPE.fit(replace(world.training, domain=bare))
    assert not prior.mean(bare, world.test_months[0]).any()
    assert prior.notes == ("ridge: 0 everywhere, since no climate channel is finer than the product",)


def test_a_map_that_is_missing_where_the_prior_is_applied_is_one_sentence(world, fitted):
    bare = replace(world.domain, fine_drivers=replace(world.domain.fine_drivers, static={}, key="without maps"))
    with pytest.raises(BadInput, match="expected the map elevation"):
        fitted.mean(bare, world.test_months[0])


def test_a_climate_shorter_than_the_memories_is_no_reason_to_stop_and_is_told(world):
    drivers, first = world.domain.fine_drivers, 20  # months; storage begins 24 months after the climate
    late = replace(
        drivers,
        calendar=Calendar(drivers.calendar.months[first:], "climate"),
        channels={name: array[first:] for name, array in drivers.channels.items()},
    )
    prior = RECIPE.fit(replace(world.training, domain=replace(world.domain, fine_drivers=late)))
    told = "the climate begins 4 months before the first training month, less than memories of 6 and 24 months"
    assert prior.notes.count(f"ridge: {told}; the mean annual cycle fills the years before") == 1
    assert prior.weights.any()


def test_products_of_maps_are_told_where_answers_multiply(tmp_path):
    """Places answer as soil × elevation says, which neither map says alone."""
    world = make_world(tmp_path)
    static = world.domain.fine_drivers.static
    standard = {name: (field - field.mean()) / field.std() for name, field in static.items()}
    share = standard["soil"] * standard["elevation"]
    rain = world.domain.fine_drivers.channels["net_water_input"].astype(float)
    slow = lfilter([1 - np.exp(-1 / 6)], [1, -np.exp(-1 / 6)], rain - rain.mean(axis=0), axis=0)
    stamps = [str(m)[:7] for m in world.domain.fine_drivers.calendar.months]
    kept = [stamps.index(str(m)[:7]) for m in world.domain.record]
    truth = share * slow[kept]
    observed = replace(world.domain, storage=world.domain.observation(truth).astype(np.float32))
    known = replace(world, training=replace(world.training, domain=observed, fitted={}), truth=truth)
    prior = RECIPE.fit(known.training)
    assert ("elevation", "soil") in prior.standard.products
    assert share_missed(known, prior) < 0.35
    alone = replace(
        prior, weights=np.where(np.arange(prior.weights.shape[1])[:, None] > len(prior.standard.names), 0.0, prior.weights)
    )
    assert share_missed(known, alone) > 0.6


def test_the_first_snow_that_falls_is_no_more_storage_than_it_is_water(world):
    """Training months know a tenth of a millimetre of snow; one cell has a cold month where no storage was taught on."""
    drivers, month, cell = world.domain.fine_drivers, world.test_months[0], (20, 20)
    at = [str(m)[:7] for m in drivers.calendar.months].index(str(month)[:7])
    cold = {name: array.copy() for name, array in drivers.channels.items()}
    cold["temperature"][at, *cell] = 268.0
    domain = replace(world.domain, fine_drivers=replace(drivers, channels=cold, key=[drivers.key, "cold"]))
    usual = RECIPE.fit(world.training).mean(world.domain, month)
    found = RECIPE.fit(replace(world.training, domain=domain, fitted={})).mean(domain, month)
    assert abs(found[cell] - usual[cell]) < cold["precipitation"][at, *cell]


def test_too_few_months_are_one_sentence(world, tmp_path):
    split = replace(world.training.split, train_months=world.training.split.train_months[:8])
    with pytest.raises(MissingMonths, match="at least 12 training months"):
        RECIPE.fit(replace(world.training, split=split))


def test_the_configuration_names_it_and_its_keys():
    recipe = from_dict({"methods": [{"prior": {"kind": "ridge", "time_constants": [3, 12]}}]}).methods[0].prior
    assert recipe == Ridge(time_constants=(3.0, 12.0))
    with pytest.raises(ConfigError, match="at least one"):
        from_dict({"methods": [{"prior": {"kind": "ridge", "time_constants": []}}]})
