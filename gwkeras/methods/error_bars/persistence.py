"""How long errors last: what of an error is still there some months later.

An error is taken for a sum of parts that fade at different rates, one that comes back every year, and one that is new each month:

    E[e(t) e(t + k)] = Σⱼ aⱼ exp(−k / τⱼ) + a_y cos(2π k / 12) + a_w δ(k),    a ≥ 0.

Shares follow from errors of the product where it is held out, by least squares without negative parts (Lawson & Hanson 1974). The
mean over the record is taken off both sides, so a short record does not hide what lasts longer than it; and what these parts
say of the variance of a trend has to be what trends of the errors show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

TIMES = (2.0, 6.0, 24.0, 96.0, 384.0)
"""τ, months."""

_YEAR = 12.0
_OF_TREND = 0.5  # weight of the trend's variance beside that of all pairs of months together
_FEWEST = 24  # months, below which nothing is told


@dataclass(frozen=True)
class Persistence:
    """Of the part that lasts, with variance 1.

    Args:
        shares: of the parts that fade with `TIMES`, and of the one that comes back every year; their sum is 1.
        white: share of the whole error's variance that is new each month.
        about_mean: variance about the mean over a record, which is what σ² is: anomalies are relative to such a mean.
    """

    shares: tuple[float, ...]
    white: float = 0.0
    about_mean: float = 1.0

    def __call__(self, lag: np.ndarray) -> np.ndarray:
        """Covariance of the part that lasts with itself `lag` months later, where its variance about the mean is 1."""
        return np.tensordot(np.asarray(self.shares), _parts(np.asarray(lag, float)), axes=1) / self.about_mean

    @classmethod
    def usual(cls) -> Persistence:
        """Where too little is known: half of it lasts for two years, half for all the record."""
        return cls((0.0, 0.0, 0.5, 0.0, 0.5, 0.0))

    @classmethod
    def fit(cls, months: np.ndarray, errors: np.ndarray) -> Persistence:
        """From errors at many places.

        Args:
            months: (M,) numbers of months, ascending.
            errors: (M, n) mm; places with a gap are left out.
        """
        known = np.isfinite(errors).all(axis=0)
        if len(months) < _FEWEST or not known.any():
            return cls.usual()
        centred = errors[:, known] - errors[:, known].mean(axis=0)
        lag = np.abs(months[:, None] - months[None, :]).astype(float)
        expected = np.concatenate([_parts(lag), (lag == 0)[None].astype(float)])
        expected = _without_mean(expected)
        found = centred @ centred.T / known.sum()
        years = (months - months.mean()) / _YEAR
        slope = years / (years @ years)
        trend = np.einsum("t,jts,s->j", slope, expected, slope)
        upper = np.triu_indices(len(months))
        rows, right = expected[:, *upper].T, found[upper]
        weight = np.sqrt(_OF_TREND) * np.linalg.norm(right) / max(float(slope @ found @ slope), 1e-300)
        amounts, _ = nnls(np.vstack([rows, weight * trend]), np.append(right, weight * (slope @ found @ slope)))
        lasting = amounts[:-1].sum()
        if not lasting > 0:
            return cls.usual()
        about_mean = amounts * expected.diagonal(axis1=1, axis2=2).mean(axis=1)
        return cls(
            tuple((amounts[:-1] / lasting).tolist()),
            float(about_mean[-1] / about_mean.sum()),
            float(about_mean[:-1].sum() / lasting),
        )


def doubted(found: Persistence, months: np.ndarray) -> Persistence:
    """Halfway to the usual one: how long a prior's detail lasts does not tell how long that lasts which it lacks.

    Args:
        found: of the prior's detail.
        months: (M,) numbers of the months that it was found in.
    """
    shares = (np.asarray(found.shares) + np.asarray(Persistence.usual().shares)) / 2
    lag = np.abs(months[:, None] - months[None, :]).astype(float)
    about_mean = _without_mean(_parts(lag)).diagonal(axis1=1, axis2=2).mean(axis=1)
    return Persistence(tuple(shares.tolist()), found.white, max(float(shares @ about_mean), 0.05))


@dataclass(frozen=True)
class PartlyNew:
    """An error of which a share is another in every month.

    Args:
        lasting: how long the rest lasts.
        new: that share of its variance.
    """

    lasting: Persistence
    new: float = 1.0

    def __call__(self, lag: np.ndarray) -> np.ndarray:
        """Correlation with itself `lag` months later."""
        return (1 - self.new) * self.lasting(lag) + self.new * (np.asarray(lag) == 0)

    @classmethod
    def of(cls, months: np.ndarray, covariance: np.ndarray) -> PartlyNew:
        """From its covariance between months, by least squares without negative parts.

        Args:
            months: (M,) their numbers.
            covariance: (M, M).
        """
        lag = np.abs(months[:, None] - months[None, :]).astype(float)
        upper = np.triu_indices(len(months))
        parts = np.concatenate([_parts(lag)[: len(TIMES)], (lag == 0)[None].astype(float)])
        amounts, _ = nnls(parts[:, *upper].T, covariance[upper])
        lasting, whole = amounts[:-1].sum(), amounts.sum()
        if not lasting > 0:
            return cls(Persistence.usual())
        return cls(Persistence((*(amounts[:-1] / lasting).tolist(), 0.0)), float(amounts[-1] / whole))


class Course:
    """Standard Normal numbers that go through the months as errors do.

    Args:
        persistence: of the errors.
        shape: of the numbers.
        rng: for them.
    """

    def __init__(self, persistence: Persistence, shape: tuple[int, ...], rng: np.random.Generator) -> None:
        self._shares, self._rng = np.sqrt(np.asarray(persistence.shares)), rng
        self._fading = [rng.standard_normal(shape) for _ in TIMES]
        self._yearly = rng.standard_normal((2, *shape))
        self._month: int | None = None

    def at(self, month: int) -> np.ndarray:
        """Those of a month, of the shape.

        Args:
            month: its number, not before the one that was asked for last.
        """
        lag = 0 if self._month is None else month - self._month
        self._month = month
        if lag:
            for number, time in enumerate(TIMES):
                kept = np.exp(-lag / time)
                new = self._rng.standard_normal(self._fading[number].shape)
                self._fading[number] = kept * self._fading[number] + np.sqrt(1 - kept**2) * new
        angle = 2 * np.pi * month / _YEAR
        yearly = np.cos(angle) * self._yearly[0] + np.sin(angle) * self._yearly[1]
        return sum(share * part for share, part in zip(self._shares, [*self._fading, yearly], strict=True))


def _parts(lag: np.ndarray) -> np.ndarray:
    """(part, ...) correlation of each part at these lags."""
    times = np.asarray(TIMES).reshape(-1, *[1] * lag.ndim)
    return np.concatenate([np.exp(-lag / times), np.cos(2 * np.pi * lag / _YEAR)[None]])


def _without_mean(covariance: np.ndarray) -> np.ndarray:
    """Covariances (..., M, M) of values from which their mean over M was taken."""
    once = covariance - covariance.mean(axis=-1, keepdims=True)
    return once - once.mean(axis=-2, keepdims=True)
