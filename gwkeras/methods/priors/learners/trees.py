"""Regression trees as plain arrays: kept without code, walked through by scikit-learn's compiled trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from gwkeras.core.errors import BadInput


@dataclass(frozen=True)
class Trees:
    """The sum of some trees. A node is a leaf where `left` is −1; else x[feature] ≤ threshold goes left.

    Args:
        features: p, of a row.
        first: (trees + 1,) where each tree's nodes begin; children count from there.
        left: (nodes,) child, beyond its parent; −1 in leaves.
        right: likewise.
        feature: (nodes,).
        threshold: (nodes,).
        value: (nodes,) mm, what a leaf adds.
    """

    features: int
    first: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray

    def __post_init__(self) -> None:
        if not self._fits_together() or not self._leads_to_leaves():
            raise BadInput("trees", expected="nodes that lead to leaves", found="others", remedy="fit the prior again")

    def _fits_together(self) -> bool:
        arrays = (self.left, self.right, self.feature, self.threshold, self.value)
        ends = self.first[0] == 0 and self.first[-1] == len(self.left) and (np.diff(self.first) > 0).all()
        return bool(ends and len({len(values) for values in arrays}) == 1)

    def _leads_to_leaves(self) -> bool:
        """Whether every walk ends: compiled trees look at whatever a child's number says."""
        inner, size = self.left >= 0, np.diff(self.first)
        own, most = np.arange(len(self.left)) - np.repeat(self.first[:-1], size), np.repeat(size, size)
        children = np.stack([self.left, self.right])
        return bool(
            (self.left >= -1).all()
            and ((children > own) & (children < most))[:, inner].all()
            and ((self.feature >= 0) & (self.feature < self.features))[inner].all()
            and np.isfinite(self.threshold[inner]).all()
            and np.isfinite(self.value).all()
        )

    def __getstate__(self) -> dict[str, Any]:
        return {"features": self.features, **self.arrays()}  # compiled trees are made anew

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, p) float32 -> (n,) mm."""
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        total = np.zeros(len(rows))
        for tree in self._compiled:
            total += tree.predict(rows).reshape(len(rows))
        return total

    def arrays(self) -> dict[str, np.ndarray]:
        """What is kept."""
        names = ("first", "left", "right", "feature", "threshold", "value")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def joined(cls, features: int, trees: list[tuple[np.ndarray, ...]]) -> Trees:
        """One of many: (left, right, feature, threshold, value) each."""
        left, right, feature, threshold, value = (np.concatenate(part) for part in zip(*trees, strict=True))
        first = np.cumsum([0, *(len(tree[0]) for tree in trees)])
        inner = left >= 0
        return cls(
            features,
            first,
            np.where(inner, left, -1).astype(np.int64),
            np.where(inner, right, -1).astype(np.int64),
            np.where(inner, feature, 0).astype(np.int64),
            np.where(inner, threshold, 0.0).astype(np.float64),
            np.asarray(value, dtype=np.float64),
        )

    @cached_property
    def _compiled(self) -> list[Any]:
        """The same as scikit-learn's own trees, whose walk is compiled; their node's layout is asked of a tree of its own."""
        from sklearn.tree import DecisionTreeRegressor

        example = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0]).tree_
        layout, kind = example.__getstate__()["nodes"].dtype, type(example)
        result = []
        for begin, end in pairwise(self.first.tolist()):
            part = slice(begin, end)
            nodes = np.zeros(end - begin, dtype=layout)
            leaf = self.left[part] < 0
            nodes["left_child"], nodes["right_child"] = self.left[part], self.right[part]
            nodes["feature"] = np.where(leaf, -2, self.feature[part])
            nodes["threshold"] = np.where(leaf, -2.0, self.threshold[part])
            nodes["n_node_samples"], nodes["weighted_n_node_samples"] = 1, 1.0
            tree = kind(self.features, np.array([1], dtype=np.intp), 1)
            depth = _depth(self.left[part], self.right[part])
            values = self.value[part].reshape(-1, 1, 1).copy()
            tree.__setstate__({"max_depth": depth, "node_count": end - begin, "nodes": nodes, "values": values})
            result.append(tree)
        return result


def _depth(left: np.ndarray, right: np.ndarray) -> int:
    """Of a tree whose children stand behind their parents."""
    depth = np.zeros(len(left), dtype=int)
    for node in np.flatnonzero(left >= 0):
        depth[left[node]] = depth[right[node]] = depth[node] + 1
    return int(depth.max())
