"""Maps of coefficients that vary: GNNWR's over the land, GTNNWR's over the land and the months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.learners.fitted import FittedLearner
from gwkeras.methods.priors.weighted_regression.local_memories import LocalMemories

CONSTANT = "constant"


@dataclass(frozen=True)
class CoefficientMaps:
    """Local coefficients on the fine grid.

    Args:
        names: of the memories, and the constant.
        months: (M,) that they are of; empty where they are the same in all months.
        values: (name, M or 1, s n_lat, s n_lon) mm of f for a standard deviation of the memory, float32; NaN at sea.
    """

    names: tuple[str, ...]
    months: tuple[Month, ...]
    values: np.ndarray


def has_local_coefficients(prior: object) -> bool:
    """Whether a prior is a regression whose coefficients vary, and is believed at all."""
    return isinstance(prior, FittedLearner) and isinstance(prior.regression, LocalMemories)


def coefficient_maps(prior: FittedLearner, domain: Domain, months: Sequence[Month]) -> CoefficientMaps:
    """The coefficients as they count in f: times the share that is believed.

    Args:
        prior: one of `has_local_coefficients`.
        domain: with the channels and maps that it was taught with.
        months: of the domain.
    Raises: BadInput: where the domain lacks a channel or a map.
    """
    features, regression = prior.features, prior.regression
    assert isinstance(regression, LocalMemories)
    climate = FineClimate.of(domain)
    wanted = np.array(months, dtype="datetime64[M]")
    if not regression.is_timed:
        wanted = wanted[:1]
    land = climate.land > 0
    values = np.full((features.memories + 1, len(wanted), *climate.grid.shape), np.nan, dtype=np.float32)
    for position, rows in features.fine(climate, features.maps(climate), wanted):
        local = prior.share * float(regression.scale) * regression.local_coefficients(rows)
        values[:, position, land] = local.T
    names = (*(f"{channel}, {tau:g} months" for tau in features.time_constants for channel in features.channels), CONSTANT)
    return CoefficientMaps(names, tuple(months) if regression.is_timed else (), values)
