"""Runs to spoil: a world's files, a folder with shards, one with a model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gwkeras.core.config.yaml_file import load_config
from gwkeras.tensorflow_start import quiet_tensorflow
from tests.tiny import Answer, options

quiet_tensorflow()  # as the command does, before anything loads TensorFlow; its remarks would stand among the sentences


@pytest.fixture
def run(gwkeras_command, tiny_world, tmp_path):
    """`gwkeras run` on the world's files, some of them replaced."""

    def call(*more: object, output: Path | None = None, config: Path | None = None, **files: Path) -> Answer:
        given = {**{name: tiny_world[name] for name in ("gwsa", "climate")}, **files}
        return gwkeras_command(
            "run",
            *options(given, *given),
            "--config",
            config or tiny_world["config"],
            "--output",
            output or tmp_path / "out",
            *more,
        )

    return call


@pytest.fixture(scope="session")
def built(tiny_world, tmp_path_factory) -> Path:
    """A run folder with its shards."""
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("built") / "run"
    config = with_files(
        load_config(tiny_world["config"]),
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
        truth=tiny_world["truth"],
    )
    Experiment(config, RunFolder(folder)).build()
    return folder


@pytest.fixture(scope="session")
def trained(built, tmp_path_factory) -> Path:
    """The same with a model; how well it is trained is of no matter here."""
    from gwkeras.core.error_bars.calibration import Calibration
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.fit import Samples, new_model
    from gwkeras.training.train import save_network

    folder = tmp_path_factory.mktemp("trained") / "run"
    shutil.copytree(built, folder)
    experiment = Experiment.open(folder)
    model = new_model(Samples(experiment.run.shards, experiment.manifest, experiment.config), seed=0)
    save_network(model.network, experiment.run.network)
    Calibration(basis="nothing").write(experiment.run.calibration)
    return folder


@pytest.fixture
def copy_of(tmp_path):
    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copy"))

    return copy
