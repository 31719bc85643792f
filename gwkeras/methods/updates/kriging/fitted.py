"""Kriging with its parameters: mean and σ of a month."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month, month_number
from gwkeras.domain.array_cache import array_digest
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.updates.kriging.amplitude import Amplitude
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.draws import Errors
from gwkeras.methods.updates.kriging.elsewhere import moved_to
from gwkeras.methods.updates.kriging.months_together import MonthsTogether
from gwkeras.methods.updates.kriging.solvers.region import Region
from gwkeras.methods.updates.kriging.solvers.region_edges import deviation_at_edges
from gwkeras.methods.updates.kriging.solvers.solver import Solver, solver_of
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_SIGMAS = 6  # kept: of months with other gaps, or worse than others
_WORSE = 1.5  # steps in which a month's uncertainty is taken to exceed the typical one


class Posterior(NamedTuple):
    """(s n_lat, s n_lon) mm; NaN where there is no land or the product cell is unknown."""

    mean: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedKriging:
    """The update.

    Args:
        region: the operator's grid and its windows.
        covariance: of fine storage, as chosen.
        noise: of the product, as chosen.
        uncertainty: on the region's grid, typical standard error of the product, mm; 0 where it states none.
        local: on the region's grid, variance of errors as a share of what covariance and noise predict.
        choice: what was chosen among, and how it predicts; plain numbers.
        notes: sentences for reports.
        sizes: (s n_lat, s n_lon) how large the prior's errors are likely to be beside one another; None: alike everywhere.
        lasting_months: time constant of what the prior misses of the product; 0: each month is asked by itself.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray
    local: np.ndarray
    choice: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sizes: np.ndarray | None = None
    lasting_months: float = 0.0

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # gains are made anew

    @property
    def removes_filter(self) -> bool:
        """Yes: K carries the product back to storage."""
        return True

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """See `gwkeras.methods.parts.FittedUpdate.apply`; the prior's own σ does not count, since C holds what it has missed."""
        return self._applied(expected, domain, month)

    def apply_in_time(self, prior: FittedPrior, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """The same, with what the product shows in the other months of the domain; see `months_together.py`.

        A region of one window is looked at so.

        Args:
            prior: whose f of other months is asked for, too.
            expected: f of the month.
            domain: holds G and H.
            month: whose product it is.
        """
        here = self.on(domain)
        together = here.together(domain)
        if together is None:
            return self._applied(expected, domain, month)
        # The value holds domain and prior, so that nothing else can come by their identities.
        *_, series = here._series.get((id(domain), id(prior)), lambda: (domain, prior, together.residuals(prior, domain)))
        number = int(month_number(month))
        return self._applied(expected, domain, month, series.get(number), together.variance(number))

    def together(self, domain: Domain) -> MonthsTogether | None:
        """How the months of a domain are asked together; None where each is asked by itself.

        Args:
            domain: that this update is on.
        """
        return self._together.get(id(domain), lambda: (domain, MonthsTogether.of(self, domain)))[1]

    def _applied(
        self,
        expected: Prediction,
        domain: Domain,
        month: Month,
        residual: np.ndarray | None = None,
        variance: np.ndarray | None = None,
    ) -> Prediction:
        mean, here = np.nan_to_num(np.asarray(expected.mean, dtype=float)), self.on(domain)
        found = here.posterior(mean, domain.storage_of(month), domain.uncertainty_of(month), residual, variance)
        return Prediction(found.mean.astype(np.float32), found.sigma.astype(np.float32))

    def on(self, domain: Domain) -> FittedKriging:
        """The same update where it is asked for; see `gwkeras.methods.updates.kriging.elsewhere.moved_to`."""
        own = self.region.observation
        if own.fine.is_close(domain.fine) and own.factor == domain.factor and np.array_equal(own.land, domain.land_fine):
            return self
        place = repr((astuple(domain.fine), domain.factor, array_digest(domain.land_fine)))
        return self._elsewhere.get(place, lambda: moved_to(self, domain))

    @property
    def digest(self) -> str:
        """Changes with anything that changes what it makes of a prior."""
        region = [getattr(self.region, f.name) for f in fields(self.region) if f.name != "observation"]
        kept = (self.uncertainty, self.local, self.region.observation.land, self.sizes)
        maps = [array_digest(values) for values in kept if values is not None]
        known = repr((region, self.region.spread, self.covariance, self.noise, maps, self.lasting_months))
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def posterior(
        self,
        expected: np.ndarray,
        observed: np.ndarray,
        uncertainty: np.ndarray | None = None,
        residual: np.ndarray | None = None,
        variance: np.ndarray | None = None,
    ) -> Posterior:
        """Mean and standard deviation of fine storage, given the product.

        Args:
            expected: (s n_lat, s n_lon) f, mm; what stands where there is no land is ignored.
            observed: (n_lat, n_lon) G, mm; NaN where unknown.
            uncertainty: (n_lat, n_lon) the product's standard error in this month, mm. A month that is worse than the typical one
                is believed less; None for a typical month.
            residual: (n_lat, n_lon) what counts for G − H f, mm; None: that.
            variance: (s n_lat, s n_lon) what the product leaves of storage's variance, mm²; None: what the month's own leaves.
        """
        observation = self.region.observation
        expected = np.where(observation.land > 0, expected, np.nan)
        if residual is None:
            residual = np.asarray(observed, dtype=float) - self.region.seen(expected)
        increment, sigma = self.increment(residual, self.beyond(uncertainty), variance)
        mean = expected + increment
        if self.region.pinned:
            mean = conserve(mean, observed, observation.fine, observation.factor, observation.land)
        shown = (observation.land > 0) & nearest_upsample(np.isfinite(observed), observation.factor)
        return Posterior(np.where(shown, mean, np.nan), np.where(shown, sigma, np.nan))

    def sigma(self, domain: Domain, month: Month) -> np.ndarray:
        """(s n_lat, s n_lon) mm, what is not known of a month's storage, whatever the prior says; NaN where there is no product.

        Args:
            domain: where it is asked for.
            month: whose product there is.
        """
        here, number = self.on(domain), int(month_number(month))
        together = here.together(domain)
        variance = None if together is None else together.variance(number)
        nothing, uncertainty = np.zeros(domain.fine.shape), domain.uncertainty_of(month)
        return here.posterior(nothing, domain.storage_of(month), uncertainty, None, variance).sigma

    def increment(
        self, residual: np.ndarray, beyond: float = 1.0, variance: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """K d and σ on every fine cell, before cells are pinned and land is cut out.

        Args:
            residual: (n_lat, n_lon) d = G − H f, mm; NaN where unknown.
            beyond: factor on the noise variance.
            variance: as for `posterior`.
        """
        known = np.isfinite(self.region.gather(residual))
        sigma = self._sigma(known, beyond) if variance is None else np.sqrt(variance * self._local)
        if self.amplitude is None:
            return self._carried(residual, known, beyond), sigma
        storage = self.amplitude.fine * self._carried(residual / self.amplitude.seen, known, beyond)
        if self.region.spread.kind != "none":  # a varies within what a cell sees: what of d is thereby missed is carried alike
            land = self.region.observation.land > 0
            storage += self._carried(residual - self.region.seen(np.where(land, storage, np.nan)), known, beyond)
        return storage, self.amplitude.fine * sigma

    def _carried(self, residual: np.ndarray, known: np.ndarray, beyond: float) -> np.ndarray:
        """K₀ d of cells that errors are alike in."""
        return self._solver.increment(self.region.gather(residual), known, beyond)

    def carried_noise(self, domain: Domain) -> np.ndarray:
        """(s n_lat, s n_lon) mm, about what is left of the product's error in the fine field.

        Without a filter all of it; through one the part that is correlated over hundreds of kilometres, since white noise
        averages out over the cells that a filter joins.

        Args:
            domain: where it is asked for.
        """
        return self.on(domain)._carried_noise

    def draws(
        self,
        expected: np.ndarray,
        observed: np.ndarray,
        number: int,
        rng: np.random.Generator,
        uncertainty: np.ndarray | None = None,
    ) -> np.ndarray:
        """Fields that could be the truth: their mean is the posterior's, their spread is σ, and they go together as errors do.

        Args:
            expected: as for `posterior`.
            observed: as for `posterior`.
            number: of draws.
            rng: for them.
            uncertainty: as for `posterior`.
        Returns: (number, s n_lat, s n_lon) mm; NaN where the posterior is.
        Raises: BadInput: where the region is too large to simulate.
        """
        mean, beyond = self.posterior(expected, observed, uncertainty).mean, self.beyond(uncertainty)
        return mean + np.sqrt(self._local) * self.errors.draw(np.isfinite(observed), beyond, rng, number)

    def save(self, folder: Path) -> None:
        """Writes kriging.json and kriging.npz."""
        region, observation = self.region, self.region.observation
        spread, fine = observation.point_spread, observation.fine
        described = {
            "fine": {f.name: getattr(fine, f.name) for f in fields(fine)},
            "factor": observation.factor,
            "point_spread": {f.name: getattr(spread, f.name) for f in fields(spread)},
            "region": {f.name: getattr(region, f.name) for f in fields(region) if f.name != "observation"},
            "covariance": {"variance": self.covariance.variance, "slope": self.covariance.slope},
            "noise": {f.name: getattr(self.noise, f.name) for f in fields(self.noise)},
            "choice": self.choice,
            "notes": list(self.notes),
            "lasting_months": self.lasting_months,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kriging.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
        maps = {"land": observation.land, "uncertainty": self.uncertainty, "local": self.local}
        if self.sizes is not None:
            maps["sizes"] = self.sizes
        np.savez(folder / "kriging.npz", **maps)  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path) -> FittedKriging:
        """Reads what `save` wrote.

        Raises: BadInput: where the files are not those.
        """
        try:
            told = json.loads((folder / "kriging.json").read_text(encoding="utf-8"))
            with np.load(folder / "kriging.npz", allow_pickle=False) as arrays:
                land, uncertainty, local = (arrays[name] for name in ("land", "uncertainty", "local"))
                sizes = arrays.get("sizes")
            observation = Observation(Grid(**told["fine"]), told["factor"], land, PointSpread(**told["point_spread"]))
            region = Region(observation, **told["region"])
            covariance, noise = Covariance(**told["covariance"]), Noise(**told["noise"])
            notes, lasting_months = tuple(told["notes"]), told.get("lasting_months", 0.0)  # not in those of earlier versions
            return cls(region, covariance, noise, uncertainty, local, told["choice"], notes, sizes, lasting_months)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                folder,
                expected="kriging.json and kriging.npz of a fitted kriging update",
                found=f"{type(error).__name__} ({error})",
                remedy="fit it again",
            ) from None

    def beyond(self, uncertainty: np.ndarray | None) -> float:
        """Factor on the noise variance in a month: 1, or the next step of 1.5ⁿ at which it is no less than the month's own."""
        if uncertainty is None:
            return 1.0
        told = self.region.gather(np.asarray(uncertainty, dtype=float))
        both = (self.uncertainty > 0) & np.isfinite(told)
        if not both.any():
            return 1.0
        ratio = float(np.median((told[both] / self.uncertainty[both]) ** 2))
        return max(1.0, _WORSE ** float(np.ceil(np.log(max(ratio, 1e-9)) / np.log(_WORSE) - 1e-9)))

    @cached_property
    def deviation(self) -> np.ndarray:
        """(n_lat, n_lon) on the region's grid, mm: `uncertainty`, with what land beyond an edge may add to the noise there."""
        unknown = self.region.unknown_beyond(self.covariance.slope)
        return deviation_at_edges(unknown, self.covariance, self.noise.variance, self.uncertainty)

    @cached_property
    def amplitude(self) -> Amplitude | None:
        """By which what the prior has missed is carried to fine cells; None: to all alike."""
        return None if self.sizes is None else Amplitude.over(self.sizes, self.region)

    @cached_property
    def _carried_noise(self) -> np.ndarray:
        variance = np.maximum(self.noise.variance, self.uncertainty**2)
        share = 1.0 if self.region.spread.kind == "none" else self.noise.correlated
        return self.region.cropped(np.sqrt(share * nearest_upsample(variance, self.region.factor)).astype(np.float32))

    @cached_property
    def _series(self) -> Latest[tuple[Domain, FittedPrior, dict[int, np.ndarray]]]:
        return Latest()

    @cached_property
    def _together(self) -> Latest[tuple[Domain, MonthsTogether | None]]:
        return Latest()

    @cached_property
    def _elsewhere(self) -> Latest[FittedKriging]:
        return Latest()

    @cached_property
    def _solver(self) -> Solver:
        return solver_of(self.region, self.covariance, self.noise, self.deviation)

    @cached_property
    def errors(self) -> Errors:
        """What it gets wrong, to be drawn."""
        return Errors(self.region, self.covariance, self.noise, self.deviation, self._solver, self.amplitude)

    def _sigma(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """Of the months that have the same cells and are no worse than one another it is the same."""
        return self._sigmas.get(
            (known.tobytes(), beyond),
            lambda: np.sqrt(self._solver.variance(known, beyond).astype(np.float32) * self._local),
        )

    def variance_alone(self, known: np.ndarray, beyond: float) -> np.ndarray:
        """(s n_lat, s n_lon) mm², what a month's own product leaves of storage's variance; alike in months of the same cells.

        Args:
            known: (n_lat, n_lon) on the region's grid, cells with a value.
            beyond: factor on the noise variance.
        """
        return self._sigma(known, beyond) ** 2 / self._local

    @cached_property
    def _local(self) -> np.ndarray:
        whole = upsample(self.local, self.region.factor, "bilinear", periodic=self.region.grid.is_periodic)
        return self.region.cropped(whole).astype(np.float32)

    @cached_property
    def _sigmas(self) -> Latest[np.ndarray]:
        return Latest(_SIGMAS)
