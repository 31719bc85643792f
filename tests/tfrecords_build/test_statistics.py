"""Statistics: merged sums equal numpy on everything together, and only trained cells count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.layers.detail import Detail
from tests.tfrecords_build.fake_domain import FakeDomain
from tfrecords_build.statistics import Running, measure, merge, statistics

floats = st.floats(-1e4, 1e4, width=32)


@given(st.lists(st.lists(floats, max_size=30), min_size=1, max_size=8), st.floats(-1e5, 1e5))
def test_merged_sums_equal_numpy_on_the_concatenation(parts, offset):
    arrays = [np.array(p, np.float32) + np.float64(offset) for p in parts]
    merged = merge({"x": Running.of(a)} for a in arrays).get("x", Running())
    together = np.concatenate(arrays)
    assert merged.count == together.size
    if together.size:
        assert merged.mean == pytest.approx(together.mean(), abs=1e-6)
        assert (merged.squares / merged.count) ** 0.5 == pytest.approx(together.std(), abs=1e-6, rel=1e-6)


def test_a_constant_has_standard_deviation_one():
    assert Running.of(np.full(9, 273.15)).std == 1.0
    assert Running().std == 1.0
    assert Running.of(np.array([1e-9, 3e-9])).std == pytest.approx(1e-9)


def sample_with_target(month: int):
    domain = FakeDomain()
    sample = domain.sample(domain.months[month], 2, 8, 8, 8)
    sample["target"] = domain.target(domain.months[month], 2, 8, 8, 8)
    sample["target"][:4] = np.nan  # two coarse rows are held out
    return domain, sample


def test_only_trained_cells_of_the_sample_s_own_month_count():
    domain, sample = sample_with_target(3)
    shape = domain.sample_shape(8, 8)
    sums = measure(sample, shape, frozenset(range(30)))
    # land ends after column 15 of the domain, that is after 8 columns of the patch: 6 rows × 8 columns remain
    assert sums["gwsa"].count == 48
    trained = (slice(2, 8), slice(0, 8))
    assert sums["gwsa"].mean == pytest.approx(sample["gwsa"][..., 0][trained].mean(dtype=np.float64))
    assert sums["climate/precipitation"].count == 48
    assert sums["climate/precipitation"].mean == pytest.approx((sample["climate"][-1, ..., 0])[trained].mean(dtype=np.float64))
    assert sums["storage_change"].mean == pytest.approx(
        (sample["gwsa"] - sample["gwsa_previous"])[..., 0][trained].mean(dtype=np.float64), rel=1e-6
    )
    assert sums["covariates/elevation"].count == 4 * 48


def test_deviations_are_what_the_network_sees_of_a_covariate():
    domain, sample = sample_with_target(3)
    found = measure(sample, domain.sample_shape(8, 8), frozenset(range(30)))["deviations/elevation"]
    fields, land, latitude = (sample[name][None] for name in ("covariates_fine", "land_fine", "latitude"))
    seen = np.asarray(Detail(domain.factor, [1.0])(fields, land, latitude))[0, ..., 0]
    trained = seen[np.isfinite(sample["target"][..., 0]) & (land[0, ..., 0] > 0)]
    assert found.count == trained.size
    assert found.std == pytest.approx(trained.std(), rel=1e-3)  # the network weighs rows by their area


def test_storage_change_needs_both_months_to_be_trained_on():
    domain, sample = sample_with_target(3)
    assert "storage_change" not in measure(sample, domain.sample_shape(8, 8), frozenset({3}))
    domain, after_gap = sample_with_target(7)  # month 8; month 7 is missing
    assert "storage_change" not in measure(after_gap, domain.sample_shape(8, 8), frozenset(range(30)))


def test_a_cell_without_previous_storage_has_no_storage_change():
    """Three cells whose storage is unknown at t − 1: a previous storage of 0 mm is no measurement."""
    scale, sample = sample_with_target(3)
    sample["gwsa"] = np.where(sample["land"] > 0, 100.0, 0.0).astype(np.float32)
    sample["gwsa_previous"] = np.where(sample["land"] > 0, 90.0, 0.0).astype(np.float32)
    sample["gwsa_previous"][4, :3] = sample["infiltration_efficiency"][4, :3] = 0.0
    found = measure(sample, scale.sample_shape(8, 8), frozenset(range(30)))["storage_change"]
    assert (found.count, found.mean, found.squares) == (45, pytest.approx(10.0), pytest.approx(0.0, abs=1e-9))


def test_residual_is_the_target_minus_bicubic_with_conservation():
    """A coarse field that is constant interpolates to itself, so the residual is all that was added."""
    domain, sample = sample_with_target(3)
    land = sample["land_fine"][..., 0]
    detail = np.random.default_rng(0).normal(0, 3, land.shape)
    sample["gwsa"] = 40.0 * (sample["land"] > 0).astype(np.float32)
    sample["target"] = (np.where(land > 0, 40.0 + detail, np.nan)[..., None]).astype(np.float32)
    found = statistics(measure(sample, domain.sample_shape(8, 8), frozenset()), domain.sample_shape(8, 8))
    assert found.residual_std == pytest.approx(detail[land > 0].std(), rel=1e-5)
    assert found.gwsa_mean == pytest.approx(40.0)
    assert found.gwsa_std == 1.0
