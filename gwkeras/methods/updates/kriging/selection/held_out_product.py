"""What kriging makes of the product where the product is held out: errors and their σ, in closed form and without any truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.methods.updates.kriging.covariance.system import inverse, signal, system
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.selection.slope_and_noise import Sample, block_side_km, held_out_errors
from gwkeras.methods.updates.kriging.solvers.common_cells import common_cells

_PATCH_CELLS, _PATCH_HALO = 12, 6  # without a filter, where what lies some cells away tells no more


@dataclass(frozen=True)
class HeldOutProduct:
    """Observations (product cells, or blocks of them through a filter) predicted from outside of their own block.

    Args:
        lat: (n,) degrees north.
        lon: (n,) degrees east.
        rows: (M,) which of the given months they are of.
        errors: (n, M) G − H Ŝ, mm, where Ŝ has not seen the block.
        sigma: (n,) their standard deviation by covariance and noise, mm.
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


def held_out_product(update: FittedKriging, residuals: np.ndarray, expected: np.ndarray) -> HeldOutProduct:
    """Leave-one-out errors without a filter, leave-block-out errors through one (Dubrule 1983).

    Args:
        update: as fitted.
        residuals: (month, n_lat, n_lon) G − H f, mm; NaN where unknown.
        expected: the same of H f, mm; finite wherever there is land.
    Raises: BadInput: where fewer than two months have the same known cells.
    """
    region = update.region
    fields = region.gather(np.stack([np.asarray(residuals, float), np.asarray(expected, float)], axis=1))
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
        part = signal(observed, region.covariances(window).of(update.covariance.slope), region.uncertain)
        uncertainty = window.take(update.deviation)
        whole, _ = system(part, update.covariance.variance, update.noise, observed, uncertainty)
        precision = inverse(whole)
        both = [
            held_out_errors(
                Sample(observed, region.covariances(window), observed.take(window.take(values[:, k])).T, uncertainty),
                precision,
                block_side_km(region.spread),
            )
            for k in (0, 1)
        ]
        core = np.zeros(observed.grid.shape, bool)
        core[window.core()] = True
        inside = np.bincount(observed.groups, core[tuple(observed.cells.T)], observed.count) > 0.5 * np.bincount(observed.groups)
        local = observed.take(np.where(observed.known, window.take(update.local), 0.0))
        x, y, z = observed.directions.T
        place = np.rad2deg(np.arctan2(z, np.hypot(x, y))), np.rad2deg(np.arctan2(y, x))
        sigma = np.sqrt(both[0][1] * local)
        parts.append((place[0][inside], place[1][inside], both[0][0][inside], sigma[inside], both[1][0][inside]))
    lat, lon, errors, sigma, detail = (np.concatenate(found) for found in zip(*parts, strict=True))
    return HeldOutProduct(lat, lon, np.flatnonzero(chosen), errors, sigma, detail)
