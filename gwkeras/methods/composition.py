"""A method put together from its parts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from gwkeras.core.calibration import Calibration
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.calibrated import calibrated
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import FittedPrior, FittedUpdate
from gwkeras.methods.unseen_detail import UnseenDetail


@dataclass(frozen=True)
class Composition:
    """A fitted prior, a fitted update and the calibration of what comes out.

    Args:
        name: as it stands in tables.
        prior: f.
        update: what is made of G − H f.
        calibration: of the σ after the update; None: it is calibrated already, or there is none.
        detail: what the prior's unseen detail adds to that σ; None: nothing.

    Recipes that have nothing to learn are their own fitted form:

    >>> from gwkeras.methods.priors.none import NoPrior
    >>> from gwkeras.methods.updates.interpolation import Interpolation
    >>> Composition("bicubic", NoPrior(), Interpolation("bicubic")).name
    'bicubic'
    """

    name: str
    prior: FittedPrior
    update: FittedUpdate
    calibration: Calibration | None = None
    detail: UnseenDetail | None = None

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """See `gwkeras.methods.method.Method.predict`."""
        expected = self.prior.predict(domain, month, part)
        found = self.update.apply(expected, domain, month)
        if found.sigma is not None and self.detail is not None:
            found = replace(found, sigma=self.detail.sigma(domain, expected.mean, found.sigma))
        if found.sigma is not None:  # a standard error of what is not known says nothing
            found = replace(found, sigma=np.where(np.isfinite(found.mean), found.sigma, np.nan))
        return found if self.calibration is None else calibrated(found, self.calibration)

    @property
    def notes(self) -> tuple[str, ...]:
        """What its parts say, in sentences, of what was chosen for them and why."""
        told = (getattr(part, "notes", ()) for part in (self.prior, self.update))
        return tuple(note for notes in told if isinstance(notes, tuple) for note in notes)

    @property
    def digest(self) -> str:
        """Sixteen digits that change with anything that changes the predictions."""
        if not self.update.digest:
            return self.prior.digest
        known = repr((self.prior.digest, self.update.digest, self.calibration, self.detail and self.detail.digest))
        return hashlib.sha256(known.encode()).hexdigest()[:16]
