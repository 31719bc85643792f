"""Run folders that are damaged, incomplete, taken or of something else: one sentence, and nothing is lost."""

from __future__ import annotations

import gc
import json
import os
import shutil

import pytest

from gwkeras.core.files.folder_lock import folder_lock
from tests.bad_input.refusal import refused
from tests.tiny import contents


@pytest.mark.parametrize("stage", ["train", "evaluate", "export", "downscale"])
def test_no_run_there(gwkeras_command, tmp_path, stage, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(gwkeras_command(stage), "runs/gwkeras", "config.yaml", "gwkeras build-tfrecords")
    refused(gwkeras_command(stage, "--run", tmp_path / "nowhere"), "nowhere")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["evaluate", "export", "downscale"])
def test_an_untrained_run(gwkeras_command, built, copy_of, stage, tmp_path):
    run = copy_of(built)
    before = {name: data for name, data in contents(run).items() if not name.startswith("cache")}
    output = () if stage == "evaluate" else ("--output", tmp_path / "x")
    refused(gwkeras_command(stage, "--run", run, *output), "model.keras", "gwkeras train")
    assert {name: data for name, data in contents(run).items() if not name.startswith("cache")} == before
    assert not (tmp_path / "x").exists()


def test_a_run_without_shards(gwkeras_command, built, copy_of):
    run = copy_of(built)
    shutil.rmtree(run / "shards")
    refused(gwkeras_command("train", "--run", run), "shards", "gwkeras build-tfrecords")


@pytest.mark.parametrize("damage", ["cut", "noise", "other"])
@pytest.mark.parametrize("stage", ["export", "downscale"])
def test_a_damaged_model(gwkeras_command, trained, copy_of, tmp_path, damage, stage):
    run = copy_of(trained)
    model = run / "model.keras"
    whole = bytearray(model.read_bytes())
    if damage == "cut":
        del whole[len(whole) // 2 :]
    elif damage == "noise":
        middle = len(whole) // 2
        whole[middle : middle + 2000] = bytes(2000)
    else:
        whole = bytearray(b"no model")
    model.write_bytes(whole)
    refused(gwkeras_command(stage, "--run", run, "--output", tmp_path / "x"), "model.keras", "train again")
    assert not (tmp_path / "x" / "1").exists()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"sigma": 1}',
        '{"sigma_scale": "a", "interval_factor": 1, "interval": 0.9, "basis": ""}',
        "null",
        '{"sigma_scale": NaN, "interval_factor": 1, "interval": 0.9, "basis": ""}',
    ],
)
def test_a_damaged_calibration(gwkeras_command, trained, copy_of, tmp_path, text):
    run = copy_of(trained)
    (run / "calibration.json").write_text(text)
    refused(gwkeras_command("downscale", "--run", run, "--output", tmp_path / "x.nc"), "calibration.json", "train again")
    assert not (tmp_path / "x.nc").exists()


def test_a_damaged_manifest(gwkeras_command, built, copy_of):
    run = copy_of(built)
    manifest = run / "shards" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(manifest.read_text()[:-40])
    refused(gwkeras_command("train", "--run", run), "manifest.json", "build")
    del content["statistics"]
    manifest.write_text(json.dumps(content))
    refused(gwkeras_command("train", "--run", run), "manifest.json", "build")


# Keras' CSVLogger leaves its file to the collector where training fails
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "gone"])
@pytest.mark.slow
def test_a_damaged_shard_is_named_and_written_anew(gwkeras_command, tiny_world, built, copy_of, damage):
    run = copy_of(built)
    whole = contents(run / "shards")
    shard = run / "shards" / next(name for name in whole if name.startswith("train-00001"))
    if damage == "truncated":
        os.truncate(shard, shard.stat().st_size - 100)
    elif damage == "bit flipped":
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 1
        shard.write_bytes(data)
    else:
        shard.unlink()
    train = gwkeras_command("train", "--run", run, "--set", "training.scale_transfer=false", "--set", "training.epochs=1")
    refused(train, shard.name, "gwkeras build-tfrecords")
    assert not (run / "model.keras").exists()
    again = gwkeras_command("build-tfrecords", "--run", run, "--config", run / "config.yaml")
    assert again.code == 0, again.err
    assert contents(run / "shards") == whole
    gc.collect()


def test_a_build_of_another_configuration_is_not_replaced(gwkeras_command, built, copy_of):
    run = copy_of(built)
    before = contents(run)
    build = ("build-tfrecords", "--run", run, "--config", run / "config.yaml", "--set", "sample.months=4")
    refused(gwkeras_command(*build), "a build of others", "--overwrite")
    assert contents(run) == before
    done = gwkeras_command(*build, "--overwrite")
    assert done.code == 0, done.err
    assert "sample:\n  months: 4" in (run / "config.yaml").read_text()


def test_a_run_in_use(gwkeras_command, run, built, copy_of, tmp_path):
    folder = copy_of(built)
    with folder_lock(folder / "checkpoints"):
        refused(gwkeras_command("train", "--run", folder), f"process {os.getpid()}", "wait for it to end")
    with folder_lock(folder / "shards"):
        refused(gwkeras_command("build-tfrecords", "--run", folder, "--config", folder / "config.yaml"), f"process {os.getpid()}")
    with folder_lock(tmp_path / "out"):
        refused(run(), f"process {os.getpid()}")


def test_an_output_that_cannot_be_written(gwkeras_command, run, trained, copy_of, tmp_path):
    (tmp_path / "file").write_text("kept")
    folder = copy_of(trained)
    refused(run(output=tmp_path / "file"), "file")
    refused(gwkeras_command("downscale", "--run", folder, "--output", tmp_path / "file" / "x.nc"), "file")
    refused(gwkeras_command("export", "--run", folder, "--output", tmp_path / "file"), "file")
    refused(gwkeras_command("twin", "--output", tmp_path / "file"), "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_an_error_of_our_own_is_one_sentence_and_its_traceback_is_in_the_log(gwkeras_command, trained, copy_of, monkeypatch):
    folder = copy_of(trained)
    monkeypatch.setattr("gwkeras.methods.network.trained.load_network", lambda run: 1 / 0)
    answer = gwkeras_command("export", "--run", folder)
    assert answer.code == 1
    said = "gwkeras: failed, ZeroDivisionError: division by zero; the same command with --debug shows where."
    assert answer.sentences == [said]
    assert "Traceback" in (folder / "gwkeras.log").read_text()
