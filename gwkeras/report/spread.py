"""Figures that come several times: mean ± standard deviation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from gwkeras.report.cell_text import UNKNOWN


@dataclass(frozen=True)
class Spread:
    """A figure over several seeds, patches or the like.

    Args:
        mean: of them.
        deviation: standard deviation between them (n − 1); None for one, which says nothing of it.
        count: how many.
    """

    mean: float
    deviation: float | None
    count: int

    def text(self, decimals: int, sign: str = "") -> str:
        """Such as "12.80 ± 0.13"; `sign` "+" shows that of the mean."""
        mean = f"{self.mean:{sign}z.{decimals}f}"
        return mean if self.deviation is None else f"{mean} ± {self.deviation:.{decimals}f}"


def spread_text(spread: Spread | None, decimals: int, sign: str = "") -> str:
    """A spread as the cell of a table; a dash where there is none."""
    return UNKNOWN if spread is None else spread.text(decimals, sign)


def spread_of(values: Iterable[float]) -> Spread | None:
    """Mean and standard deviation; None of nothing."""
    found = list(values)
    if not found:
        return None
    return Spread(fmean(found), stdev(found) if len(found) > 1 else None, len(found))
