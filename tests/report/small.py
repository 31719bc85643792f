"""A world of 2 × 3 coarse cells, and methods that are off by a constant."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.domain.split import Box
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.judge import Judge, View
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.methods.method import Prediction
from gwkeras.observation.operator import Observation

COARSE = Grid(10.0, 20.0, 1.0, 1.0, 2, 3)


@dataclass(frozen=True)
class SmallDomain:
    coarse = COARSE
    fine = COARSE.refine(2)
    factor = 2
    fine_origin = (0, 0)
    land = np.ones(COARSE.shape)
    fine_drivers = SimpleNamespace(static={}, grid=COARSE.refine(2))
    months = np.array(["2003-01", "2003-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    land_fine = np.ones((4, 6))

    observation = Observation(COARSE.refine(2), 2, np.ones((4, 6)))

    def storage_of(self, month: np.datetime64) -> np.ndarray:
        return np.full((2, 3), 7.0)


def truth(month: np.datetime64) -> np.ndarray:
    """0, 4 and 8 mm from west to east."""
    return np.repeat([[0.0, 4.0, 8.0]], 4, axis=0).repeat(2, axis=1)


@dataclass(frozen=True)
class Off:
    """The truth of every month plus `error`, with bounds of ± `half` and a standard deviation of 1 mm."""

    name: str
    error: float
    half: float | None = None
    interval: float = 0.9

    def predict(self, domain, month: np.datetime64, part=None) -> Prediction:
        mean = truth(month) + self.error
        if self.half is None:
            return Prediction(mean)
        return Prediction(mean, np.ones_like(mean), mean - self.half, mean + self.half, self.interval)


METHODS = (Off("nearest", 2.0), Off("model", 1.0, 1.5))


def evaluation(
    methods=METHODS, *, blocks: tuple[Box, ...] = (), caution: str = "", patches=None, of=truth, evidence="truth", fields=None
) -> Evaluation:
    """Both months, judged by a truth."""
    domain = SmallDomain()
    view = View(domain, of, tuple(domain.months), patches)
    kind = "blocked" if patches is None else "random"
    judge = Judge((view,), "the fine truth at 0.5°", kind, blocks, caution=caution, evidence=evidence)
    return compare(judge, methods, fields=fields)
