"""Errors of predicting the product where it is held out in all months, by kriging that asks all months together; in closed form.

In the eigenvectors W of T, the correlation of months, each is a field by itself with the covariance μ S + R; to leave out a cell
or a block in all months is Dubrule's closed form (1983) of that field:

    e = Σₖ eₖ Wₖ,    var e(t) = Σₖ Wₖ(t)² varₖ.
"""

from __future__ import annotations

import numpy as np

from gwkeras.methods.updates.kriging.covariance.patterns import Patterns

_AT_ONCE = 2**22  # values of blocks' matrices


def held_out_in_time(patterns: Patterns, values: np.ndarray, blocks: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Each value minus its prediction from what lies outside of its block, in all months, and the variance of that.

    Args:
        patterns: of n observations over M months, none worse than the others.
        values: (n, M) mm.
        blocks: (n,) label of each observation's block; None: each is its own.
    Returns: (n, M) errors and (n, M) variances.
    """
    shapes, powers = patterns.shapes, 1.0 / (patterns.amounts[:, None] * patterns.kept + 1.0)  # (n, mode)
    weighted = shapes @ (shapes.T @ values @ patterns.courses * powers)
    if blocks is None:
        variance = 1.0 / (shapes**2 @ powers)
        errors = weighted * variance
    else:
        errors, variance = np.empty(weighted.shape), np.empty(weighted.shape)
        for label in np.unique(blocks):
            inside = np.flatnonzero(blocks == label)
            own = shapes[inside]
            some = max(1, _AT_ONCE // own.size)
            for start in range(0, powers.shape[1], some):
                modes = slice(start, start + some)
                covariance = np.linalg.inv((own * powers[:, modes].T[:, None]) @ own.T)  # (mode, inside, inside)
                errors[inside, modes] = np.einsum("kij,jk->ik", covariance, weighted[inside, modes])
                variance[inside, modes] = np.diagonal(covariance, axis1=1, axis2=2).T
    return errors @ patterns.courses.T, variance @ (patterns.courses**2).T
