"""Trainings that are killed, interrupted, starved of disk and fed with NaN: by the same command each ends as one left alone."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from gwkeras.core.config.yaml_file import load_config
from tests.tiny import contents, options

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
# Enough epochs in both trainings to be stopped in; no dropout, whose draws differ between numbers of devices, and no
# normalisation of batches, before which a bias has no gradient but rounding.
SETTINGS = (
    "model.kind=paper",
    "model.dropout=0",
    "model.batch_normalisation=false",
    "training.learning_rate=0.002",
    "training.epochs=3",
)
GIVEN = tuple(part for setting in SETTINGS for part in ("--set", setting))
COARSER, FINAL = "training one scale up", "training"
NEVER = ("never", "0", "0", "0")


@pytest.fixture(scope="module")
def built(tiny_world, tmp_path_factory) -> Path:
    """A run folder with shards."""
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    config = with_files(load_config(tiny_world["config"], SETTINGS), gwsa=[tiny_world["gwsa"]], climate=[tiny_world["climate"]])
    folder = tmp_path_factory.mktemp("built") / "run"
    Experiment(config, RunFolder(folder)).build()
    return folder


@pytest.fixture(scope="module")
def undisturbed(built, tmp_path_factory) -> Path:
    """The same trained in this process, on one device."""
    from gwkeras.pipeline.experiment import Experiment

    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("undisturbed") / "run"))
    assert Experiment.open(folder).train().epochs == 3.0
    return folder


@pytest.fixture
def folder(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "run"))


def start(*arguments: object, stop: tuple[object, ...] = NEVER, **environment: str) -> subprocess.Popen:
    """`gwkeras` in a process of its own that gets a signal at (label, epoch, step, signal)."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.commands.stopped", *map(str, (*stop, *arguments))],
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen) -> tuple[int, list[str]]:
    """Exit code and the sentences said."""
    try:
        _, err = process.communicate(timeout=300)
    finally:
        process.kill()
    assert "Traceback" not in err, err
    return process.returncode, [line for line in err.splitlines() if line.startswith("gwkeras: ")]


def until(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def weights(folder: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(folder / "model.keras") as whole, h5py.File(io.BytesIO(whole.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def assert_equal(one: Path, other: Path, tolerance: float) -> None:
    """Weights, calibration and history of two run folders."""
    a, b = weights(one), weights(other)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(b[name], a[name], atol=tolerance, rtol=tolerance, err_msg=name)
    a, b = (json.loads((folder / "calibration.json").read_text()) for folder in (one, other))
    assert b["basis"] == a["basis"]
    assert b["sigma_scale"] == pytest.approx(a["sigma_scale"], rel=1e-4)
    rows = [np.genfromtxt(folder / "history.csv", delimiter=",", skip_header=1) for folder in (one, other)]
    np.testing.assert_allclose(rows[1], rows[0], rtol=1e-3, atol=1e-5)


def test_the_whole_pipeline_given_again_goes_on_with_its_training(undisturbed, folder, tiny_world, gwkeras_command, monkeypatch):
    from gwkeras.pipeline.experiment import Experiment

    run = ("run", *options(tiny_world, "gwsa", "climate", "config"), *GIVEN, "--output", folder)
    assert ended(start(*run, stop=(COARSER, 1, 2, int(signal.SIGKILL))))[0] == -signal.SIGKILL
    interrupted, said = ended(start(*run, stop=(FINAL, 1, 1, int(signal.SIGINT))))
    assert interrupted == 130
    assert said == ["gwkeras: interrupted; what was finished stays, and the same command goes on from there."]
    assert not (folder / "model.keras").exists()
    assert len((folder / "history.csv").read_text().splitlines()) == 2  # with one epoch, which is not done again
    monkeypatch.setattr(Experiment, "export", lambda self: folder / "saved_model" / "1")
    done = gwkeras_command(*run)
    assert done.code == 0, done.err
    assert_equal(undisturbed, folder, 1e-6)

    before = contents(folder)
    refused = gwkeras_command(*run, "--set", "training.learning_rate=0.001")
    assert refused.code == 2
    assert "same training.learning_rate 0.001, found 0.002; choose another folder, or replace it with --overwrite." in refused.err
    assert contents(folder) == before
    monkeypatch.setattr(Experiment, "train", lambda self, **options: pytest.fail("it is trained already"))
    again = gwkeras_command(*run)
    assert again.code == 0, again.err
    assert (folder / "model.keras").read_bytes() == before["model.keras"]


def test_one_of_two_machines_dies_and_both_go_on(undisturbed, folder, gwkeras_command):
    train = ("train", "--run", folder, "--strategy", "multi-worker")

    def cluster() -> list[str]:
        sockets = [socket.socket() for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
        for each in sockets:
            each.close()
        return [json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}) for index in range(2)]

    first, second = cluster()
    left = start(*train, TF_CONFIG=first)
    dying = start(*train, stop=(FINAL, 1, 1, int(signal.SIGKILL)), TF_CONFIG=second)
    assert ended(dying)[0] == -signal.SIGKILL
    code, said = ended(left)
    assert code == 1
    assert len(said) == 1
    assert said[0].startswith("gwkeras: a worker of the cluster has stopped")
    assert said[0].endswith("give every worker its command again with --resume.")

    both = [start(*train, "--resume", TF_CONFIG=each) for each in cluster()]
    try:
        until(lambda: (folder / "checkpoints" / ".lock").read_text() == str(both[0].pid), both[0])
        refused = gwkeras_command("train", "--run", folder)
        assert refused.code == 2
        assert f"process {both[0].pid} at work in it" in refused.err
        assert [ended(process) for process in both] == [(0, []), (0, [])]
    finally:
        for process in both:
            process.kill()
    assert_equal(undisturbed, folder, 1e-5)
    assert not [name for name in contents(folder) if "partial" in name]


def test_a_full_disk_and_a_nan_under_two_devices(undisturbed, folder, gwkeras_command):
    train = ("train", "--run", folder, "--strategy", "mirrored", "--devices", "cpu:2")
    checkpoint = folder / "checkpoints" / "train.npz"
    starved = start(*train)
    until(checkpoint.exists, starved)
    resource.prlimit(starved.pid, resource.RLIMIT_FSIZE, (5_000, 5_000))
    code, said = ended(starved)
    assert code == 2
    assert said == [
        f"gwkeras: {folder}: expected room on the disk, found a full disk; free some space and give the same command again with "
        "--resume; finished epochs are kept."
    ]
    assert not [name for name in contents(folder) if "partial" in name or name == "model.keras"]
    kept = checkpoint.read_bytes()

    shard = folder / "shards" / "train-00001-of-00004.tfrecord"
    good = shard.read_bytes()
    put_nan(shard, 5, "climate")
    code, said = ended(start(*train, "--resume"))
    assert code == 1
    assert len(said) == 1
    assert f"sample 5 of {shard.name} has climate that is not finite" in said[0]
    assert f"{folder / 'nan_batch.json'} lists the batch" in said[0]
    batch = json.loads((folder / "nan_batch.json").read_text())
    assert {"shard": shard.name, "index": 5, "not_finite": ["climate"]} in batch["samples"]
    assert checkpoint.read_bytes() == kept
    shown = gwkeras_command("inspect", folder)
    assert f"sample 5 of {shard.name} has climate" in " ".join(shown.out.split())

    shard.write_bytes(good)
    assert ended(start(*train, "--resume")) == (0, [])
    assert_equal(undisturbed, folder, 1e-5)
    assert not (folder / "nan_batch.json").exists()


def put_nan(shard: Path, sample: int, feature: str) -> None:
    """Writes a shard again with a NaN in one of its samples."""
    import tensorflow as tf

    records = [record.numpy() for record in tf.data.TFRecordDataset(str(shard))]
    example = tf.train.Example.FromString(records[sample])
    values = example.features.feature[feature].bytes_list.value
    numbers = np.frombuffer(values[0], "<f4").copy()
    numbers[7] = np.nan
    values[0] = numbers.tobytes()
    records[sample] = example.SerializeToString()
    size = shard.stat().st_size
    with tf.io.TFRecordWriter(str(shard)) as file:
        for record in records:
            file.write(record)
    assert shard.stat().st_size == size
