"""The points that proximity is measured to: some that stand for all rows, spread over space and time as the rows are."""

from __future__ import annotations

import numpy as np

_SAMPLE = 20_000  # rows that the points are chosen from
_PASSES = 8  # of Lloyd's
_PAIRS = 20_000  # rows by whose distances the kinds are scaled


def reference_points(coordinates: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Centres of k-means (Lloyd 1982, doi 10.1109/TIT.1982.1056489), started from points far from one another.

    Args:
        coordinates: (n, d), in units in which columns can be compared.
        count: points wanted; where there are no more different rows, these are the points.
        rng: draws the rows looked at, and the first point.
    Returns: (at most count, d).
    """
    rows = coordinates if len(coordinates) <= _SAMPLE else coordinates[rng.choice(len(coordinates), _SAMPLE, replace=False)]
    rows = np.unique(rows, axis=0)
    if len(rows) <= count:
        return rows
    points = _far_apart(rows, count, rng)
    for _ in range(_PASSES):
        nearest = _nearest(rows, points)
        held = np.bincount(nearest, minlength=count)
        for column in range(rows.shape[1]):
            sums = np.bincount(nearest, rows[:, column], minlength=count)
            points[:, column] = np.where(held > 0, sums / np.maximum(held, 1), points[:, column])
    return points


def typical_distances(
    coordinates: np.ndarray, references: np.ndarray, kinds: tuple[tuple[int, ...], ...], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(kind,) mean and standard deviation of the distances of some rows to the references; 0 and 1 where all are the same."""
    rows = coordinates[rng.integers(len(coordinates), size=_PAIRS)]
    points = references[rng.integers(len(references), size=_PAIRS)]
    means, deviations = np.zeros(len(kinds)), np.ones(len(kinds))
    for number, columns in enumerate(kinds):
        distance = np.sqrt(((rows[:, columns] - points[:, columns]) ** 2).sum(axis=1))
        if distance.std() > 1e-9 * max(float(distance.max()), 1e-300):
            means[number], deviations[number] = distance.mean(), distance.std()
    return means, deviations


def _far_apart(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Each next point drawn with a chance that grows with the square of its distance from those chosen: k-means++'s start."""
    chosen = [int(rng.integers(len(rows)))]
    squares = ((rows - rows[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        chosen.append(int(np.searchsorted(np.cumsum(squares), rng.uniform(0, squares.sum()))))
        squares = np.minimum(squares, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
    return rows[chosen].astype(float)


def _nearest(rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(points).query(rows)[1])
