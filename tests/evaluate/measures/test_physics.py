"""The physics terms in numpy against those that training computes, and by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.config.yaml_file import load_config
from gwkeras.core.grid import Grid
from gwkeras.core.statistics import Statistics
from gwkeras.domain.opening import open_domain
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.judge import Judge, View
from gwkeras.evaluate.measures.physics import TERMS, PhysicsTerms
from gwkeras.fields.record import read_fields
from gwkeras.methods.baselines import BASELINES
from gwkeras.pipeline.files import with_files
from gwkeras.report.document import Table
from gwkeras.report.sections.scores import physics
from tests.report.small import Off, SmallDomain, truth

MONTHS = np.array(["2003-01", "2003-02"], dtype="datetime64[M]").astype("datetime64[ns]")


@dataclass(frozen=True)
class Plain:
    """2 × 2 coarse cells astride the equator, all land; storage 10 mm in the first month and `storage` in the second."""

    storage: np.ndarray
    net: np.ndarray
    coarse = Grid(-1.0, 0.0, 1.0, 1.0, 2, 2)
    fine = coarse.refine(2)
    factor = 2
    land = np.ones((2, 2))
    land_fine = np.ones((4, 4))
    before: float = 10.0

    def storage_of(self, month):
        return self.storage if month == MONTHS[1] else np.full((2, 2), self.before)

    def previous_of(self, month):
        return self.storage_of(MONTHS[0]) if month == MONTHS[1] else None

    def water_of(self, month):
        return self.net, np.full((2, 2), 0.5)


def terms_of(domain, mean, loss=LossConfig(), part=(slice(None), slice(None)), month=MONTHS[1]):
    physics = PhysicsTerms(loss, change_std=2.0, storage_std=4.0)
    return dict(zip(TERMS, physics.of(mean, domain, physics.balance(domain, month), part), strict=True))


def test_by_hand():
    """ΔG is +4 in the west, −4 in the east, where P − ET is +6 and +2: half of the cells have the wrong sign.

    In units of 2 mm: ΔG = ±2, infiltration 1.5 and 0.5; the hinge is 0 and 2; regions of 1° differ by 0.5 and 2.5.
    """
    net = np.array([[6.0, 2.0], [6.0, 2.0]])
    mean = np.repeat([[14.0, 14.0, 6.0, 6.0]], 4, axis=0)
    loss = LossConfig(regional_block_degrees=1.0, sign_weight=2.0, magnitude_weight=0.0, regional_weight=10.0)
    found = terms_of(Plain(mean[::2, ::2], net), mean, loss)
    assert found["sign"] == pytest.approx(1.0)
    assert found["sign_share"] == pytest.approx(0.5)
    assert found["regional"] == pytest.approx(1.5)
    assert found["magnitude"] == pytest.approx(((1 - 1.5 / 0.5) ** 2 + (-1 - 0.5 / 0.5) ** 2) / 2)  # both divided by their σ
    assert found["physics"] == pytest.approx(2 * 1.0 + 10 * 1.5)
    assert found["smoothness"] == pytest.approx(4 * (8 / 4) ** 2 / 16)  # four steps of two σ among 16 cells
    whole = terms_of(Plain(mean[::2, ::2], net), mean, replace(loss, regional_block_degrees=2.0))
    assert whole["regional"] == pytest.approx(1.0)  # 0 − 1


def test_a_patch_is_looked_at_alone():
    net = np.full((2, 2), 2.0)
    mean = np.repeat([[14.0, 14.0, 6.0, 6.0]], 4, axis=0)
    west = terms_of(Plain(mean[::2, ::2], net), mean, part=(slice(0, 4), slice(0, 2)))
    assert (west["sign"], west["sign_share"], west["smoothness"]) == (0.0, 0.0, 0.0)


def test_what_is_not_known_gives_no_term():
    mean = np.full((4, 4), 12.0)
    domain = Plain(mean[::2, ::2], np.full((2, 2), 2.0))
    first = terms_of(domain, mean, month=MONTHS[0])  # has no predecessor
    assert np.isnan([first[term] for term in TERMS if term != "smoothness"]).all()
    assert first["smoothness"] == 0.0
    nothing = PhysicsTerms(LossConfig(), 1.0, 1.0).of(mean, domain, None)
    assert np.isnan(nothing[:4]).all()


def test_an_unknown_predecessor_is_no_zero():
    """A cell without data the month before leaves the terms, and its neighbours see no step from 500 to 0 mm."""

    class Holed(Plain):
        def previous_of(self, month):
            return np.array([[np.nan, 500.0], [500.0, 500.0]])

    mean = np.full((4, 4), 500.0)
    found = terms_of(Holed(mean[::2, ::2], np.full((2, 2), -2.0)), mean)
    assert found["sign"] == pytest.approx(0.0, abs=1e-9)
    assert found["regional"] == pytest.approx(0.5)  # infiltration of −1 mm in units of 2 mm, and no change of storage


@pytest.fixture(scope="module")
def opened(tiny_world, tmp_path_factory):
    config = load_config(tiny_world["config"])
    config = with_files(config, gwsa=[tiny_world["gwsa"]], climate=[tiny_world["climate"]], static=[tiny_world["static"]])
    return open_domain(read_fields(config.data), config, tmp_path_factory.mktemp("cache")), config


@pytest.mark.parametrize("centred", [False, True])
def test_training_computes_the_same(opened, centred):
    from keras import ops

    from gwkeras.losses.composite import physics_terms, regional_block
    from gwkeras.losses.smoothness import smoothness

    domain, config = opened
    loss = replace(config.loss, centred=centred)
    months = [m for m in domain.months if domain.previous_of(m) is not None][:3]
    physics = PhysicsTerms.measured(loss, domain, domain.months)
    statistics = Statistics(storage_change_std=physics.change_std, gwsa_std=physics.storage_std)
    rng = np.random.default_rng(0)
    for month in months:
        mean = BASELINES[2].predict(domain, month).mean + rng.normal(0, 5, domain.fine.shape)
        sample = {name: ops.convert_to_tensor(v[None]) for name, v in domain.sample(month, 0, 0, *domain.coarse.shape).items()}
        tensor = ops.convert_to_tensor(np.nan_to_num(mean)[None, ..., None].astype(np.float32))
        block = regional_block(loss, domain.fine.lat_step)
        expected = physics_terms(sample, tensor, loss, statistics, domain.factor, block)
        found = dict(zip(TERMS, physics.of(mean, domain, physics.balance(domain, month)), strict=True))
        for name in ("sign", "magnitude", "regional", "sign_share"):
            assert found[name] == pytest.approx(float(ops.convert_to_numpy(expected[name])[0]), rel=2e-4), name
        smooth = smoothness(tensor / physics.storage_std, sample["land_fine"] > 0)
        assert found["smoothness"] == pytest.approx(float(ops.convert_to_numpy(smooth)[0]), rel=1e-4)


def test_units_are_the_product_s_own_spread(opened):
    domain, config = opened
    physics = PhysicsTerms.measured(config.loss, domain, domain.months)
    land = domain.land > 0
    storage = np.concatenate([domain.storage_of(m)[land] for m in domain.months]).astype(float)
    known = [m for m in domain.months if domain.previous_of(m) is not None]
    change = np.concatenate([(domain.storage_of(m) - domain.previous_of(m))[land] for m in known]).astype(float)
    assert physics.storage_std == pytest.approx(np.nanstd(storage), rel=1e-6)
    assert physics.change_std == pytest.approx(np.nanstd(change), rel=1e-6)
    assert len(known) < len(domain.months)


@dataclass(frozen=True)
class Watered(SmallDomain):
    """Rain of 4 mm everywhere; the first month has no predecessor, before the second there were 5 mm."""

    def previous_of(self, month):
        return np.full((2, 3), 5.0) if month == self.months[1] else None

    def water_of(self, month):
        return np.full((2, 3), 4.0), np.full((2, 3), 0.5)


def test_what_methods_are_judged_by_has_terms_of_its_own():
    """0, 4 and 8 mm after 5 mm, with rain: two thirds of the cells have the wrong sign, by 5 and 1 mm of the unit, 2 mm.

    A method without error has the same terms, one that is 5 mm above the truth no wrong sign.
    """
    domain = Watered()
    view = View(domain, truth, tuple(domain.months), physics=PhysicsTerms(LossConfig(), change_std=2.0, storage_std=4.0))
    found = compare(Judge((view,), "the truth"), (Off("exact", 0.0), Off("above", 5.0)))
    own, methods = found.physics_of_truth(), found.physics()
    assert own["sign"] == pytest.approx([np.nan, (5 + 1) / 2 / 3], nan_ok=True)
    assert own["sign_share"][1] == pytest.approx(2 / 3)
    for term in TERMS:
        assert methods[term][0] == pytest.approx(own[term], nan_ok=True)
    assert methods["sign_share"][1, 1] == pytest.approx(0.0)
    table = next(block for block in physics(found).blocks if isinstance(block, Table))
    assert table.rows[-1][:2] == ("truth used for scoring", "1.000")
