"""Tiles of a network that looks at each cell alone: the mosaic is that function of the whole, seams, edges and gaps included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.methods.calibrated import calibrated
from gwkeras.methods.network.mosaic import Mosaic
from tests.methods.worlds import make_domain


def pointwise(inputs):
    """Mean and variance from the cell's own inputs alone."""
    coarse = np.repeat(np.repeat(inputs["gwsa"] + inputs["climate"][:, -1, :, :, 1:2], 2, 1), 2, 2)
    mean = coarse + 0.01 * inputs["covariates_fine"]
    return {"mean": mean, "variance": 1.0 + 0.002 * inputs["covariates_fine"]}


@given(
    shape=st.tuples(st.integers(1, 21), st.integers(1, 25)),
    tile=st.integers(0, 9),
    halo=st.integers(0, 5),
    divisor=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 5),
)
def test_tiles_of_a_pointwise_network(shape, tile, halo, divisor, seed):
    domain = make_domain(*shape, seed=seed)
    method = Mosaic(pointwise, divisor, reach=9, tile=tile, halo=halo, cells_at_once=400, conserving=False)
    found = method.predict(domain, domain.months[1])
    expected = {
        k: v[0, ..., 0]
        for k, v in pointwise({n: v[None] for n, v in domain.sample(domain.months[1], 0, 0, *shape).items()}).items()
    }
    known = np.repeat(np.repeat(np.isfinite(domain.storage_of(domain.months[1])) & (domain.land > 0), 2, 0), 2, 1)
    np.testing.assert_allclose(found.mean, np.where(known, expected["mean"], np.nan), rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(found.sigma, np.where(known, np.sqrt(expected["variance"]), np.nan), rtol=1e-5)
    assert found.interval is None  # a prior states no bounds: calibration does
    stated = calibrated(found, Calibration())
    assert stated.interval == 0.9
    half = 1.6448536 * found.sigma  # of a normal distribution's middle 90 %
    np.testing.assert_allclose(stated.upper - stated.mean, half, rtol=1e-3)
    np.testing.assert_allclose(stated.mean - stated.lower, half, rtol=1e-3)


@pytest.mark.parametrize("halo", [0, 2])
def test_every_land_cell_conserves_however_tiles_meet(halo):
    """A network whose level changes from tile to tile: the worst seams there can be. The bar: 1e-3 mm, in float32 as written."""
    domain = make_domain(20, 31, sea=0.3, south=50.0)
    rng = np.random.default_rng(0)

    def run(inputs):
        shape = (*np.multiply(inputs["gwsa"].shape[:3], (1, 2, 2)), 1)
        level = rng.normal(0, 300, (shape[0], 1, 1, 1))
        return {"mean": level + rng.normal(0, 50, shape), "variance": np.full(shape, 9.0)}

    found = Mosaic(run, 2, reach=8, tile=6, halo=halo).predict(domain, domain.months[2])
    coarse = domain.storage_of(domain.months[2])
    blocks = domain.fine.block_mean(found.mean.astype(np.float32).astype(float), 2, domain.land_fine)
    known = np.isfinite(coarse)
    assert known.sum() > 400
    assert np.abs(blocks - coarse)[known].max() < 1e-3
    assert np.isnan(blocks[~known]).all()
    stated = calibrated(found, Calibration())
    np.testing.assert_allclose((stated.upper + stated.lower) / 2, found.mean, atol=1e-9)
