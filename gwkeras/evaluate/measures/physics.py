"""The physics terms of any method's prediction, in numpy: what `gwkeras.losses` computes in training, for reports.

ΔG = Ĝ(t) − U(G(t−1)) is compared with the water that should explain it (equations 12–15 of the paper). Terms of ΔG are NaN in
months whose predecessor is missing, and cells count only where the predecessor is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import upsample

TERMS = ("sign", "magnitude", "regional", "physics", "smoothness", "sign_share")
"""Names of all terms; "physics" is the weighted sum of the first three, "sign_share" equation 12 as printed."""

_LEAST_DEVIATION = 1e-2  # of eq. 13's fields, as in `gwkeras.losses.magnitude`

Part = tuple[slice, slice]
"""Rows and columns of fine cells."""


@dataclass(frozen=True)
class Balance:
    """What a month's storage is compared with, whatever the method: all (s n_lat, s n_lon).

    Args:
        previous: U(G(t−1)), mm: bicubic, with unknown cells filled from their neighbours; None where the month is missing.
        net: P − ET, mm month⁻¹.
        infiltration: (P − ET) α, mm month⁻¹.
        known: whether the cell is land with a known predecessor and known water.
    """

    previous: np.ndarray | None
    net: np.ndarray
    infiltration: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class PhysicsTerms:
    """The terms of equations 12–15 for one domain.

    Args:
        loss: forms and weights of the terms.
        change_std: standard deviation of storage change, mm month⁻¹: the unit of the terms of ΔG.
        storage_std: standard deviation of storage, mm: the unit of the smoothness.
    """

    loss: LossConfig
    change_std: float
    storage_std: float

    @classmethod
    def measured(cls, loss: LossConfig, domain: Domain, months: Iterable[Month]) -> PhysicsTerms:
        """In units of the product's own standard deviations over `months`."""
        storage, change = np.zeros(3), np.zeros(3)  # number, sum and sum of squares
        for month in months:
            now, before = domain.storage_of(month), domain.previous_of(month)
            storage += _moments(now[domain.land > 0])
            change += 0.0 if before is None else _moments((now - before)[domain.land > 0])
        return cls(loss, _deviation(change), _deviation(storage))

    def balance(self, domain: Domain, month: Month) -> Balance | None:
        """What the month's prediction is compared with; None where the climate does not tell P − ET."""
        water = domain.water_of(month)
        if water is None:
            return None
        net, efficiency = water
        before = domain.previous_of(month)
        land = (domain.land > 0) & np.isfinite(domain.storage_of(month)) & np.isfinite(net) & (efficiency > 0)
        if before is None:
            previous = None
        else:
            land = land & np.isfinite(before)
            before = np.where(land, before, np.nan).astype(np.float64)
            previous = upsample(before, domain.factor, "bicubic", periodic=domain.coarse.is_periodic, missing="filled")
        net, efficiency, known = (nearest_upsample(v, domain.factor) for v in (net, efficiency, land))
        return Balance(previous, net, net * efficiency, known & (domain.land_fine > 0))

    def of(
        self, mean: np.ndarray, domain: Domain, balance: Balance | None, part: Part = (slice(None), slice(None))
    ) -> np.ndarray:
        """All terms of a prediction, in the order of `TERMS`; NaN where a term has nothing to be computed from.

        Args:
            mean: (s n_lat, s n_lon) mm.
            domain: of the prediction.
            balance: of the month.
            part: the fine cells that count; eq. 14's regions begin at its south-west corner.
        """
        found = dict.fromkeys(TERMS, np.nan)
        field, known = mean[part].astype(np.float64), np.isfinite(mean[part]) & (domain.land_fine[part] > 0)
        found["smoothness"] = self._smoothness(np.where(known, field / self.storage_std, 0.0), known)
        if balance is not None and balance.previous is not None and (known := known & balance.known[part]).any():
            change, infiltration = (
                (v / self.change_std)[known] for v in (field - balance.previous[part], balance.infiltration[part])
            )
            sign = np.sign(balance.net[part][known])
            area = (domain.fine.area * domain.land_fine)[part]
            found["sign"] = np.maximum(-change * sign, 0.0).mean()
            found["sign_share"] = np.maximum(-np.sign(change) * sign, 0.0).mean()
            found["magnitude"] = np.square(self._scaled(change) - self._scaled(infiltration)).mean()
            found["regional"] = self._regional(change - infiltration, known, area, domain.fine.lat_step)
            weights = {
                "sign": self.loss.sign_weight,
                "magnitude": self.loss.magnitude_weight,
                "regional": self.loss.regional_weight,
            }
            found["physics"] = sum(weight * found[name] for name, weight in weights.items())
        return np.array([found[name] for name in TERMS])

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        deviation = np.sqrt(max(values.var(), _LEAST_DEVIATION**2))
        return (values - values.mean() if self.loss.centred else values) / deviation

    def _regional(self, gap: np.ndarray, known: np.ndarray, area: np.ndarray, step: float) -> float:
        side = max(1, round(self.loss.regional_block_degrees / step))
        rows, cols = np.nonzero(known)
        region = (rows // side) * (known.shape[1] // side + 1) + cols // side
        weights = area[known]
        return float(np.abs(np.bincount(region, weights * gap)).sum() / weights.sum())

    def _smoothness(self, field: np.ndarray, known: np.ndarray) -> float:
        measure = np.square if self.loss.smoothness == "squared" else np.abs
        both = known[1:] & known[:-1], known[:, 1:] & known[:, :-1]
        total = sum(float(measure(np.diff(field, axis=axis))[pairs].sum()) for axis, pairs in enumerate(both))
        return total / known.sum() if known.any() else float("nan")


def _moments(values: np.ndarray) -> np.ndarray:
    known = values[np.isfinite(values)].astype(np.float64)
    return np.array([known.size, known.sum(), np.square(known).sum()])


def _deviation(moments: np.ndarray) -> float:
    """Standard deviation; 1 where nothing varies but by rounding, so that dividing by it changes nothing."""
    count, total, squares = moments
    variance = squares / count - (total / count) ** 2 if count else 0.0
    return float(np.sqrt(variance)) if variance > 1e-12 * squares / max(count, 1.0) else 1.0
