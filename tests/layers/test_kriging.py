"""The layer against the numpy kriging that records are made with, on windows with coasts, gaps, filters and pinned cells."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.layers.kriging.layer import Kriging
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail
from gwkeras.methods.network.posterior import kriging_layer, posterior_model
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging as Recipe
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="solved in double precision, for the export, which is TensorFlow's"
)

FACTOR, COARSE = 4, Grid(30.0, 70.0, 0.5, 0.5, 12, 14)
FINE = COARSE.refine(FACTOR)
RNG = np.random.default_rng(0)
LAND = np.where(RNG.random(FINE.shape) > 0.3, RNG.uniform(0.2, 1.0, FINE.shape), 0.0)
LAND[:16, :20] = 0.0
EXPECTED, OBSERVED = RNG.normal(0, 20, FINE.shape), RNG.normal(0, 60, COARSE.shape)
MAPS = np.stack([RNG.uniform(0, 12, COARSE.shape), RNG.uniform(0.5, 2.0, COARSE.shape)])


def numpy_kriging(spread: PointSpread, pinned: bool) -> FittedKriging:
    region = replace(Recipe().region(Observation(FINE, FACTOR, LAND, spread)), pinned=pinned)
    fitted = FittedKriging(region, Covariance(900.0, -0.3), Noise(20.0), *MAPS)

    return fitted


@pytest.mark.parametrize(
    ("spread", "pinned"),
    [
        (PointSpread(), False),
        (PointSpread(), True),
        (PointSpread("gaussian", 120.0, "land"), False),
        (PointSpread("gaussian", 120.0, "everything"), False),
        (PointSpread("gaussian", 80.0, "land"), True),
    ],
)
def test_the_posterior_is_numpys(spread, pinned):
    fitted = numpy_kriging(spread, pinned)
    expected = fitted.posterior(EXPECTED, OBSERVED)
    region = fitted.region
    layer = Kriging(
        FACTOR,
        COARSE.lon_step,
        fitted.covariance.amplitudes,
        LENGTHS_KM,
        (fitted.noise.variance, fitted.noise.correlated, fitted.noise.length_km),
        MAPS,
        (COARSE.south, COARSE.west, COARSE.lat_step, COARSE.lon_step),
        0.0 if spread.kind == "none" else spread.half_weight_km,
        spread.over == "land",
        region.averaged,
        region.uncertain,
        pinned,
    )
    share = np.nan_to_num(FINE.block_mean(LAND, FACTOR))
    inputs = [EXPECTED, OBSERVED * (share > 0), share, LAND]
    fields = [np.stack([field, field])[..., None].astype("float32") for field in inputs]
    found = np.asarray(layer(*fields, np.stack([COARSE.lat] * 2), np.stack([COARSE.lon] * 2)))
    known = np.isfinite(expected.mean)
    assert known.sum() > 1000
    assert np.ptp(expected.mean[known] - EXPECTED[known]) > 20
    for sample in found:
        np.testing.assert_allclose(sample[..., 0][known], expected.mean[known], atol=3e-4)  # records carry in float32
        np.testing.assert_allclose(np.sqrt(sample[..., 1][known]), expected.sigma[known], rtol=1e-3)


def test_cells_that_are_unknown_tell_nothing():
    """A product that lacks cells: the same as numpy's of the cells that are left."""
    fitted = numpy_kriging(PointSpread(), False)
    gap = OBSERVED.copy()
    gap[5:9, 6:] = np.nan
    expected = fitted.posterior(EXPECTED, gap)
    share = np.where(np.isfinite(gap), np.nan_to_num(FINE.block_mean(LAND, FACTOR)), 0.0)
    layer = Kriging(
        FACTOR, 0.5, fitted.covariance.amplitudes, LENGTHS_KM, (20.0, 0.5, 300.0), MAPS, (COARSE.south, COARSE.west, 0.5, 0.5)
    )
    land = LAND * np.repeat(np.repeat(share > 0, FACTOR, 0), FACTOR, 1)
    fields = [field[None, ..., None].astype("float32") for field in (EXPECTED, np.where(share > 0, gap, 0.0), share, land)]
    found = np.asarray(layer(*fields, COARSE.lat[None], COARSE.lon[None]))[0]
    known = np.isfinite(expected.mean)
    np.testing.assert_allclose(found[..., 0][known], expected.mean[known], atol=3e-4)  # records carry in float32
    np.testing.assert_allclose(np.sqrt(found[..., 1][known]), expected.sigma[known], rtol=1e-3)


@pytest.mark.parametrize(("share", "anywhere"), [(0.4, 0.0), (0.05, 0.3)])
def test_unseen_detail_adds_what_numpy_adds(share, anywhere):
    fitted = numpy_kriging(PointSpread(), False)
    domain = SimpleNamespace(
        land_fine=LAND, fine=FINE, coarse=COARSE, factor=FACTOR, observation=Observation(FINE, FACTOR, LAND, PointSpread())
    )
    unseen = UnseenDetail(1.2, share, RNG.uniform(0, 300, FINE.shape), FINE, anywhere=anywhere)
    expected = unseen.sigma(domain, EXPECTED, fitted.posterior(EXPECTED, OBSERVED).sigma)
    layer, part = kriging_layer(fitted, FACTOR, unseen), np.nan_to_num(FINE.block_mean(LAND, FACTOR))
    fields = [field[None, ..., None].astype("float32") for field in (EXPECTED, OBSERVED * (part > 0), part, LAND)]
    found = np.asarray(layer(*fields, COARSE.lat[None], COARSE.lon[None]))[0]
    known = np.isfinite(expected)
    assert known.sum() > 1000
    np.testing.assert_allclose(np.sqrt(found[..., 1][known]), expected[known], rtol=1e-3)


def test_months_that_were_not_taught_on_have_a_larger_sigma_in_the_graph():
    """1.2 σ in all but the month that was: the graph takes the month of each sample of a batch."""
    inputs = [keras.Input((None, None, 1), name=name) for name in ("land", "land_fine")]
    mean = keras.layers.Rescaling(5.0, name="mean")(inputs[1])
    network = keras.Model(inputs, {"mean": mean, "variance": keras.layers.Rescaling(1.0, name="variance")(inputs[1])})
    unseen = UnseenDetail(1.0, 0.4, np.ones(FINE.shape), FINE, untaught=1.2, taught=(6, 7))
    graph = posterior_model(network, numpy_kriging(PointSpread(), False), FACTOR, unseen)
    share = np.nan_to_num(FINE.block_mean(LAND, FACTOR))
    fields = {"land": share, "land_fine": LAND, "gwsa": OBSERVED * (share > 0)}
    given = {name: np.stack([field] * 3)[..., None].astype("float32") for name, field in fields.items()}
    given |= {"latitude": np.stack([COARSE.lat] * 3), "longitude": np.stack([COARSE.lon] * 3), "time": np.array([6.0, 8.0, 7.0])}
    found = {name: np.asarray(values) for name, values in graph(given).items()}
    np.testing.assert_array_equal(found["mean"][1], found["mean"][0])
    np.testing.assert_array_equal(found["variance"][2], found["variance"][0])
    np.testing.assert_allclose(found["variance"][1], 1.44 * found["variance"][0], rtol=1e-6)
