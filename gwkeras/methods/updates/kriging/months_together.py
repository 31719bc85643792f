"""All months together: what a prior misses goes on from month to month, the product's noise does not.

    d = G − H f has the covariance S ⊗ T + R ⊗ B,    T(t, s) = (1 − ν) exp(−|t − s| / τ) + ν [t = s]

S = H C Hᵀ + E; R: the noise of a usual month, B how much worse each month is. With Vᵀ S V = Λ and Vᵀ R V = 1 each pattern is a
series of its own, u = T (λ T + B)⁻¹ Vᵀ d, a Wiener filter over the record. What is handed on is the residual that a month by
itself would have to show for the same answer, (S + b R) V u. Patterns that stand out of the noise stay as they are; those that
hardly do are averaged over the months in which they last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_number
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.updates.kriging.covariance.system import signal, system
from gwkeras.methods.updates.kriging.solvers.common_cells import common_cells
from gwkeras.methods.updates.kriging.solvers.region import Region

if TYPE_CHECKING:
    from gwkeras.methods.updates.kriging.fitted import FittedKriging

NEW = 0.1
"""ν, of the variance of what a prior misses: errors of a single month's rain."""

_MOST = 2000  # observations, whose patterns take some two seconds to find
_NOTHING = 1e-6  # of the signal's variance: noise that is not worth averaging


def are_asked_together(region: Region, lasting_months: float) -> bool:
    """Whether months are: those of a region of one window whose observations are not too many.

    Args:
        region: in which they are asked.
        lasting_months: time constant of what the prior misses; 0: never.
    """
    few = region.grid.n_lat * region.grid.n_lon <= _MOST * region.averaged**2
    return lasting_months > 0 and len(region.windows) == 1 and few


def residuals_together(update: FittedKriging, prior: FittedPrior, domain: Domain) -> dict[int, np.ndarray]:
    """Month's number -> (n_lat, n_lon) mm, the residual that counts for it; without months that lack cells which others have.

    Args:
        update: on the domain.
        prior: whose f is asked for in all months.
        domain: holds G and H.
    """
    region, months = update.region, domain.months
    fields = np.empty((len(months), *domain.coarse.shape))
    for row, (month, mean) in enumerate(PriorFields(prior, domain, tuple(months)).items()):
        fields[row] = domain.storage_of(month) - region.seen(np.where(domain.land_fine > 0, mean, np.nan))
    try:
        known, whole = common_cells(region.gather(fields), region.share)
    except BadInput:  # no two months have the same cells
        return {}
    scale = np.ones(domain.coarse.shape) if update.amplitude is None else update.amplitude.seen
    window = region.windows[0]
    observed = region.observed(window, known)
    part = signal(observed, region.covariances(window).of(update.covariance.slope), region.uncertain)
    seen = update.covariance.variance * (part.seen + part.error)
    noise = system(part, 0.0, update.noise, observed, window.take(update.deviation))[0]
    if np.diag(noise).min() <= _NOTHING * np.diag(seen).mean():
        return {}
    together = lasting(month_number(months[whole]), update.lasting_months)
    worse = np.array([update.beyond(domain.uncertainty_of(month)) for month in months[whole]])
    found = as_if_alone(observed.take(np.where(known, fields[whole] / scale, 0.0)).T, seen, noise, together, worse)
    rows, columns = observed.cells.T
    fields = fields[whole]
    fields[:, rows, columns] = found.T[:, observed.groups] * scale[rows, columns]
    return dict(zip(month_number(months[whole]).tolist(), fields, strict=True))


def lasting(months: np.ndarray, time_constant: float) -> np.ndarray:
    """(M, M) T of months by number.

    Args:
        months: (M,) numbers.
        time_constant: τ, months.
    """
    lag = np.abs(months[:, None] - months[None, :]).astype(float)
    return (1 - NEW) * np.exp(-lag / time_constant) + NEW * (lag == 0)


def as_if_alone(
    residuals: np.ndarray, signal: np.ndarray, noise: np.ndarray, together: np.ndarray, worse: np.ndarray
) -> np.ndarray:
    """(n, M) mm, the residuals that months by themselves would have to show for the answer that all months give together.

    Args:
        residuals: (n, M) d of the observations, mm.
        signal: (n, n) S, mm².
        noise: (n, n) R, mm², positive definite.
        together: (M, M) T.
        worse: (M,) the diagonal of B.
    """
    amounts, patterns = linalg.eigh(signal, noise)
    amounts = np.maximum(amounts, 0.0)[:, None]
    # T (λ T + B)⁻¹ = B^½ W (μ / (λ μ + 1)) Wᵀ B^−½ with W μ Wᵀ = B^−½ T B^−½: one decomposition serves all patterns.
    root = np.sqrt(worse)
    kept, courses = linalg.eigh(together / root[:, None] / root)
    kept = np.maximum(kept, 0.0)
    series = ((patterns.T @ residuals / root) @ courses) * (kept / (amounts * kept + 1.0)) @ courses.T * root
    return noise @ (patterns @ ((amounts + worse) * series))
