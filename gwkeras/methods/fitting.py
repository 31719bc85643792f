"""From a configuration to methods that are ready: fitted once, then kept in the run folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config, MethodConfig
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.progress import Progress
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.by_held_out_product import ErrorBars, Grouping, error_bars
from gwkeras.methods.error_bars.by_reference import calibrate_on_target
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail
from gwkeras.methods.parts import FittedPrior, FittedUpdate
from gwkeras.methods.training import Training
from gwkeras.training.run_folder import RunFolder

_PRIOR, _UPDATE, _CALIBRATION, _TOLD = "prior", "update", "calibration.json", "method.json"
_ERROR_BARS = 6
"""Raised when error bars or the default's members are made in another way: methods that were fitted before are fitted again."""


def name_of(config: MethodConfig) -> str:
    """The method's name in tables: its own, or those of its parts."""
    parts = [part.label for part in (config.prior, config.update)]
    return config.name or " + ".join(part for part in parts if part) or "mean"


def fit_method(config: MethodConfig, training: Training, progress: Progress) -> Composition:
    """A method of the configuration, fitted; one that was fitted on the same data before is read back.

    Args:
        config: its recipe.
        training: what it may learn from, and the run folder that fitted methods are kept in.
        progress: told what is going on.
    Raises: BadInput: where it cannot be fitted, or what is kept is damaged.
    """
    folder = _folder(config, training.run, training.domain.fine.lat_step)
    wanted = {"recipe": _recipe(config), "training": training.digest, "interval": training.config.downscale.interval}
    wanted["error_bars"] = _ERROR_BARS
    prior = config.prior.fit(training, progress) if config.prior.needs_shards else None
    if prior is not None:  # trained elsewhere, perhaps anew since the update was fitted to it
        wanted["prior"] = prior.digest
    if _told(folder) == wanted:
        return _read(config, folder, training)
    prior = prior or training.prior(config.prior, progress)
    update = config.update.fit(prior, training, progress)
    method = Composition(name_of(config), _beside(update, prior), update)
    bars = error_bars(method.prior, update, training) if training.months else None
    if bars is not None:
        method = replace(method, detail=bars.detail, update=bars.update)
    method = replace(method, calibration=_calibration(method, config, training, bars, progress))
    with _whole_folder(folder) as partial:
        _keep(method, partial)
        write_atomically(partial / _TOLD, json.dumps(wanted, indent=1).encode())
    return method


def kept_method(config: MethodConfig, domain: Domain, settings: Config, run: RunFolder, factor: int) -> Composition | None:
    """The method as it was last fitted for the run, whatever has been added to the record since; None where it was not.

    Args:
        config: its recipe.
        domain: that it is to be applied to.
        settings: configuration of the application.
        run: where it is kept.
        factor: that it was fitted for.
    Raises: BadInput: where what is kept is damaged.
    """
    folder = _folder(config, run, domain.coarse.lat_step / factor)
    if _told(folder).get("recipe") != _recipe(config):
        return None
    nothing = Split("blocked", "nothing is learned", (), (), ())
    method = _read(config, folder, Training(domain, nothing, settings, run))
    asked = settings.downscale.interval
    if method.calibration is None or asked == _told(folder).get("interval"):  # nothing else is asked for than what was calibrated
        return method
    return replace(method, calibration=method.calibration.at(asked))


def calibrate_again(config: MethodConfig, training: Training, grouping: Grouping, progress: Progress) -> Composition:
    """A method of the run with its error bars made anew; they replace those that were kept with it.

    Args:
        config: its recipe.
        training: that it was fitted on; a method that was not fitted yet is.
        grouping: of the errors.
        progress: told what is going on.
    Raises: BadInput: where the method has no error bars that held-out product could calibrate, or there are too few groups.
    """
    method = fit_method(config, training, progress)
    bars = error_bars(method.prior, method.update, training, grouping, sharpen=False) if training.months else None
    if bars is None or training.domain.knows_fine_storage:
        raise BadInput(
            name_of(config),
            expected="a method of prior and kriging on a product, whose error bars come from held-out product",
            found="one without",
            remedy="name another with --method; a network's σ is calibrated when it is trained",
        )
    method = replace(method, calibration=bars.calibration, detail=bars.detail)
    folder = _folder(config, training.run, training.domain.fine.lat_step)
    bars.detail.save(folder)
    bars.calibration.write(folder / _CALIBRATION)
    return method


def _read(config: MethodConfig, folder: Path, training: Training) -> Composition:
    prior = config.prior.load(folder / _PRIOR, training)
    update = config.update.load(folder / _UPDATE, training)
    calibration = Calibration.read(folder / _CALIBRATION) if (folder / _CALIBRATION).exists() else None
    return Composition(name_of(config), _beside(update, prior), update, calibration, UnseenDetail.load(folder))


def _beside(update: FittedUpdate, prior: FittedPrior) -> FittedPrior:
    """The prior as it stands beside an update: beside none, one that has seen the product is the method that it is by itself."""
    return prior if update.digest else getattr(prior, "alone", prior)


def _keep(method: Composition, folder: Path) -> None:
    for part, fitted in ((_PRIOR, method.prior), (_UPDATE, method.update)):
        (folder / part).mkdir()
        fitted.save(folder / part)
    if method.calibration is not None:
        method.calibration.write(folder / _CALIBRATION)
    if method.detail is not None:
        method.detail.save(folder)


def _folder(config: MethodConfig, run: RunFolder, fine_step: float) -> Path:
    """A folder for each method and each resolution that it is fitted for: one scale up is not where it is applied."""
    slug = re.sub(r"[^a-z0-9]+", "-", name_of(config).lower()).strip("-")
    return run.methods / f"{slug}-{fine_step:g}"


def _told(folder: Path) -> dict[str, Any]:
    """What a folder says of what is kept in it; empty where it says nothing."""
    try:
        found = json.loads((folder / _TOLD).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _recipe(config: MethodConfig) -> dict[str, Any]:
    recipe = to_dict(config)
    del recipe["name"]
    return json.loads(json.dumps(recipe))


def _calibration(
    method: Composition, recipe: MethodConfig, training: Training, bars: ErrorBars | None, progress: Progress
) -> Calibration | None:
    """Of a σ that comes without an interval, that is, uncalibrated; None where there is nothing to calibrate.

    By the fine target where there is one, else by held-out product.
    """
    if not training.months:
        return None
    first = method.predict(training.domain, training.months[0])
    if first.sigma is None or first.interval is not None:
        return None
    if bars is not None and not training.domain.knows_fine_storage:
        return bars.calibration
    return calibrate_on_target(method, recipe, training, progress)


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, that appears under its name when the block has ended well."""
    partial = folder.with_name(f".{folder.name}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
