"""The mean annual cycle of records, and records without it."""

from __future__ import annotations

import numpy as np

_AT_A_TIME = 4096  # records: what is made of them on the way takes 20 MB


def without_season(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Records less their mean annual cycle; their means and trends stay.

    The cycle is fitted together with a straight line, so that calendar months with more years late in the record do not take a
    part of the trend with them.

    Args:
        values: (months, n); NaN where unknown. A record with fewer than 24 months keeps its season.
        months: (months,) numbers of months, such as those of `month_number`.
    """
    cycle = np.eye(12)[months % 12]
    line = (months - months.mean()) / 12.0
    result = values.astype(float)
    for columns, known in masks_of(values):
        if known.sum() < 24:
            continue
        design = np.column_stack([line[known], cycle[known]])
        some = design[:, 1:].any(axis=0)
        design = np.column_stack([design[:, :1], design[:, 1:][:, some]])
        to_cycle = np.linalg.pinv(design)[1:]
        from_cycle = cycle[np.ix_(known, some)]
        for start in range(0, columns.size, _AT_A_TIME):
            part = np.ix_(known, columns[start : start + _AT_A_TIME])
            season = from_cycle @ (to_cycle @ result[part])
            result[part] -= season - season.mean(axis=0)
    return result


def masks_of(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Columns that are known in the same rows: (numbers of columns, (rows,) whether known), so that each group is worked at once.

    Args:
        values: (rows, n); NaN where unknown.
    """
    known = np.isfinite(values)
    packed = np.packbits(known, axis=0)
    _, first, group = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(first.size + 1))
    return [(order[ends[k] : ends[k + 1]], known[:, first[k]]) for k in range(first.size)]
