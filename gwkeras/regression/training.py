"""From a design and rows to a trained network of plain arrays. Imports Keras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.models.weighted_regression import Design, weighted_regression
from gwkeras.regression.descent import Goal, MembersError, Schedule, descend
from gwkeras.regression.weighted_network import WeightedNetwork

Rows = tuple[np.ndarray, ...]
"""Predictors (n, ..., k), coordinates (n, ..., d), and attributes (n, ..., a) where there are any."""


def train(
    design: Design,
    rows: Rows,
    values: np.ndarray,
    schedule: Schedule,
    rng: np.random.Generator,
    *,
    held_out: tuple[Rows, np.ndarray] | None = None,
    whiteners: Sequence[np.ndarray] | None = None,
    weights: np.ndarray | None = None,
) -> WeightedNetwork:
    """A trained network.

    Args:
        design: of the network.
        rows: what it sees.
        values: (n, ...) in the unit of the coefficients times the predictors.
        schedule: of the steps.
        rng: of everything drawn.
        held_out: rows (m, ...) and values (m,) to choose the epoch by; None: the last is taken.
        whiteners: the metric of months of cells (n, cell, ...), tile by tile; None: rows count alike.
        weights: of the values; None: all alike.
    """
    model = weighted_regression(design, rows[0].shape[1:-1], int(rng.integers(2**31)))

    def judge(found: list[np.ndarray]) -> float:
        assert held_out is not None
        own, told = held_out
        return float(np.mean((as_arrays(design, found)(*own) - told) ** 2))

    found = descend(
        model,
        [np.asarray(columns, dtype=np.float32) for columns in rows],
        [Goal(np.asarray(values, dtype=np.float32)[..., None], MembersError(whiteners), weights)],
        schedule,
        rng,
        None if held_out is None else judge,
    )
    return as_arrays(design, found)


def as_arrays(design: Design, weights: Sequence[np.ndarray]) -> WeightedNetwork:
    """A Keras model's weights, in its order, as a network that answers without Keras."""
    return WeightedNetwork(
        references=np.asarray(design.references, dtype=np.float64),
        columns=np.array([column for columns in design.kinds for column in columns]),
        kinds=np.array([len(columns) for columns in design.kinds]),
        centres=np.asarray(design.centres, dtype=np.float64),
        scales=np.asarray(design.scales, dtype=np.float64),
        coefficients=np.asarray(design.coefficients, dtype=np.float64),
        coefficient_scales=np.asarray(design.coefficient_scales, dtype=np.float64),
        weights=tuple(np.asarray(weight, dtype=np.float32) for weight in weights if weight.dtype.kind == "f"),
    )
