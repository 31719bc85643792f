"""One interface for every way to downscale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain

Part = tuple[slice, slice]
"""Rows and columns of coarse cells."""


@dataclass(frozen=True)
class Prediction:
    """Fine storage of one month.

    Args:
        mean: (s n_lat, s n_lon) mm; NaN where there is no land or the coarse cell is unknown.
        sigma: the same shape, mm, standard error; None where the method has none.
        lower: lower bound of the interval, mm; None where the method states none.
        upper: upper bound, likewise.
        interval: probability that the truth lies between `lower` and `upper`; None where there are no bounds. It travels with
            them, so that whoever counts, labels or writes them says what they are.
        quantiles: (probability, factor), ascending: intervals of these probabilities are as many σ wide on each side; empty
            where nothing was measured, and errors are taken for Normal.
        detail_sigma: (s n_lat, s n_lon) mm, σ of the detail alone, without the product's own error; None where that is not known.
        is_calibrated: whether σ was measured by anything that nobody had learned from.
    Raises: ValueError: where bounds come without their probability, or the reverse.

    >>> found = Prediction(np.array([[4.0]]), np.array([[1.0]]), np.array([[2.4]]), np.array([[5.6]]), interval=0.9)
    >>> f"{found.mean[0, 0]} mm, {100 * found.interval:g} % between {found.lower[0, 0]} and {found.upper[0, 0]} mm"
    '4.0 mm, 90 % between 2.4 and 5.6 mm'
    """

    mean: np.ndarray
    sigma: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    interval: float | None = None
    quantiles: tuple[tuple[float, float], ...] = ()
    detail_sigma: np.ndarray | None = None
    is_calibrated: bool = False

    def __post_init__(self) -> None:
        if len({self.lower is None, self.upper is None, self.interval is None}) > 1:
            raise ValueError("lower, upper and the probability of their interval are given together or not at all")


class Method(Protocol):
    """A way to downscale, fitted and ready. It sees a `Domain`, never a target, so that all are judged on one footing.

    It can be sent to another process, and months may be asked for in any order.
    """

    @property
    def name(self) -> str:
        """As it stands in tables and in summary.json."""

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """The fine field of a month of `domain.calendar`.

        Args:
            domain: of the grid step that the method was fitted on.
            month: to downscale.
            part: what is wanted of the domain; the rest may be left missing. None: all.
        Raises: BadInput: where the method was not fitted for such a domain. MissingMonths: where there is no such month.
        """
