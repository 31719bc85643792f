"""Fitted analogues: past months, their detail, and the mixture that a month is of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month
from gwkeras.domain.array_cache import DiskArray, array_digest, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.priors.analogues.likeness import Likeness
from gwkeras.methods.priors.teaching.reference import carried


@dataclass(frozen=True)
class FittedAnalogues:
    """f = I G + Σ mixture × detail of past months, with σ from errors in months that were left out.

    Args:
        likeness: past months and their product.
        product: weight of the product's likeness; 0 with `season` 0: no detail is believed.
        season: of the season's.
        detail: (T, s n_lat, s n_lon) mm, float32.
        variance: (s n_lat, s n_lon) mm², float32: of the error in a month that is like others.
        notes: what was chosen, and what is not known.
    """

    likeness: Likeness
    product: float
    season: float
    detail: np.ndarray
    variance: np.ndarray
    notes: tuple[str, ...] = ()
    _latest: Latest[DiskArray] = field(default_factory=Latest, repr=False, compare=False)
    _digest: Latest[str] = field(default_factory=Latest, repr=False, compare=False)

    @property
    def digest(self) -> str:
        """Changes with anything that the predictions depend on."""
        return self._digest.get("", self._computed_digest)

    def _computed_digest(self) -> str:
        known = [array_digest(values) for values in (self.likeness.product, self.detail, self.variance, self.likeness.spans)]
        told = [*known, self._description()]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month over the whole domain, with σ; see `gwkeras.methods.parts.FittedPrior.predict`.

        The first call computes all months of the domain at once and files them beside the domain's other arrays. A month that was
        learned from is answered from other spans.
        Raises: MissingMonths: where the domain lacks the month. BadInput: where it is another region.
        """
        position = domain.calendar.position(month)
        if domain.fine.shape != self.variance.shape:
            raise BadInput(
                "analogues prior",
                expected=f"the region it was fitted on, {self.variance.shape[0]} × {self.variance.shape[1]} fine cells",
                found=domain.fine.describe(),
                remedy="fit it on this region",
            )
        key = [self.digest, array_digest(np.asarray(domain.storage)), [str(m) for m in domain.months]]
        found = self._latest.get(str(key), lambda: self._all_months(domain, key))
        detail, sigma = found[position].reshape(2, *domain.fine.shape)
        mean = carried(domain, domain.storage_of(month)) + detail
        known = (domain.land_fine > 0) & np.isfinite(mean)
        return Prediction(np.where(known, mean, np.nan).astype(np.float32), np.where(known, sigma, np.nan))

    def save(self, folder: Path) -> None:
        """Writes analogues.npz, detail.npy and analogues.json into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        likeness = self.likeness
        np.savez(folder / "analogues.npz", product=likeness.product, spans=likeness.spans, variance=self.variance)
        np.save(folder / "detail.npy", self.detail)
        (folder / "analogues.json").write_text(json.dumps(self._description(), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FittedAnalogues:
        """Inverse of `save`. Raises: BadInput: where the folder holds no such prior."""
        names = ("analogues.json", "analogues.npz", "detail.npy")
        if not all((folder / name).exists() for name in names):
            raise BadInput(folder, expected=", ".join(names), found="not all of them", remedy="fit the prior again")
        told = json.loads((folder / "analogues.json").read_text(encoding="utf-8"))
        with np.load(folder / "analogues.npz", allow_pickle=False) as arrays:
            product, spans, variance = arrays["product"], arrays["spans"], arrays["variance"]
        months = np.array(told["months"], dtype="datetime64[M]")
        likeness = Likeness(months, spans, product, told["reach"], told["periodic"])
        detail = np.load(folder / "detail.npy", mmap_mode="r", allow_pickle=False)
        return cls(likeness, told["product"], told["season"], detail, variance, tuple(told["notes"]))

    def _description(self) -> dict:
        likeness = self.likeness
        return {
            "kind": "analogues",
            "months": [str(month) for month in likeness.months],
            "reach": likeness.reach,
            "periodic": likeness.periodic,
            "product": self.product,
            "season": self.season,
            "notes": list(self.notes),
        }

    def _all_months(self, domain: Domain, key: list) -> DiskArray:
        """(M, 2, n_lat, s, s n_lon): detail and σ of every month, row of product cells after row."""
        months = domain.months.astype("datetime64[M]")
        product = np.stack([np.nan_to_num(domain.storage_of(month)) for month in months])
        s, (n_lat, n_lon) = domain.factor, domain.coarse.shape
        shape = (len(months), 2, n_lat, s, s * n_lon)
        return cached_array(
            domain.fine_drivers.cache,
            ["analogues", *key],
            shape,
            lambda rows: self._rows(range(n_lat)[rows], product, months, s),
            axis=2,
            step_bytes=4 * (2 * len(months) + len(self.detail)) * s * s * n_lon,
        )

    def _rows(self, rows: range, product: np.ndarray, months: np.ndarray, s: int) -> np.ndarray:
        n_lon = product.shape[2]
        result = np.zeros((len(months), 2, len(rows), s, s * n_lon), dtype=np.float32)
        for index, row in enumerate(rows):
            for column in range(n_lon):
                cells = slice(row * s, (row + 1) * s), slice(column * s, (column + 1) * s)
                variance = self.variance[cells]
                if not variance.any():
                    continue
                weights, far = self.likeness.seen_from(row, column, product, months).mixture(self.product, self.season)
                block = result[:, :, index, :, cells[1]]
                block[:, 0] = np.tensordot(weights.astype(np.float32), self.detail[:, *cells], axes=1)
                block[:, 1] = np.sqrt(variance * (1.0 + far)[:, None, None])
        return result
