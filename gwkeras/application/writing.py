"""The downscaled record as CF NetCDF: any months of any part of a domain, a month at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gwkeras.application.quality import TrainedRange, quality
from gwkeras.application.workers import in_order
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.writing.quality_flags import FLAGS, NO_DATA
from gwkeras.fields.writing.writer import FieldWriter, Provenance
from gwkeras.methods.method import Method

Existing = Literal["refuse", "overwrite", "append"]
"""What is done where the output file exists: nothing, write it anew, or add the months after its last."""

_TITLE = "Downscaled groundwater storage anomaly"


@dataclass(frozen=True)
class Written:
    """What was written.

    Args:
        path: of the file.
        months: how many.
        cells: fine land cells in all months together.
        conservation_max_mm: largest |block mean − coarse value| over all land cells, mm.
        extrapolating: share of the cells outside the range of training.
        interval: probability of the bounds' interval; None where no bounds were written.
        filtered: whether the product is a blurred view, so that its cells need not hold what is in them.
    """

    path: Path
    months: int
    conservation_max_mm: float
    cells: int = 0
    extrapolating: float = 0.0
    interval: float | None = None
    filtered: bool = False

    @property
    def conservation(self) -> str:
        """How far block means are from the product, in a phrase."""
        if self.filtered:
            return f"block means differ from the product, which is filtered, by up to {self.conservation_max_mm:.0f} mm"
        return f"block means differ from the product by at most {_plain(self.conservation_max_mm)} mm"


def _plain(size: float) -> str:
    """Two digits without an exponent, but for what is no more than rounding."""
    return f"{size:.1e}" if size < 1e-3 else f"{float(f'{size:.2g}'):g}"


@dataclass(frozen=True)
class MonthField:
    """One month, cut to the part that is written: (n_lat, n_lon) mm float32, and uint8 flags."""

    stamp: np.datetime64
    mean: np.ndarray
    sigma: np.ndarray | None
    lower: np.ndarray | None
    upper: np.ndarray | None
    interval: float | None
    quality: np.ndarray
    conservation_gap_mm: float
    detail_sigma: np.ndarray | None = None
    calibrated: bool = True


@dataclass(frozen=True)
class Job:
    """What it takes to downscale any month of a record; it can be sent to another process if its method can.

    Args:
        part: rows and columns of coarse cells that are written; None: the whole domain.
        trained: what training has seen, for the flags; None: unknown.
    """

    method: Method
    domain: Domain
    trained: TrainedRange | None = None
    part: tuple[slice, slice] | None = None

    def __call__(self, month: Month) -> MonthField:
        """The fields of one month of the domain's calendar."""
        domain, (rows, cols) = self.domain, self.fine_part
        p = self.method.predict(domain, month, self.part)
        mean = np.asarray(p.mean, np.float32)
        block_mean = domain.fine.block_mean(mean.astype(np.float64), domain.factor, domain.land_fine)
        gap = np.abs(block_mean - domain.storage_of(month))
        sigma, lower, upper, detail = (
            None if v is None else np.asarray(v[rows, cols], np.float32) for v in (p.sigma, p.lower, p.upper, p.detail_sigma)
        )
        flags = np.where(np.isfinite(mean), quality(domain, month, self.trained), NO_DATA).astype(np.uint8)
        worst = float(np.nanmax(gap, initial=0.0))
        flags = flags[rows, cols]
        return MonthField(month, mean[rows, cols], sigma, lower, upper, p.interval, flags, worst, detail, p.is_calibrated)

    @property
    def grid(self) -> Grid:
        """The fine cells that are written."""
        rows, cols = self.fine_part
        return self.domain.fine.window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)

    @property
    def cells(self) -> int:
        """Fine land cells of a month."""
        rows, cols = self.fine_part
        land = np.repeat(np.repeat(self.domain.land > 0, self.domain.factor, 0), self.domain.factor, 1)
        return int(((self.domain.land_fine > 0) & land)[rows, cols].sum())

    @property
    def fine_part(self) -> tuple[slice, slice]:
        """Rows and columns of fine cells that are written."""
        factor = self.domain.factor
        rows, cols = self.part or (slice(0, self.domain.coarse.n_lat), slice(0, self.domain.coarse.n_lon))
        return slice(rows.start * factor, rows.stop * factor), slice(cols.start * factor, cols.stop * factor)


def downscale_record(
    job: Job,
    path: Path,
    *,
    provenance: Provenance,
    existing: Existing = "refuse",
    months: Sequence[Month] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Writes gwsa, gwsa_sigma, the interval's bounds and quality flags.

    Memory does not depend on the number of months. Nothing is left behind, and an older file stays, where it fails.

    Args:
        months: of the domain's calendar, ascending; None: all.
        workers: local processes; see `gwkeras.application.workers.in_order`.
        scheduler: address of a Dask cluster that does the work instead.
        progress: called with the number of fine cells done and in all.
    Raises: BadInput: where the file exists and `existing` is "refuse", or nothing is left to append. See also `FieldWriter`.
    """
    chosen = list(job.domain.months if months is None else months)
    if existing == "refuse" and path.exists():
        raise BadInput(
            path, expected="a name that is free", found="a file", remedy="give --overwrite or --append, or another --output"
        )
    if existing == "append":
        writer = FieldWriter.continuing(path, job.grid, provenance=provenance)
        chosen = [m for m in chosen if writer.last is None or m > writer.last]
        if not chosen:
            raise BadInput(
                path,
                expected=f"months after {writer.last} to append",
                found=f"none up to {str(job.domain.months[-1])[:7]}",
                remedy="give files that hold later months",
            )
    else:
        writer = FieldWriter(path, job.grid, title=_TITLE, provenance=provenance)
    cells, worst, judged, beyond, interval = job.cells, 0.0, 0, 0, None
    with writer, in_order(job, chosen, workers, scheduler) as results:
        done = 0
        for month in results:
            writer.append(
                month.stamp,
                month.mean,
                month.sigma,
                month.lower,
                month.upper,
                month.quality,
                month.interval,
                month.detail_sigma,
                month.calibrated,
            )
            interval = month.interval
            worst = max(worst, month.conservation_gap_mm)
            known = month.quality != NO_DATA
            judged += int(known.sum())
            beyond += int((known & (month.quality & FLAGS["extrapolates"] > 0)).sum())
            done += cells
            progress(done, len(chosen) * cells)
            del month, known  # or they would stay while the next month is computed (enumerate would keep them, too)
    filtered = job.domain.point_spread.kind != "none"
    return Written(path, len(chosen), worst, judged, beyond / max(judged, 1), interval, filtered)
