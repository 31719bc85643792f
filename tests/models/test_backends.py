"""The same numbers on JAX and PyTorch as on TensorFlow, and none of it needs TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.backend_process import BACKENDS, OTHERS, run_on

pytestmark = [pytest.mark.backends, pytest.mark.slow]
TOLERANCE = 1e-5  # of the largest entry of an output, or of a gradient with respect to one array
_ROUNDING = 1e-2  # of the largest gradient in a case: what is smaller is compared with that, its seventh digit is rounding


@pytest.fixture(scope="module")
def running(project_root, tmp_path_factory) -> Iterator[dict[tuple[str, str], Future]]:
    """(what, backend) -> what comes of it. JAX compiles with one thread, and for as long as all others take together."""
    python = os.environ.get("GWKERAS_WITHOUT_TENSORFLOW")
    with ThreadPoolExecutor(2) as pool:
        found: dict[tuple[str, str], Future] = {}
        if python:
            for backend in reversed(OTHERS):
                found["rooms", backend] = pool.submit(rooms, backend, project_root, project_root / python)
        for backend in BACKENDS:
            found["outputs", backend] = pool.submit(outputs, backend, project_root, tmp_path_factory.mktemp(backend))
        yield found


def outputs(backend: str, root: Path, folder: Path) -> dict[str, np.ndarray]:
    run_on(backend, root, "-m", "tests.models.backend_outputs", folder / "outputs.npz")
    with np.load(folder / "outputs.npz") as stored:
        return dict(stored)


def rooms(backend: str, root: Path, python: Path) -> str:
    """What pytest says of the rooms' own tests in an environment of its own."""
    chosen = ("-q", "-m", "not backends and not slow", "-p", "no:cacheprovider")
    places = ("tests/models/without_tensorflow.py", "tests/layers", "tests/losses", "tests/models")
    return run_on(backend, root, "-m", "pytest", *chosen, *places, python=python)


@pytest.mark.parametrize("backend", OTHERS)
def test_same_weights_same_outputs_and_gradients(backend, running):
    reference, found = running["outputs", "tensorflow"].result(), running["outputs", backend].result()
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
def test_where_tensorflow_is_absent_all_of_it_works(backend, running):
    if ("rooms", backend) not in running:
        pytest.skip("GWKERAS_WITHOUT_TENSORFLOW names no Python without TensorFlow (make test-backends makes one)")
    assert " passed" in running["rooms", backend].result()
