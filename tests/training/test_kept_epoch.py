"""Which epoch's weights a training keeps is what it says, and what history.csv says of that epoch is true of them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, PatchConfig, TargetConfig, TrainingConfig
from gwkeras.training.fit import Samples, new_model
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.train import TrainingOutcome, train
from tests.data.builds import CONFIG, small_build
from tests.tfrecords_build.fake_domain import FakeDomain, domains_of
from tests.training.killed import MODEL
from tfrecords_build.build import build_domains

SMALL = replace(CONFIG, model=MODEL, patches=PatchConfig(train=64, validation=16, test=8))
TERMS = ("sign", "magnitude", "regional", "data", "mse")


def judged(trained: TrainingOutcome, config: Config, run: RunFolder, manifest) -> dict[str, float]:
    """The validation samples scored with the network that came out."""
    samples = Samples(run.shards, manifest, config)
    model = new_model(samples, 0)
    model.network.set_weights(trained.network.get_weights())
    for batch in samples.batches("validation"):
        logs = model.test_step(batch)
    return {name: float(logs[name]) for name in TERMS}


def rows(run: RunFolder) -> list[dict[str, float]]:
    with run.history.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_where_the_best_epoch_is_not_the_last(tmp_path: Path):
    config = replace(SMALL, training=TrainingConfig(epochs=4, learning_rate=0.05, seed=1))
    run = RunFolder(tmp_path)
    manifest = small_build(run.shards, config)
    trained = train(config, run)
    history = rows(run)
    assert len(history) == 4
    assert trained.kept_epoch == int(np.argmin([row["val_loss"] for row in history])) < 3
    found = judged(trained, config, run, manifest)
    for name in TERMS:
        assert found[name] == pytest.approx(history[trained.kept_epoch][f"val_{name}"], rel=1e-5), name
    assert abs(history[-1]["val_magnitude"] / found["magnitude"] - 1) > 1e-3  # the last epoch's is another
    assert train(config, run, resume=True).kept_epoch == trained.kept_epoch


@pytest.mark.slow
def test_where_the_number_of_updates_was_chosen_one_scale_up(tmp_path: Path):
    config = replace(SMALL, target=TargetConfig("coarsen"), training=TrainingConfig(epochs=2, learning_rate=0.01, seed=1))
    run = RunFolder(tmp_path)
    coarser = FakeDomain(n_lat=8, n_lon=10, step=1.0)
    manifest = build_domains(lambda cache: domains_of(config, FakeDomain(), coarser=(coarser,)), config, run.shards)
    trained = train(config, run)
    assert trained.transfer is not None
    history = rows(run)
    assert trained.kept_epoch == len(history) - 1  # every update that was chosen counts
    found = judged(trained, config, run, manifest)
    for name in TERMS:
        assert found[name] == pytest.approx(history[-1][f"val_{name}"], rel=1e-5), name
