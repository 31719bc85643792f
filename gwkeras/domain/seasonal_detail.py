"""What a place's fine detail usually is in a calendar month: learned from the reference in the training months alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.core.months import Month, calendar_month
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.split import Split, held_out_mask
from gwkeras.fields.grids.interpolation import conserve, upsample

NAME = "reference_seasonal_detail"


@dataclass(frozen=True)
class SeasonalDetail:
    """The reference less the conservative bicubic interpolation of its own coarse field, averaged by calendar month.

    A network that sees it need not learn a map of a thousand cells by heart from a few years of months.

    Args:
        residual: (M, sH, sW) mm of all storage months; NaN where unknown.
        record: those months.
        trained: (M,) whether the month belongs to the training split; others never enter.
        withheld: (sH, sW) cells whose targets are held out in space; there the detail is 0, that is, unknown.
    """

    residual: DiskArray | np.ndarray
    record: Calendar
    trained: np.ndarray
    withheld: np.ndarray

    @classmethod
    def unknown(cls, record: Calendar, shape: tuple[int, int]) -> SeasonalDetail:
        """Where there is no reference: 0 in all cells (sH, sW), as in those that were held out."""
        none = np.zeros(len(record), bool)
        return cls(np.empty((0, *shape), np.float32), record, none, np.ones(shape, bool))

    def of(self, month: Month) -> np.ndarray:
        """(sH, sW) mm for a month of `record`: the mean over the *other* training months of the same calendar month.

        A training month leaves itself out, so that it sees as little of its own target as a new month does.
        """
        index, calendar = self.record.position(month), calendar_month(self.record.months)
        use = self.trained & (calendar == calendar[index])
        use[index] = False
        chosen = self.residual[np.flatnonzero(use)]
        known = np.isfinite(chosen)
        count = known.sum(axis=0)
        mean = np.where(known, chosen, 0.0).sum(axis=0) / np.maximum(count, 1)
        return np.where(self.withheld, 0.0, mean).astype(np.float32)


def seasonal_detail(
    target: DiskArray, storage: DiskArray, record: Calendar, fine: Grid, land_fine: np.ndarray, split: Split, cache: Path
) -> SeasonalDetail:
    """The seasonal detail of a reference, as far as the split lets it be known.

    Args:
        target: (M, sH, sW) mm, the reference on `fine`.
        storage: (M, H, W) mm, the coarse field of the same months.
        record: those months.
        fine: the fine grid.
        land_fine: (sH, sW) land fraction.
        split: only its training months, outside its held-out blocks and their buffer, are looked at.
        cache: folder for the residuals.
    """
    factor = fine.n_lat // storage.shape[1]

    def residuals(part: slice) -> np.ndarray:
        coarse = storage[part]
        return target[part] - conserve(upsample(coarse, factor, "bicubic"), coarse, fine, factor, land_fine)

    residual = cached_array(cache, ["seasonal detail", target.path.name, storage.path.name, factor], target.shape, residuals)
    trained = np.isin(record.months.astype("datetime64[M]").astype(str), split.train_months)
    return SeasonalDetail(residual, record, trained, held_out_mask(fine, split.held_out, split.buffer_degrees))
