"""How strongly a place answers, beside what maps say: smooth fields that multiply the parts of a prior, learned from the product.

Aquifers and wells are on no map. A place whose storage answers a dry year twice as strongly as the maps suggest does so every
year, and the product shows it: f = Σ_g (1 + Σ_j δ_gj φ_j) f_g, with φ_j Gaussian bumps, wide against cell and filter, and δ from
a second ridge on what the first has left (a smooth varying-coefficient model; Fotheringham et al. 2002 by another road).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.ridge.seen_features import Month
from gwkeras.methods.priors.ridge.strength import choose_strength, solve_ridge
from gwkeras.methods.priors.teaching.bumps import Bumps
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.priors.teaching.seen_bumps import SeenBumps

_SPANS = 8  # of months, left out by turns: the same place in other months is what a held-out month will have
_SPACING_CELLS = 3.0  # product cells between bumps, at least
_SPACING_REACH = 1.0  # half-weight distances between bumps, at least
_STRENGTHS = (10.0, 30.0, 100.0, 1e3, 1e4)  # from 10 on: a departure of 0.3 is likely beforehand, one of 1 is not


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


def _features(parts: np.ndarray, teaching: Teaching, bumps: Bumps) -> Iterator[Month]:
    """(group · bump) features of each month."""
    seen = SeenBumps(bumps, teaching)
    for stamp, month in zip(teaching.months, parts, strict=True):
        found = seen(month)
        yield Month(stamp, found.reshape(-1, found.shape[-1]))
