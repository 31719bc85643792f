"""Area-weighted scores, accumulated month by month so that a record of any length fits in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

_ROUNDING = 1e-12  # of a sum of squares


@dataclass
class Scores:
    """Sums from which RMSE, MAE, bias, R², CRPS and coverage follow; `add` once a month, read the properties at the end.

    Cells count with their weight (area × land fraction) where prediction and truth are both finite.
    """

    weight: float = 0.0
    squared: float = 0.0
    absolute: float = 0.0
    error: float = 0.0
    ranked: float = 0.0
    truth: float = 0.0
    truth_squared: float = 0.0
    covered: float = 0.0
    interval_weight: float = 0.0
    cells: int = 0

    def add(
        self,
        predicted: np.ndarray,
        truth: np.ndarray,
        weights: np.ndarray,
        lower: np.ndarray | None = None,
        upper: np.ndarray | None = None,
        sigma: np.ndarray | None = None,
    ) -> None:
        """Adds one field.

        Args:
            predicted, truth: (n_lat, n_lon) mm.
            weights: (n_lat, n_lon) area × land fraction.
            lower, upper: bounds of the interval whose coverage is counted.
            sigma: standard deviation of the prediction, mm; None: it claims to be exact.
        """
        use = np.isfinite(predicted) & np.isfinite(truth) & (weights > 0)
        w = weights[use].astype(np.float64)
        y = truth[use].astype(np.float64)
        error = predicted[use].astype(np.float64) - y
        self.cells += int(use.sum())
        self.weight += w.sum()
        self.squared += (w * error**2).sum()
        self.absolute += (w * np.abs(error)).sum()
        self.error += (w * error).sum()
        self.ranked += (w * (np.abs(error) if sigma is None else crps(error, sigma[use].astype(np.float64)))).sum()
        self.truth += (w * y).sum()
        self.truth_squared += (w * y**2).sum()
        if lower is not None and upper is not None:
            self.covered += w[(lower[use] <= y) & (y <= upper[use])].sum()
            self.interval_weight += w.sum()

    @property
    def rmse(self) -> float:
        return float(np.sqrt(self.squared / self.weight)) if self.weight else float("nan")

    @property
    def mae(self) -> float:
        return float(self.absolute / self.weight) if self.weight else float("nan")

    @property
    def bias(self) -> float:
        """Mean of prediction − truth, mm."""
        return float(self.error / self.weight) if self.weight else float("nan")

    @property
    def crps(self) -> float:
        """Mean continuous ranked probability score, mm: the lower, the better mean and σ together; the MAE without σ."""
        return float(self.ranked / self.weight) if self.weight else float("nan")

    @property
    def r2(self) -> float:
        """1 − Σw(ŷ − y)² / Σw(y − ȳ)², over all months and cells together."""
        spread = self.truth_squared - self.truth**2 / self.weight if self.weight else 0.0
        varies = spread > _ROUNDING * self.truth_squared
        return float(1.0 - self.squared / spread) if varies else float("nan")

    @property
    def coverage(self) -> float | None:
        """Share of the weight inside the interval; None where no interval was given."""
        return float(self.covered / self.interval_weight) if self.interval_weight else None

    def as_dict(self) -> dict[str, float | None]:
        """The figures of a summary: rmse, mae, bias and crps in mm, r2 and coverage_90 as shares."""
        return {
            "rmse": self.rmse,
            "mae": self.mae,
            "bias": self.bias,
            "r2": self.r2,
            "crps": self.crps,
            "coverage_90": self.coverage,
        }


def crps(error: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of Normal predictions, in the unit of `error`; |error| where σ is 0.

    σ [z (2Φ(z) − 1) + 2φ(z) − 1/√π], z = error / σ. Source: Gneiting et al. 2005, doi 10.1175/MWR2904.1.
    """
    z = np.divide(error, sigma, out=np.zeros_like(error), where=sigma > 0)
    density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return np.where(sigma > 0, sigma * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi)), np.abs(error))
