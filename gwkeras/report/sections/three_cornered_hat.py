"""Errors of products in a table."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.report.document import Table

_COLUMNS = (("sigma_cells", ".2f"), ("sigma_cells_relative", ".2f"), ("sigma_region", ".2f"), ("sigma_region_relative", ".2f"))


def errors_table(data: xr.Dataset) -> Table:
    """Absolute and relative errors of cells and of the region's mean, one row a product."""
    weights = data["weight"].values.reshape(data.sizes["product"], -1)
    rows = []
    for k, name in enumerate(data["product"].values):
        known = weights[k][np.isfinite(weights[k])]
        figures = (f"{float(data[column][k]):{form}}" for column, form in _COLUMNS)
        rows.append((str(name), *figures, f"{known.mean():.2f}" if known.size else "–"))
    headings = ("product", "error of cells mm", "relative", "of the region's mean mm", "relative", "mean weight")
    return Table("Errors by the generalised three-cornered hat", headings, tuple(rows))
