"""Wells that are left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.analysis.wells.reading.table import Wells


@dataclass(frozen=True)
class Dropped:
    """One well that is not judged.

    Args:
        name: of the well.
        lat: degrees north, as the table has it.
        lon: degrees east.
        reason: a few words, the same for all wells of a kind.
        detail: what was found.
    """

    name: str
    lat: float
    lon: float
    reason: str
    detail: str = ""


def dropped(wells: Wells, chosen: np.ndarray, reason: str, details: Sequence[str] | None = None) -> list[Dropped]:
    """An entry for each of the wells chosen.

    Args:
        wells: of the table.
        chosen: (wells,) whether it is left out.
        reason: why.
        details: one for each well of the table.
    """
    return [
        Dropped(
            str(wells.names[k]), float(wells.lat[k]), float(wells.lon[k]), reason, details[int(k)] if details is not None else ""
        )
        for k in np.flatnonzero(chosen)
    ]


def counted(entries: Sequence[Dropped]) -> dict[str, int]:
    """Reason -> number of wells, most frequent first."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.reason] = counts.get(entry.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
