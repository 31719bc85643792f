"""Trends of a record on disk, and what is written of them."""

from __future__ import annotations

from pathlib import Path

from gwkeras.analysis.trend.record import RecordTrend
from gwkeras.application.csv_text import csv_text
from gwkeras.application.dataset_file import write_dataset
from gwkeras.core.files.whole_file import write_atomically


def write_trend(found: RecordTrend, path: Path) -> tuple[Path, Path]:
    """The maps, and the list of hotspots beside them; each whole or not at all.

    Args:
        found: trends of a record.
        path: of the NetCDF file.
    """
    table = path.with_name(f"{path.stem}_hotspots.csv")
    write_dataset(found.data, path)
    head = ("rank", "lat", "lon", "cells", "area_km2", "mean_mm_per_year", "fastest_mm_per_year", "km3_per_year")
    rows = (
        (rank, *(f"{v:.6g}" for v in (s.lat, s.lon, s.cells, s.area, s.rate, s.fastest, s.volume)))
        for rank, s in enumerate(found.hotspots, start=1)
    )
    write_atomically(table, csv_text([head, *rows]).encode())
    return path, table
