"""Groups of months and places by which errors are exchanged: a span of a year of a block of a few degrees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.core.months import month_number

SPAN_MONTHS = 12
"""Of a group, at most, where nothing else is asked for."""


def spans_of(months: Sequence[np.datetime64] | np.ndarray, length: int = SPAN_MONTHS) -> np.ndarray:
    """(M,) number of each month's span; a span begins where the one before is as long as it may be.

    Args:
        months: ascending; those that are not there do not end a span.
        length: months from the first to the last of a span, at most.

    >>> spans_of(np.array(["2003-01", "2003-12", "2004-01", "2009-05"], "datetime64[M]")).tolist()
    [0, 0, 1, 2]
    """
    found: list[int] = []
    first = None
    for number in month_number(np.asarray(months)).tolist():
        if first is None or number - first >= length:
            first = number
            found.append(found[-1] + 1 if found else 0)
        else:
            found.append(found[-1])
    return np.array(found, dtype=int)


def blocks_of(lat: np.ndarray, lon: np.ndarray, side_degrees: float) -> np.ndarray:
    """(n,) number of each place's block; blocks are of equal sides, so that none at an edge is a sliver that counts as much.

    Args:
        lat: (n,) degrees north.
        lon: (n,) degrees east.
        side_degrees: of the blocks, about.

    >>> blocks_of(np.array([0.5, 1.5, 2.5, 3.5, 4.5]), np.full(5, 7.0), 2.0).tolist()
    [0, 0, 0, 1, 1]
    """
    labels = []
    for values in (np.asarray(lat, float), np.asarray(lon, float)):
        steps = np.diff(np.unique(values.round(6)))
        step = float(np.median(steps)) if len(steps) else side_degrees
        start, width = values.min() - step / 2, values.max() - values.min() + step
        count = max(1, round(width / side_degrees))
        labels.append(np.floor((values - start) / width * count + 1e-9).astype(int))
    return np.unique(np.stack(labels, axis=1), axis=0, return_inverse=True)[1].ravel()


def in_groups(ratios: np.ndarray, spans: np.ndarray, blocks: np.ndarray) -> list[np.ndarray]:
    """The ratios of each group that has any, by block and then by span.

    Args:
        ratios: (n, M) |error| / σ.
        spans: (M,) of the months.
        blocks: (n,) of the places.
    """
    label = blocks[:, None] * (spans.max(initial=0) + 1) + spans[None, :]
    labels, values = label.ravel(), ratios.ravel()
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    return [group for group in np.split(values[order], ends) if group.size]


def counted(groups: int) -> str:
    """For people: how many groups, and of what.

    >>> counted(1)
    '1 group (years × blocks)'
    """
    return f"{groups} group{'' if groups == 1 else 's'} (years × blocks)"
