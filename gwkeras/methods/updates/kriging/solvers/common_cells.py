"""Cells that nearly all months know, and the months that know them all: one gain then serves for all of these."""

from __future__ import annotations

import numpy as np

from gwkeras.core.errors import BadInput

_LEAST_MONTHS = 2


def common_cells(residuals: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells known in nearly all months, and the months that know them all."""
    finite = np.isfinite(residuals) & (share > 0)
    some = finite.any(axis=(1, 2))
    if some.any():
        known = finite[some].mean(axis=0) >= 0.9
        months = finite[:, known].all(axis=1)
        if known.any() and months.sum() >= max(_LEAST_MONTHS, 0.5 * some.sum()):
            return known, months
        masks, which, counts = np.unique(finite.reshape(len(finite), -1), axis=0, return_inverse=True, return_counts=True)
        counts = np.where(masks.any(axis=1), counts, 0)
        best = int(counts.argmax())
        if counts[best] >= _LEAST_MONTHS:
            return masks[best].reshape(share.shape), which.ravel() == best
    found = (
        f"{int(some.sum())} months with values, of which no {_LEAST_MONTHS} agree" if some.any() else "none with a value on land"
    )
    raise BadInput(
        "storage of the training months",
        expected=f"at least {_LEAST_MONTHS} months in which the same land cells have values",
        found=found,
        remedy="give more months, or a region with land",
    )
