"""The model around some weights as a linear system, and how it predicts product that it was not shown."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.ridge.strength import Others
from gwkeras.methods.priors.teaching.belief import standard_error


@dataclass(frozen=True)
class HeldOut:
    """What held-out product says of weights that have not seen it.

    Args:
        left: (part,) share of the part's power that is not explained.
        gain: share that is, in the mean over parts.
        gain_error: its standard error; infinite where there are not two parts.
        amplitude: by which the predictions fit best, 0 … 1.
    """

    left: np.ndarray
    gain: float
    gain_error: float
    amplitude: float


@dataclass(frozen=True)
class System:
    """Sums over spans of months and groups of tiles, of y − f + J δ against J; δ is the departure from the textbook's weights.

    Args:
        gram: (span, group, p, p) Σ Jᵀ J.
        moment: (span, group, p) Σ Jᵀ (y − f + J δ).
        power: (span, group) Σ (y − f + J δ)².
        product: (span, group) Σ y².
        with_product: (span, group, p) Σ Jᵀ y.
        offset: (span, group) Σ y (f − J δ).
    """

    gram: np.ndarray
    moment: np.ndarray
    power: np.ndarray
    product: np.ndarray
    with_product: np.ndarray
    offset: np.ndarray

    @classmethod
    def around(cls, equations: NormalEquations, departure: np.ndarray) -> System:
        """The system around weights.

        Args:
            equations: of the derivatives J there, and of the model f as the last feature.
            departure: (p,) δ there.
        """
        gram, moment, p = equations.gram[..., :-1, :-1], equations.moment[..., :-1], len(departure)
        assert gram.shape[-1] == p
        cross, own, shown = equations.gram[..., :-1, -1], equations.gram[..., -1, -1], equations.moment[..., -1]
        moved = gram @ departure
        power = equations.power - 2 * shown + own + 2 * (moment - cross) @ departure + moved @ departure
        return cls(gram, moment - cross + moved, power, equations.power, moment, shown - moment @ departure)

    @property
    def in_time(self) -> System:
        """The same with all tiles in one group: what is left out are spans of months alone."""
        return System(*(getattr(self, part.name).sum(axis=1, keepdims=True) for part in fields(self)))

    def best(self, pull: np.ndarray) -> np.ndarray:
        """(p,) departure from the textbook that explains the product best.

        Args:
            pull: (p,) penalty on the square of each departure, as a share of the product's power.
        """
        total = self.product.sum()
        return _solve(self.gram.sum(axis=(0, 1)) / total, self.moment.sum(axis=(0, 1)) / total, pull)


def predict_held_out(system: System, pull: np.ndarray) -> HeldOut:
    """How weights predict the product of spans and tiles that they have not seen.

    Each part is a span of months in a group of tiles; its weights come from the other months in the other tiles, or in the same
    place where there is one group.

    Args:
        system: around weights near the best.
        pull: as for `System.best`.
    """
    spans, groups = system.power.shape
    grams, moments, powers = Others(system.gram), Others(system.moment), Others(system.product)
    parts, left, explained, size = [], [], 0.0, 0.0
    for group in range(groups):
        for span in sorted({group % spans, (group + spans // 2) % spans}):
            known, total = system.product[span, group], float(powers(span, group))
            if known <= 0 or total <= 0:
                continue
            departure = _solve(grams(span, group) / total, moments(span, group) / total, pull)
            missed = (
                system.power[span, group]
                - 2 * departure @ system.moment[span, group]
                + departure @ system.gram[span, group] @ departure
            )
            agreed = system.offset[span, group] + system.with_product[span, group] @ departure  # Σ y ŷ
            explained += agreed
            size += missed - known + 2 * agreed  # Σ ŷ²
            parts.append((span, group))
            left.append(missed / known)
    gain = 1.0 - np.array(left)
    amplitude = float(np.clip(explained / size, 0.0, 1.0)) if size > 0 else 0.0
    if len(left) < 2:
        return HeldOut(np.ones(1), 0.0, np.inf, 0.0)
    return HeldOut(np.array(left), float(gain.mean()), standard_error(gain, *np.array(parts).T), amplitude)


def _solve(gram: np.ndarray, moment: np.ndarray, pull: np.ndarray) -> np.ndarray:
    held = gram.copy()
    held[np.diag_indices_from(held)] += pull
    return cho_solve(cho_factor(held, overwrite_a=True, check_finite=False), moment, check_finite=False)
