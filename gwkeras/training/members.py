"""A deep ensemble: several networks, trained from seeds of their own and each without another span of months, kept as one.

Seeds alone tell how far apart networks end that have seen the same; spans that each has not seen tell how far what they learn
depends on the years at hand. Their spread is part of the σ of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import keras
import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.groups import SPAN_MONTHS
from gwkeras.core.errors import BadInput
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.progress import Progress
from gwkeras.data.manifest import read_manifest
from gwkeras.data.pipeline import MonthsLeftOut
from gwkeras.models.ensemble import ensemble_model
from gwkeras.training.calibration import calibrate
from gwkeras.training.fit import Samples
from gwkeras.training.memory import peak_memory
from gwkeras.training.resuming.standing import TrainingRecord, all_settings, of_member, standing
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.strategies.devices import Devices
from gwkeras.training.train import TrainingOutcome, save_network, train

_FEWEST_SPANS = 5  # that the training months are divided into: no network misses more than a fifth of them


def train_members(
    config: Config, run: RunFolder, progress: Progress, *, devices: Devices | None = None, resume: bool = False
) -> TrainingOutcome:
    """Trains `training.members` networks one by one, each in a folder of its own, and leaves their ensemble in the run's.

    Args:
        config: of the training.
        run: holds the shards.
        progress: told of batches.
        devices: where; by default one device.
        resume: keep the members that are trained, and go on with the one that was stopped.
    Raises: as `train`.
    """
    devices = devices or Devices()
    manifest = read_manifest(run.shards)
    count = config.training.members
    with folder_lock(run.root / "members") if devices.is_chief else nullcontext():
        outcomes = []
        for number in range(count):
            own, folder = of_member(config, number), run.member(number)
            found = _standing(own, folder, manifest.build_hash) if resume else "none"
            told = f"member {number + 1} of {count}"

            def said(label: str, done: int, total: int, told: str = told) -> None:
                progress(f"{told}: {label}", done, total)

            # A finished one ends at once: its last checkpoint holds its weights.
            without = months_left_out(manifest.split.months_of("train"), number, count)
            outcomes.append(train(own, folder, said, devices=devices, resume=found != "none", without=without))
        network = ensemble_model([outcome.network for outcome in outcomes])
        samples = Samples(run.shards, manifest, config)
        transferred = [outcome.transfer for outcome in outcomes if outcome.transfer is not None]
        calibration = Calibration()
        if transferred:
            calibration = _mean([outcome.calibration for outcome in outcomes])
        elif manifest.samples_of("validation") and devices.is_chief:
            calibration = calibrate(_Named(network), samples, "validation")
        epochs = float(np.mean([outcome.epochs for outcome in outcomes]))
        if devices.is_chief:
            run.training.unlink(missing_ok=True)
            calibration.write(run.calibration)
            save_network(network, run.network)
            TrainingRecord(all_settings(config, manifest.build_hash), epochs).write(run)
        return TrainingOutcome(network, calibration, epochs, outcomes[0].kept_epoch, None, peak_memory())


def months_left_out(months: Sequence[int], number: int, members: int) -> MonthsLeftOut:
    """First and last month of the span that one network is not taught on: a fifth of the months, less with more members.

    Args:
        months: numbers of all training months.
        number: of the network, from 0.
        members: how many networks there are.
    Returns: None where spans would be shorter than a year: the networks then differ by their seeds alone.

    >>> [months_left_out(range(100), number, 2) for number in range(2)]
    [(0, 19), (40, 59)]
    """
    ordered, spans = sorted(months), max(members, _FEWEST_SPANS)
    if members < 2 or len(ordered) < spans * SPAN_MONTHS:
        return None
    part = number * spans // members
    return ordered[part * len(ordered) // spans], ordered[(part + 1) * len(ordered) // spans - 1]


@dataclass(frozen=True)
class _Named:
    """A network that takes what it needs of a batch."""

    network: keras.Model

    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.network.predict_on_batch({tensor.name: inputs[tensor.name] for tensor in self.network.inputs})


def _standing(config: Config, folder: RunFolder, samples: str) -> str:
    try:
        return standing(config, folder, samples)
    except BadInput:  # of an earlier training with other settings, which is to be replaced
        return "none"


def _mean(calibrations: list[Calibration]) -> Calibration:
    """Of members that were calibrated one scale up, each by itself; their ensemble errs less, so this errs on the safe side."""
    first = calibrations[0]
    quantiles = np.mean([[factor for _, factor in each.quantiles] for each in calibrations], axis=0) if first.quantiles else []
    return replace(
        first,
        sigma_scale=float(np.mean([each.sigma_scale for each in calibrations])),
        interval_factor=float(np.mean([each.interval_factor for each in calibrations])),
        quantiles=tuple(zip((p for p, _ in first.quantiles), map(float, quantiles), strict=True)),
        basis=f"{first.basis}, mean of {len(calibrations)} members",
    )
