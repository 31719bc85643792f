"""The trained network of the run: its detail as a prior, or, since it has seen the product, a method by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gwkeras.core.progress import Progress, silent
from gwkeras.methods.training import Training

if TYPE_CHECKING:
    from gwkeras.methods.calibrated import Calibrated
    from gwkeras.methods.network.detail import NetworkDetail


@dataclass(frozen=True)
class NetworkPrior:
    """The ConvLSTM + U-Net that `gwkeras train` has left in the run folder.

    It is trained from shards, on its own: what only it can do (resume, export, serving) hangs on the run folder. Before an
    update it says what it adds to the product; without one (`update: none`) it is a method by itself, with its calibrated σ.
    One that was taught through H on the product (`target.kind: product`) has not seen it as an input, and is a prior throughout.
    """

    label = "model"
    needs_shards = True

    def fit(self, training: Training, progress: Progress) -> NetworkDetail | Calibrated:
        """The network as it stands in the run folder; one that has not seen the product as it is, with its level.

        Raises: BadInput: where none has been trained.
        """
        from gwkeras.methods.network.detail import NetworkDetail
        from gwkeras.methods.network.trained import run_method

        alone = run_method(training.run, training.config, training.domain.factor)
        return alone if training.config.model.kind == "prior" else NetworkDetail(alone)

    def load(self, folder: Path, training: Training) -> NetworkDetail | Calibrated:
        """The same: the run folder keeps it."""
        return self.fit(training, silent)
