"""The downscaled record: every month, a month at a time, as CF NetCDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gwkeras.fields.scale import Scale
from gwkeras.fields.writer import FieldWriter, Provenance
from gwkeras.methods.method import Method


@dataclass(frozen=True)
class Written:
    """What was written: how many months, and the largest |block mean − coarse value| over all land cells, mm."""

    path: Path
    months: int
    conservation_max_mm: float


def downscale_record(method: Method, scale: Scale, path: Path, *, provenance: Provenance, interval: float,
                     progress: Callable[[int, int], None] = lambda done, total: None) -> Written:
    """Applies `method` to all months of `scale` and writes gwsa, gwsa_sigma and the interval's bounds.

    Memory does not depend on the number of months. Nothing is left behind, and an older file stays, where it fails.
    """
    worst = 0.0
    with FieldWriter(path, scale.fine, title="Downscaled groundwater storage anomaly", provenance=provenance, interval=interval) as writer:
        for month, stamp in enumerate(scale.months):
            p = method.predict(scale, month)
            writer.append(stamp, p.mean, p.sigma, p.lower, p.upper)
            mean = scale.fine.block_mean(p.mean.astype(np.float32).astype(np.float64), scale.factor, scale.land_fine)
            gap = np.abs(mean - scale.storage_of(month))
            worst = max(worst, float(np.nanmax(gap, initial=0.0)))
            progress(month + 1, len(scale.months))
    return Written(path, len(scale.months), worst)
