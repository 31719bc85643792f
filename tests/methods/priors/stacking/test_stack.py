"""The stack end to end, on domains whose fine truth is known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from gwkeras.core.config.yaml_file import from_dict
from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.core.months import month_number
from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import Constant
from gwkeras.methods.priors.ridge.recipe import Ridge
from gwkeras.methods.priors.seasonal import Seasonal
from gwkeras.methods.priors.stacking.asking import Product
from gwkeras.methods.priors.stacking.fitted_stack import FittedStack, Member
from gwkeras.methods.priors.stacking.stack import Stack
from gwkeras.methods.priors.teaching.product import teaching_of
from gwkeras.observation.point_spread import PointSpread
from tests.methods.priors.domains import make_world

RIDGE = Ridge(time_constants=(6.0, 24.0), local=False)


@dataclass(frozen=True)
class Known(Constant):
    """A share of a field that is given beforehand, month by month: what a fit would have come to."""

    label: str
    share: float = 1.0
    fields: dict = None  # type: ignore[assignment]

    def predict(self, domain, month, part=None):
        return Prediction(np.float32(self.share * self.fields[str(month)[:7]]))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def truth_of(world, share=1.0, label="truth"):
    stamps = [str(month)[:7] for month in world.domain.months]
    return Known(label, share, dict(zip(stamps, world.truth, strict=True)))


def noise_of(world, label="noise"):
    rng = np.random.default_rng(5)
    blobs = np.repeat(np.repeat(rng.normal(0, 20, (len(world.truth), 8, 10)), 4, 1), 4, 2)
    return replace(truth_of(world, 1.0, label), fields=dict(zip(truth_of(world).fields, blobs, strict=True)))


def weights_of(fitted):
    return {member.position: member.weight for member in fitted.members}


def test_a_month_that_is_asked_again_is_not_added_up_again(world):
    asked = []

    @dataclass(frozen=True)
    class Counted(Known):
        def predict(self, domain, month, part=None):
            asked.append(month)
            return super().predict(domain, month, part)

    stack = FittedStack((Member(0, 0.25, Counted("counted", 2.0, truth_of(world).fields)),))
    first, second = world.domain.months[:2]
    found = [stack.predict(world.domain, month).mean for month in (first, second, first)]
    assert asked == [first, second]
    assert found[2] == pytest.approx(0.5 * world.truth[0], rel=1e-6)
    stack.predict(replace(world.domain), first)  # another domain is asked by itself
    assert asked == [first, second, first]


def test_a_prior_that_is_twice_the_truth_weighs_one_half(world):
    fitted = Stack((truth_of(world, 2.0, "double"), noise_of(world))).fit(world.training)
    assert weights_of(fitted) == {0: pytest.approx(0.5, abs=0.02)}
    month = world.test_months[0]
    truth = world.truth[world.domain.record.position(month)]
    assert fitted.predict(world.domain, month).mean == pytest.approx(truth, abs=0.05 * np.abs(truth).max())
    assert fitted.notes[0].startswith("stack: double 0.5")
    assert "noise 0.00, none 0.5" in fitted.notes[0]


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread.gaussian(150.0)])
def test_priors_that_tell_nothing_weigh_nothing(tmp_path, spread):
    world = make_world(tmp_path, spread=spread)
    fitted = Stack((noise_of(world), noise_of(world, "again"))).fit(world.training)
    assert fitted.members == ()
    assert not fitted.predict(world.domain, world.test_months[0]).mean.any()
    assert fitted.notes[0].startswith("stack: 0 everywhere, since no prior predicts held-out months and blocks of the product")


def test_what_is_fitted_is_weighed_by_what_it_was_not_fitted_to(world):
    """The ridge tells most of this world's climate-driven storage; noise tells none of it."""
    fitted = Stack((RIDGE, noise_of(world))).fit(world.training)
    assert set(weights_of(fitted)) == {0}
    assert 0.6 < weights_of(fitted)[0] <= 1.0
    assert any(note.startswith("ridge: ") for note in fitted.notes)


def test_every_month_and_tile_is_left_out_once_and_never_learned_from_then(world):
    asked = Product(world.training, teaching_of(world.training))
    folds = asked.folds(3)
    months = [str(month)[:7] for month in world.training.months]
    assert sorted(index for fold in folds for index in fold.months) == list(range(len(months)))
    assert sorted(tile for fold in folds for tile in fold.tiles) == list(range(len(asked.teaching.tiles)))
    cells = np.split(asked.teaching.cells, np.cumsum(asked.teaching.tiles)[:-1])
    for fold in folds:
        learned = {int(month_number(month)) for month in fold.training.months}
        assert learned.isdisjoint(int(month_number(world.training.months[index])) for index in fold.months)
        left_out = fold.training.split.untrained(world.domain.coarse)
        assert left_out.sum() == sum(asked.teaching.tiles[tile] for tile in fold.tiles)
        for tile in fold.tiles:
            assert left_out[tuple(cells[tile].T)].all()


@dataclass(frozen=True)
class HeldBack(Known):
    """One that says of itself that held-out product bears it out."""

    holds_back = True


def held_back(known):
    return HeldBack(known.label, known.share, known.fields)


def test_members_that_hold_themselves_back_are_fitted_once(world):
    told = []
    fitted = Stack((RIDGE, held_back(truth_of(world)))).fit(
        replace(world.training, fitted={}), lambda label, done, total: told.append(label)
    )
    assert set(weights_of(fitted)) == {0, 1}
    assert sum(weights_of(fitted).values()) == pytest.approx(1.0)
    assert told.count("teaching the ridge prior, months") == len(world.training.months)


def test_members_that_say_alike_of_what_cannot_be_seen_count_alike(world):
    fitted = Stack((held_back(truth_of(world)), held_back(truth_of(world, -1.0, "mirrored")))).fit(world.training)
    assert weights_of(fitted) == {0: pytest.approx(0.5), 1: pytest.approx(0.5)}


def test_one_that_puts_more_where_the_product_sees_nothing_counts_less(world):
    """u and 3 u: (9 − 3 + 2) to (1 − 3 + 2), so all of it counts for the first."""
    fitted = Stack((held_back(truth_of(world)), held_back(truth_of(world, 3.0, "loud")))).fit(world.training)
    assert weights_of(fitted)[0] == pytest.approx(1.0, abs=1e-6)
    assert fitted.notes[0].startswith("stack: weights truth 1.00")


def test_one_that_is_zero_does_not_count(world):
    fitted = Stack((held_back(truth_of(world, 0.0, "silent")), held_back(truth_of(world)))).fit(world.training)
    assert weights_of(fitted) == {1: 1.0}
    nothing = Stack((held_back(truth_of(world, 0.0, "silent")), held_back(truth_of(world, 0.0, "too")))).fit(world.training)
    assert nothing.members == ()
    assert "0 everywhere" in nothing.notes[0]


def test_a_reference_is_what_weighs_where_one_is_learned(tmp_path):
    world = make_world(tmp_path, reference=True)
    config = from_dict({"target": {"kind": "reference"}, "data": {"reference": {"path": "none.nc"}}})
    training = replace(world.training, config=config)
    fitted = Stack((truth_of(world, 2.0, "double"), noise_of(world))).fit(training)
    assert weights_of(fitted) == {0: pytest.approx(0.5, abs=0.02)}
    assert "held-out months of the reference" in fitted.notes[0]


def test_a_member_that_cannot_be_fitted_is_left_out_and_told(world):
    fitted = Stack((Seasonal(), truth_of(world))).fit(world.training)
    assert set(weights_of(fitted)) == {1}
    assert any("seasonal left out: seasonal prior: expected a fine reference" in note for note in fitted.notes)
    with pytest.raises(BadInput, match="expected a fine reference"):
        Stack((Seasonal(),)).fit(world.training)


def test_one_prior_that_holds_itself_back_is_not_fitted_three_times_more(world):
    told = []
    training = replace(world.training, fitted={})
    fitted = Stack((RIDGE,)).fit(training, lambda label, done, total: told.append(label))
    assert weights_of(fitted) == {0: 1.0}
    assert set(told) == {"teaching the ridge prior, months"}
    assert fitted.notes[0] == "stack: ridge 1.00, since ridge is the only member and shrinks itself by held-out product"


def test_too_few_months_to_leave_any_out(world):
    split = replace(world.training.split, train_months=world.training.split.train_months[:14])
    fitted = Stack((truth_of(world), noise_of(world))).fit(replace(world.training, split=split, fitted={}))
    assert weights_of(fitted) == {0: 0.5, 1: 0.5}
    assert "14 training months are too few to estimate weights" in fitted.notes[0]


def test_methods_that_share_a_prior_share_its_fit(world):
    training = replace(world.training, fitted={})
    first = training.prior(RIDGE, lambda *told: None)
    assert Stack((RIDGE,)).fit(training).members[0].prior is first
    fewer = replace(training, split=replace(training.split, train_months=training.split.train_months[:-1]))
    assert fewer.prior(RIDGE, lambda *told: None) is not first


def test_the_configuration_lists_its_members():
    recipe = from_dict({"methods": [{"prior": {"kind": "stack", "priors": ["ridge", {"kind": "none"}], "folds": 4}}]})
    assert [prior.label for prior in recipe.methods[0].prior.priors] == ["ridge", ""]
    assert from_dict({}).methods[0].prior == Stack()
    with pytest.raises(ConfigError, match="at least one prior"):
        from_dict({"methods": [{"prior": {"kind": "stack", "priors": []}}]})
    with pytest.raises(ConfigError, match="can be fitted again with a part left out"):
        from_dict({"methods": [{"prior": {"kind": "stack", "priors": ["network"]}}]})
    with pytest.raises(ConfigError, match="did you mean 'ridge'"):
        from_dict({"methods": [{"prior": {"kind": "stack", "priors": ["ridgy"]}}]})
