"""The commands with KERAS_BACKEND=jax and torch train, resume, judge and downscale; TensorFlow exports what they have trained."""

from __future__ import annotations

import json
import math
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.backend_process import OTHERS, run_on
from tests.tiny import settings

pytestmark = [pytest.mark.backends, pytest.mark.slow]


def commands(backend: str, root: Path, folder: Path, *wanted: list[object]) -> list[dict]:
    """How each of the commands ended: its code, and what it said."""
    (folder / "commands.json").write_text(json.dumps([[str(part) for part in command] for command in wanted]))
    said = run_on(backend, root, "-m", "tests.commands.backend_commands", folder / "commands.json")
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def built(tiny_world, project_root, tmp_path_factory) -> Path:
    """A run folder with shards."""
    folder = tmp_path_factory.mktemp("built")
    build = ["build-tfrecords", *settings(tiny_world, "gwsa", "climate", "static", "truth"), "--run", folder / "run"]
    (done,) = commands("tensorflow", project_root, folder, build)
    assert done["code"] == 0, done["said"]
    return folder / "run"


@pytest.fixture(scope="module")
def finished(built, project_root, tmp_path_factory) -> dict[str, tuple[Path, list[dict]]]:
    """By backend, the folder with the run, and how the commands ended. JAX compiles with one thread, for most of the time."""
    folders = {backend: tmp_path_factory.mktemp(backend) for backend in OTHERS}

    def work(backend: str) -> list[dict]:
        folder = folders[backend]
        run = folder / "run"
        shutil.copytree(built, run)
        return commands(
            backend,
            project_root,
            folder,
            ["train", "--run", run, "--set", "training.epochs=1"],
            ["train", "--run", run, "--resume"],
            ["evaluate", "--run", run],
            ["downscale", "--run", run],
            ["export", "--run", run, "--output", folder / "saved"],
            ["run", "--output", folder / "all", "--gwsa", "none.nc", "--set", "methods=[{prior: network}]"],
            ["train", "--run", run, "--set", "training.accumulate=2"],
        )

    with ThreadPoolExecutor(2) as pool:
        return {backend: (folders[backend], done) for backend, done in zip(OTHERS, pool.map(work, OTHERS), strict=True)}


@pytest.mark.parametrize("backend", OTHERS)
def test_from_shards_to_a_record(backend, finished, project_root):
    folder, (*done, exported, whole, pieces) = finished[backend]
    run = folder / "run"
    assert [(d["command"], d["code"]) for d in done] == [("train", 0), ("train", 0), ("evaluate", 0), ("downscale", 0)], done
    calibration = json.loads((run / "calibration.json").read_text())
    assert all(0 < calibration[name] < math.inf for name in ("sigma_scale", "interval_factor"))
    assert "cells" in calibration["basis"]
    for refused, place in ((exported, "KERAS_BACKEND"), (whole, "KERAS_BACKEND"), (pieces, "training.accumulate")):
        assert refused["code"] == 2
        assert f"gwkeras: {place}: expected" in refused["said"]
        assert f"{backend}; set KERAS_BACKEND=tensorflow" in refused["said"]
    assert not (folder / "saved").exists()

    network = (run / "model.keras").read_bytes()
    done = commands(
        "tensorflow",
        project_root,
        folder,
        ["export", "--run", run, "--output", folder / "saved"],
        ["downscale", "--run", run, "--output", folder / "again.nc"],
    )
    assert [d["code"] for d in done] == [0, 0], done
    assert (folder / "saved" / "1" / "saved_model.pb").exists()
    assert (run / "model.keras").read_bytes() == network
    with xr.open_dataset(run / "gwsa_fine.nc") as ours, xr.open_dataset(folder / "again.nc") as theirs:
        assert int(np.isfinite(ours["gwsa"]).sum()) > 10_000
        for name in ("gwsa", "gwsa_sigma"):
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-3)
