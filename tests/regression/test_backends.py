"""The regressions on JAX and PyTorch: the same steps as on TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.backend_process import BACKENDS, run_on

pytestmark = [pytest.mark.backends, pytest.mark.slow]


def test_all_backends_learn_the_same(project_root, tmp_path):
    found = {}
    for backend in BACKENDS:
        (tmp_path / backend).mkdir()
        run_on(backend, project_root, "-m", "tests.regression.backend_fit", tmp_path / backend)
        with np.load(tmp_path / backend / "found.npz") as kept:
            found[backend] = dict(kept)
    first = found[BACKENDS[0]]
    for backend in BACKENDS[1:]:
        for name in ("table", "months"):
            np.testing.assert_allclose(found[backend][name], first[name], atol=2e-3, err_msg=f"{name} on {backend}")
        assert found[backend]["ssvaer"] > 0.5  # draws differ, so the weights do, too
