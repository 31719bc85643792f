"""Run folders of the small world, as gwkeras evaluate leaves them, for reports: no file is read, nothing is fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gwkeras.core.config.tree import Config, MethodConfig
from gwkeras.core.config.yaml_file import write_config
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.evaluate.stored.store import write_evaluation
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.updates.interpolation import Interpolation
from gwkeras.report.stored.told import Told
from gwkeras.training.run_folder import RunFolder
from tests.report.small import Off, evaluation

METHODS = (Off("nearest", 2.0), Off("bilinear", 1.5), Off("bicubic", 1.25), Off("model", 1.0, 1.5))


def write_run(folder: Path, name: str = "valley", methods=METHODS, **options) -> Evaluation:
    """evaluation.nc, its fields and config.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    run = RunFolder(folder)
    found = evaluation(methods, fields=run.evaluation_fields, **options)
    told = Told(name, "product", "2 months to test.", ("Rain has <gaps> & more.",), {"samples": "3 train"})
    found.data.attrs.update(told.attributes())
    write_evaluation(found, run.evaluation)
    smooth = MethodConfig("model", NoPrior(), Interpolation("bicubic"))
    write_config(replace(Config(), name=name, methods=(smooth,)), run.config)
    return found
