"""When a prior is believed: by how much more of what was left out it explains than nothing does, and how sure that is."""

from __future__ import annotations

import numpy as np

CERTAIN = 2.0
"""Standard errors by which a gain may be less than it seems."""

WORTH = 0.04
"""Share of the variance left out that is then to be left of it. Climate and maps of another world gained at most 0.072 ± 0.021
and 0.060 ± 0.024, 0.030 less two errors; right ones from 0.085 ± 0.016 to 0.285 ± 0.106, 0.045 or more (docs/skill.md)."""


def is_believed(gain: float, error: float) -> bool:
    """Whether a prior that explains a share `gain` of what was left out, with that standard error, is to be used.

    >>> is_believed(0.285, 0.106), is_believed(0.072, 0.021)
    (True, False)
    """
    return bool(gain - CERTAIN * error > WORTH)


def why_nothing(gain: float, error: float, who: str = "climate and maps do") -> str:
    """Why a prior that is not believed is 0, for a note.

    >>> why_nothing(0.0, float("inf"))
    'the region or the record is too small to hold out product'
    >>> why_nothing(0.019, 0.012)
    "climate and maps do not predict held-out product (0.019 ± 0.012 of the held-out product's variance explained)"
    """
    if not np.isfinite(error):
        return "the region or the record is too small to hold out product"
    return f"{who} not predict held-out product ({gain:.3f} ± {error:.3f} of the held-out product's variance explained)"


def standard_error(gains: np.ndarray, *groupings: np.ndarray) -> float:
    """Of the mean over parts that were left out; those of one group are alike: the largest of the estimates.

    Args:
        gains: (part,) the share explained of each part.
        groupings: (part,) labels each, such as the span of months that a part is of; one of less than three labels tells nothing.
    Returns: infinite for a single part.
    """
    if len(gains) < 2:
        return float("inf")
    estimates = [gains.std(ddof=1) / np.sqrt(len(gains))]
    for labels in groupings:
        means = [gains[labels == label].mean() for label in np.unique(labels)]
        if len(means) > 2:
            estimates.append(np.std(means, ddof=1) / np.sqrt(len(means)))
    return float(max(estimates))
