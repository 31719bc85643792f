"""The model in Keras gives numpy's storage on every backend, and the gradient that numpy's differences have."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gwkeras.methods.priors.storage_model.parameters import bounded
from gwkeras.methods.priors.storage_model.run import run_numpy
from tests.backend_process import BACKENDS, run_on

pytestmark = [pytest.mark.backends, pytest.mark.slow]
_MOVED = 1e-2  # before the logistic function


def numpy_storage(raw: np.ndarray) -> np.ndarray:
    from tests.methods.priors.storage_model import run_on_backend as case

    return np.stack(list(run_numpy(case.weather(), bounded(np, raw, case.IRRIGATED)))).astype(np.float64)


@cache
def expected() -> tuple[np.ndarray, np.ndarray]:
    """Storage; and the weighted sum's gradient by central differences: a cell depends on its own parameters alone."""
    from tests.methods.priors.storage_model import run_on_backend as case

    raw = case.raw()
    slope = np.zeros(raw.shape)
    for number in range(len(raw)):
        step = np.zeros(raw.shape, np.float32)
        step[number] = _MOVED
        change = numpy_storage(raw + step) - numpy_storage(raw - step)
        slope[number] = (change * case.WEIGHTS).sum(axis=0) / (2 * _MOVED)
    return numpy_storage(raw), slope


@pytest.mark.parametrize("backend", BACKENDS)
def test_storage_and_gradient_are_those_of_numpy(backend, project_root, tmp_path):
    run_on(backend, project_root, "-m", "tests.methods.priors.storage_model.run_on_backend", tmp_path / "found.npz")
    storage, slope = expected()
    with np.load(tmp_path / "found.npz") as found:
        np.testing.assert_allclose(found["storage"], storage, rtol=1e-4, atol=1e-4 * np.abs(storage).max())
        np.testing.assert_allclose(found["gradient"], slope, rtol=0.02, atol=0.02 * np.abs(slope).max())
