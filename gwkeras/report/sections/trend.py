"""Trends of storage in words and tables."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from gwkeras.analysis.trend.hotspots import Hotspot
from gwkeras.core.box import describe_place
from gwkeras.report.document import Table


def hotspot_table(hotspots: Sequence[Hotspot]) -> Table:
    """Greatest first."""
    rows = tuple(
        (
            f"{rank}: {describe_place(round(s.lat, 2), round(s.lon, 2))}",
            f"{s.area:,.0f}",
            f"{s.rate:+.2f}",
            f"{s.fastest:+.2f}",
            f"{s.volume:+.3f}",
        )
        for rank, s in enumerate(hotspots, start=1)
    )
    return Table("Hotspots", ("centre", "area km²", "mean mm/year", "fastest mm/year", "km³/year"), rows)


def mean_sentence(data: xr.Dataset) -> str:
    """The trend of the region's mean, and the share of cells with a significant one."""
    slope, lower, upper, p = (
        float(data[name]) for name in ("mean_trend", "mean_trend_lower", "mean_trend_upper", "mean_p_value")
    )
    told = data["significant"].values
    share = 100 * float((told == 1).sum() / max((told == told).sum(), 1))
    return (
        f"Mean over the region: {slope:+.2f} mm a year [{lower:+.2f}, {upper:+.2f}], p = {p:.2g}; "
        f"{share:.0f} % of its cells have a significant trend of their own."
    )
