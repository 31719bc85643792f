"""Constructed analogues against ridge regression written out, and on worlds whose detail is known."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.split import Box
from gwkeras.methods.priors.analogues.filling import fill_unknown
from gwkeras.methods.priors.analogues.fitted import FittedAnalogues
from gwkeras.methods.priors.analogues.likeness import Likeness
from gwkeras.methods.priors.analogues.recipe import Analogues
from tests.methods.priors.domains import FACTOR, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("analogues"), reference=True)


def with_detail(world, pattern, noise=0.0):
    """The world with a reference whose detail is `pattern` × the cell's product, plus noise new in each month."""
    domain, rng = world.domain, np.random.default_rng(5)
    from gwkeras.methods.priors.teaching.reference import carried

    storage = np.nan_to_num(np.array(domain.storage))
    base = np.stack([carried(domain, field) for field in storage])
    detail = pattern * np.repeat(np.repeat(storage, FACTOR, 1), FACTOR, 2) + noise * rng.normal(size=base.shape)
    mean = domain.fine.block_mean(detail, FACTOR, domain.land_fine)
    detail -= np.repeat(np.repeat(np.nan_to_num(mean), FACTOR, 1), FACTOR, 2)
    reference = np.where(domain.land_fine > 0, base + detail, np.nan).astype(np.float32)
    return replace(world.training, domain=replace(domain, storage=storage, fine_target=reference)), detail


def test_the_mixture_is_ridge_regression_on_the_product_nearby_and_on_harmonics():
    rng = np.random.default_rng(0)
    months = np.arange("2000-01", "2003-01", dtype="datetime64[M]")
    product = rng.normal(size=(36, 3, 4)).astype(np.float32)
    likeness = Likeness(months, np.arange(36) // 12, product, 0.8, periodic=False)
    target = rng.normal(size=(36, 5))
    asked = np.array([months[-1] + 5]), rng.normal(size=(1, 3, 4)).astype(np.float32)

    rows, columns = np.indices((3, 4))
    squared = (rows - 1) ** 2 + (columns - 2) ** 2
    bell = np.where((abs(rows - 1) <= 2) & (abs(columns - 2) <= 2), np.exp(-squared / (2 * 0.8**2)), 0)
    weighted = np.sqrt(bell / bell.sum())

    def features(when, fields):
        power = ((product * weighted) ** 2).sum(axis=(1, 2)).mean()
        parts = [np.sqrt(7.0 / power) * (fields * weighted).reshape(len(fields), -1)]
        phase = 2 * np.pi * (when.astype(int) % 12) / 12
        for i in range(1, 5):
            size = np.sqrt(0.5 / i / (1 + 1 / 2 + 1 / 3 + 1 / 4))
            parts += [size * np.cos(i * phase)[:, None], size * np.sin(i * phase)[:, None]]
        return np.hstack(parts)

    def ridge(x, y, new):
        return new @ np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ y)

    x = features(months, product)
    weights, far = likeness.seen_from(1, 2, asked[1], asked[0]).mixture(7.0, 0.5)
    new = features(*asked)
    assert weights @ target == pytest.approx(ridge(x, target, new), abs=1e-5)
    assert far == pytest.approx(np.diag(new @ np.linalg.inv(x.T @ x + np.eye(x.shape[1])) @ new.T), rel=1e-4)
    # A month that was learned from is answered from the other spans.
    weights, _ = likeness.seen_from(1, 2, product, months).mixture(7.0, 0.5)
    assert weights[13] @ target == pytest.approx(
        ridge(np.delete(x, range(12, 24), 0), np.delete(target, range(12, 24), 0), x[13])
    )


def test_detail_that_follows_the_product_is_found_and_its_error_known(world):
    pattern = 0.3 * np.sign(np.random.default_rng(1).normal(size=world.domain.fine.shape))
    training, detail = with_detail(world, pattern, noise=2.0)
    fitted, domain = Analogues().fit(training), training.domain
    land = domain.land_fine == 1
    errors, sigmas = [], []
    for month in world.test_months:
        at, found = domain.record.position(month), fitted.predict(domain, month)
        errors.append((found.mean - domain.fine_target[at])[land])
        sigmas.append(found.sigma[land])
    true = np.stack([detail[domain.record.position(month)][land] for month in world.test_months])
    noise = 2.0 * np.sqrt(1 - 1 / FACTOR**2)  # what is left of white noise when block means are taken off
    assert np.sqrt(np.mean(np.square(errors))) < 1.35 * noise < 0.5 * np.sqrt(np.mean(true**2))
    assert np.sqrt(np.mean(np.square(errors)) / np.mean(np.square(sigmas))) == pytest.approx(1.0, abs=0.1)


def test_detail_that_nothing_tells_is_not_believed(world):
    training, _ = with_detail(world, 0.0, noise=5.0)
    fitted = Analogues().fit(training)
    assert (fitted.product, fitted.season) == (0.0, 0.0)
    assert "no detail" in fitted.notes[0]
    month = world.test_months[3]
    found = fitted.predict(training.domain, month)
    from gwkeras.methods.priors.teaching.reference import carried

    expected = carried(training.domain, training.domain.storage_of(month))
    assert np.nanmax(np.abs(found.mean - expected)) < 1e-3
    assert np.nanmedian(found.sigma) == pytest.approx(5.0 * np.sqrt(3 / 4), rel=0.15)


@pytest.mark.slow
def test_held_out_months_and_blocks_are_never_looked_at(tmp_path):
    world = make_world(tmp_path, reference=True, held_out=(Box(23.0, 25.0, 73.0, 76.0),))
    training, _ = with_detail(world, 0.3 * np.sign(np.random.default_rng(1).normal(size=world.domain.fine.shape)))
    withheld, domain = training.withheld, training.domain
    blind = domain.fine_target.copy()
    blind[:, withheld] = 1e4
    for name in training.split.test_months + training.split.validation_months:
        blind[domain.record.position(np.datetime64(name, "M"))] = -1e4
    other = replace(training, domain=replace(domain, fine_target=blind))
    one, two = Analogues().fit(training), Analogues().fit(other)
    month = world.test_months[0]
    assert np.array_equal(one.predict(domain, month).mean, two.predict(other.domain, month).mean, equal_nan=True)
    assert "held out" in one.notes[1]
    # Nothing is known in the block: the product's own means stay, and σ is larger than around it.
    found = one.predict(domain, month)
    seen = domain.fine.block_mean(found.mean, FACTOR, domain.land_fine)
    inside = domain.fine.block_mean(withheld.astype(float), FACTOR) > 0
    assert seen[inside] == pytest.approx(domain.storage_of(month)[inside], abs=1e-2)
    assert np.median(found.sigma[withheld]) > 2 * np.nanmedian(found.sigma[~withheld])


def test_unknown_cells_are_kriged_from_those_around_and_keep_the_mean():
    fine = Grid(-1.0, 0.0, 0.5, 0.5, 2, 4)
    known = np.zeros((2, 4), bool)
    known[0, 0] = True
    wanted = np.zeros((2, 4), bool)
    wanted[:, 2:] = True
    detail = np.zeros((1, 2, 4), np.float32)
    detail[0, 0, 0] = 10.0
    variance = np.where(known, 4.0, 0.0).astype(np.float32)
    fill_unknown(detail, variance, known, wanted, np.ones((2, 4)), fine, 2)
    cosine = np.cos(np.deg2rad(-0.5))  # of the cells that are filled
    apart = np.hypot([[0, 0], [0.5, 0.5]], np.array([[1.0, 1.5], [1.0, 1.5]]) * cosine)
    near = np.exp(-apart / (1.5 * 2 * 0.5))
    raw = 10.0 * near / 1.05
    assert detail[0, :, 2:] == pytest.approx(raw - raw.mean(), abs=1e-5)
    left = 1 - near**2 / 1.05
    assert variance[:, 2:] == pytest.approx(left * 100.0 + (1 - left) * 4.0, rel=1e-5)


def test_saved_analogues_answer_the_same(world, tmp_path):
    fitted, month = Analogues().fit(world.training), world.test_months[2]
    fitted.save(tmp_path)
    again = FittedAnalogues.load(tmp_path)
    assert again.digest == fitted.digest
    assert np.array_equal(again.predict(world.domain, month).mean, fitted.predict(world.domain, month).mean, equal_nan=True)
    with pytest.raises(BadInput, match=r"detail\.npy"):
        FittedAnalogues.load(tmp_path / "nowhere")


def test_bad_input_in_one_sentence(world, tmp_path):
    with pytest.raises(BadInput, match="analogues prior: expected a fine reference"):
        Analogues().fit(make_world(tmp_path).training)
    short = replace(world.training.split, train_months=world.training.split.train_months[:20])
    with pytest.raises(MissingMonths, match="at least 24 training months with a reference, found 20"):
        Analogues().fit(replace(world.training, split=short))
    other = make_world(tmp_path / "b").domain
    fitted = Analogues().fit(world.training)
    smaller = replace(fitted, variance=fitted.variance[:-2])
    with pytest.raises(BadInput, match="expected the region it was fitted on"):
        smaller.predict(other, other.months[0])
