"""The seasonal prior against means worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.domain.split import Box
from gwkeras.methods.priors.seasonal import FittedSeasonal, Seasonal
from tests.methods.priors.domains import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("seasonal"), reference=True)


@pytest.fixture(scope="module")
def fitted(world, tmp_path_factory):
    return Seasonal().fit(world.training)


def training_months(world):
    return np.array(world.training.months, dtype="datetime64[M]")


def rows_of(world, months):
    return np.array([world.domain.record.position(m) for m in months])


def test_a_held_out_month_is_the_mean_of_the_training_months_of_its_name(world, fitted):
    month, months = world.test_months[4], training_months(world)
    same = months[(months.astype(int) - month.astype(int)) % 12 == 0]
    reference = world.domain.fine_target
    expected = reference[rows_of(world, same)].mean(axis=0) - reference[rows_of(world, months)].mean(axis=0)
    assert fitted.mean(world.domain, month) == pytest.approx(expected, abs=1e-3)


def test_a_training_month_leaves_itself_out(world, fitted):
    months = training_months(world)
    month = months[10]
    others = months[months != month]
    same = others[(others.astype(int) - month.astype(int)) % 12 == 0]
    reference = world.domain.fine_target
    expected = reference[rows_of(world, same)].mean(axis=0) - reference[rows_of(world, others)].mean(axis=0)
    assert fitted.mean(world.domain, month) == pytest.approx(expected, abs=1e-3)
    changed = reference.copy()
    changed[world.domain.record.position(month)] += 500.0
    again = Seasonal().fit(replace(world.training, domain=replace(world.domain, fine_target=changed)))
    assert again.mean(replace(world.domain, fine_target=changed), month) == pytest.approx(expected, abs=1e-3)


def test_months_that_are_held_out_change_nothing(world, fitted):
    reference = world.domain.fine_target.copy()
    split = world.training.split
    for name in split.test_months + split.validation_months:
        reference[world.domain.record.position(np.datetime64(name, "M"))] = 1e4
    again = Seasonal().fit(replace(world.training, domain=replace(world.domain, fine_target=reference)))
    assert np.array_equal(again.total, fitted.total)


def test_withheld_blocks_take_their_neighbours_level_and_no_detail_of_their_own(tmp_path):
    world = make_world(tmp_path, reference=True, held_out=(Box(23.0, 25.0, 73.0, 76.0),))
    prior = Seasonal().fit(world.training)
    withheld, month = world.training.split.untrained(world.domain.fine), world.test_months[0]
    reference = world.domain.fine_target.copy()
    reference[:, withheld] = 1e4
    blind = Seasonal().fit(replace(world.training, domain=replace(world.domain, fine_target=reference)))
    assert np.array_equal(blind.mean(world.domain, month), prior.mean(world.domain, month))
    inside, outside = prior.mean(world.domain, month)[withheld], prior.mean(world.domain, month)[~withheld]
    assert outside.min() <= inside.min() <= inside.max() <= outside.max()
    assert withheld.sum() == 8 * 12


def test_unknown_cells_are_left_out_month_by_month(world):
    reference, month = world.domain.fine_target.copy(), world.test_months[4]
    months = training_months(world)
    same = months[(months.astype(int) - month.astype(int)) % 12 == 0]
    reference[world.domain.record.position(same[0]), 9, 9] = np.nan
    prior = Seasonal().fit(replace(world.training, domain=replace(world.domain, fine_target=reference)))
    expected = np.nanmean(reference[rows_of(world, same), 9, 9]) - np.nanmean(reference[rows_of(world, months), 9, 9])
    assert prior.mean(world.domain, month)[9, 9] == pytest.approx(expected, abs=1e-3)


def test_a_calendar_month_without_training_is_zero_and_told(world):
    july = np.array([int(name[5:]) == 7 for name in world.training.split.train_months])
    kept = tuple(name for name, out in zip(world.training.split.train_months, july, strict=True) if not out)
    prior = Seasonal().fit(replace(world.training, split=replace(world.training.split, train_months=kept)))
    stamp = next(m for m in world.domain.months.astype("datetime64[M]") if str(m).endswith("-07"))
    assert not prior.mean(world.domain, stamp).any()
    assert "calendar month 7" in prior.notes[0]


def test_saved_priors_expect_the_same(world, fitted, tmp_path):
    fitted.save(tmp_path)
    month = training_months(world)[5]
    assert np.array_equal(FittedSeasonal.load(tmp_path).mean(world.domain, month), fitted.mean(world.domain, month))
    with pytest.raises(BadInput, match=r"expected seasonal\.json"):
        FittedSeasonal.load(tmp_path / "nowhere")


def test_without_a_reference_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="seasonal prior: expected a fine reference"):
        Seasonal().fit(make_world(tmp_path).training)
