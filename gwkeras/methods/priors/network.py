"""The trained network of the run as a prior, or, since it has seen the product, as a method by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gwkeras.methods.parts import Progress
from gwkeras.methods.training import Training

if TYPE_CHECKING:
    from gwkeras.methods.calibrated import Calibrated


@dataclass(frozen=True)
class NetworkPrior:
    """The ConvLSTM + U-Net that `gwkeras train` has left in the run folder, with its calibrated σ.

    It is trained from shards, on its own: what only it can do (resume, export, serving) hangs on the run folder.
    """

    label = "model"
    needs_shards = True

    def fit(self, training: Training, progress: Progress) -> Calibrated:
        """The network as it stands in the run folder.

        Raises: BadInput: where none has been trained.
        """
        from gwkeras.methods.network.trained import run_method

        return run_method(training.run, training.config, training.domain.factor)

    def load(self, folder: Path, training: Training) -> Calibrated:
        """The same: the run folder keeps it."""
        return self.fit(training, lambda label, done, total: None)
