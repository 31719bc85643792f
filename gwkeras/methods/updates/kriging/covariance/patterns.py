"""Space and time at once: patterns of the product that are series of their own.

    d = G − H f has the covariance S ⊗ T + R ⊗ B,    T(t, s) = (1 − ν) exp(−|t − s| / τ) + ν [t = s]

S = H C Hᵀ + E; R: the noise of a usual month, B how much worse each month is. With Vᵀ S V = Λ and Vᵀ R V = 1 each pattern is a
series of its own, u = T A Vᵀ d with A = (λ T + B)⁻¹, a Wiener filter over the record; Ŝ = f + C Hᵀ V u. With p = Vᵀ H C of a
fine cell, what is left of its variance is

    C − Σ p² κ(t),    κ = diag(T A T),

and of each pattern's own λ − λ² κ = λ α + λ² β: α = diag(B A T A B) of storage that is not seen, β = diag(T A B A T) of noise
that is taken for storage. One decomposition, of B^−½ T B^−½, serves all patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

NEW = 0.1
"""ν, of the variance of what a prior misses: errors of a single month's rain."""


def lasting(months: np.ndarray, time_constant: float) -> np.ndarray:
    """(M, M) T of months by number.

    Args:
        months: (M,) numbers.
        time_constant: τ, months.
    """
    lag = np.abs(months[:, None] - months[None, :]).astype(float)
    return (1 - NEW) * np.exp(-lag / time_constant) + NEW * (lag == 0)


@dataclass(frozen=True, eq=False)
class Patterns:
    """n patterns of observations over M months.

    Args:
        amounts: (n,) λ, variance in units of the noise's.
        shapes: (n, n) V, a column for each pattern.
        noise: (n, n) R, mm².
        courses: (M, M) W, eigenvectors of B^−½ T B^−½, in columns.
        kept: (M,) μ, its eigenvalues.
        worse: (M,) the diagonal of B.
    """

    amounts: np.ndarray
    shapes: np.ndarray
    noise: np.ndarray
    courses: np.ndarray
    kept: np.ndarray
    worse: np.ndarray

    @classmethod
    def of(cls, signal: np.ndarray, noise: np.ndarray, together: np.ndarray, worse: np.ndarray) -> Patterns:
        """From the covariances.

        Args:
            signal: (n, n) S, mm².
            noise: (n, n) R, mm², positive definite.
            together: (M, M) T.
            worse: (M,) the diagonal of B.
        """
        amounts, shapes = linalg.eigh(signal, noise)
        root = np.sqrt(worse)
        kept, courses = linalg.eigh(together / root[:, None] / root)
        return cls(np.maximum(amounts, 0.0), shapes, noise, courses, np.maximum(kept, 0.0), worse)

    def as_if_alone(self, residuals: np.ndarray) -> np.ndarray:
        """(n, M) mm, (S + b R) V u: what months by themselves would have to show for the answer that all give together.

        Patterns that stand out of the noise stay as they are; those that hardly do are averaged over months in which they last.

        Args:
            residuals: (n, M) d of the observations, mm.
        """
        root, amounts = np.sqrt(self.worse), self.amounts[:, None]
        series = ((self.shapes.T @ residuals / root) @ self.courses) * (self.kept / (amounts * self.kept + 1.0))
        return self.noise @ (self.shapes @ ((amounts + self.worse) * (series @ self.courses.T * root)))

    @property
    def told(self) -> np.ndarray:
        """(n, M) κ."""
        return self._diagonal(lambda power: self.kept**2 / power)

    @property
    def told_alone(self) -> np.ndarray:
        """(n, M) what stands for κ where each month is asked by itself, 1 / (λ + b)."""
        return 1.0 / (self.amounts[:, None] + self.worse)

    @property
    def unseen(self) -> np.ndarray:
        """(n, M) α."""
        return self._diagonal(lambda power: self.kept / power**2)

    @property
    def mistaken(self) -> np.ndarray:
        """(n, M) β."""
        return self._diagonal(lambda power: self.kept**2 / power**2)

    def _diagonal(self, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        return self.worse * (of(self.amounts[:, None] * self.kept + 1.0) @ (self.courses**2).T)

    def mistaken_lags(self, weights: np.ndarray) -> np.ndarray:
        """(M, M) covariance of mistaken noise between months, T A B A T, as a mean over patterns.

        Args:
            weights: (n,) of the patterns; their sum is 1.
        """
        root = np.sqrt(self.worse)
        spectrum = weights @ (self.kept / (self.amounts[:, None] * self.kept + 1.0)) ** 2
        return root[:, None] * ((self.courses * spectrum) @ self.courses.T) * root

    def shown(self, weights: np.ndarray) -> np.ndarray:
        """(n, n) from what observations show to what a single month would have to show for C Hᵀ V w Vᵀ d.

        Args:
            weights: (n,) w of each pattern.
        """
        return self.noise @ (self.shapes * ((self.amounts + 1.0) * weights)) @ self.shapes.T
