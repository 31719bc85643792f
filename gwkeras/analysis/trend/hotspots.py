"""Where storage falls or rises fastest: connected cells with a significant trend, ranked by the water they lose or gain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from gwkeras.core.grid import Grid

_NEIGHBOURS = np.ones((3, 3), int)


@dataclass(frozen=True)
class Hotspot:
    """One connected region.

    Args:
        lat: of its centre of area, degrees north.
        lon: degrees east.
        cells: in it.
        area: km².
        rate: mean trend, mm a year, negative where storage falls.
        fastest: trend of its fastest cell, mm a year.
        volume: km³ a year.
    """

    lat: float
    lon: float
    cells: int
    area: float
    rate: float
    fastest: float
    volume: float


def hotspots(
    slope: np.ndarray, significant: np.ndarray, grid: Grid, weights: np.ndarray, least_rate: float, fewest_cells: int = 2
) -> tuple[tuple[Hotspot, ...], np.ndarray]:
    """Regions by the size of their change, greatest first, and a map of their numbers from 1 on, 0 elsewhere.

    Args:
        slope: (n_lat, n_lon) mm a year.
        significant: the same shape.
        grid: of the cells; columns of a whole globe close.
        weights: (n_lat, n_lon) km² of land.
        least_rate: smallest |trend| of a cell in a hotspot, mm a year.
        fewest_cells: of a hotspot.
    """
    found: list[tuple[Hotspot, np.ndarray]] = []
    for falling in (True, False):
        chosen = significant & np.isfinite(slope) & (weights > 0) & ((slope <= -least_rate) if falling else (slope >= least_rate))
        labels = _connected(chosen, grid.is_periodic)
        for label in range(1, labels.max(initial=0) + 1):
            member = labels == label
            if member.sum() >= fewest_cells:
                found.append((_hotspot(slope, member, grid, weights), member))
    found.sort(key=lambda each: -abs(each[0].volume))
    numbers = np.zeros(slope.shape, np.int32)
    for number, (_, member) in enumerate(found, start=1):
        numbers[member] = number
    return tuple(each for each, _ in found), numbers


def fast_rate(slope: np.ndarray, significant: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The |trend| that this share of the land with a significant trend exceeds, mm a year; inf where there is none.

    Args:
        slope: (n_lat, n_lon) mm a year.
        significant: the same shape.
        weights: (n_lat, n_lon) km² of land.
        share: from 0 to 1.
    """
    chosen = significant & np.isfinite(slope) & (weights > 0)
    if not chosen.any():
        return float("inf")
    size, weight = np.abs(slope[chosen]), weights[chosen]
    order = np.argsort(-size)
    summed = np.cumsum(weight[order])
    return float(size[order][min(np.searchsorted(summed, share * summed[-1]), size.size - 1)])


def _connected(chosen: np.ndarray, periodic: bool) -> np.ndarray:
    labels, count = ndimage.label(chosen, _NEIGHBOURS)
    if not periodic:
        return labels
    same = np.arange(count + 1)
    for shift in (-1, 0, 1):
        for row in range(len(labels)):
            other = row + shift
            if 0 <= other < len(labels) and labels[row, 0] and labels[other, -1]:
                low, high = sorted((same[labels[row, 0]], same[labels[other, -1]]))
                same[same == high] = low
    return np.unique(same[labels], return_inverse=True)[1].reshape(labels.shape)


def _hotspot(slope: np.ndarray, member: np.ndarray, grid: Grid, weights: np.ndarray) -> Hotspot:
    rows, cols = np.nonzero(member)
    weight, rate = weights[member], slope[member]
    area = float(weight.sum())
    north, east = np.deg2rad(grid.lat[rows]), np.deg2rad(grid.lon[cols])
    x, y, z = (float(weight @ part) for part in (np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)))
    volume = float(weight @ rate) * 1e-6  # mm × km² = 1000 m³
    return Hotspot(
        float(np.rad2deg(np.arctan2(z, np.hypot(x, y)))),
        float(np.rad2deg(np.arctan2(y, x))),
        int(member.sum()),
        area,
        float(weight @ rate / area),
        float(rate[np.argmax(np.abs(rate))]),
        volume,
    )
