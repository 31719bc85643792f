"""Several devices make the steps that one would make: masks of unequal size, synchronised normalisation, clipping active.

Two processes: tests/commands/test_train_stopped.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

# A constant in all fine cells is what conservation removes: this bias has no gradient but rounding, which AdamW makes steps of.
_WITHOUT_EFFECT = "detail_nonlinear/bias"


def start(root: Path, output: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.twenty_steps", *arguments[:2], str(output), *arguments[2:]],
        cwd=root,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen) -> None:
    _, said = process.communicate(timeout=500)
    assert process.returncode == 0, said[-3000:]


@pytest.fixture(scope="module")
def one_device(project_root, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("one") / "weights.npz"
    finished(start(project_root, output, "default", ""))
    return output


def assert_equal(one: Path, other: Path) -> None:
    with np.load(one) as a, np.load(other) as b:
        assert a.files == b.files
        for name in a.files:
            if _WITHOUT_EFFECT not in name:
                np.testing.assert_allclose(b[name], a[name], atol=1e-5, rtol=1e-5, err_msg=name)


@pytest.mark.slow
def test_two_devices_on_half_batches_equal_one_on_whole_batches(one_device, project_root, tmp_path):
    finished(start(project_root, tmp_path / "two.npz", "mirrored", "cpu:2"))
    assert_equal(one_device, tmp_path / "two.npz")


@pytest.mark.slow
def test_pieces_one_after_the_other_equal_the_whole_batch(project_root, tmp_path):
    for pieces in (1, 3):  # without batch normalisation, whose statistics are those of a piece
        finished(start(project_root, tmp_path / f"{pieces}.npz", "default", "", f"accumulate={pieces}"))
    assert_equal(tmp_path / "1.npz", tmp_path / "3.npz")
