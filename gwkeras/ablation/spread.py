"""Differences between variants, paired by seed."""

from __future__ import annotations

from collections.abc import Mapping

from gwkeras.report.spread import Spread, spread_of


def paired(values: Mapping[int, float], reference: Mapping[int, float]) -> Spread | None:
    """Spread of value − reference over the seeds that both have: what seeds do to both alike drops out."""
    return spread_of(value - reference[seed] for seed, value in values.items() if seed in reference)
