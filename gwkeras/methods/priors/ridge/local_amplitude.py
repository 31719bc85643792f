"""How strongly a place answers, beside what maps say: smooth fields that multiply the parts of a prior, learned from the product.

Aquifers and wells are on no map. A place whose storage answers a dry year twice as strongly as the maps suggest does so every
year, and the product shows it: f = Σ_g (1 + Σ_j δ_gj φ_j) f_g, with φ_j Gaussian bumps, wide against cell and filter, and δ from
a second ridge on what the first has left (a smooth varying-coefficient model; Fotheringham et al. 2002 by another road).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.ridge.seen_features import Month
from gwkeras.methods.priors.ridge.strength import choose_strength, solve_ridge
from gwkeras.methods.priors.teaching.product import Teaching

_SPANS = 8  # of months, left out by turns: the same place in other months is what a held-out month will have
_SPACING_CELLS = 3.0  # product cells between bumps, at least
_SPACING_REACH = 1.0  # half-weight distances between bumps, at least
_MOST_BUMPS = 256  # over a region of any size
_STRENGTHS = (10.0, 30.0, 100.0, 1e3, 1e4)  # from 10 on: a departure of 0.3 is likely beforehand, one of 1 is not
_WIDTH = 1.0  # standard deviation of a bump, in spacings


@dataclass(frozen=True)
class Bumps:
    """Gaussian bumps on a lattice.

    Args:
        lat: (J₁,) degrees.
        lon: (J₂,) degrees.
        lat_width: standard deviation, degrees.
        lon_width: likewise.
    """

    lat: np.ndarray
    lon: np.ndarray
    lat_width: float
    lon_width: float

    @classmethod
    def over(cls, grid: Grid, spacing_km: float) -> Bumps:
        """A lattice that covers a grid, of about that spacing; wider where there would be too many."""
        km = np.deg2rad(1.0) * EARTH_RADIUS_KM
        stretch = max(float(np.cos(np.deg2rad((grid.south + grid.north) / 2))), 0.2)
        sides = (grid.north - grid.south) * km, (grid.east - grid.west) * km * stretch
        spacing_km = max(spacing_km, float(np.sqrt(sides[0] * sides[1] / _MOST_BUMPS)))
        counts = [max(1, round(side / spacing_km)) for side in sides]
        lat = grid.south + (np.arange(counts[0]) + 0.5) * (grid.north - grid.south) / counts[0]
        lon = grid.west + (np.arange(counts[1]) + 0.5) * (grid.east - grid.west) / counts[1]
        return cls(lat, lon, _WIDTH * (grid.north - grid.south) / counts[0], _WIDTH * (grid.east - grid.west) / counts[1])

    def axes(self, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
        """(n_lat, J₁) and (n_lon, J₂): a bump is the product of one column of each."""
        rows = _bell((grid.lat[:, None] - self.lat) / self.lat_width)
        columns = _bell((grid.lon[:, None] - self.lon) / self.lon_width)
        return rows, columns

    def field(self, weights: np.ndarray, grid: Grid) -> np.ndarray:
        """(..., J₁, J₂) weights to (..., n_lat, n_lon)."""
        rows, columns = self.axes(grid)
        return rows @ weights.astype(np.float32) @ columns.T


@dataclass(frozen=True)
class LocalAmplitude:
    """Departures from the maps' answer.

    Args:
        bumps: where.
        departures: (group, J₁, J₂) δ, 1.
        strength: of their ridge; infinite where there are none.
        gain: share of the held-out product's remaining power that they explain.
    """

    bumps: Bumps
    departures: np.ndarray
    strength: float
    gain: float

    @classmethod
    def fit(cls, parts: np.ndarray, teaching: Teaching, spacing_km: float) -> LocalAmplitude:
        """Departures that explain what the parts' sum does not.

        Args:
            parts: (M, group, n_lat, n_lon) block means of f's parts on the teaching's grid, mm, in its months.
            teaching: the product's values; those months.
            spacing_km: between bumps.
        """
        bumps = Bumps.over(teaching.grid, spacing_km)
        seen = np.stack([teaching.see(month.sum(axis=0)) for month in parts])
        known = np.repeat(teaching.known, teaching.tiles, axis=1)
        usual = np.where(known, seen, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        left = replace(teaching, values=np.where(known, teaching.values - (seen - usual), 0.0))
        equations = NormalEquations.accumulate(_features(parts, teaching, bumps), left, _SPANS, 1)
        strength = choose_strength(equations, _STRENGTHS)
        shape = (parts.shape[1], len(bumps.lat), len(bumps.lon))
        return cls(bumps, solve_ridge(equations, strength.value).reshape(shape), strength.value, strength.gain)

    def factors(self, grid: Grid) -> np.ndarray:
        """(group, n_lat, n_lon) 1 + Σ_j δ φ_j, not below 0: no place answers the other way round."""
        return np.maximum(1.0 + self.bumps.field(self.departures, grid), 0.0)


def spacing_km(grid: Grid, half_weight_km: float) -> float:
    """Between bumps: some cells, and no closer than a filter lets one tell them apart."""
    cell = grid.height_km
    return max(_SPACING_CELLS * cell, _SPACING_REACH * half_weight_km)


def _bell(distance: np.ndarray) -> np.ndarray:
    """exp(−d² / 2), float32; nothing beyond three standard deviations, so that far tiles have nothing to sum."""
    return np.where(np.abs(distance) < 3.0, np.exp(-(distance**2) / 2), 0.0).astype(np.float32)


def _features(parts: np.ndarray, teaching: Teaching, bumps: Bumps) -> Iterator[Month]:
    rows, columns = bumps.axes(teaching.grid)
    shapes = (rows.T[:, None, :, None] * columns.T[None, :, None, :]).reshape(-1, *teaching.grid.shape)  # (J, n_lat, n_lon)
    for stamp, month in zip(teaching.months, parts, strict=True):
        seen = teaching.metric.whiten(teaching.see(month[:, None] * shapes))
        yield Month(stamp, seen.reshape(-1, seen.shape[-1]))
