"""Detail where the reference is not known: what the cells around say of it, by simple kriging with an exponential covariance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from gwkeras.core.grid import Grid

_LENGTH = 1.5  # of the covariance exp(−d / length), product cells
_NOISE = 0.05  # of the variance
_AROUND = 2  # product cells on each side that are looked at
_MOST = 800  # known cells that are looked at; more are thinned


def fill_unknown(
    detail: np.ndarray, variance: np.ndarray, known: np.ndarray, wanted: np.ndarray, mass: np.ndarray, fine: Grid, factor: int
) -> None:
    """Fills `detail` and `variance` in place where they are wanted and not known.

    The means of product cells stay 0. Where nothing near is known the detail stays 0, and its variance is the known cells' mean.

    Args:
        detail: (T, s n_lat, s n_lon) mm.
        variance: (s n_lat, s n_lon) of its error where it is known, mm².
        known: (s n_lat, s n_lon) bool.
        wanted: likewise.
        mass: likewise, area × land.
        fine: the grid.
        factor: s.
    """
    power = np.square(detail, dtype=np.float64).mean(axis=0)
    typical = float(power[known].mean()) if known.any() else 0.0
    for inside, near in _places(known, wanted, factor):
        if not len(near[0]):
            variance[inside] = typical
            continue
        among, to = _likeness(fine, near, near, factor), _likeness(fine, near, inside, factor)
        among[np.diag_indices_from(among)] += _NOISE
        weights = cho_solve(cho_factor(among, overwrite_a=True), to)  # (near, inside)
        found = detail[:, *near] @ weights
        share = mass[inside] / mass[inside].sum()
        detail[:, *inside] = found - (found @ share)[:, None]
        left = np.clip(1.0 - np.einsum("ni,ni->i", weights, to), 0.0, 1.0)
        variance[inside] = left * power[near].mean() + (1.0 - left) * variance[near].mean()


Cells = tuple[np.ndarray, np.ndarray]
"""Rows and columns of fine cells."""


def _places(known: np.ndarray, wanted: np.ndarray, factor: int) -> Iterator[tuple[Cells, Cells]]:
    """Wanted cells of one product cell after the other, and the known cells near them."""
    unknown = wanted & ~known
    blocks = unknown.reshape(known.shape[0] // factor, factor, -1, factor).any(axis=(1, 3))
    for row, column in np.argwhere(blocks):
        top, left = row * factor, column * factor
        own = unknown[top : top + factor, left : left + factor]
        inside = np.argwhere(own) + np.array([top, left])
        north, west = max(0, top - _AROUND * factor), max(0, left - _AROUND * factor)
        window = known[north : top + (1 + _AROUND) * factor, west : left + (1 + _AROUND) * factor]
        near = np.argwhere(window) + np.array([north, west])
        near = near[:: max(1, -(-len(near) // _MOST))]
        yield (inside[:, 0], inside[:, 1]), (near[:, 0], near[:, 1])


def _likeness(fine: Grid, some: Cells, others: Cells, factor: int) -> np.ndarray:
    lat, lon = fine.lat, fine.lon
    north = lat[some[0]][:, None] - lat[others[0]][None, :]
    east = (lon[some[1]][:, None] - lon[others[1]][None, :]) * np.cos(np.deg2rad(lat[others[0]].mean()))
    return np.exp(-np.hypot(north, east) / (_LENGTH * factor * fine.lat_step))
