"""The loss through H, against the numpy operator and sums made by hand."""

import keras
import numpy as np
import pytest

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.grid import Grid
from gwkeras.losses.product import product_term
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.gradients import gradient

COARSE, FACTOR = Grid(30.0, 70.0, 0.5, 0.5, 16, 16), 2
FINE = COARSE.refine(FACTOR)
RNG = np.random.default_rng(1)


def inputs(land: np.ndarray) -> dict[str, np.ndarray]:
    return {"land_fine": land[None, ..., None].astype("float32"), "latitude": COARSE.lat[None].astype("float32")}


def batch(field: np.ndarray) -> np.ndarray:
    return field[None, ..., None].astype("float32")


def term(given: dict[str, np.ndarray], *fields_and_settings):
    """`product_term` of arrays: a training hands over tensors."""
    tensor = keras.ops.convert_to_tensor
    target, mean, variance, *settings = fields_and_settings
    return product_term(
        {name: tensor(value) for name, value in given.items()}, tensor(target), tensor(mean), tensor(variance), *settings
    )


def in_fine_cells(field: np.ndarray) -> np.ndarray:
    return batch(np.repeat(np.repeat(field, FACTOR, 0), FACTOR, 1))


def by_hand(shown: np.ndarray, seen: np.ndarray, variance: float, scored: np.ndarray, weight: float) -> float:
    """Mean of ½ (log σ² + e²/σ²) over cells, and of squared differences of e over those of G, over pairs of cells."""
    error = np.where(scored, shown - seen, np.nan)
    cells = 0.5 * (np.log(variance) + np.nanmean(error**2) / variance)
    told = np.where(scored, shown, np.nan)
    missed, all_there = (sum(np.nanmean(np.diff(field, axis=axis) ** 2) for axis in (0, 1)) for field in (error, told))
    return float(cells + weight * missed / all_there)


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread("gaussian", 100.0, "land")])
def test_what_is_compared_is_what_the_product_would_show(spread):
    """A field without detail in its product cells, for which a filter between cells is nearly the filter between fine cells."""
    land = np.where(RNG.random(FINE.shape) > 0.2, RNG.uniform(0.5, 1.0, FINE.shape), 0.0)
    field = 20 * np.sin(FINE.lat[:, None]) + 15 * np.cos(1.3 * FINE.lon[None]) + np.zeros(FINE.shape)
    shown = RNG.normal(0, 30, COARSE.shape)
    share = FINE.block_mean(land, FACTOR)
    seen = Observation(FINE, FACTOR, land, spread)(field)
    scored = share > 0
    if spread.kind == "gaussian":  # 150 km are 2.7 cells of 55.6 km
        scored = scored & (np.minimum.outer(*(np.minimum(np.arange(16), np.arange(16)[::-1]),) * 2) >= 3)
    scored[7, 8] = False
    target = in_fine_cells(np.where(scored | (share > 0), shown, np.nan))
    target[0, 14:16, 16:18] = np.nan
    config = LossConfig(data="nll", difference_weight=0.7)
    found = term(inputs(land), target, batch(field), batch(np.full(FINE.shape, 9.0)), config, 50.0, FACTOR, spread)
    assert float(found[0]) == pytest.approx(
        by_hand(shown, seen, 9.0, scored, 0.7), rel=2e-3 if spread.kind == "gaussian" else 1e-4
    )


def test_in_a_patch_smaller_than_the_filter_all_cells_count():
    config, field = LossConfig(data="nll", difference_weight=0.0), np.full(FINE.shape, 5.0)
    settings = (config, 50.0, FACTOR, PointSpread("gaussian", 600.0, "land"))
    land = np.ones(FINE.shape)
    found = term(inputs(land), batch(field + 4.0), batch(field), batch(np.ones(FINE.shape)), *settings)
    assert float(found[0]) == pytest.approx(8.0, rel=1e-4)  # ½ · 4²


def test_units_of_the_other_losses():
    """CRPS of a sure answer is the error itself, in units of the scale."""
    field = np.full(FINE.shape, 5.0)
    config = LossConfig(data="crps", difference_weight=0.0)
    sure = batch(np.full(FINE.shape, 1e-6))
    found = term(inputs(np.ones(FINE.shape)), batch(field + 10.0), batch(field), sure, config, 50.0, FACTOR, PointSpread())
    assert float(found[0]) == pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize("spread", [PointSpread(), PointSpread("gaussian", 100.0, "land")])
@pytest.mark.parametrize("data", ["nll", "beta_nll", "crps"])
def test_cells_without_land_or_product_leave_the_gradient_finite(data, spread):
    land = np.ones(FINE.shape)
    land[:20, :14] = 0.0
    target = batch(RNG.normal(0, 30, FINE.shape))
    target[0, 26:, 20:] = np.nan
    given = {name: keras.ops.convert_to_tensor(value) for name, value in inputs(land).items()}

    def loss(field):  # mean and variance from one tensor
        mean, variance = 30 * field, (1 + field**2) * given["land_fine"]
        settings = (LossConfig(data=data), 50.0, FACTOR, spread)
        return keras.ops.sum(product_term(given, keras.ops.convert_to_tensor(target), mean, variance, *settings))

    found = gradient(loss, batch(RNG.normal(0, 1, FINE.shape)))
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0
    assert not found[0, :20, :14].any()
