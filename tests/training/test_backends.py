"""Short trainings on JAX and PyTorch give TensorFlow's weights, and nobody can tell a resumed one from a whole one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.backend_process import BACKENDS, OTHERS, run_on

pytestmark = [pytest.mark.backends, pytest.mark.slow]
# Normalisation or conservation removes these biases: their gradients are nothing but rounding, which AdamW makes full steps of.
_WITHOUT_EFFECT = ("_conv1/bias", "_conv2/bias", "moving_mean", "detail_nonlinear/bias")


@pytest.fixture(scope="module")
def trained(project_root, tmp_path_factory) -> dict[str, Path]:
    """By backend, the folder of what one process has trained there."""
    folders = {backend: tmp_path_factory.mktemp(backend) for backend in BACKENDS}

    def train(backend: str) -> None:
        parts = ("steps", "resume") if backend in OTHERS else ("steps",)
        run_on(backend, project_root, "-m", "tests.training.backend_fit", folders[backend], *parts)

    with ThreadPoolExecutor(2) as pool:  # JAX compiles with one thread, and for as long as the two others take
        list(pool.map(train, reversed(BACKENDS)))
    return folders


def stored(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as found:
        return dict(found)


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("kind", ["default", "paper"])
def test_ten_steps_end_with_tensorflows_weights(backend, kind, trained):
    expected, found = (stored(trained[name] / f"{kind}.npz") for name in ("tensorflow", backend))
    assert list(found) == list(expected)
    assert any(name.startswith("log val_loss") for name in expected) == (kind == "default")
    for name, values in expected.items():
        if not name.endswith(_WITHOUT_EFFECT):
            np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-4 * np.abs(values).max(), err_msg=name)


@pytest.mark.parametrize("backend", OTHERS)
def test_stopped_and_resumed_it_equals_an_undisturbed_run_bit_by_bit(backend, trained):
    """With dropout, and so two trainings of one seed are the same too."""
    whole, resumed = (stored(trained[backend] / f"{name}.npz") for name in ("whole", "resumed"))
    assert list(whole) == list(resumed)
    assert whole["log loss"].shape == (3,)
    for name, values in whole.items():
        np.testing.assert_array_equal(resumed[name], values, err_msg=name)
