"""Constraint 1: storage rises where water comes in (eq. 12)."""

from __future__ import annotations

from keras import ops

from gwkeras.losses.masked import masked_mean


def sign_hinge(storage_change, net_water_input, mask):
    """mean max(0, −ΔG · sgn(P − ET)): grows with the size of the violation, so that it can train.

    Eq. 12 as printed takes the sign of ΔG too. That is at most 1 and has gradient zero everywhere, while the paper's
    Table 5 reports 1.42; the hinge is unbounded and what the table must hold.

    Args:
        storage_change: ΔG, (batch, H, W, 1).
        net_water_input: P − ET, (batch, H, W, 1), of which the sign counts.
        mask: (batch, H, W, 1) bool.
    Returns: (batch,), in the unit of `storage_change`.

    >>> import numpy as np
    >>> change = np.array([-6.0, 4.0], "float32").reshape(1, 1, 2, 1)
    >>> float(sign_hinge(change, np.full_like(change, 30.0), change != 0)[0])  # one of two cells falls, by 6
    3.0
    """
    return masked_mean(ops.relu(-storage_change * ops.sign(net_water_input)), mask)


def sign_share(storage_change, net_water_input, mask):
    """Eq. 12 as printed, mean max(0, −sgn ΔG · sgn(P − ET)): the share of cells with the wrong sign.

    For reports: it trains nothing.

    Args:
        storage_change: ΔG, (batch, H, W, 1).
        net_water_input: P − ET, (batch, H, W, 1).
        mask: (batch, H, W, 1) bool.
    Returns: (batch,), from 0 to 1.

    >>> import numpy as np
    >>> change = np.array([-6.0, 4.0], "float32").reshape(1, 1, 2, 1)
    >>> float(sign_share(change, np.full_like(change, 30.0), change != 0)[0])
    0.5
    """
    return masked_mean(ops.relu(-ops.sign(ops.stop_gradient(storage_change)) * ops.sign(net_water_input)), mask)
