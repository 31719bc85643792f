"""Sums of one method, added up field by field, and the scores that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gwkeras.evaluate.measures.metric import Cells, Column, Sums, evaluated
from gwkeras.evaluate.measures.metrics import columns, integrands


@dataclass
class Scores:
    """The scores of one method over some months and cells.

    >>> scores = Scores()
    >>> scores.add(np.array([3.0, 1.0]), np.array([1.0, 1.0]), weights=np.array([1.0, 3.0]))
    >>> scores["bias"], scores["rmse"]
    (0.5, 1.0)

    Args:
        sums: integrand -> Σ weight × integrand, with "weight" and "cells"; `add` adds to them.
        interval: probability of the method's interval; None where it has none.
        intervals: of all methods beside it: each has a column of its own.
    """

    sums: dict[str, Any] = field(default_factory=dict)
    interval: float | None = None
    intervals: tuple[float, ...] = ()

    def add(
        self,
        predicted: np.ndarray,
        truth: np.ndarray,
        weights: np.ndarray,
        lower: np.ndarray | None = None,
        upper: np.ndarray | None = None,
        sigma: np.ndarray | None = None,
        interval: float = 0.9,
    ) -> None:
        """Adds one field. Cells count with their weight where prediction and truth are both finite.

        Args:
            predicted: (n_lat, n_lon) mm.
            truth: (n_lat, n_lon) mm.
            weights: (n_lat, n_lon) area × land fraction.
            lower: bound of the interval whose coverage is counted.
            upper: likewise.
            sigma: standard deviation of the prediction, mm; None: it claims to be exact.
            interval: probability that the interval is to hold.
        """
        use = counted(predicted, truth, weights)
        cells = cells_at(use, predicted, truth, sigma, lower, upper)
        if lower is not None:
            self.interval = interval
        for name, value in sums_of(values_of(cells), weights[use].astype(np.float64)).items():
            self.sums[name] = self.sums.get(name, 0) + value

    def __getitem__(self, key: str) -> float:
        """A score by its column's key, such as "rmse" or "coverage_90"; NaN where there is none."""
        found = {column.key: column for column in columns([self.interval or 0.9])}
        return self._value(found[key])

    @property
    def cells(self) -> int:
        """Cells that were counted, over all fields."""
        return int(self.sums.get("cells", 0))

    @property
    def truth_deviation(self) -> float:
        """Standard deviation over cells and months of the field that methods are scored against, mm."""
        mean, square = (self.sums[name] / self.sums["weight"] for name in ("truth", "truth_squared"))
        return float(np.sqrt(max(square - mean**2, 0.0)))

    @property
    def columns(self) -> tuple[Column, ...]:
        """What tables show of it."""
        return columns(self.intervals or (() if self.interval is None else (self.interval,)))

    def value(self, column: Column) -> float | None:
        """The score of a column; None where the method has no such interval or nothing was judged."""
        if column.metric.of_interval and column.interval != self.interval:
            return None
        found = self._value(column)
        return found if np.isfinite(found) else None

    def as_dict(self) -> dict[str, float | None]:
        """Every score by its column's key: errors in mm, the rest as shares."""
        return {column.key: self.value(column) for column in self.columns}

    def _value(self, column: Column) -> float:
        return float(evaluated(column.metric, self.sums)) if self.sums else float("nan")


def counted(predicted: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Whether a cell counts: prediction and truth are known there, and it has weight."""
    return np.isfinite(predicted) & np.isfinite(truth) & (weights > 0)


def cells_at(
    use: np.ndarray,
    predicted: np.ndarray,
    truth: np.ndarray,
    sigma: np.ndarray | None,
    lower: np.ndarray | None,
    upper: np.ndarray | None,
    quantiles: tuple[tuple[float, float], ...] = (),
) -> Cells:
    """The cells where `use` holds, as float64."""
    return Cells(predicted, truth, sigma, lower, upper, quantiles).at(use)


def values_of(cells: Cells) -> dict[str, np.ndarray]:
    """Every integrand of every metric at the cells."""
    return {name: integrand.of(cells) for name, integrand in integrands().items()}


def sums_of(values: Mapping[str, np.ndarray], weights: np.ndarray) -> Sums:
    """Σ weight × integrand over the cells, with their weight and their number."""
    found: dict[str, Any] = {"cells": len(weights), "weight": weights.sum()}
    for name, value in values.items():
        found[name] = weights[value].sum() if value.dtype == bool else (weights * value).sum()
    return found
