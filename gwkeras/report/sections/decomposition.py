"""Parts of storage and their drivers in tables."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.report.cell_text import cell_text
from gwkeras.report.document import Table


def strength_table(data: xr.Dataset) -> Table:
    """How strong trend and season are, one row a series."""
    rows = tuple(
        (
            str(name),
            *(cell_text(float(data[part][k]), ".2f") for part in ("trend_strength", "season_strength")),
            cell_text(float(data["gaps"][k]), ".0f"),
        )
        for k, name in enumerate(data["series"].values)
    )
    return Table("Components", ("series", "strength of trend", "strength of season", "months filled for the fit"), rows)


def driver_table(data: xr.Dataset) -> Table:
    """Correlation of each part with the same part of each driver, with its p-value; and the best within twelve months."""
    rows = []
    for k, series in enumerate(data["series"].values):
        for d, driver in enumerate(data["driver"].values):
            texts = []
            for p in range(data.sizes["part"]):
                now, p_value, best, lag = (
                    float(data[name][d, p, k])
                    for name in ("driver_correlation", "driver_p_value", "driver_correlation_best", "driver_lag")
                )
                texts.append(f"{now:+.2f} (p {p_value:.2f}); {best:+.2f} after {lag:.0f}" if np.isfinite(now) else "–")
            rows.append((f"{series}, {driver}", *texts))
    headings = ("series, driver", *(f"{part}: now; best" for part in map(str, data["part"].values)))
    return Table("Drivers: correlation of components, with the driver leading by months", headings, tuple(rows))
