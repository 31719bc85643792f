"""Evaluations of any number of months by hand: a method "model" of given errors beside an interpolation off by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.judge import Judge, View
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.methods.method import Prediction
from tests.report.small import SmallDomain


@dataclass(frozen=True)
class Erring:
    """Off by one error a month, everywhere; with a σ where one is given."""

    name: str
    errors: tuple[float, ...]
    sigma: float | None = None

    def predict(self, domain, month, part=None) -> Prediction:
        mean = truth(month) + self.errors[number_of(month)]
        return Prediction(mean, None if self.sigma is None else np.full(mean.shape, self.sigma))


def number_of(month: np.datetime64) -> int:
    return int(np.asarray(month).astype("datetime64[M]").astype(int)) - 12 * 33  # since 2003-01


def truth(month: np.datetime64) -> np.ndarray:
    """A wave from west to east that grows and falls with the year."""
    season = np.cos(2 * np.pi * (number_of(month) % 12) / 12)
    return np.repeat([np.linspace(-8.0, 8.0, 6)], 4, axis=0) + 20.0 * season


def evaluation_of_errors(errors: Sequence[float], interpolation: Sequence[float] | None = None, sigma=None) -> Evaluation:
    """From 2003-01 on, as many months as there are errors.

    Args:
        errors: of "model", mm.
        interpolation: of "bicubic", mm; by default 3 mm in each month.
        sigma: that the model states, mm.
    """
    domain = SmallDomain()
    months = (np.datetime64("2003-01", "M") + np.arange(len(errors))).astype("datetime64[ns]")
    view = View(domain, truth, tuple(months))
    other = tuple(interpolation if interpolation is not None else [3.0] * len(errors))
    methods = [Erring("bicubic", other), Erring("model", tuple(errors), sigma)]
    return compare(Judge((view,), "the fine truth at 0.5°"), methods)
