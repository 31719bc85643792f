"""Spatial smoothness (eq. 15)."""

from __future__ import annotations

from typing import Literal

from keras import ops

_FIELD = (1, 2, 3)


def smoothness(field, mask, form: Literal["squared", "absolute"] = "squared"):
    """Eq. 15: (1/N) Σ [(Ĝᵢ₊₁ⱼ − Ĝᵢⱼ)² + (Ĝᵢⱼ₊₁ − Ĝᵢⱼ)²], N the number of cells that count.

    Only pairs of cells that both count enter. The paper calls the squares "total variation"; "absolute" is that.

    Args:
        field: Ĝ, (batch, H, W, 1).
        mask: (batch, H, W, 1) bool.
        form: "squared" or "absolute".
    Returns: (batch,).

    >>> import numpy as np
    >>> steps = np.array([[0.0, 3.0], [0.0, 3.0]], "float32")[None, ..., None]
    >>> float(smoothness(steps, steps >= 0)[0]), float(smoothness(steps, steps >= 0, "absolute")[0])
    (4.5, 1.5)
    """
    measure = ops.square if form == "squared" else ops.abs
    total = 0.0
    for axis in (1, 2):
        near, far = _neighbours(field, axis)
        both = ops.logical_and(*_neighbours(mask, axis))
        total = total + ops.sum(ops.where(both, measure(far - near), 0.0), axis=_FIELD)
    return total / ops.maximum(ops.sum(ops.cast(mask, field.dtype), axis=_FIELD), 1.0)


def _neighbours(values, axis: int):
    # Split, not sliced: the gradient of a slice fills a whole field with zeros.
    near, _ = ops.split(values, [values.shape[axis] - 1], axis=axis)
    _, far = ops.split(values, [1], axis=axis)
    return near, far
