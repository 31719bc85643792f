"""Standard deviations that hold: one factor on σ and one on the interval, from predictions that nobody has learned from."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np

from gwkeras.core.error_bars.group_quantile import best_probability, group_quantiles, groups_needed
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically

PROBABILITIES = tuple(round(k / 100, 2) for k in range(1, 99)) + tuple(round(k / 1000, 3) for k in range(990, 1000))
"""Where the distribution of |y − μ|/σ is kept. Between two of them its quantiles are interpolated; the steps are a tenth as wide
above 0.99, where a tail bends most."""

_FEWEST_GROUPS = 9  # below which their largest errors alone would decide


@dataclass(frozen=True)
class Calibration:
    """What multiplies a method's own standard deviation.

    Args:
        sigma_scale: √mean(((y − μ)/σ)²) (Levi et al. 2022, doi 10.3390/s22155540).
        interval_factor: half width of the interval in calibrated standard deviations: the quantile of |y − μ|/σ, as in locally
            weighted split-conformal prediction (Lei et al. 2018, doi 10.1080/01621459.2017.1307116).
        interval: probability of the interval.
        basis: what it was measured on, for reports.
        quantiles: (probability, factor) at all `PROBABILITIES`, so that intervals of other probabilities can be had; empty where
            nothing was measured, and in calibrations of earlier versions.
        groups: number of groups that the factors hold a new member of; 0 where samples were taken for independent.
    """

    sigma_scale: float = 1.0
    interval_factor: float = NormalDist().inv_cdf(0.95)
    interval: float = 0.9
    basis: str = "none: the method's own standard deviation"
    quantiles: tuple[tuple[float, float], ...] = ()
    groups: int = 0

    @property
    def measured(self) -> bool:
        """Whether the factors come from samples; if not, errors are taken for Normal."""
        return not self.basis.startswith("none")

    def serves(self, interval: float) -> bool:
        """Whether the factor of an interval of this probability is known."""
        known = bool(self.quantiles) and self.quantiles[0][0] <= interval <= self.quantiles[-1][0]
        return known or interval == self.interval or not self.measured

    def at(self, interval: float) -> Calibration:
        """The same calibration with the interval of another probability.

        Raises: BadInput: where its factor was not measured.
        """
        if interval == self.interval:
            return self
        if not self.serves(interval):
            held = f"{self.interval:g}" + (
                f" or one from {self.quantiles[0][0]:g} to {self.quantiles[-1][0]:g}" if self.quantiles else ""
            )
            raise BadInput(
                "downscale.interval",
                expected=f"{held}, which this run's calibration.json holds a factor for",
                found=f"{interval:g}",
                remedy="ask for that probability" if self.quantiles else "ask for that probability, or train again",
            )
        if not self.measured:
            return replace(self, interval=interval, interval_factor=_normal_factor(interval))
        return replace(self, interval=interval, interval_factor=float(np.interp(interval, *np.transpose(self.quantiles))))

    @classmethod
    def of(cls, ratios: np.ndarray, interval: float, basis: str) -> Calibration:
        """From |y − μ|/σ of predictions that nobody has learned from.

        Args:
            ratios: (n,) errors in predicted standard deviations; without any, errors are taken for Normal.
            interval: probability of the interval.
            basis: what they were measured on.
        """
        if not ratios.size:
            return cls(interval_factor=_normal_factor(interval), interval=interval)
        scale = float(np.sqrt(np.mean(ratios.astype(np.float64) ** 2)))
        factors = np.quantile(ratios, PROBABILITIES) / scale
        return cls(
            sigma_scale=scale,
            interval_factor=float(np.quantile(ratios, interval)) / scale,
            interval=interval,
            basis=basis,
            quantiles=tuple(zip(PROBABILITIES, map(float, factors), strict=True)),
        )

    @classmethod
    def of_groups(cls, ratios: Sequence[np.ndarray], interval: float, basis: str, *, strict: bool = True) -> Calibration:
        """As `of`, from samples that come in groups; see `gwkeras.core.error_bars.group_quantile`.

        Args:
            ratios: |y − μ|/σ, one array a group, none empty.
            interval: probability of the interval.
            basis: what they were measured on.
            strict: whether too few groups are an error; if not, all samples are taken together, and the basis says so.
        Raises: BadInput: where that is strict, and there are too few groups for that probability.
        """
        best = best_probability(len(ratios))
        if not strict and (interval > best + 1e-9 or len(ratios) < _FEWEST_GROUPS):
            pooled = np.concatenate(ratios) if ratios else np.zeros(0)
            return cls.of(pooled, interval, f"{basis}, too few to vouch for {100 * interval:g} %")
        if interval > best + 1e-9:
            raise BadInput(
                "calibration",
                expected=f"at least {groups_needed(interval)} groups of months and cells for intervals of {100 * interval:g} %",
                found=f"{len(ratios)}",
                remedy=(
                    f"ask for at most {100 * best:.3g} %, hold out more months, or make the groups smaller"
                    if ratios
                    else "hold out months to calibrate by (split.validation_share)"
                ),
            )
        scale = float(np.sqrt(np.mean([np.mean(group.astype(np.float64) ** 2) for group in ratios])))
        served = [p for p in PROBABILITIES if p <= best + 1e-9]
        factors = group_quantiles(ratios, [*served, interval]) / scale
        return cls(
            sigma_scale=scale,
            interval_factor=float(factors[-1]),
            interval=interval,
            basis=basis,
            quantiles=tuple(zip(served, map(float, factors[:-1]), strict=True)),
            groups=len(ratios),
        )

    def write(self, path: Path) -> None:
        """Writes JSON, whole or not at all."""
        tree = {**asdict(self), "quantiles": {f"{probability:g}": factor for probability, factor in self.quantiles}}
        write_atomically(path, json.dumps(tree, indent=1).encode())

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Raises: BadInput: where the file is damaged; the default where there is none."""
        if not path.exists():
            return cls()
        try:
            tree = json.loads(path.read_text())
            pairs = tuple((float(probability), float(factor)) for probability, factor in tree.pop("quantiles", {}).items())
            calibration = cls(**tree, quantiles=pairs)
            if not all(0 < x < math.inf for x in (calibration.sigma_scale, calibration.interval_factor, calibration.interval)):
                raise ValueError("factors that are no positive numbers")
            if pairs and not _is_distribution(np.array(pairs)):
                raise ValueError("quantiles that do not ascend")
            return calibration
        except (ValueError, TypeError, AttributeError) as error:
            raise BadInput(
                path, expected="a calibration in JSON", found=f"something else ({error})", remedy="train again"
            ) from error


def _normal_factor(interval: float) -> float:
    return NormalDist().inv_cdf(0.5 + interval / 2)


def _is_distribution(pairs: np.ndarray) -> bool:
    probabilities, factors = pairs.T
    inside = (probabilities > 0).all() and (probabilities < 1).all() and (factors >= 0).all() and np.isfinite(factors).all()
    return bool(inside and (np.diff(probabilities) > 0).all() and (np.diff(factors) >= 0).all())
