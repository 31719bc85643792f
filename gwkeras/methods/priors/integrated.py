"""Two priors in one: what the product can see of f from one, what it cannot from another.

Liang et al. (2025, doi 10.1016/j.ejrh.2025.102982) take spatial detail from GTNNWR and temporal continuity from SSVAER. What is
at hand of the paper does not say how they are combined. Here the satellite's own operator divides them: f = d + I H (c − d), with
d the prior of the detail, c that of the course in time, H what the product sees and I its interpolation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.config.kinds import PRIORS
from gwkeras.core.errors import ConfigError
from gwkeras.core.months import Month
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.priors.teaching.reference import carried
from gwkeras.methods.training import Training


def _default(kind: str) -> Any:
    return lambda: PRIORS.of(kind, "prior")()


@dataclass(frozen=True)
class Integrated:
    """f = d + I H (c − d): spatial detail from one prior, the course in time of what the product sees from another.

    Args:
        detail: recipe of d.
        continuity: recipe of c.
    Raises: ConfigError: where one is trained from shards.
    """

    detail: Any = key(_default("gtnnwr"), "prior for the spatial detail", kinds=PRIORS)
    continuity: Any = key(_default("ssvaer"), "prior for the course in time", kinds=PRIORS)

    label: ClassVar[str] = "GTNNWR with SSVAER"
    needs_shards: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.detail.needs_shards or self.continuity.needs_shards:
            raise ConfigError(
                "prior.detail",
                expected="priors that can be fitted beside each other",
                found="one that is trained from shards",
                remedy="let it be a method by itself",
            )

    def fit(self, training: Training, progress: Progress = silent) -> FittedIntegrated:
        """Both, by themselves.

        Raises: as their own `fit`.
        """
        return FittedIntegrated(*(training.prior(recipe, progress) for recipe in (self.detail, self.continuity)))

    def load(self, folder: Path, training: Training) -> FittedIntegrated:
        """What `FittedIntegrated.save` has kept.

        Raises: BadInput: where the folder does not hold both.
        """
        return FittedIntegrated(
            self.detail.load(folder / "detail", training), self.continuity.load(folder / "continuity", training)
        )


@dataclass(frozen=True)
class FittedIntegrated:
    """f = d + I H (c − d).

    Args:
        detail: d.
        continuity: c.
    """

    detail: FittedPrior
    continuity: FittedPrior

    @property
    def notes(self) -> tuple[str, ...]:
        """What both say."""
        return (*getattr(self.detail, "notes", ()), *getattr(self.continuity, "notes", ()))

    @property
    def removes_filter(self) -> bool:
        """See `gwkeras.methods.parts.FittedPrior`."""
        return any(getattr(part, "removes_filter", False) for part in (self.detail, self.continuity))

    @property
    def digest(self) -> str:
        """Changes with either."""
        return hashlib.sha256(repr((self.detail.digest, self.continuity.digest)).encode()).hexdigest()[:16]

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month; see `gwkeras.methods.parts.FittedPrior.predict`."""
        fields = [np.asarray(prior.predict(domain, month).mean, dtype=np.float64) for prior in (self.detail, self.continuity)]
        detail, course = (np.where(domain.land_fine > 0, np.nan_to_num(field), 0.0) for field in fields)
        seen = domain.observation(course - detail)
        return Prediction((detail + np.nan_to_num(carried(domain, seen))).astype(np.float32))

    def save(self, folder: Path) -> None:
        """A folder for each."""
        for name, prior in (("detail", self.detail), ("continuity", self.continuity)):
            (folder / name).mkdir(parents=True)
            prior.save(folder / name)
