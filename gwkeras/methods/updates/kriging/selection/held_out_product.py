"""What kriging makes of the product where the product is held out: errors and their σ, in closed form and without any truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.methods.updates.kriging.covariance.patterns import Patterns, lasting
from gwkeras.methods.updates.kriging.covariance.system import inverse, signal, system
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.months_together import are_asked_together, covariances
from gwkeras.methods.updates.kriging.selection.held_out_in_time import held_out_in_time
from gwkeras.methods.updates.kriging.selection.slope_and_noise import Sample, block_side_km, held_out_blocks, held_out_errors
from gwkeras.methods.updates.kriging.solvers.common_cells import common_cells

_PATCH_CELLS, _PATCH_HALO = 12, 6  # without a filter, where what lies some cells away tells no more

Found = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class HeldOutProduct:
    """Observations (product cells, or blocks of them through a filter) predicted from outside of their own block.

    Args:
        lat: (n,) degrees north.
        lon: (n,) degrees east.
        rows: (M,) which of the given months they are of.
        errors: (n, M) G − H Ŝ, mm, where Ŝ has not seen the block.
        sigma: (n,) their standard deviation by covariance and noise, root mean square over the months, mm.
        detail: (n, M) the same of H f instead of G − H f, mm: what the prior says of the block that its surroundings do not.
        monthly: (n, M) σ where it is not the same in all months; None: `sigma` in all of them.
    """

    lat: np.ndarray
    lon: np.ndarray
    rows: np.ndarray
    errors: np.ndarray
    sigma: np.ndarray
    detail: np.ndarray
    monthly: np.ndarray | None = None

    @property
    def sigma_of_months(self) -> np.ndarray:
        """(n, M) mm."""
        return np.broadcast_to(self.sigma[:, None], self.errors.shape) if self.monthly is None else self.monthly


def held_out_product(
    update: FittedKriging, residuals: np.ndarray, expected: np.ndarray, numbers: np.ndarray | None = None
) -> HeldOutProduct:
    """Leave-one-out errors without a filter, leave-block-out errors through one (Dubrule 1983).

    Where the update asks months together, a cell or a block is left out in all of them.

    Args:
        update: as fitted.
        residuals: (month, n_lat, n_lon) G − H f, mm; NaN where unknown.
        expected: the same of H f, mm; finite wherever there is land.
        numbers: (month,) of the months; None: each is asked by itself.
    Raises: BadInput: where fewer than two months have the same known cells.
    """
    region = update.region
    size = np.ones(region.product.shape) if update.amplitude is None else update.amplitude.seen
    fields = region.gather(np.stack([np.asarray(residuals, float), np.asarray(expected, float)], axis=1) / size)
    size = region.gather(size)
    known, chosen = common_cells(fields[:, 0], region.share)
    known = known & np.isfinite(fields[chosen, 1]).all(axis=0)
    values = np.where(known, fields[chosen], np.nan)  # (M, 2, n_lat, n_lon)
    filtered = region.spread.kind != "none"
    windows = region.windows if filtered else region.cut(_PATCH_CELLS, 1, _PATCH_HALO)
    parts = []
    for window in windows:
        observed = region.observed(window, known)
        if not observed.count:
            continue
        sample = Sample(observed, region.covariances(window), np.empty(0), window.take(update.deviation))
        both = [observed.take(window.take(values[:, k])).T for k in (0, 1)]
        together = None if numbers is None else _together(update, sample, both, numbers[chosen])
        errors, detail, variance = together or _alone(update, sample, both)
        core = np.zeros(observed.grid.shape, bool)
        core[window.core()] = True
        inside = np.bincount(observed.groups, core[tuple(observed.cells.T)], observed.count) > 0.5 * np.bincount(observed.groups)
        local, a = (observed.take(np.where(observed.known, window.take(field), 0.0))[:, None] for field in (update.local, size))
        x, y, z = observed.directions.T
        place = np.rad2deg(np.arctan2(z, np.hypot(x, y))), np.rad2deg(np.arctan2(y, x))
        found = errors * a, np.sqrt(variance * local) * a, detail * a
        parts.append((place[0][inside], place[1][inside], *(each[inside] for each in found)))
    lat, lon, errors, sigma, detail = (np.concatenate(found) for found in zip(*parts, strict=True))
    return HeldOutProduct(lat, lon, np.flatnonzero(chosen), errors, np.sqrt((sigma**2).mean(axis=1)), detail, sigma)


def _alone(update: FittedKriging, sample: Sample, both: Sequence[np.ndarray]) -> Found:
    """Errors of G − H f, those of H f and the variance of the former, (n, M) each, of months by themselves."""
    side, observed = block_side_km(update.region.spread), sample.observed
    part = signal(observed, sample.covariances.of(update.covariance.slope), update.region.uncertain)
    precision = inverse(system(part, update.covariance.variance, update.noise, observed, sample.uncertainty)[0])
    (errors, variance), (detail, _) = (held_out_errors(replace(sample, values=each), precision, side) for each in both)
    return errors, detail, np.broadcast_to(variance[:, None], errors.shape)


def _together(update: FittedKriging, sample: Sample, both: Sequence[np.ndarray], numbers: np.ndarray) -> Found | None:
    """The same of months together; None where they are not asked so."""
    if not are_asked_together(update.region, update.lasting_months):
        return None
    found = covariances(update, sample.covariances.of(update.covariance.slope), sample.observed, sample.uncertainty)
    if found is None:
        return None
    patterns = Patterns.of(*found, lasting(numbers, update.lasting_months), np.ones(len(numbers)))
    side = block_side_km(update.region.spread)
    blocks = held_out_blocks(sample.observed, side) if side else None
    (errors, variance), (detail, _) = (held_out_in_time(patterns, each, blocks) for each in both)
    return errors, detail, variance
