"""Where everything of a run lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """The files of one run, by name.

    Args:
        root: of the run.
        whole: the run that this is a member of, whose shards it shares; None: it is none.
    """

    root: Path
    whole: Path | None = None

    def member(self, number: int) -> RunFolder:
        """Where one network of an ensemble is trained.

        Args:
            number: from 0.
        """
        return RunFolder(self.root / "members" / str(number), self.root)

    @property
    def config(self) -> Path:
        return self.root / "config.yaml"

    @property
    def shards(self) -> Path:
        return (self.whole or self.root) / "shards"

    @property
    def cache(self) -> Path:
        """Regridded arrays; safe to delete."""
        return self.root / "cache"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    def checkpoint(self, split: str) -> Path:
        """State of the training on one split."""
        return self.checkpoints / f"{split}.npz"

    @property
    def nan_batch(self) -> Path:
        """Where the samples lie at which the loss ceased to be finite."""
        return self.root / "nan_batch.json"

    @property
    def training(self) -> Path:
        """What the model came of; not there while that is not settled."""
        return self.root / "training.json"

    @property
    def network(self) -> Path:
        return self.root / "model.keras"

    @property
    def history(self) -> Path:
        return self.root / "history.csv"

    @property
    def tensorboard(self) -> Path:
        return self.root / "tensorboard"

    @property
    def calibration(self) -> Path:
        return self.root / "calibration.json"

    @property
    def methods(self) -> Path:
        """Fitted methods other than the network, a folder each."""
        return self.root / "methods"

    @property
    def point_spread(self) -> Path:
        """What the product itself says of its filter."""
        return self.root / "point_spread.json"

    @property
    def evaluation(self) -> Path:
        return self.root / "evaluation.nc"

    @property
    def evaluation_fields(self) -> Path:
        """The fields that were judged."""
        return self.root / "evaluation_fields.nc"

    @property
    def fine(self) -> Path:
        return self.root / "gwsa_fine.nc"

    @property
    def saved_model(self) -> Path:
        return self.root / "saved_model"

    @property
    def picture(self) -> Path:
        return self.root / "downscaled.png"

    @property
    def report(self) -> Path:
        return self.root / "report.md"

    @property
    def page(self) -> Path:
        """The report with its interactive map."""
        return self.root / "report.html"

    @property
    def wells(self) -> Path:
        """What wells say; see `gwkeras wells`."""
        return self.root / "wells.nc"

    @property
    def summary(self) -> Path:
        return self.root / "summary.json"

    @property
    def log(self) -> Path:
        return self.root / "gwkeras.log"
