"""A method put together from its parts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.methods.calibrated import calibrated
from gwkeras.methods.error_bars.disagreement import departures, has_members
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail, unseen
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.parts import FittedPrior, FittedUpdate


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
        in_time = getattr(self.update, "apply_in_time", None)  # of an update that asks the product of other months, too
        found = self.update.apply(expected, domain, month) if in_time is None else in_time(self.prior, expected, domain, month)
        if found.sigma is not None and self.detail is not None:
            known = np.isfinite(domain.storage_of(month)) & (domain.land > 0)
            of = partial(unseen, domain, known=known)
            apart = partial(departures, self.prior, domain, month, of) if has_members(self.prior) else None
            sigma = self.detail.sigma(domain, expected.mean, found.sigma, known, apart, int(month_number(month)))
            found = replace(found, sigma=sigma, detail_sigma=self._of_detail(domain, sigma))
        if found.sigma is not None:  # a standard error of what is not known says nothing
            there = np.isfinite(found.mean)
            detail = None if found.detail_sigma is None else np.where(there, found.detail_sigma, np.nan)
            found = replace(found, sigma=np.where(there, found.sigma, np.nan), detail_sigma=detail)
        return found if self.calibration is None else calibrated(found, self.calibration)

    def _of_detail(self, domain: Domain, sigma: np.ndarray) -> np.ndarray | None:
        """σ without the product's own error; None where the update does not tell it."""
        carried = getattr(self.update, "carried_noise", None)
        return None if carried is None or self.detail is None else self.detail.without(sigma, carried(domain))

    @property
    def removes_filter(self) -> bool:
        """Whether its field is storage itself, not storage as the product's filter shows it."""
        return any(getattr(part, "removes_filter", False) for part in (self.update, self.prior))

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
