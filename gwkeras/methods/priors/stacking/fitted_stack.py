"""A stack once it is fitted: members and their weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import FittedPrior

_KEPT_BYTES = 2**26  # of months' fields


@dataclass(frozen=True)
class Member:
    """A prior that counts.

    Args:
        position: among the recipe's priors.
        weight: above 0.
        prior: fitted on all training months.
    """

    position: int
    weight: float
    prior: FittedPrior


@dataclass(frozen=True)
class FittedStack:
    """f = Σ w f over the members; 0 where there are none.

    Args:
        members: those whose weight is above 0.
        notes: the weights, and why.
    """

    members: tuple[Member, ...]
    notes: tuple[str, ...] = ()
    _fields: Latest[Latest[tuple[np.ndarray, Domain]]] = field(default_factory=Latest, repr=False, compare=False)

    @property
    def removes_filter(self) -> bool:
        """See `gwkeras.methods.parts.FittedPrior`."""
        return any(getattr(member.prior, "removes_filter", False) for member in self.members)

    @property
    def digest(self) -> str:
        """Changes with a weight or a member."""
        known = [(member.weight, member.prior.digest) for member in self.members]
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month; see `gwkeras.methods.parts.FittedPrior.predict`."""
        domain.calendar.position(month)  # a month that is not there is said, members or none
        # The value holds the domain, so that no other can come by its identity.
        key = id(domain), int(month_number(month)), repr(part)
        return Prediction(self._kept(domain).get(key, lambda: (self._sum(domain, month, part), domain))[0])

    def _kept(self, domain: Domain) -> Latest[tuple[np.ndarray, Domain]]:
        """Months' fields: a fit and its error bars ask for each several times. All months of a region, few of the globe."""
        return self._fields.get(domain.fine.shape, lambda: Latest(max(1, _KEPT_BYTES // (4 * domain.land_fine.size))))

    def _sum(self, domain: Domain, month: Month, part: Part | None) -> np.ndarray:
        total = np.zeros(domain.fine.shape)
        for member in self.members:
            total += member.weight * np.nan_to_num(np.asarray(member.prior.predict(domain, month, part).mean, dtype=float))
        found = total.astype(np.float32)
        found.flags.writeable = False  # others get the same
        return found

    def save(self, folder: Path) -> None:
        """Writes stack.json, and a folder for each member."""
        folder.mkdir(parents=True, exist_ok=True)
        for member in self.members:
            _place(folder, member.position).mkdir()
            member.prior.save(_place(folder, member.position))
        told = {"members": [[member.position, member.weight] for member in self.members], "notes": list(self.notes)}
        (folder / "stack.json").write_text(json.dumps(told, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, priors: tuple[Any, ...], training: Any) -> FittedStack:
        """Inverse of `save`.

        Args:
            folder: that it was saved in.
            priors: of the recipe.
            training: for their `load`.
        Raises: BadInput: where the folder holds no stack of these priors.
        """
        try:
            told = json.loads((folder / "stack.json").read_text(encoding="utf-8"))
            members = [(priors[position], int(position), float(weight)) for position, weight in told["members"]]
            notes = tuple(map(str, told["notes"]))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise BadInput(
                folder, expected="stack.json of a fitted stack", found=f"none that can be read ({error})", remedy="fit it again"
            ) from error
        return cls(tuple(Member(i, w, recipe.load(_place(folder, i), training)) for recipe, i, w in members), notes)


def _place(folder: Path, position: int) -> Path:
    return folder / f"member-{position}"
