"""What `gwkeras train` refuses: one sentence, exit code 2, nothing overwritten."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gwkeras.core.config.yaml_file import write_config
from gwkeras.training.run_folder import RunFolder
from tests.data.builds import CONFIG, small_build
from tests.tiny import contents
from tests.training.killed import MODEL, TRAINING


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run folder with a model."""
    from gwkeras.pipeline.experiment import Experiment

    run = RunFolder(tmp_path_factory.mktemp("trained") / "run")
    small_build(run.shards, CONFIG)
    write_config(replace(CONFIG, model=MODEL, training=replace(TRAINING, epochs=1)), run.config)
    Experiment.open(run.root).train()
    return run.root


@pytest.fixture
def run(trained, tmp_path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--strategy", "mirored"), ("one of default, mirrored, multi-worker", "'mirored'")),
        (("--strategy", "mirrored", "--devices", "gpu:63"), ("devices of this machine", "'gpu:63'")),
        (("--devices", "tpu:0"), ("gpu:0,gpu:1 or cpu:2", "'tpu:0'")),
        (("--strategy", "multi-worker"), ("TF_CONFIG", "found none")),
        (("--precision", "float64"), ("training.precision", "'float64'")),
        (("--set", "training.batch_size=32", "--set", "training.accumulate=3"), ("multiple of 3", "found 32")),
        (("--resume", "--set", "model.unet_filters=[4, 8]"), ("same model.unet_filters [4, 8], found one with [4, 4]",)),
        (("--resume", "--set", "training.seed=7"), ("same training.seed 7, found one with 1", "or without --resume")),
    ],
)
def test_options_that_cannot_be(gwkeras_command, run, monkeypatch, arguments, words):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    before = contents(run)
    refused(gwkeras_command("train", "--run", run, *arguments), *words)
    assert contents(run) == before


def test_shards_of_another_schema(gwkeras_command, run):
    manifest = run / "shards" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "schema_version": 0}))
    before = contents(run)
    refused(gwkeras_command("train", "--run", run), "manifest.json", "found version 0", "build the shards again")
    assert contents(run) == before


def test_a_checkpoint_of_other_shapes_and_a_damaged_one(gwkeras_command, run, tmp_path):
    """Of another version of gwkeras, say, for which the same configuration means other layers."""
    import numpy as np

    checkpoint = run / "checkpoints" / "train.npz"
    with np.load(checkpoint) as stored:
        arrays = dict(stored)
    arrays["variable0"] = arrays["variable0"][..., :1]
    np.savez(checkpoint, **arrays)
    before = contents(run)
    refused(gwkeras_command("train", "--run", run, "--resume", "--set", "training.epochs=2"), "of this architecture", "shape")
    after = contents(run)
    assert {name: after[name] for name in before} == before
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    refused(gwkeras_command("train", "--run", run, "--resume"), "a checkpoint", "train without --resume")


def test_the_lock_of_a_dead_process_holds_nobody(gwkeras_command, run):
    (run / "checkpoints" / ".lock").write_text("999999999")
    done = gwkeras_command("train", "--run", run, "--resume")
    assert done.code == 0, done.err


@pytest.mark.slow
def test_a_loss_that_overflows_stops_with_a_remedy(gwkeras_command, run):
    model = (run / "model.keras").read_bytes()
    wild = ("--set", "loss.physics_weight=1e38", "--set", "training.epochs=3")
    answer = gwkeras_command("train", "--run", run, *wild)
    assert answer.code == 1
    assert len(answer.sentences) == 1
    assert "all inputs are finite" in answer.sentences[0]
    assert "lower training.learning_rate, or leave mixed_float16" in answer.sentences[0]
    assert json.loads((run / "nan_batch.json").read_text())["samples"]
    assert (run / "model.keras").read_bytes() == model


def refused(answer, *words: str) -> None:
    assert answer.code == 2, answer.err
    assert len(answer.sentences) == 1, answer.err
    assert answer.sentences[0].startswith("gwkeras: ")
    for word in ("expected ", "found ", "; ", *words):
        assert word in answer.sentences[0]
