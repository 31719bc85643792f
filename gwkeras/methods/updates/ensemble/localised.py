"""The transform place by place: each node of a lattice asks the observations around it, and cells between nodes mix theirs.

Observations count the less, the farther they are (R localised by Gaspari and Cohn's function); between nodes the transforms are
interpolated (Yang, Kalnay, Hunt & Bowler 2009, doi 10.1002/qj.353), since neighbours ask nearly the same observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.updates.ensemble.analysis import gaspari_cohn, transform

_NODES = 0.75  # of the half-width, between nodes
_LEAST = 1e-3  # taper below which an observation is left out


@dataclass(frozen=True)
class Observed:
    """The product's values that are asked.

    Args:
        positions: (m, 3) km from the Earth's centre.
        noise: (m, m) R, mm².
    """

    positions: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True)
class _Node:
    """A node's observations, and R⁻¹ as it counts there."""

    which: np.ndarray
    precision: np.ndarray


class Localised:
    """Transforms of the fine cells of a region.

    Args:
        grid: of the cells.
        observed: the observations.
        half_width_km: of the taper, which ends at twice that.
    """

    def __init__(self, grid: Grid, observed: Observed, half_width_km: float) -> None:
        lat, lon = _lattice(grid, _NODES * half_width_km)
        self.rows, self.columns = _between(grid.lat, lat), _between(grid.lon, lon)
        self.nodes = [[_node(a, b, observed, half_width_km) for b in lon] for a in lat]

    def transforms(self, seen: np.ndarray, missed: np.ndarray) -> np.ndarray:
        """(J₁, J₂, N, N) float32 W of every node.

        Args:
            seen: (N, m) members as the product would show them, less their mean.
            missed: (m,) product less the mean of the members; NaN where it is not known.
        """
        known = np.isfinite(missed)
        members, found = len(seen), np.empty((len(self.nodes), len(self.nodes[0]), len(seen), len(seen)), dtype=np.float32)
        for row, column in product(range(found.shape[0]), range(found.shape[1])):
            node = self.nodes[row][column]
            there = known[node.which]
            if not there.any():
                found[row, column] = np.eye(members)
                continue
            which = node.which[there]
            found[row, column] = transform(seen[:, which], missed[which], node.precision[np.ix_(there, there)])
        return found

    def apply(self, transforms: np.ndarray, departures: np.ndarray) -> np.ndarray:
        """X′ W of every cell.

        Args:
            transforms: of the nodes.
            departures: (N, ..., n_lat, n_lon) X′.
        Returns: the same shape, to which the mean is to be added.
        """
        result = np.empty_like(departures)
        for (rows, low, up), (columns, left, right) in product(self.rows, self.columns):
            part = departures[..., rows, columns]
            flat = part.reshape(len(part), -1)
            mixed = np.zeros_like(part)
            for (i, share), (j, other) in product(
                zip((low, low + 1), up, strict=True), zip((left, left + 1), right, strict=True)
            ):
                if share.any() and other.any():
                    mixed += share[:, None] * other * (transforms[i, j].T @ flat).reshape(part.shape)
            result[..., rows, columns] = mixed
        return result


def _lattice(grid: Grid, spacing_km: float) -> tuple[np.ndarray, np.ndarray]:
    km = np.deg2rad(1.0) * EARTH_RADIUS_KM
    stretch = max(float(np.cos(np.deg2rad((grid.south + grid.north) / 2))), 0.2)
    counts = [
        max(2, 1 + round(side / spacing_km)) for side in ((grid.north - grid.south) * km, (grid.east - grid.west) * km * stretch)
    ]
    return np.linspace(grid.lat[0], grid.lat[-1], counts[0]), np.linspace(grid.lon[0], grid.lon[-1], counts[1])


def _between(places: np.ndarray, nodes: np.ndarray) -> list[tuple[slice, int, tuple[np.ndarray, np.ndarray]]]:
    """For each pair of neighbouring nodes: the cells between, the first node, and (cells,) shares of both."""
    step = nodes[1] - nodes[0] if nodes[1] > nodes[0] else 1.0
    at = np.clip((places - nodes[0]) / step, 0.0, len(nodes) - 1.0)
    first = np.minimum(at.astype(int), len(nodes) - 2)
    found = []
    for number in np.unique(first):
        inside = np.flatnonzero(first == number)
        share = (at[inside] - number).astype(np.float32)
        found.append((slice(int(inside[0]), int(inside[-1]) + 1), int(number), (1.0 - share, share)))
    return found


def _node(lat: float, lon: float, observed: Observed, half_width_km: float) -> _Node:
    up, east = np.deg2rad(lat), np.deg2rad(lon)
    own = EARTH_RADIUS_KM * np.array([np.cos(up) * np.cos(east), np.cos(up) * np.sin(east), np.sin(up)])
    taper = gaspari_cohn(np.linalg.norm(observed.positions - own, axis=1) / half_width_km)
    which = np.flatnonzero(taper > _LEAST)
    root = np.sqrt(taper[which])
    return _Node(which, root[:, None] * np.linalg.inv(observed.noise[np.ix_(which, which)]) * root)
