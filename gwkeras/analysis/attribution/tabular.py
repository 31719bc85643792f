"""Shapley values of a regression on rows of features, by the shap package (an extra), summed into groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gwkeras.analysis.attribution.coalitions import Attribution
from gwkeras.core.errors import BadInput


def tabular_shapley(
    regression: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, background: np.ndarray, names: Sequence[str], seed: int = 0
) -> Attribution:
    """Shapley values by antithetic permutations, which sum to the prediction whatever their number.

    Args:
        regression: (n, p) -> (n,).
        rows: (n, p) that are explained.
        background: (b, p) that stand for the usual.
        names: (p,) of the features.
        seed: of the permutations.
    Raises: BadInput: where the shap package is missing.
    """
    try:
        import shap
    except ImportError as error:
        raise BadInput(
            "gwkeras explain", expected="the shap package", found="none", remedy='install it: pip install "gwkeras[explain]"'
        ) from error

    def asked(given: np.ndarray) -> np.ndarray:
        return np.asarray(regression(np.asarray(given, dtype=np.float32)), dtype=float)

    explainer = shap.explainers.Permutation(asked, shap.maskers.Independent(background, max_samples=len(background)), seed=seed)
    found = explainer(rows, max_evals=2 * rows.shape[1] * 10 + 1, silent=True)
    usual = np.broadcast_to(np.asarray(found.base_values, dtype=float).reshape(-1, 1)[:, 0], len(rows))
    return Attribution(tuple(names), np.asarray(found.values, dtype=float).T, np.array(usual), asked(rows))


def grouped(found: Attribution, groups: Sequence[str]) -> Attribution:
    """Features summed into groups: Shapley values of groups, where no feature of one goes with one of another.

    Args:
        found: by feature.
        groups: (p,) name of the group of each feature.
    """
    names = tuple(dict.fromkeys(groups))
    values = np.stack([found.values[[k for k, group in enumerate(groups) if group == name]].sum(axis=0) for name in names])
    return Attribution(names, values, found.usual, found.predicted)
