"""Groups of wells: by aquifer, by depth, by distance from the product's edge, by any attribute of the table."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from gwkeras.analysis.wells.reading.table import UNKNOWN, Wells

FOOTPRINT_KM = 300.0
"""What a mascon or a filtered solution sees, about: nearer to the sea it mixes the sea in."""

_DEPTHS = (0.0, 20.0, 50.0, 100.0)  # m
_MOST_NAMES = 12


def classes_of(wells: Wells, edge_km: np.ndarray) -> dict[str, np.ndarray]:
    """ "attribute: class" -> (wells,) whether a well belongs to it.

    Args:
        wells: those that are judged.
        edge_km: (wells,) distance from the product's edge, km.
    """
    found: dict[str, np.ndarray] = {}
    for name in wells.attributes.columns:
        found |= {f"{name}: {label}": member for label, member in _of_attribute(wells.attributes[name]).items()}
    if np.isfinite(wells.depth).any():
        edges = [*_DEPTHS, np.inf]
        for low, high in pairwise(edges):
            label = f"over {low:g} m" if np.isinf(high) else f"{low:g} to {high:g} m"
            found[f"well depth: {label}"] = (wells.depth > low) & (wells.depth <= high)
    if np.isfinite(edge_km).any():
        near = f"distance from the product's edge: up to {FOOTPRINT_KM:g} km"
        found |= {
            near: edge_km <= FOOTPRINT_KM,
            f"distance from the product's edge: over {FOOTPRINT_KM:g} km": edge_km > FOOTPRINT_KM,
        }
    return {label: member for label, member in found.items() if member.any()}


def _of_attribute(values: pd.Series) -> dict[str, np.ndarray]:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
    if np.isfinite(numbers).sum() > 0.9 * values.notna().sum() and np.unique(numbers[np.isfinite(numbers)]).size > _MOST_NAMES:
        edges = np.nanquantile(numbers, [0.0, 1 / 3, 2 / 3, 1.0])
        return {
            f"{low:.4g} to {high:.4g}": (numbers >= low) & ((numbers < high) if k < 2 else (numbers <= high))
            for k, (low, high) in enumerate(pairwise(edges))
        }
    names = values.fillna(UNKNOWN).astype(str)
    frequent = list(names.value_counts().index[:_MOST_NAMES])
    found = {name: (names == name).to_numpy() for name in frequent}
    rest = (~names.isin(frequent)).to_numpy()
    return found | ({"other": rest} if rest.any() else {})
