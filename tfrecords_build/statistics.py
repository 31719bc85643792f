"""Statistics of the training samples, gathered while they are written.

Each shard gives its own sums; they are merged in the shards' order, so the result has the same bits for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.core.schema import SampleShape, known_previous
from gwkeras.core.statistics import Statistics
from gwkeras.fields.grids.interpolation import upsample


@dataclass(frozen=True)
class Running:
    """Count, mean, sum of squared deviations and range of the values seen so far."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, values: np.ndarray) -> Running:
        if not values.size:
            return cls()
        values = values.astype(np.float64)
        mean = values.mean()
        return cls(values.size, float(mean), float(np.square(values - mean).sum()), float(values.min()), float(values.max()))

    def merge(self, other: Running) -> Running:
        """Both together (Chan, Golub & LeVeque 1983, doi 10.1080/00031305.1983.10483115)."""
        count = self.count + other.count
        if not self.count or not other.count:
            return self if self.count else other
        apart = other.mean - self.mean
        return Running(
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + apart * apart * self.count * other.count / count,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def std(self) -> float:
        """Standard deviation; 1 where nothing varies but by rounding, so that dividing by it changes nothing."""
        std = (self.squares / self.count) ** 0.5 if self.count else 0.0
        return std if std > 1e-9 * abs(self.mean) else 1.0


Sums = Mapping[str, Running]


def merge(parts: Iterable[Sums]) -> dict[str, Running]:
    """Sums of several samples or shards, merged from first to last."""
    merged: dict[str, Running] = {}
    for part in parts:
        merged = {name: merged.get(name, Running()).merge(part.get(name, Running())) for name in {**merged, **part}}
    return merged


def measure(sample: Mapping[str, np.ndarray], shape: SampleShape, trained_months: frozenset[int]) -> dict[str, Running]:
    """Sums over the cells of one sample that are trained on: land, and a target that counts.

    Only the sample's own month enters (the climate before it, and gwsa_previous, may belong to test months); the change of
    storage enters where the month before is a training month too, in the cells whose storage was known then.

    Args:
        sample: arrays as core/schema.py describes them.
        trained_months: months since 2002-01.
    """
    factor = shape.factor
    land_fine = sample["land_fine"][..., 0]
    fine = np.isfinite(sample["target"][..., 0]) & (land_fine > 0)
    coarse = fine.reshape(shape.height, factor, shape.width, factor).any(axis=(1, 3)) & (sample["land"][..., 0] > 0)
    gwsa = sample["gwsa"][..., 0]
    water = coarse & (sample["infiltration_efficiency"][..., 0] > 0)
    sums = {"gwsa": Running.of(gwsa[coarse]), "net_water_input": Running.of(sample["net_water_input"][..., 0][water])}
    if sample["has_previous"] > 0 and int(sample["time"]) - 1 in trained_months:
        sums["storage_change"] = Running.of((gwsa - sample["gwsa_previous"][..., 0])[coarse & known_previous(sample)[..., 0]])
    for k, name in enumerate(shape.climate):
        sums[f"climate/{name}"] = Running.of(sample["climate"][-1, :, :, k][coarse])
    known = sample["land"][..., 0] > 0
    for k, name in enumerate(shape.covariates):
        values = sample["covariates_fine"][..., k].astype(np.float64)
        sums[f"covariates/{name}"] = Running.of(values[fine])
        sums[f"deviations/{name}"] = Running.of(
            (values - _carried(_block_mean(values, land_fine, factor), known, land_fine))[fine]
        )
    sums["residual"] = Running.of((sample["target"][..., 0] - _carried(gwsa, known, land_fine))[fine])
    return sums


def statistics(sums: Sums, shape: SampleShape) -> Statistics:
    """The merged sums as the model takes them."""
    of = [sums.get(name, Running()) for name in ("gwsa", "net_water_input", "storage_change", "residual")]
    climate, covariates, deviations = (
        [sums.get(f"{group}/{name}", Running()) for name in names]
        for group, names in (("climate", shape.climate), ("covariates", shape.covariates), ("deviations", shape.covariates))
    )
    return Statistics(
        climate_mean=tuple(r.mean for r in climate),
        climate_std=tuple(r.std for r in climate),
        gwsa_mean=of[0].mean,
        gwsa_std=of[0].std,
        net_water_input_std=of[1].std,
        storage_change_std=of[2].std,
        covariate_mean=tuple(r.mean for r in covariates),
        covariate_std=tuple(r.std for r in covariates),
        covariate_deviation_std=tuple(r.std for r in deviations),
        residual_std=of[3].std,
        climate_min=tuple(r.low for r in climate),
        climate_max=tuple(r.high for r in climate),
    )


def _block_mean(values: np.ndarray, weights: np.ndarray, factor: int) -> np.ndarray:
    """Means over factor × factor cells weighted by land; the cells of one block differ little in area."""
    height, width = values.shape[0] // factor, values.shape[1] // factor
    blocks = (height, factor, width, factor)
    total = weights.reshape(blocks).sum(axis=(1, 3), dtype=np.float64)
    summed = (values * weights).reshape(blocks).sum(axis=(1, 3), dtype=np.float64)
    return np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)


def _carried(coarse: np.ndarray, known: np.ndarray, land_fine: np.ndarray) -> np.ndarray:
    """Bicubic + conservation of a coarse field: what detail is measured against."""
    factor = land_fine.shape[0] // coarse.shape[0]
    smooth = np.nan_to_num(upsample(np.where(known, coarse, np.nan), factor, "bicubic"))
    return smooth + nearest_upsample(coarse - _block_mean(smooth, land_fine, factor), factor)
