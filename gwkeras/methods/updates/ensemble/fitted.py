"""A fitted ensemble: its model and settings; all months of a domain are run at once and filed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month
from gwkeras.domain.array_cache import DiskArray, array_digest, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Prediction
from gwkeras.methods.priors.storage_model.ensemble import Perturbation
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.updates.ensemble.months import alone, with_product
from gwkeras.methods.updates.ensemble.settings import Settings

_RUNS = {"ensemble": with_product, "open loop": alone}


@dataclass(frozen=True)
class FittedEnsemble:
    """Mean and standard deviation of the members.

    Args:
        kind: "ensemble", or "open loop" for the members left to themselves.
        model: that they are members of.
        settings: of the run.
        notes: what was chosen.
    """

    kind: str
    model: FittedStorageModel
    settings: Settings
    notes: tuple[str, ...] = ()
    _latest: Latest[DiskArray] = field(default_factory=Latest, repr=False, compare=False)

    @property
    def removes_filter(self) -> bool:
        """Yes: members are storage."""
        return True

    @property
    def digest(self) -> str:
        """Changes with anything that changes what it answers."""
        return f"{self.kind} {self.model.digest} {self.settings!r}"

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """The members' mean and standard deviation; see `gwkeras.methods.parts.FittedUpdate.apply`.

        Products of the months before count too, and with a lag those of some after. `expected` is not looked at: the members
        are its model's.
        Raises: MissingMonths: where the climate does not reach all months of the domain.
        """
        position = domain.calendar.position(month)
        months = domain.months.astype("datetime64[M]")
        product = array_digest(np.asarray(domain.storage)) if self.kind == "ensemble" else ""
        key = ["ensemble", self.digest, domain.fine_drivers.key, domain.fine_origin, [str(m) for m in months], product]
        mean, sigma = self._latest.get(str(key), lambda: self._all_months(domain, months, key))[position]
        known = domain.land_fine > 0
        return Prediction(np.where(known, mean, np.nan), np.where(known, sigma, np.nan))

    def save(self, folder: Path) -> None:
        """Writes ensemble.json, and the model into a folder of its own."""
        told = {"kind": self.kind, "settings": asdict(self.settings), "notes": list(self.notes)}
        (folder / "ensemble.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
        self.model.save(folder / "model")

    @classmethod
    def load(cls, folder: Path) -> FittedEnsemble:
        """Inverse of `save`. Raises: BadInput: where the folder holds no ensemble."""
        try:
            told = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
            settings = Settings(**{**told["settings"], "perturbation": Perturbation(**told["settings"]["perturbation"])})
            kind, notes = str(told["kind"]), tuple(map(str, told["notes"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                folder,
                expected="ensemble.json of a fitted ensemble",
                found=f"none that can be read ({error})",
                remedy="fit it again",
            ) from error
        return cls(kind, FittedStorageModel.load(folder / "model"), settings, notes)

    def _all_months(self, domain: Domain, months: np.ndarray, key: list) -> DiskArray:
        """(M, 2, s n_lat, s n_lon) mean and σ; the members run through the climate once, whatever blocks are asked for."""
        fields = self._asked(domain, months)

        def block(part: slice) -> np.ndarray:
            return np.stack([next(fields) for _ in range(part.start, part.stop)])

        return cached_array(domain.fine_drivers.cache, key, (len(months), 2, *domain.fine.shape), block)

    def _asked(self, domain: Domain, months: np.ndarray) -> Iterator[np.ndarray]:
        stamps = domain.fine_drivers.calendar.months.astype("datetime64[M]")
        lacking = np.setdiff1d(np.concatenate([months, self.model.training_months]), stamps)
        if lacking.size:
            raise MissingMonths(
                "ensemble",
                expected=f"climate of the training months and of {months[0]} … {months[-1]}",
                found=f"climate of {stamps[0]} … {stamps[-1]}",
                remedy="give a longer climate record",
            )
        wanted, land = set(months.tolist()), domain.land_fine > 0
        for stamp, mean, sigma in _RUNS[self.kind](self.model, domain, self.settings):
            if stamp.item() in wanted:
                fields = np.zeros((2, *domain.fine.shape), dtype=np.float32)
                fields[:, land] = mean, sigma
                yield fields
