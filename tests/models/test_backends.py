"""The same tests and the same numbers on PyTorch and JAX."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = [pytest.mark.backends, pytest.mark.slow]
BACKENDS = [
    pytest.param(name, marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("torch", "jax")
]


def run(backend, root, *arguments):
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(root),
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=root, env=environment, capture_output=True, text=True, timeout=540
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("backend", BACKENDS)
def test_layers_losses_and_models_pass_their_tests(backend, project_root):
    run(
        backend,
        project_root,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not backends and not slow",
        "-p",
        "no:cacheprovider",
        "tests/layers",
        "tests/losses",
        "tests/models",
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_same_weights_same_outputs_and_gradients(backend, project_root, tmp_path):
    for name in ("tensorflow", backend):
        run(name, project_root, "tests/models/backend_outputs.py", tmp_path / f"{name}.npz")
    reference, other = np.load(tmp_path / "tensorflow.npz"), np.load(tmp_path / f"{backend}.npz")
    for name in reference.files:
        scale = np.abs(reference[name]).max()
        np.testing.assert_allclose(other[name], reference[name], atol=1e-4 * scale, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
def test_imports_where_tensorflow_is_absent(backend, project_root):
    run(
        backend,
        project_root,
        "-c",
        "import sys; sys.modules['tensorflow'] = None; sys.modules['tensorflow_probability'] = None; "
        "import gwkeras.models.build, gwkeras.losses.composite; import keras; assert keras.backend.backend() == " + repr(backend),
    )
