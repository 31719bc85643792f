"""The maps that a memory is multiplied by: static fields, terrain and mean climate, standardised over land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.terrain import elevation_among, terrain_maps

_LARGEST = 4.0  # standard deviations; what lies beyond is taken for an error of the map
_CONSTANT = 1e-6  # of the largest value: a map that varies less than that says nothing


def raw_maps(climate: FineClimate, means: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All maps at hand, each in its own unit.

    Args:
        climate: the static fields; terrain follows from the elevation among them.
        means: channel -> (n_lat, n_lon), the record's mean.
    Returns: name -> (n_lat, n_lon).
    """
    maps = {name: np.asarray(field, dtype=np.float64) for name, field in climate.static.items()}
    elevation = elevation_among(tuple(maps))
    if elevation is not None:
        maps |= terrain_maps(climate.grid, maps[elevation])
    if "precipitation" in means:
        maps["mean_precipitation"] = np.log1p(np.maximum(means["precipitation"], 0.0))
    for name in ("temperature", "net_water_input"):
        if name in means:
            maps[f"mean_{name}"] = np.asarray(means[name], dtype=np.float64)
    return maps


@dataclass(frozen=True)
class Standard:
    """By what a region's maps are made comparable; the same numbers serve wherever the weights are used.

    Args:
        names: of the maps, in order.
        means: (maps + products,) over land, weighted by area.
        deviations: (maps + products,) likewise.
        left_out: names of maps that are constant or have gaps, with the reason.
        products: pairs of names whose product, each in its own standard form, is a map by itself.
    """

    names: tuple[str, ...]
    means: np.ndarray
    deviations: np.ndarray
    left_out: tuple[str, ...] = ()
    products: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, maps: dict[str, np.ndarray], weight: np.ndarray, multiplied: Sequence[str] = ()) -> Standard:
        """The mean and deviation of each map that varies.

        Args:
            maps: name -> (n_lat, n_lon).
            weight: (n_lat, n_lon) area × land; maps are looked at where it is positive.
            multiplied: names of maps whose squares and products are maps too.
        """
        on_land = weight > 0
        share = weight[on_land] / weight[on_land].sum()
        names, means, deviations, left_out = [], [], [], []
        for name, field in maps.items():
            values = field[on_land]
            if not np.isfinite(values).all():
                left_out.append(f"{name} has gaps on land")
                continue
            mean = float(share @ values)
            deviation = float(np.sqrt(share @ (values - mean) ** 2))
            if deviation <= _CONSTANT * float(np.abs(values).max()):
                left_out.append(f"{name} is constant")
                continue
            names.append(name)
            means.append(mean)
            deviations.append(deviation)
        alone = cls(tuple(names), np.array(means), np.array(deviations), tuple(left_out))
        chosen = [name for name in multiplied if name in names]
        return alone._with_products(maps, share, on_land, list(combinations_with_replacement(chosen, 2))) if chosen else alone

    def _with_products(
        self, maps: dict[str, np.ndarray], share: np.ndarray, on_land: np.ndarray, pairs: list[tuple[str, str]]
    ) -> Standard:
        standard = dict(zip(self.names, self(maps)[1:], strict=True))
        kept, means, deviations = [], list(self.means), list(self.deviations)
        for one, other in pairs:
            values = (standard[one] * standard[other])[on_land].astype(np.float64)
            mean = float(share @ values)
            deviation = float(np.sqrt(share @ (values - mean) ** 2))
            if deviation > _CONSTANT * float(np.abs(values).max()):  # a map of two values has a square that is constant
                kept.append((one, other))
                means.append(mean)
                deviations.append(deviation)
        return replace(self, means=np.array(means), deviations=np.array(deviations), products=tuple(kept))

    def __call__(self, maps: dict[str, np.ndarray]) -> np.ndarray:
        """(1 + maps + products, n_lat, n_lon) float32.

        Ones first, then each map less its mean, in deviations, at most 4 of them; then the products of these, likewise.
        """
        first = next(iter(maps.values()))
        result = np.ones((1 + len(self.names) + len(self.products), *first.shape), dtype=np.float32)
        row_of = {name: row for row, name in enumerate(self.names, start=1)}
        for row, (mean, deviation) in enumerate(zip(self.means, self.deviations, strict=True), start=1):
            if row <= len(self.names):
                values = maps[self.names[row - 1]]
            else:
                one, other = self.products[row - 1 - len(self.names)]
                values = result[row_of[one]] * result[row_of[other]]
            result[row] = np.clip(np.nan_to_num((values - mean) / deviation), -_LARGEST, _LARGEST)
        return result
