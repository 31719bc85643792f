"""What every prior is: a recipe that is fitted to a domain, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split
from gwkeras.observation.operator import Observation

Progress = Callable[[str, int, int], None]
"""Called with a label, the number done and the number in all."""


@dataclass(frozen=True)
class Training:
    """All that a method may learn from; never the storage of months that the split holds out.

    Args:
        domain: storage, climate and maps.
        split: which months are learned from, and which cells are held out.
        observation: H, from the fine grid of the domain to its product.
        seed: of all that is drawn.
    """

    domain: Domain
    split: Split
    observation: Observation
    seed: int = 0

    @property
    def months(self) -> np.ndarray:
        """(M,) datetime64[M], the training months that the domain holds."""
        held = self.domain.months.astype("datetime64[M]")
        return held[np.isin(held, np.array(self.split.train_months, dtype="datetime64[M]"))]


class FittedPrior(Protocol):
    """What a recipe has become: picklable, saved as plain arrays."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out or chosen, for reports."""

    def mean(self, domain: Domain, month: Month) -> np.ndarray:
        """(s n_lat, s n_lon) mm: what each fine cell should hold, as an anomaly from the training months' mean."""

    def save(self, folder: Path) -> None:
        """Writes arrays (npz) and the rest (json)."""


class Prior(Protocol):
    """A recipe: a frozen configuration that can be fitted."""

    def fit(self, training: Training, folder: Path, progress: Progress) -> FittedPrior:
        """Learns from the training months alone; `folder` is for what is worth keeping between runs."""
