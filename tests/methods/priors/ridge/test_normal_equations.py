"""The ridge's algebra against the textbook: dense generalised least squares, leaving out, and standard errors."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.priors.ridge.normal_equations import NormalEquations, _joined
from gwkeras.methods.priors.ridge.seen_features import Month, SeenFeatures
from gwkeras.methods.priors.ridge.strength import Others, choose_strength, solve_ridge
from gwkeras.methods.priors.teaching.belief import why_nothing
from gwkeras.methods.priors.teaching.product import teaching_of
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.priors.domains import make_world

TAUS = (2.0, 12.0)


def features_of(world):
    climate = FineClimate.of(world.domain)
    channels = Channels(climate)
    maps = raw_maps(climate, channels.means)
    standard = Standard.of(maps, climate.grid.area * climate.land)
    return SeenFeatures(channels, standard(maps), retention(TAUS), teaching_of(world.training))


def all_at_once(features, observation):
    """(M, k, p) unwhitened features in training months: every fine field first, then H, months by a matrix of weights."""
    channels, teaching = features.channels, features.teaching
    record = np.stack([values.copy() for values in channels]).astype(float)  # (C, channel, lat, lon)
    climatology = channels.climatology.astype(float)
    years = 60
    before = np.concatenate([climatology] * years)  # the record begins in January, so whole years lead to it
    series = np.concatenate([before, record])
    at = 12 * years + np.searchsorted(channels.climate.months, teaching.months)
    lags = at[:, None] - np.arange(len(series))[None]
    columns = []
    for tau in TAUS:
        a = float(retention([tau])[0])
        weights = np.where(lags >= 0, (1 - a) * a ** np.maximum(lags, 0), 0.0)  # (M, series)
        remembered = np.tensordot(weights, series, axes=1)  # (M, channel, lat, lon)
        fields = remembered[:, :, None] * features.maps[None, None].astype(float)
        seen = observation(fields)[..., teaching.cells[:, 0], teaching.cells[:, 1]]
        columns.append(seen)
    return np.moveaxis(np.stack(columns, axis=3), -1, 1).reshape(len(at), len(teaching.cells), -1)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def features(world):
    return features_of(world)


@pytest.fixture(scope="module")
def streamed(features):
    training = set(features.teaching.months.tolist())
    kept = [month.seen.reshape(-1, month.seen.shape[-1]).copy() for month in features if month.stamp.item() in training]
    return np.stack(kept)  # (M, p, k)


def whitening(teaching):
    matrix = np.zeros((len(teaching.cells),) * 2)
    start = 0
    for factor in teaching.metric.whiteners:
        matrix[start : start + len(factor), start : start + len(factor)] = factor
        start += len(factor)
    return matrix


@pytest.mark.slow
def test_streamed_features_are_those_computed_all_at_once(world, features, streamed):
    dense = all_at_once(features, world.domain.observation)
    white = np.swapaxes(whitening(features.teaching) @ dense, 1, 2)
    size = white.std(axis=(0, 2), keepdims=True)
    assert np.abs((streamed - white) / np.maximum(size, 1e-9)).max() < 2e-3  # single precision


def test_deviations_are_those_of_the_fine_fields(world, features, streamed):
    del streamed  # all months have been seen
    climate, channels = features.channels.climate, features.channels
    record = np.stack([values[0].copy() for values in channels]).astype(float)  # precipitation
    series = np.concatenate([np.concatenate([channels.climatology[:, 0].astype(float)] * 60), record])
    at = 720 + np.searchsorted(climate.months, features.teaching.months)
    a = float(retention([12.0])[0])
    lags = at[:, None] - np.arange(len(series))
    memory = np.tensordot(np.where(lags >= 0, (1 - a) * a ** np.maximum(lags, 0), 0.0), series, axes=1)
    fields = (memory - memory.mean(axis=0)) * features.maps[1].astype(float)
    expected = np.sqrt((fields[:, climate.land > 0] ** 2).mean())
    assert features.dense(features.deviations)[0, 1, 1] == pytest.approx(expected, rel=1e-3)


def test_solution_is_that_of_dense_generalised_least_squares(features, streamed):
    teaching = features.teaching
    chosen = np.array([0, 5, 11, 17, 30])
    months = [Month(m, np.ascontiguousarray(x[chosen])) for m, x in zip(teaching.months, streamed, strict=True)]
    equations = NormalEquations.accumulate(months, teaching, spans=3, groups=2)
    known = np.repeat(teaching.known, teaching.tiles, axis=1)  # (M, k)
    x = np.where(known[:, None], streamed[:, chosen], 0.0).astype(float)
    x = np.where(known[:, None], x - x.sum(axis=0) / known.sum(axis=0), 0.0)
    unwhite = np.linalg.inv(whitening(teaching))
    covariance_inverse = np.linalg.inv(unwhite @ unwhite.T)
    raw = np.einsum("ab,mpb->mpa", unwhite, x)
    y = np.where(known, teaching.values, 0.0)
    gram = np.einsum("mpa,ab,mqb->pq", raw, covariance_inverse, raw, optimize=True)
    moment = np.einsum("mpa,ab,mb->p", raw, covariance_inverse, y, optimize=True)
    unit = np.einsum("ma,ab,mb->", y, covariance_inverse, y, optimize=True) / known.sum()
    expected = np.linalg.solve(gram + 2.0 * unit * np.eye(len(chosen)), moment)
    assert solve_ridge(equations, 2.0) == pytest.approx(expected, rel=2e-4)  # whitened fields are held in single precision


def synthetic(teaching, weights, rng, size=1.0):
    """Months of random features whose values are Σ β x + noise of unit variance in the metric."""
    x = rng.normal(size=(len(teaching.months), len(weights), len(teaching.cells))).astype(np.float32)
    known = np.repeat(teaching.known, teaching.tiles, axis=1)
    x -= (x * known[:, None]).sum(axis=0) / known.sum(axis=0)[None]
    white = size * np.einsum("p,mpk->mk", weights, x) + rng.normal(size=known.shape)
    values = white @ np.linalg.inv(whitening(teaching)).T
    taught = replace(teaching, values=np.where(known, values, 0.0))
    return taught, [Month(m, now) for m, now in zip(teaching.months, x, strict=True)], x, known


def test_weights_come_back_within_their_standard_errors(features):
    rng = np.random.default_rng(7)
    weights = rng.normal(0, 0.05, 12)
    taught, months, x, known = synthetic(features.teaching, weights, rng)
    equations = NormalEquations.accumulate(months, taught, 4, 4)
    found = solve_ridge(equations, 0.0)
    masked = np.where(known[:, None], x, 0.0).astype(float)
    error = np.sqrt(np.diag(np.linalg.inv(np.einsum("mpk,mqk->pq", masked, masked))))  # textbook: (XᵀV⁻¹X)⁻¹
    z = (found - weights) / error
    assert np.abs(z).max() < 4
    assert 0.4 < np.sqrt((z**2).mean()) < 1.7  # χ² of 12: 0.1 % on either side


def test_one_part_alone_is_no_evidence_and_says_so(features):
    taught, months, *_ = synthetic(features.teaching, np.full(12, 0.1), np.random.default_rng(8))
    strength = choose_strength(NormalEquations.accumulate(months, taught, 1, 1))
    assert (strength.value, strength.gain_error) == (np.inf, np.inf)
    assert why_nothing(strength.gain, strength.gain_error) == "the region or the record is too small to hold out product"


def test_useless_features_are_given_no_weight_and_useful_ones_theirs(features):
    rng = np.random.default_rng(8)
    taught, months, *_ = synthetic(features.teaching, np.zeros(12), rng)
    assert choose_strength(NormalEquations.accumulate(months, taught, 4, 4)).value == np.inf
    taught, months, *_ = synthetic(features.teaching, np.full(12, 0.1), rng)
    strength = choose_strength(NormalEquations.accumulate(months, taught, 4, 4))
    assert strength.value < np.inf
    # Σ β² = 0.12 beside noise of 1: a share of 0.107 can be explained
    assert strength.gain == pytest.approx(0.107, abs=0.03)


def test_leaving_out_is_solving_without(features):
    rng = np.random.default_rng(9)
    taught, months, *_ = synthetic(features.teaching, np.full(6, 0.2), rng)
    equations = NormalEquations.accumulate(months, taught, 2, 2)
    assert Others(equations.gram)(0, 1) == pytest.approx(equations.gram[1, 0], rel=1e-9, abs=1e-6)


def test_filtered_product_is_taught_on_merged_cells_through_the_filter(tmp_path):
    world = make_world(tmp_path, spread=PointSpread.gaussian(250.0))
    features = features_of(world)
    teaching = features.teaching
    assert teaching.grid.shape == (8, 10)  # 250 km is 4.5 cells: 2 × 2 are one
    fine = np.random.default_rng(0).normal(size=world.truth.shape[1:])
    fine = np.cumsum(np.cumsum(fine, 0), 1) / 30
    land, factor, by = world.domain.observation.land, teaching.factor, 6
    blocks = np.nan_to_num(world.domain.fine.block_mean(fine, factor, land))
    share = world.domain.fine.block_mean(land, factor)
    around = by * factor, by * factor, fine.shape[0] + 2 * by * factor, fine.shape[1] + 2 * by * factor
    wide = Observation(
        world.domain.fine.window(-around[0], -around[1], *around[2:]), 2, continued(land, share, by), world.domain.point_spread
    )
    through = wide(continued(fine, blocks, by))[around[0] // 2 :, around[1] // 2 :][:16, :20]
    share = world.domain.fine.block_mean(land, 2)
    exact = teaching_mean(through, share)[teaching.cells[:, 0], teaching.cells[:, 1]]
    ours = teaching.see(blocks)
    assert ours == pytest.approx(exact, abs=0.02 * np.ptp(fine))  # the filter works on block means


def continued(fine, blocks, by):
    """The fine field, and around it the nearest block's mean."""
    factor = fine.shape[0] // blocks.shape[0]
    wide = np.pad(blocks, by, mode="edge").repeat(factor, axis=0).repeat(factor, axis=1)
    wide[by * factor : -by * factor, by * factor : -by * factor] = fine
    return wide


def teaching_mean(values, share):
    weight = np.nan_to_num(share)
    total = weight.reshape(8, 2, 10, 2).sum(axis=(1, 3))
    summed = (np.nan_to_num(values) * weight).reshape(8, 2, 10, 2).sum(axis=(1, 3))
    return np.divide(summed, total, out=np.zeros_like(total), where=total > 0)


def test_tiles_of_a_large_region_are_joined_where_that_is_less_work_and_sums_stay(features):
    """A third of the features is 0 in every second tile: by tiles and joined the sums are those of dense algebra."""
    rng = np.random.default_rng(10)
    taught, months, x, known = synthetic(features.teaching, np.full(9, 0.2), rng)
    ends = np.cumsum([0, *taught.tiles])
    for a, b in zip(ends[:-1:2], ends[1::2], strict=False):
        x[:, :3, a:b] = 0.0
    months = [Month(m, now) for m, now in zip(taught.months, x, strict=True)]
    sums = [NormalEquations.accumulate(months, replace(taught, nearby=nearby), 2, 2) for nearby in ((), ("a large region",))]
    masked = np.where(known[:, None], x, 0.0).astype(float)
    masked = np.where(known[:, None], masked - masked.sum(axis=0) / known.sum(axis=0), 0.0)
    expected = np.einsum("mpk,mqk->pq", masked, masked)
    for found in sums:
        assert found.gram.sum(axis=(0, 1)) == pytest.approx(expected, rel=1e-4, abs=1e-4 * np.abs(expected).max())
    assert sums[1].moment == pytest.approx(sums[0].moment, rel=1e-4, abs=1e-3)
    tiles, active = [slice(0, 10), slice(10, 20), slice(20, 30)], [np.arange(5), np.arange(5), np.arange(100, 900)]
    assert _joined(tiles, active, 1)[0] == [slice(0, 20), slice(20, 30)]
