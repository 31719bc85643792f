"""How far the training of a run folder has come: what the same command does when it is given again."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Literal

from gwkeras.core.config.tree import Config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.training.resuming.checkpoint import read_signature
from gwkeras.training.resuming.settings import difference, settings_of
from gwkeras.training.run_folder import RunFolder

SPLITS = ("coarser", "train")
"""What is trained on, in this order; each has a checkpoint of its own."""

_SEEDS_APART = 1000  # of an ensemble's members


@dataclass(frozen=True)
class TrainingRecord:
    """What model.keras came of; written when all else of a training is on the disk.

    Args:
        settings: what determines the weights and the calibration.
        epochs: passes over the training samples.
        transfer_rmse: mm, by epoch of the training one scale up; empty where there was none.
    """

    settings: dict[str, str]
    epochs: float
    transfer_rmse: tuple[float, ...] = ()

    def write(self, run: RunFolder) -> None:
        """training.json, whole or not at all."""
        write_atomically(run.training, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, run: RunFolder) -> TrainingRecord | None:
        """None where there is none, or one that cannot be read: the training then ends once more, from its checkpoint."""
        try:
            found = json.loads(run.training.read_bytes())
            record = cls(dict(found["settings"]), float(found["epochs"]), tuple(map(float, found["transfer_rmse"])))
            return record if math.isfinite(record.epochs) and all(isinstance(d, str) for d in record.settings.values()) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def all_settings(config: Config, samples: str) -> dict[str, str]:
    """`settings_of` with what else the outcome depends on.

    Args:
        config: of the training.
        samples: hash of the build.
    """
    return {"samples": samples, **settings_of(config), "training.epochs": json.dumps(config.training.epochs)}


def of_member(config: Config, number: int) -> Config:
    """The training of one network of an ensemble.

    Args:
        config: of the ensemble.
        number: from 0.
    """
    training = replace(config.training, members=1, seed=config.training.seed + _SEEDS_APART * number)
    return replace(config, training=training)


def standing(config: Config, run: RunFolder, samples: str | None = None) -> Literal["none", "unfinished", "finished"]:
    """What an earlier training with these settings has left in the run folder.

    Args:
        config: of the training that is wanted.
        run: the folder.
        samples: hash of the build; None before it is known.
    Returns: "unfinished": one that can go on, if only to be calibrated anew for `downscale.interval`; "finished": model.keras.
    Raises: BadInput: where the training there is one with other settings.
    """
    wanted = settings_of(config) if samples is None else all_settings(config, samples)
    record = TrainingRecord.read(run)
    if record and run.network.exists() and difference(wanted, record.settings) is None:
        return "finished" if Calibration.read(run.calibration).serves(config.downscale.interval) else "unfinished"
    if config.training.members > 1 and record is None:  # its members tell
        begun = standing(of_member(config, 0), run.member(0), samples) != "none"
        return "unfinished" if begun else "none"
    wanted = settings_of(config) | ({} if samples is None else {"samples": samples})
    left = [read_signature(run.checkpoint(split)) for split in SPLITS] + [record.settings if record else None]
    for signature in left:
        if signature is not None and (other := difference(wanted, signature)):
            raise BadInput(
                run.root,
                expected=f"a new folder, or a training with the same {other[0]}",
                found=other[1],
                remedy="choose another folder, or replace it with --overwrite",
            )
    return "unfinished" if any(signature is not None for signature in left) else "none"
