"""The same numbers on JAX and PyTorch as on TensorFlow, and none of it needs TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.backend_process import OTHERS, run_on

pytestmark = [pytest.mark.backends, pytest.mark.slow]
TOLERANCE = 1e-5  # of the largest entry of an output, or of a gradient with respect to one array
_ROUNDING = 1e-3  # of the largest gradient in a case: what is smaller is compared with that, it may be nothing but rounding


@pytest.fixture(scope="module")
def reference(project_root, tmp_path_factory) -> dict[str, np.ndarray]:
    return outputs("tensorflow", project_root, tmp_path_factory.mktemp("tensorflow"))


def outputs(backend: str, root: Path, folder: Path) -> dict[str, np.ndarray]:
    run_on(backend, root, "-m", "tests.models.backend_outputs", folder / "outputs.npz")
    with np.load(folder / "outputs.npz") as stored:
        return dict(stored)


@pytest.mark.parametrize("backend", OTHERS)
def test_same_weights_same_outputs_and_gradients(backend, reference, project_root, tmp_path):
    found = outputs(backend, project_root, tmp_path)
    assert list(found) == list(reference)
    largest: dict[str, float] = {}
    for name, values in reference.items():
        if " gradient" in name:
            case = name.rsplit(" gradient", 1)[0]
            largest[case] = max(largest.get(case, 0.0), float(np.abs(values).max()))
    assert len(largest) > 40
    for name, expected in reference.items():
        scale = max(float(np.abs(expected).max()), _ROUNDING * largest.get(name.rsplit(" gradient", 1)[0], 0.0))
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=TOLERANCE * scale, err_msg=name)


@pytest.mark.parametrize("backend", OTHERS)
def test_where_tensorflow_is_absent_all_of_it_works(backend, project_root):
    python = os.environ.get("GWKERAS_WITHOUT_TENSORFLOW")
    if not python:
        pytest.skip("GWKERAS_WITHOUT_TENSORFLOW names no Python without TensorFlow (make test-backends makes one)")
    rooms = ("tests/models/without_tensorflow.py", "tests/layers", "tests/losses", "tests/models")
    chosen = ("-q", "-m", "not backends and not slow", "-p", "no:cacheprovider")
    run_on(backend, project_root, "-m", "pytest", *chosen, *rooms, python=project_root / python)
