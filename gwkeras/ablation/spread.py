"""Means over seeds, their spread, and differences paired by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True)
class Spread:
    """A figure over several seeds.

    Args:
        mean: over the seeds.
        deviation: standard deviation between seeds (n − 1); None for one seed, which says nothing of it.
        count: number of seeds.
    """

    mean: float
    deviation: float | None
    count: int

    def text(self, decimals: int, sign: str = "") -> str:
        """Such as "12.80 ± 0.13"; `sign` "+" shows that of the mean."""
        mean = f"{self.mean:{sign}z.{decimals}f}"
        return mean if self.deviation is None else f"{mean} ± {self.deviation:.{decimals}f}"


def spread_of(values: Iterable[float]) -> Spread | None:
    """Mean and standard deviation; None of nothing."""
    found = list(values)
    if not found:
        return None
    return Spread(fmean(found), stdev(found) if len(found) > 1 else None, len(found))


def paired(values: Mapping[int, float], reference: Mapping[int, float]) -> Spread | None:
    """Spread of value − reference over the seeds that both have: what seeds do to both alike drops out."""
    return spread_of(value - reference[seed] for seed, value in values.items() if seed in reference)
