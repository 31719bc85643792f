"""The experiment that a command works on, with progress shown meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gwkeras.pipeline.experiment import Experiment


@contextmanager
def opened(run: Path | None, config: Path | None = None, settings: Sequence[str] | None = None) -> Iterator[Experiment]:
    """The experiment of a run folder, or a new one where the folder holds none and a configuration is given.

    Args:
        run: the folder; None: runs/<name of the configuration>.
        config: replaces the folder's own.
        settings: "key.path=value" texts.
    Raises: BadInput: where there is neither.
    """
    from gwkeras.console import watched
    from gwkeras.core.config.yaml_file import load_config, load_run_config
    from gwkeras.core.process.command_line import typed_command
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.region import with_region
    from gwkeras.training.run_folder import RunFolder

    folder = RunFolder(run or Path("runs") / load_config(config, settings or ()).name)
    fresh = config is not None and not folder.config.exists()
    if fresh:
        experiment = Experiment(with_region(load_config(config, settings or ()))[0], folder)
    else:
        experiment = Experiment.open(folder.root)
        if config or settings:
            given = load_config(config, settings or ()) if config else load_run_config(folder.config, settings or ())
            experiment = replace(experiment, config=given)
    with watched(folder.root) as progress:
        if fresh:
            experiment.settle()
        yield replace(experiment, progress=progress, history=typed_command())
