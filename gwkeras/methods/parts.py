"""What a method is made of: a prior, an observation, an update.

    Ŝ = f + K (G − H f)

f, the prior: what each fine cell should hold before the product is asked. G = H S + ε, the observation. K, the update: what the
product says that the prior has missed. A recipe is a frozen dataclass that holds its configuration; fitted, it can be kept in a
folder, and recipe and folder give it back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gwkeras.core.months import Month
from gwkeras.core.progress import Progress
from gwkeras.domain.domain import Domain
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.training import Training


class FittedPrior(Protocol):
    """f, for any month of any domain that it was fitted for.

    A prior made of something that has seen the product itself has an attribute `alone`: the method that this is by itself. One
    whose f is storage itself, since it was taught through H, says so by `removes_filter`.
    """

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """f of one month, with its own standard error where it has one; see `gwkeras.methods.method.Method.predict`."""

    @property
    def digest(self) -> str:
        """Changes with anything that changes the predictions."""

    def save(self, folder: Path) -> None:
        """Keeps in an empty folder what `Prior.load` needs; data, never code."""


class Prior(Protocol):
    """A recipe for f. `label` is its name in tables; empty where it adds nothing to the update's.

    `needs_shards`: whether it is trained from shards, by itself, before it can be fitted.
    """

    @property
    def label(self) -> str: ...

    @property
    def needs_shards(self) -> bool: ...

    def fit(self, training: Training, progress: Progress) -> FittedPrior:
        """Learns f from the training months, through the observation or from a fine reference.

        Raises: BadInput: where there is nothing to learn from.
        """

    def load(self, folder: Path, training: Training) -> FittedPrior:
        """What `FittedPrior.save` has kept.

        Raises: BadInput: where the folder is damaged.
        """


class FittedUpdate(Protocol):
    """f + K (G − H f). `removes_filter`, where K carries a filtered product back to storage, not on to other cells as it is."""

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """Storage after the product of the month is asked.

        Args:
            expected: f, with its own standard error where it has one.
            domain: holds G and H.
            month: whose product it is.
        """

    @property
    def digest(self) -> str:
        """As `FittedPrior.digest`; empty where the update changes nothing."""

    def save(self, folder: Path) -> None:
        """As `FittedPrior.save`."""


class Update(Protocol):
    """A recipe for K. `label` is its name in tables."""

    @property
    def label(self) -> str: ...

    def fit(self, prior: FittedPrior, training: Training, progress: Progress) -> FittedUpdate:
        """Learns what it needs from G − H f in the training months.

        Raises: BadInput: where there are too few of them.
        """

    def load(self, folder: Path, training: Training) -> FittedUpdate:
        """As `Prior.load`."""


class Constant:
    """A part that has nothing to learn: its recipe is its fitted form."""

    needs_shards = False

    @property
    def digest(self) -> str:
        """Its configuration."""
        return repr(self)

    def fit(self, *given: object) -> Constant:
        """Itself."""
        return self

    def load(self, folder: Path, training: Training) -> Constant:
        """Itself."""
        return self

    def save(self, folder: Path) -> None:
        """Nothing to keep."""
