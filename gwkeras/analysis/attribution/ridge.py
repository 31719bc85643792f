"""Shapley values of a ridge prior in closed form: a linear f = Σ β x has φ = β (x − mean of x), feature by feature.

Source: Lundberg & Lee 2017, arXiv 1705.07874, corollary 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.ridge.fitted import FittedRidge
from gwkeras.methods.priors.ridge.weighted_memories import bands, weighted_memories


@dataclass(frozen=True)
class RidgeContributions:
    """What memories of each channel add to f.

    Args:
        channels: names.
        time_constants: months.
        values: (channel, τ, M, s n_lat, s n_lon) mm, float32; they sum to f.
    """

    channels: tuple[str, ...]
    time_constants: tuple[float, ...]
    values: np.ndarray


def ridge_contributions(fitted: FittedRidge, domain: Domain, months: Sequence[Month]) -> RidgeContributions:
    """Contributions against the mean over the training months, which f itself is an anomaly of.

    Args:
        fitted: the prior.
        domain: with the channels and maps that it was taught with.
        months: of the domain.
    Raises: BadInput: where the domain lacks a channel or a map.
    """
    if not fitted.weights.any():
        empty = np.zeros((0, len(fitted.time_constants), len(months), *domain.fine.shape), dtype=np.float32)
        return RidgeContributions((), fitted.time_constants, empty)
    climate = FineClimate.of(domain)
    channels = Channels(climate).names
    if channels != fitted.channels:
        raise BadInput(
            "ridge prior",
            expected=f"the channels {', '.join(fitted.channels)}",
            found=", ".join(channels) or "none",
            remedy="give the same climate variables as in training",
        )
    maps = fitted._maps(climate)
    shape = (len(channels), len(fitted.time_constants))
    values = np.zeros((*shape, len(months), *domain.fine.shape), dtype=np.float32)
    one_each = np.eye(shape[0] * shape[1], dtype=bool).reshape(-1, *shape)
    groups = [mask.T for mask in one_each]  # (τ, channel)
    wanted = {stamp: number for number, stamp in enumerate(np.array(months).astype("datetime64[M]").tolist())}
    training = set(fitted.training_months.tolist())
    for rows in bands(domain.fine.n_lat, domain.fine.n_lon, 4 * shape[0] * shape[1]):
        band = Channels(climate.band(rows))
        weights = fitted._weights_on(band.climate, maps[:, rows], fitted.local)
        mean, count = np.zeros((len(groups), *band.climate.grid.shape)), 0
        for stamp, parts in weighted_memories(band, weights, retention(fitted.time_constants), groups):
            if stamp.item() in wanted:
                values[:, :, wanted[stamp.item()], rows] = parts.reshape(*shape, *parts.shape[1:])
            if stamp.item() in training:
                mean += parts
                count += 1
        values[:, :, :, rows] -= (mean / max(count, 1)).reshape(*shape, 1, *mean.shape[1:]).astype(np.float32)
    return RidgeContributions(channels, fitted.time_constants, values)
