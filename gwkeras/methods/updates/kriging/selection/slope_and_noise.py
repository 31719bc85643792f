"""Choice of slope and noise: what predicts the held-out product, and among equals what believes the product less.

Not the likelihood: where operator or noise are not quite as stated it takes the product for exact, and what is then read
from it below the filter's width is worse than nothing. Blocks wider than the filter's core are not predicted by undoing the
filter, so they do not reward it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.system import CellCovariances, Signal, inverse, signal, system
from gwkeras.methods.updates.kriging.selection.held_out import block_labels, leave_block_out, leave_one_out
from gwkeras.observation.point_spread import PointSpread

BLOCK_PER_RADIUS = 3.7
"""Blocks of 5° for a half-weight radius of 150 km: wider than the filter's core."""

LEAST_VARIANCE = 1e-6
"""mm², of residuals that are all zero."""

_SMALLEST_NUMBER = 6  # blocks, below which they are made smaller
_LEAST_VARIANCE = 0.3  # share of the product's variance that is taken for signal however large the noise


@dataclass(frozen=True)
class Sample:
    """Residuals of the training months in one window.

    Args:
        observed: the window's observations.
        covariances: of its cells.
        values: (n, months) mm.
        uncertainty: (n_lat, n_lon) the product's own standard error, mm; 0 where it states none.
    """

    observed: ObservedCells
    covariances: CellCovariances
    values: np.ndarray
    uncertainty: np.ndarray


@dataclass(frozen=True)
class Candidate:
    """One choice and how it predicts.

    Args:
        slope: of the covariance.
        noise_share: the noise's variance as a share of the product's.
        variance: of fine storage, mm², such that held-out errors are as large as predicted.
        noise: mm².
        rmse: of held-out product, mm.
        spread: root mean square of held-out errors over their predicted standard deviations, before `variance` was scaled by it.
    """

    slope: float
    noise_share: float
    variance: float
    noise: float
    rmse: float
    spread: float


@dataclass(frozen=True)
class Selection:
    """The choice among the candidates, and all of them."""

    chosen: Candidate
    candidates: tuple[Candidate, ...]
    block_km: float


def block_side_km(spread: PointSpread) -> float:
    """Side of the blocks that are held out; 0: single cells, where there is no filter."""
    return BLOCK_PER_RADIUS * spread.half_weight_km if spread.kind == "gaussian" else 0.0


def held_out_errors(sample: Sample, precision: np.ndarray, side_km: float) -> tuple[np.ndarray, np.ndarray]:
    """Errors (n, months) of the held-out product and their variances (n,)."""
    if side_km == 0.0:
        return leave_one_out(precision, sample.values)
    labels = held_out_blocks(sample.observed, side_km)
    return leave_block_out(precision, sample.values, labels)


def held_out_blocks(observed: ObservedCells, side_km: float) -> np.ndarray:
    """(n,) label of the block that each observation is held out with.

    Args:
        observed: n observations.
        side_km: of the blocks; smaller in a region hardly larger than the filter.
    """
    cells, side = observed.cells[np.unique(observed.groups, return_index=True)[1]], side_km
    labels = block_labels(observed.grid, cells, side)
    while labels.max() + 1 < _SMALLEST_NUMBER and side > 1.0:
        side /= 1.3
        labels = block_labels(observed.grid, cells, side)
    return labels


def select(
    samples: list[Sample],
    slopes: tuple[float, ...],
    noise_shares: tuple[float, ...],
    model: Noise,
    uncertain: float,
    tolerance: float,
) -> Selection:
    """Scores every slope with every noise; see `_choose` for the rule.

    Args:
        samples: windows with residuals of training months.
        slopes: candidates.
        noise_shares: candidates.
        model: the noise's correlation and its least variance.
        uncertain: relative standard error of the half-weight radius.
        tolerance: relative difference of RMSE that counts as none.
    """
    spread = samples[0].observed.spread
    side = block_side_km(spread)
    variance = max(float(np.mean([np.mean(sample.values**2) for sample in samples])), LEAST_VARIANCE)
    found = []
    for slope in slopes:
        parts = [signal(sample.observed, sample.covariances.of(slope), uncertain) for sample in samples]
        for share in noise_shares:
            noise = Noise(max(model.variance, share * variance), model.correlated, model.length_km)
            found.append(_score(samples, parts, slope, share, noise, variance, side))
    return Selection(_choose(found, tolerance, spread.kind == "none"), tuple(found), side)


def _score(
    samples: list[Sample], parts: list[Signal], slope: float, share: float, noise: Noise, variance: float, side: float
) -> Candidate:
    shown = float(np.mean([part.mean_variance for part in parts]))
    covariances = [noise.covariance(sample.observed, sample.uncertainty) for sample in samples]
    disturbed = float(np.mean([np.diag(covariance).mean() for covariance in covariances]))
    fine = max(variance - disturbed, _LEAST_VARIANCE * variance) / shown
    squares = scaled = count = 0.0
    for sample, part in zip(samples, parts, strict=True):
        whole, _ = system(part, fine, noise, sample.observed, sample.uncertainty)
        errors, expected = held_out_errors(sample, inverse(whole), side)
        squares += float((errors**2).sum())
        scaled += float(((errors**2).mean(axis=1) / expected).sum())
        count += len(errors)
    months = samples[0].values.shape[1]
    spread = float(np.sqrt(scaled / count))
    return Candidate(slope, share, fine * spread**2, noise.variance * spread**2, float(np.sqrt(squares / count / months)), spread)


def _choose(found: list[Candidate], tolerance: float, unfiltered: bool) -> Candidate:
    """Among those within the tolerance of the best: without a filter the roughest, then the least noisy; else the noisiest.

    Without a filter the product itself is smooth by its cells alone, and a rough covariance keeps to it. What neighbours do not
    tell of a cell may be noise or its own detail; to take detail for noise loses more. Through a filter the slope cannot be
    seen, and noise is what keeps the filter from being undone too far.
    """
    best = min(candidate.rmse for candidate in found)
    near = [candidate for candidate in found if candidate.rmse <= (1 + tolerance) * best]
    if unfiltered:
        return min(near, key=lambda candidate: (candidate.slope, candidate.noise_share, candidate.rmse))
    return max(near, key=lambda candidate: (candidate.noise_share, -candidate.rmse))
