"""The small world of the figures, downscaled by prior and kriging: a quarter of a minute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gwkeras.core.config.yaml_file import load_config
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import open_domain
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.methods.composition import Composition
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.training.run_folder import RunFolder
from gwkeras.twin.observe import write_observations
from gwkeras.twin.world import TwinConfig, World, make_world

WORLD = TwinConfig(
    seed=1,
    south=20,
    north=30,
    west=74,
    east=86,
    first_month="2008-01",
    last_month="2019-12",
    climate_first_month="2004-01",
)
MONTH = np.datetime64("2015-12-01", "ns")


@dataclass(frozen=True)
class SmallRun:
    """A world and what was made of it.

    Args:
        world: with its truth.
        domain: what a method sees of it.
        method: prior and kriging, fitted.
        evaluation: against the truth.
    """

    world: World
    domain: Domain
    method: Composition
    evaluation: Evaluation

    def truth_of(self, month: np.datetime64) -> np.ndarray:
        """(s n_lat, s n_lon) mm."""
        return self.world.truth[list(self.world.config.months).index(month.astype("datetime64[M]"))]


def small_run(folder: Path) -> SmallRun:
    """The world, made and downscaled.

    Args:
        folder: for its files.
    """
    world = make_world(WORLD)
    files = write_observations(world, folder / "world")
    config = with_files(
        load_config(None, ["split.block_share=0"]),
        gwsa=[files["gwsa"]],
        climate=[files["climate"]],
        static=[files["static"]],
        truth=files["truth"],
    )
    experiment = Experiment(config, RunFolder(folder / "run"))
    evaluation = experiment.evaluate()
    domain = open_domain(experiment.fields, config, experiment.run.cache, experiment.split)
    return SmallRun(world, domain, experiment.fit(config.methods[0], domain), evaluation)
