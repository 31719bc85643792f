"""What every layer keeps to: one test for all. A layer of `gwkeras.layers` that is not in `LAYERS` makes it fail."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

import gwkeras.layers
from gwkeras.layers.block_mean import BlockDeviation, BlockLevel
from gwkeras.layers.calendar import CalendarMaps
from gwkeras.layers.conservation import Conservation
from gwkeras.layers.convlstm import ConvLSTM2D
from gwkeras.layers.detail import Detail
from gwkeras.layers.interpolation import FillMissing, Upsampling
from gwkeras.layers.kriging.layer import Kriging
from gwkeras.layers.normalization import ConstantVariance, Standardize, Unstandardize, Variance
from gwkeras.layers.observation import Observe
from gwkeras.layers.variational.negative_bound import NegativeBound
from gwkeras.layers.variational.normal_sample import NormalSample
from gwkeras.layers.weighted_regression.local_regression import LocalRegression
from gwkeras.layers.weighted_regression.member_dense import MemberDense
from gwkeras.layers.weighted_regression.proximity import Proximity

FINE, COARSE, LAT = (8, 12), (4, 6), (4,)
WINDOW = (10.0, 20.0, 0.25, 0.25, 8, 12)

LAYERS = {
    BlockDeviation: (lambda: BlockDeviation(2, [1.0, 2.0]), [(*FINE, 2), (*FINE, 1), LAT]),
    BlockLevel: (lambda: BlockLevel(2, [1.0, 2.0], [3.0, 4.0]), [(*FINE, 2), (*FINE, 1), LAT]),
    CalendarMaps: (CalendarMaps, [(), (*COARSE, 1)]),
    Conservation: (lambda: Conservation(2), [(*FINE, 1), (*COARSE, 1), (*FINE, 1), (*COARSE, 1), LAT]),
    ConvLSTM2D: (lambda: ConvLSTM2D(3), [(4, *COARSE, 2)]),
    Detail: (lambda: Detail(2, [1.0, 2.0]), [(*FINE, 2), (*FINE, 1), LAT]),
    FillMissing: (FillMissing, [(*COARSE, 1), (*COARSE, 1)]),
    Kriging: (
        lambda: Kriging(2, 0.5, (30.0, 60.0), (100.0, 200.0), (2.0, 0.5, 300.0), [[[1.0]], [[1.0]]], (0.0, 0.0, 0.5, 0.5)),
        [(*FINE, 1), (*COARSE, 1), (*COARSE, 1), (*FINE, 1), LAT, (6,)],
    ),
    Upsampling: (lambda: Upsampling(2, "bicubic"), [(*COARSE, 3)]),
    Standardize: (lambda: Standardize((1.0, 2.0), (3.0, 4.0)), [(*COARSE, 2)]),
    Unstandardize: (lambda: Unstandardize(1.0, 3.0), [(*FINE, 1)]),
    Variance: (lambda: Variance(7.0), [(*FINE, 1)]),
    ConstantVariance: (lambda: ConstantVariance(7.0), [(*FINE, 1)]),
    Observe: (lambda: Observe(2, WINDOW, "gaussian", 250.0), [(*FINE, 1), (*FINE, 1)]),
    Proximity: (lambda: Proximity([[0.1, 0.2, 3.0], [0.5, 0.1, 2.0]], [[0, 1], [2]], [0.1, 0.2], [1.0, 2.0]), [(5, 3)]),
    MemberDense: (lambda: MemberDense(4), [(5, 2, 3)]),
    LocalRegression: (lambda: LocalRegression([1.0, 2.0, 0.5], [0.1, 0.2, 0.3]), [(5, 2, 3), (5, 3)]),
    NormalSample: (lambda: NormalSample(seed=3), [(5, 3), (5, 3)]),
    NegativeBound: (NegativeBound, [(5, 1), (5, 1), (5, 1), (5, 1), (5, 2), (5, 2), (5, 2), (5, 4), (5, 4), (5, 4)]),
}


def everyone() -> set[type]:
    found = set()
    for module in pkgutil.walk_packages(gwkeras.layers.__path__, "gwkeras.layers."):
        for name, value in vars(importlib.import_module(module.name)).items():
            own = inspect.isclass(value) and issubclass(value, keras.layers.Layer) and value.__module__.startswith("gwkeras.")
            if own and not name.startswith("_"):
                found.add(value)
    return found


def test_no_layer_is_left_out():
    assert everyone() == set(LAYERS)


def inputs(shapes, batch: int) -> list[np.ndarray]:
    rng = np.random.default_rng(batch)
    return [rng.uniform(0.1, 1.0, (batch, *shape)).astype("float32") for shape in shapes]


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_contract(kind, tmp_path):
    if kind is Kriging and keras.backend.backend() != "tensorflow":
        pytest.skip("solved in double precision, for the export, which is TensorFlow's")
    make, shapes = LAYERS[kind]
    keras.utils.set_random_seed(3)
    symbols = [keras.Input(shape) for shape in shapes]
    layer = make()
    said = layer(*symbols)
    model = keras.Model(symbols, said)
    given = inputs(shapes, 3)
    found = np.asarray(model.predict_on_batch(given))
    assert np.isfinite(found).all()
    assert found.shape[1:] == tuple(said.shape[1:]), "the shape that is announced is the one that comes"
    assert found.dtype == said.dtype
    alone = np.asarray(model.predict_on_batch([value[:1] for value in given]))
    np.testing.assert_allclose(alone, found[:1], rtol=1e-5, atol=1e-5, err_msg="a sample does not depend on its neighbours")

    config = layer.get_config()
    again = kind.from_config(config)
    assert again.get_config() == config
    arguments = set(inspect.signature(kind.__init__).parameters) - {"self", "kwargs"}
    assert arguments <= set(config), "what it was made with is what it is made of again"

    model.save(tmp_path / "layer.keras")
    loaded = keras.models.load_model(tmp_path / "layer.keras", safe_mode=True)
    np.testing.assert_array_equal(np.asarray(loaded.predict_on_batch(given)), found)
