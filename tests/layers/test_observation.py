"""H for tensors against H for numpy; its gradient against the adjoint."""

import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.core.grid import Grid
from gwkeras.layers.observation import Observe
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.gradients import gradient

WINDOWS = {
    "region": Grid(30, 70, 0.25, 0.25, 72, 40),
    "globe": Grid(-90, -180, 7.5, 7.5, 24, 48),
    "dateline": Grid(-20, 175, 0.25, 0.25, 16, 40),
}
SPREADS = {"none": PointSpread(), "land": PointSpread.gaussian(150), "everything": PointSpread.gaussian(150, "everything")}


def case(window, spread):
    grid, point_spread = WINDOWS[window], SPREADS[spread]
    if window == "globe" and spread != "none":
        point_spread = PointSpread.gaussian(900, point_spread.over)
    rng = np.random.default_rng(4)
    land = np.where(rng.random(grid.shape) < 0.3, 0.0, rng.random(grid.shape))
    land[:8, :8] = 0.0
    field = (60 * rng.normal(size=(3, *grid.shape))).astype("float32")
    tensor_land = np.broadcast_to(land.astype("float32")[None, ..., None], (3, *grid.shape, 1))
    return Observation(grid, 2, land, point_spread), Observe.of(grid, 2, point_spread), field, tensor_land


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("window", WINDOWS)
def test_tensors_see_what_numpy_sees(window, spread):
    h, layer, field, land = case(window, spread)
    seen = ops.convert_to_numpy(layer(field[..., None], land))[..., 0]
    # float32 with about a hundred terms a sum, of values up to 240 mm
    np.testing.assert_allclose(seen, np.nan_to_num(h(field)), rtol=0, atol=1e-3)


@pytest.mark.parametrize("spread", SPREADS)
def test_gradient_is_the_adjoint(spread):
    h, layer, field, land = case("region", spread)
    upstream = np.random.default_rng(6).normal(size=(3, *h.coarse.shape, 1)).astype("float32")
    found = gradient(lambda value: ops.sum(layer(value, land) * ops.convert_to_tensor(upstream)), field[..., None])
    np.testing.assert_allclose(np.asarray(found)[..., 0], h.adjoint(upstream[..., 0]), rtol=0, atol=2e-6)


def test_in_a_functional_model_saved_and_loaded(tmp_path):
    _, layer, field, land = case("region", "land")
    shape = (*WINDOWS["region"].shape, 1)
    fine, share = keras.Input(shape), keras.Input(shape)
    model = keras.Model([fine, share], layer(fine, share))
    assert model.output_shape == (None, 36, 20, 1)
    seen = model.predict([field[..., None], land], verbose=0)
    model.save(tmp_path / "h.keras")
    again = keras.models.load_model(tmp_path / "h.keras")
    np.testing.assert_array_equal(again.predict([field[..., None], land], verbose=0), seen)
