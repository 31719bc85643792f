"""From a configuration to methods that are ready: fitted once, then kept in the run folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gwkeras.core.calibration import Calibration
from gwkeras.core.config.tree import MethodConfig
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.methods.calibrated import calibrate_on
from gwkeras.methods.composition import Composition
from gwkeras.methods.parts import Progress
from gwkeras.methods.training import Training

_PRIOR, _UPDATE, _CALIBRATION = "prior", "update", "calibration.json"


def name_of(config: MethodConfig) -> str:
    """The method's name in tables: its own, or those of its parts."""
    parts = [part.label for part in (config.prior, config.update)]
    return config.name or " + ".join(part for part in parts if part) or "mean"


def fit_method(config: MethodConfig, training: Training, folder: Path, progress: Progress) -> Composition:
    """A method of the configuration, fitted; one that was fitted on the same data before is read back.

    Args:
        config: its recipe.
        training: what it may learn from.
        folder: where fitted methods are kept.
        progress: told what is going on.
    Raises: BadInput: where it cannot be fitted, or what is kept there is damaged.
    """
    kept = folder / _digest(config, training)
    name = name_of(config)
    if kept.exists():
        prior = config.prior.load(kept / _PRIOR, training)
        update = config.update.load(kept / _UPDATE, training)
        calibration = Calibration.read(kept / _CALIBRATION) if (kept / _CALIBRATION).exists() else None
        return Composition(name, prior, update, calibration)
    prior = config.prior.fit(training, progress)
    update = config.update.fit(prior, training, progress)
    method = Composition(name, prior, update)
    calibration = _calibration(method, training)
    with _whole_folder(kept) as partial:
        for part, fitted in ((_PRIOR, prior), (_UPDATE, update)):
            (partial / part).mkdir()
            fitted.save(partial / part)
        if calibration is not None:
            calibration.write(partial / _CALIBRATION)
    return Composition(name, prior, update, calibration)


def _calibration(method: Composition, training: Training) -> Calibration | None:
    """Of a σ that comes without an interval, that is, uncalibrated; None where there is nothing to calibrate."""
    if not training.months:
        return None
    first = method.predict(training.domain, training.months[0])
    if first.sigma is None or first.interval is not None:
        return None
    return calibrate_on(method.predict, training, training.config.downscale.interval)


def _digest(config: MethodConfig, training: Training) -> str:
    recipe = to_dict(config)
    del recipe["name"]
    known = [recipe, training.digest, training.config.downscale.interval]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, that appears under its name when the block has ended well."""
    partial = folder.with_name(f".{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
