"""A run folder whose network was never trained: its weights are drawn at random, so that every input counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.models.build import build_model
from gwkeras.pipeline.experiment import Experiment
from gwkeras.training.run_folder import RunFolder


def untrained_run(folder: Path, config: Config) -> Path:
    """Shards and model.keras in `folder`, which is returned: what keeps files open in this process is let go of."""
    Experiment(config, RunFolder(folder)).build()
    draw_weights(folder, 1)
    return folder


def draw_weights(folder: Path, seed: int) -> None:
    """Another network of the same kind in the run's place."""
    experiment = Experiment.open(folder)
    network = build_model(experiment.config.model, experiment.manifest.sample, experiment.manifest.statistics)
    rng = np.random.default_rng(seed)
    for weight in network.trainable_weights:
        weight.assign(0.1 * rng.normal(size=weight.shape))
    network.save(experiment.run.network)
