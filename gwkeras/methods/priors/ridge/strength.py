"""How strongly a ridge is held back: chosen by the product of spans of months and tiles that the weights have not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.teaching.belief import is_believed, standard_error

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4)
"""Candidates where the product shows its cells."""

STRENGTHS_FILTERED = STRENGTHS[4:]
"""Candidates where a filter hides them: held-out product cannot tell there how little is too little, since what weak ridges
get wrong is what the filter takes away."""

_TOLERANCE = 0.5  # standard errors by which a stronger ridge may be worse and is still taken


@dataclass(frozen=True)
class Strength:
    """What held-out product says.

    Args:
        value: the ridge's strength; infinite where the features do not help, and all weights are 0.
        gain: share of the held-out product's power, in the metric, that the features explain at that strength.
        gain_error: its standard error over the parts left out; infinite where there are not two.
        errors: (strength,) share of the power left at each candidate.
    """

    value: float
    gain: float
    gain_error: float
    errors: np.ndarray


def choose_strength(equations: NormalEquations, candidates: tuple[float, ...] = STRENGTHS) -> Strength:
    """The strongest ridge that predicts held-out product as well as the best.

    Each part left out is a span of months in a group of tiles; the weights come from the other months in the other tiles, for
    neighbours in either resemble it. Where the mean gain is not believed (`belief.py`), all weights are 0.

    Args:
        equations: of features scaled so that the ridge holds all back alike.
        candidates: ascending.
    """
    gram, moment, power = equations.gram, equations.moment, equations.power
    spans, groups = power.shape
    unit = power.sum() / max(equations.count.sum(), 1.0)
    grams, moments = Others(gram), Others(moment)
    left, parts = [], []
    for span, group in _parts(spans, groups):
        if not equations.count[span, group] or not power[span, group]:
            continue
        others, right = grams(span, group), moments(span, group)
        inside, cross = gram[span, group], moment[span, group]
        row = []
        for strength in candidates:
            weights = _solve(others, right, strength * unit)
            row.append((power[span, group] - 2 * weights @ cross + weights @ inside @ weights) / power[span, group])
        left.append(row)
        parts.append((span, group))
    if len(left) < 2:
        return Strength(np.inf, 0.0, np.inf, np.ones(len(candidates)))
    errors = np.array(left)  # (part, strength)
    mean, best = errors.mean(axis=0), int(errors.mean(axis=0).argmin())
    slack = (errors - errors[:, [best]]).std(axis=0, ddof=1) / np.sqrt(len(errors))
    chosen = int(np.flatnonzero(mean <= mean[best] + _TOLERANCE * slack).max())
    gain = 1.0 - errors[:, chosen]
    gain_error = standard_error(gain, *np.array(parts).T)
    value = candidates[chosen] if is_believed(gain.mean(), gain_error) else np.inf
    return Strength(float(value), float(gain.mean()), gain_error, mean)


def solve_ridge(equations: NormalEquations, strength: float) -> np.ndarray:
    """(p,) (Σ XᵀV⁻¹X + strength · σ² 1)⁻¹ Σ XᵀV⁻¹y; zeros for an infinite strength.

    σ² is the mean square of the whitened values, so that strengths mean the same for every product.
    """
    moment = equations.moment.sum(axis=(0, 1))
    if not np.isfinite(strength):
        return np.zeros_like(moment)
    unit = equations.power.sum() / max(equations.count.sum(), 1.0)
    return _solve(equations.gram.sum(axis=(0, 1)), moment, strength * unit)


def _solve(gram: np.ndarray, moment: np.ndarray, ridge: float) -> np.ndarray:
    held = gram.copy()
    held[np.diag_indices_from(held)] += max(ridge, 1e-9 * float(np.trace(gram)) / len(gram))
    return cho_solve(cho_factor(held, overwrite_a=True, check_finite=False), moment, check_finite=False)


def _parts(spans: int, groups: int) -> list[tuple[int, int]]:
    """Each group of tiles is left out in two spans, each span with every so many groups; all spans where there is one group."""
    if groups == 1:
        return [(span, 0) for span in range(spans)]
    shifts = (0, spans // 2) if spans > 1 else (0,)
    return [((group + shift) % spans, group) for shift in shifts for group in range(groups)]


class Others:
    """Sums over all other spans in all other groups: over other spans alone, or groups alone, where there is but one."""

    def __init__(self, sums: np.ndarray) -> None:
        self.sums, self.by_span, self.by_group = sums, sums.sum(axis=1), sums.sum(axis=0)
        self.total = self.by_span.sum(axis=0)

    def __call__(self, span: int, group: int) -> np.ndarray:
        spans, groups = self.sums.shape[:2]
        if groups == 1:
            return self.total - self.by_span[span]
        if spans == 1:
            return self.total - self.by_group[group]
        return self.total - self.by_span[span] - self.by_group[group] + self.sums[span, group]
