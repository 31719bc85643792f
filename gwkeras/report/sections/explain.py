"""What a prediction comes from, in a table."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.report.document import Table

_MOST_ROWS = 20


def importance_table(data: xr.Dataset) -> Table:
    """Mean sizes of contributions, largest first; by group where there are both groups and features."""
    both = "importance_by_group" in data
    by = "group" if both or "group" in data.dims else "feature"
    values = data["importance_by_group" if both else "importance"].values
    order = np.argsort(-values)[:_MOST_ROWS]
    total = max(float(values.sum()), 1e-12)
    rows = tuple((str(data[by].values[k]), f"{values[k]:.3f}", f"{100 * values[k] / total:.1f}") for k in order)
    return Table("What the prediction is based on", (by, "mean |contribution| mm", "share %"), rows)


def coefficient_table(data: xr.Dataset) -> Table:
    """Mean and spread of local coefficients, largest first."""
    mean, spread = data["mean"].values, data["deviation"].values
    order = np.argsort(-np.hypot(mean, spread))[:_MOST_ROWS]
    rows = tuple((str(data["feature"].values[k]), f"{mean[k]:+.3f}", f"{spread[k]:.3f}") for k in order)
    return Table("Local coefficients, mm per standard deviation", ("memory", "mean", "standard deviation"), rows)
