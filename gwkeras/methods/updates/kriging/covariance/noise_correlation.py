"""The product's noise: how large it is and how it goes together in space, told from storage by the months before and after.

Storage goes on, noise does not. Between two places some distance apart, the covariance of G − H f at a lag of one and two months
is storage's alone; carried on to no lag in a straight line, it leaves the noise's:

    R(d) = C(d; 0) − (2 C(d; 1) − C(d; 2)),    R(d) / R(0) = share · exp(−d / length) beyond the cell itself.

A season bends that line by (2 − 2 cos 30°) of its variance, which hides noise behind any prior that errs with the seasons. So a
trend and the waves of a year and of half a year are fitted to each place and taken off before.

What a prior gets wrong for a single month looks like noise here, and on one tuning world doubled it. So noise is taken for no
larger than the update believes, which held-out product has chosen and the product itself has stated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import Grid

_REACH_KM = 700.0
_LENGTHS_KM = np.geomspace(40.0, 1200.0, 35)
_LEAST_PAIRS = 24  # of months, with one and two months between them
_WAVES = (1.0, 2.0)  # a year
_LEAST_OF_NOISE, _LEAST_OF_ALL = 0.4, 0.02  # shares of the noise that is believed and of all variance, to be told from rounding


@dataclass(frozen=True)
class NoiseCorrelation:
    """Of the product's noise.

    Args:
        share: of its variance that is correlated.
        length_km: over which it is.
        variance: mm², as a mean over the cells, no more than the update believes; 0: not told, and as large as that.
    """

    share: float
    length_km: float
    variance: float = 0.0

    @classmethod
    def seen(cls, months: np.ndarray, residuals: np.ndarray, grid: Grid, believed: float) -> NoiseCorrelation | None:
        """From what the prior has missed of the product; None where noise cannot be told from storage.

        Args:
            months: (M,) numbers of months, ascending.
            residuals: (M, n_lat, n_lon) G − H f, mm; NaN where unknown.
            grid: of the residuals.
            believed: mm², variance of the noise as the update has it.
        """
        known = np.isfinite(residuals).all(axis=0)
        steps = np.arange(min(grid.n_lat - 1, int(_REACH_KM / grid.height_km)) + 1)
        if len(steps) < 3 or not known.any():
            return None
        usual = _usual_course(months)
        if len(months) <= usual.shape[1]:
            return None
        centred = np.zeros(residuals.shape)
        centred[:, known] = residuals[:, known] - usual @ (usual.T @ residuals[:, known])
        centred *= np.sqrt(len(months) / (len(months) - usual.shape[1]))  # what the fit takes of the noise
        lagged = []
        for lag in (0, 1, 2):
            _, later, before = np.intersect1d(months, months + lag, assume_unique=True, return_indices=True)
            if len(later) < _LEAST_PAIRS:
                return None
            lagged.append(_by_distance(centred[later], centred[before], known, steps))
        noise = lagged[0] - (2 * lagged[1] - lagged[2])
        if not noise[0] > max(_LEAST_OF_NOISE * believed, _LEAST_OF_ALL * lagged[0][0]):
            return None
        near = np.isfinite(noise) & (steps > 0)
        if not near.any():
            return None
        ratio, shape = noise[near] / noise[0], np.exp(-steps[near] * grid.height_km / _LENGTHS_KM[:, None])
        shares = np.clip((shape @ ratio) / (shape**2).sum(axis=1), 0.0, 1.0)
        best = int(((ratio - shares[:, None] * shape) ** 2).sum(axis=1).argmin())
        return cls(float(shares[best]), float(_LENGTHS_KM[best]), min(float(noise[0]), believed))


HIDDEN = NoiseCorrelation(1.0, 170.0)
"""Where storage hides it: satellites' gravity knows nothing finer, so a product's noise is alike in neighbouring cells."""


def _usual_course(months: np.ndarray) -> np.ndarray:
    """(M, 6) orthonormal columns that span a mean, a trend and the waves of a year and of half a year.

    Args:
        months: (M,) their numbers.
    """
    angle = 2 * np.pi * months / 12.0
    waves = [part(wave * angle) for wave in _WAVES for part in (np.cos, np.sin)]
    return np.linalg.qr(np.stack([np.ones(len(months)), months - months.mean(), *waves], axis=1))[0]


def _by_distance(one: np.ndarray, other: np.ndarray, known: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(steps,) mean product of values some rows apart, which are equally far all over the globe; NaN where there are none."""
    found = np.full(len(steps), np.nan)
    for number, step in enumerate(steps):
        rows = len(known) - step
        count = int((known[:rows] & known[step:]).sum())
        if count:
            there = np.sum(one[:, :rows] * other[:, step:]) + np.sum(one[:, step:] * other[:, :rows])
            found[number] = there / (2 * count * len(one))
    return found
