"""The seasonal prior: what a fine reference usually holds in the same calendar month.

f is the calendar-month mean of the reference itself, as an anomaly, not of its difference from an interpolation: its detail is
f − K H f by whatever update stands behind it, so nothing of the prior depends on how the product is carried to the fine grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month, calendar_month
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.described_arrays import DescribedArrays
from gwkeras.methods.priors.teaching.reference import completed_reference, require_reference
from gwkeras.methods.training import Training


@dataclass(frozen=True)
class Seasonal:
    """f = the mean of a fine reference in the training months of the same name."""

    label: ClassVar[str] = "seasonal"
    needs_shards: ClassVar[bool] = False

    def fit(self, training: Training, progress: Progress = silent) -> FittedSeasonal:
        """Sums of the reference over the training months of each calendar month.

        Args:
            training: its domain holds a reference; other months, and held-out blocks with their buffer, are never looked at.
            progress: called once a training month.
        Raises: BadInput: where there is no reference.
        """
        domain, months = training.domain, np.array(training.months, dtype="datetime64[M]")
        require_reference("seasonal", training)
        withheld = training.withheld
        total, count = np.zeros((12, *domain.fine.shape)), np.zeros((12, *domain.fine.shape), dtype=np.int32)
        for done, month in enumerate(months, start=1):
            values = completed_reference(domain, month, withheld)
            known, row = np.isfinite(values), int(calendar_month(np.array([month]))[0]) - 1
            total[row] += np.where(known, values, 0.0)
            count[row] += known
            progress("averaging the reference, months", done, len(months))
        return FittedSeasonal(total, count, withheld, months, _notes(count, domain, withheld))

    def load(self, folder: Path, training: Training) -> FittedSeasonal:
        """What `FittedSeasonal.save` has kept.

        Raises: BadInput: where the folder holds no seasonal prior.
        """
        return FittedSeasonal.load(folder)


@dataclass(frozen=True)
class FittedSeasonal:
    """Sums over training months.

    Args:
        total: (12, s n_lat, s n_lon) mm.
        count: (12, s n_lat, s n_lon) months with data.
        withheld: (s n_lat, s n_lon) cells of held-out blocks and their buffer.
        training_months: (M,) datetime64[M].
        notes: what is not known.
    """

    total: np.ndarray
    count: np.ndarray
    withheld: np.ndarray
    training_months: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes with anything that the prior's means depend on."""
        return self._kept.digest

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month over the whole domain; see `gwkeras.methods.parts.FittedPrior.predict`."""
        return Prediction(self.mean(domain, month))

    def mean(self, domain: Domain, month: Month) -> np.ndarray:
        """(s n_lat, s n_lon) mm, float32: the calendar month's mean less the mean of all training months.

        A training month leaves itself out, so that it is told as little of itself as a new month is; for that the domain must
        hold the reference. A calendar month without another training month is 0. Withheld cells take the interpolated
        product's mean, without detail of their own.
        Raises: BadInput: where the domain is another region.
        """
        if domain.fine.shape != self.withheld.shape:
            raise BadInput(
                "seasonal prior",
                expected=f"the region it was fitted on, {self.withheld.shape[0]} × {self.withheld.shape[1]} fine cells",
                found=domain.fine.describe(),
                remedy="fit it on this region",
            )
        stamp = np.array([month]).astype("datetime64[M]")
        row = int(calendar_month(stamp)[0]) - 1
        total, count = self.total[row], self.count[row]
        every, counted = self.total.sum(axis=0), self.count.sum(axis=0)
        if np.isin(stamp[0], self.training_months) and domain.fine_target is not None:
            own = completed_reference(domain, month, self.withheld)
            known = np.isfinite(own)
            total, count = total - np.where(known, own, 0.0), count - known
            every, counted = every - np.where(known, own, 0.0), counted - known
        anomaly = np.where(count > 0, total / np.maximum(count, 1) - every / np.maximum(counted, 1), 0.0)
        return anomaly.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Writes seasonal.npz and seasonal.json into `folder`."""
        self._kept.save(folder, "seasonal")

    @classmethod
    def load(cls, folder: Path) -> FittedSeasonal:
        """Inverse of `save`. Raises: BadInput: where the folder holds no seasonal prior."""
        kept = DescribedArrays.load(folder, "seasonal")
        months = np.array(kept.description["training_months"], dtype="datetime64[M]")
        total, count, withheld = (kept.arrays[name] for name in ("total", "count", "withheld"))
        return cls(total, count, withheld, months, tuple(kept.description["notes"]))

    @property
    def _kept(self) -> DescribedArrays:
        description = {
            "kind": "seasonal",
            "training_months": [str(month) for month in self.training_months],
            "notes": list(self.notes),
        }
        return DescribedArrays(description, {"total": self.total, "count": self.count, "withheld": self.withheld})


def _notes(count: np.ndarray, domain: Domain, withheld: np.ndarray) -> tuple[str, ...]:
    land = (domain.land_fine > 0) & ~withheld
    lacking = [m + 1 for m in range(12) if not count[m][land].any()]
    notes = []
    if lacking:
        notes.append(f"seasonal prior: no training month in calendar month {', '.join(map(str, lacking))}; 0 there")
    unknown = int((count.sum(axis=0)[land] == 0).sum())
    if unknown:
        notes.append(f"seasonal prior: the reference is unknown in {unknown} fine cells on land; 0 there")
    return tuple(notes)
