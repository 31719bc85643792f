"""Constraint 2: storage change goes with infiltrating water in proportion (eq. 13)."""

from __future__ import annotations

from keras import ops

from gwkeras.losses.masked import masked_mean, masked_variance


def magnitude(storage_change, infiltration, mask, floor: float = 1e-2, centred: bool = False):
    """Eq. 13: mean squared difference of ΔG/σ(ΔG) and (P − ET)α/σ((P − ET)α), σ per sample over the cells that count.

    Does not change where either field is multiplied by a positive number; centred, it equals 2 (1 − correlation) and
    does not change where a constant is added either. Gradients pass through σ(ΔG).

    Args:
        storage_change: ΔG, (batch, H, W, 1).
        infiltration: (P − ET)α, (batch, H, W, 1), in the same unit.
        mask: (batch, H, W, 1) bool.
        floor: smallest σ of both fields, in their unit: a uniform field must not be blown up.
        centred: whether each field's mean over the sample is taken off first; the equation does not say.
    Returns: (batch,).

    >>> import numpy as np
    >>> water = np.array([[1.0, -1.0], [2.0, -2.0]], "float32")[None, ..., None]
    >>> round(float(magnitude(3 * water, water, water != 0)[0]), 4), round(float(magnitude(-water, water, water != 0)[0]), 4)
    (0.0, 4.0)
    """
    difference = _scaled(storage_change, mask, floor, centred) - _scaled(infiltration, mask, floor, centred)
    return masked_mean(ops.square(difference), mask)


def _scaled(values, mask, floor: float, centred: bool):
    mean = masked_mean(values, mask)
    # The floor is inside the root: the root's gradient at zero is infinite.
    deviation = ops.sqrt(ops.maximum(masked_variance(values, mask, mean), floor**2))
    if centred:
        values = values - mean[:, None, None, None]
    return values / deviation[:, None, None, None]
