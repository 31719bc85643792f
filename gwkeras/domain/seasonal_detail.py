"""What a place's fine detail usually is in a calendar month: learned from the reference in the training months alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import calendar_month
from gwkeras.domain.array_cache import DiskArray

NAME = "reference_seasonal_detail"


@dataclass(frozen=True)
class SeasonalDetail:
    """The reference less the conservative bicubic interpolation of its own coarse field, averaged by calendar month.

    A network that sees it need not learn a map of a thousand cells by heart from a few years of months.

    Args:
        residual: (M, sH, sW) mm of all storage months; NaN where unknown.
        stamps: (M,) their first days.
        trained: (M,) whether the month belongs to the training split; others never enter.
        withheld: (sH, sW) cells whose targets are held out in space; there the detail is 0, that is, unknown.
    """

    residual: DiskArray | np.ndarray
    stamps: np.ndarray
    trained: np.ndarray
    withheld: np.ndarray

    @classmethod
    def unknown(cls, stamps: np.ndarray, shape: tuple[int, int]) -> SeasonalDetail:
        """Where there is no reference: 0 in all cells (sH, sW), as in those that were held out."""
        none = np.zeros(len(stamps), bool)
        return cls(np.empty((0, *shape), np.float32), stamps, none, np.ones(shape, bool))

    def of(self, index: int) -> np.ndarray:
        """(sH, sW) mm for month `index`: the mean over the *other* training months of the same calendar month.

        A training month leaves itself out, so that it sees as little of its own target as a new month does.
        """
        calendar = calendar_month(self.stamps)
        use = self.trained & (calendar == calendar[index])
        use[index] = False
        chosen = self.residual[np.flatnonzero(use)]
        known = np.isfinite(chosen)
        count = known.sum(axis=0)
        mean = np.where(known, chosen, 0.0).sum(axis=0) / np.maximum(count, 1)
        return np.where(self.withheld, 0.0, mean).astype(np.float32)
