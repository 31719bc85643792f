"""A training that was killed ends with the weights that it would have had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gwkeras.methods.network.trained import load_network
from gwkeras.training.run_folder import RunFolder
from tests.data.builds import CONFIG, small_build


def run(project_root: Path, folder: Path, *arguments: object) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.killed", str(folder), *map(str, arguments)],
        cwd=project_root,
        timeout=500,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-3000:]
    return done.returncode


def weights(folder: Path) -> list[np.ndarray]:
    return load_network(RunFolder(folder)).get_weights()


@pytest.mark.slow
def test_killed_twice_and_resumed_it_equals_an_undisturbed_run(project_root, tmp_path):
    for name in ("whole", "killed"):
        small_build(tmp_path / name / "shards", CONFIG)
    assert run(project_root, tmp_path / "whole", -1, -1) == 0
    assert run(project_root, tmp_path / "killed", 0, 1) == -signal.SIGKILL  # before there is a checkpoint
    assert run(project_root, tmp_path / "killed", 2, 1, "resume") == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model.keras").exists()
    assert run(project_root, tmp_path / "killed", -1, -1, "resume") == 0
    for a, b in zip(weights(tmp_path / "whole"), weights(tmp_path / "killed"), strict=True):
        np.testing.assert_array_equal(b, a)
    histories = [np.genfromtxt(tmp_path / n / "history.csv", delimiter=",", skip_header=1) for n in ("whole", "killed")]
    assert histories[0].shape[0] == 4
    np.testing.assert_array_equal(histories[1], histories[0])  # one seed, one result: bit by bit, on any number of threads
    assert not list(tmp_path.rglob("*.partial"))
    with zipfile.ZipFile(tmp_path / "whole" / "checkpoints" / "train.npz") as state:
        assert state.testzip() is None
