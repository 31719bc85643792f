"""Kriging with its parameters: mean and σ of a month, and the metric in which priors are taught."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import astuple, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.latest import Latest
from gwkeras.core.months import Month
from gwkeras.domain.array_cache import array_digest
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.methods.method import Prediction
from gwkeras.methods.updates.covariance import Covariance
from gwkeras.methods.updates.gain import Gain, fine_table, posterior_variance
from gwkeras.methods.updates.noise import Noise
from gwkeras.methods.updates.observed_cells import ObservedCells, cells_averaged
from gwkeras.methods.updates.system import CellCovariances, inverse, lower_factor, signal, system
from gwkeras.methods.updates.windows import Window, layout
from gwkeras.methods.updates.zonal_tables import CellToFine
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

_KEPT_BYTES = 2**30  # of gains
_LEAST_OBSERVATIONS = 16  # in a region, for whose sake fewer cells are averaged
_WORSE = 1.5  # steps in which a month's uncertainty is taken to exceed the typical one


class Posterior(NamedTuple):
    """(s n_lat, s n_lon) mm; NaN where there is no land or the product cell is unknown."""

    mean: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True, eq=False)
class Region:
    """An operator's grid, cut into windows.

    Args:
        observation: the product's operator.
        uncertain: relative standard error of its half-weight radius.
        pinned: whether product cells are shifted to their own means in the end.
        window_cells, halo_cells, halo_km, largest_window: as in `Kriging`.
    """

    observation: Observation
    uncertain: float
    pinned: bool
    window_cells: int
    halo_cells: int
    halo_km: float
    largest_window: int

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # not what can be computed anew

    @property
    def grid(self) -> Grid:
        """The product's."""
        return self.observation.coarse

    @property
    def spread(self) -> PointSpread:
        return self.observation.point_spread

    @property
    def factor(self) -> int:
        return self.observation.factor

    @cached_property
    def share(self) -> np.ndarray:
        """(n_lat, n_lon) land share of the product's cells."""
        return np.nan_to_num(self.observation.fine.block_mean(self.observation.land.astype(float), self.factor))

    @cached_property
    def averaged(self) -> int:
        """Product cells along each axis whose mean is one observation."""
        most = int(np.sqrt(self.grid.n_lat * self.grid.n_lon / _LEAST_OBSERVATIONS))
        return max(1, min(cells_averaged(self.grid, self.spread), most))

    @cached_property
    def windows(self) -> list[Window]:
        """Windows whose cores hold land."""
        return self.cut(self.window_cells, self.largest_window, self.halo_cells, self.halo_km)

    def cut(self, core: int, largest: int, halo: int = 0, halo_km: float = 0.0) -> list[Window]:
        """Windows with land of another size; see `layout`."""
        core = -(-core // self.averaged) * self.averaged
        radius = self.spread.half_weight_km if self.spread.kind == "gaussian" else 0.0
        found = layout(self.grid, radius, core, halo, halo_km, largest)
        return [window for window in found if (self.share[window.core_in_whole()] > 0).any()]

    def fine(self, window: Window) -> Grid:
        """The fine grid of a window."""
        return window.grid(self.grid).refine(self.factor)

    def observed(self, window: Window, known: np.ndarray) -> ObservedCells:
        """The observations of a window.

        Args:
            known: (n_lat, n_lon) of the whole grid.
        """
        grid = window.grid(self.grid)
        there = window.take(known) & window.inner()
        return ObservedCells(grid, window.take(self.share), there, self.spread, (window.row, window.col), self.averaged)

    def covariances(self, window: Window) -> CellCovariances:
        """Tables of a window's cells; windows of the same rows and width share them."""
        key = (window.row, window.n_lat, window.n_lon)
        if key not in self._tables:
            self._tables[key] = CellCovariances(self.fine(window), self.factor)
            if len(self._tables) > 4:
                self._tables.popitem(last=False)
        return self._tables[key]

    @cached_property
    def _tables(self) -> OrderedDict[tuple[int, int, int], CellCovariances]:
        return OrderedDict()


@dataclass(frozen=True, eq=False)
class FittedKriging:
    """The update.

    Args:
        region: the operator's grid and its windows.
        covariance, noise: as chosen.
        uncertainty: (n_lat, n_lon) typical standard error of the product, mm; 0 where it states none.
        local: (n_lat, n_lon) variance of errors as a share of what covariance and noise predict.
        notes: how the choice was made, for reports; plain numbers.
    """

    region: Region
    covariance: Covariance
    noise: Noise
    uncertainty: np.ndarray
    local: np.ndarray
    notes: dict = field(default_factory=dict)

    def __getstate__(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # gains are made anew

    def apply(self, expected: Prediction, domain: Domain, month: Month) -> Prediction:
        """See `gwkeras.methods.parts.FittedUpdate.apply`; the prior's own σ does not count, since C holds what it has missed."""
        here = self.on(domain)
        prior = np.nan_to_num(np.asarray(expected.mean, dtype=float))
        found = here.posterior(prior, domain.storage_of(month), domain.uncertainty_of(month))
        return Prediction(found.mean.astype(np.float32), found.sigma.astype(np.float32))

    def on(self, domain: Domain) -> FittedKriging:
        """The same update where it is asked for: other cells of the same step, or another factor.

        Raises: BadInput: where the product's cells are of another size than those that it was fitted on.
        """
        own, grid = self.region.observation, domain.coarse
        if max(abs(grid.lat_step / self.region.grid.lat_step - 1), abs(grid.lon_step / self.region.grid.lon_step - 1)) > 0.01:
            raise BadInput(
                "kriging",
                expected=f"product cells of {self.region.grid.lat_step:g}° × {self.region.grid.lon_step:g}°, as it was fitted on",
                found=f"{grid.lat_step:g}° × {grid.lon_step:g}°",
                remedy="fit it on this product",
            )
        same = own.fine.is_close(domain.fine) and own.factor == domain.factor and np.array_equal(own.land, domain.land_fine)
        if same:
            return self
        key = (astuple(domain.fine), domain.factor, array_digest(domain.land_fine))
        return self._elsewhere.get(repr(key), lambda: self._moved(domain))

    @cached_property
    def _elsewhere(self) -> Latest[FittedKriging]:
        return Latest()

    def _moved(self, domain: Domain) -> FittedKriging:
        """Maps of the product's cells go along by position; beyond the region they take the value of its nearest cell."""
        grid, own = domain.coarse, self.region.grid
        rows = np.clip(np.floor((grid.lat - own.south) / own.lat_step).astype(int), 0, own.n_lat - 1)
        columns = np.floor(((grid.lon - own.west) % 360.0) / own.lon_step).astype(int)
        beyond = ((grid.lon - own.west) % 360.0) - own.n_lon * own.lon_step
        columns = np.where(beyond > (360.0 - own.n_lon * own.lon_step) / 2, 0, np.clip(columns, 0, own.n_lon - 1))
        taken = np.ix_(rows, columns)
        observation = Observation(domain.fine, domain.factor, domain.land_fine, self.region.spread)
        region = replace(self.region, observation=observation)
        return replace(self, region=region, uncertainty=self.uncertainty[taken], local=self.local[taken])

    @property
    def digest(self) -> str:
        """Changes with anything that changes what it makes of a prior."""
        region = [getattr(self.region, f.name) for f in fields(self.region) if f.name != "observation"]
        spread = self.region.spread
        maps = [array_digest(values) for values in (self.uncertainty, self.local, self.region.observation.land)]
        return hashlib.sha256(repr((region, spread, self.covariance, self.noise, maps)).encode()).hexdigest()[:16]

    def posterior(self, expected: np.ndarray, observed: np.ndarray, uncertainty: np.ndarray | None = None) -> Posterior:
        """Mean and standard deviation of fine storage, given the product.

        Args:
            expected: (s n_lat, s n_lon) f, mm; what stands where there is no land is ignored.
            observed: (n_lat, n_lon) G, mm; NaN where unknown.
            uncertainty: (n_lat, n_lon) the product's standard error in this month, mm. A month that is worse than the typical one
                is believed less; None for a typical month.
        """
        observation = self.region.observation
        expected = np.where(observation.land > 0, expected, np.nan)
        residual = np.asarray(observed, dtype=float) - observation(expected)
        increment, sigma = self.increment(residual, self._beyond(uncertainty))
        mean = expected + increment
        if self.region.pinned:
            mean = conserve(mean, observed, observation.fine, self.region.factor, observation.land)
        shown = (observation.land > 0) & nearest_upsample(np.isfinite(observed), self.region.factor)
        return Posterior(np.where(shown, mean, np.nan), np.where(shown, sigma, np.nan))

    def increment(self, residual: np.ndarray, beyond: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """K d and σ on every fine cell, before cells are pinned and land is cut out.

        Args:
            residual: (n_lat, n_lon) d = G − H f, mm; NaN where unknown.
            beyond: factor on the noise variance.
        """
        known = np.isfinite(residual)
        mean = np.zeros(self.region.observation.fine.shape)
        variance = np.full(mean.shape, self.covariance.variance)
        for window in self.region.windows:
            prepared = self._prepared(window, known, beyond)
            if prepared is None:
                continue
            gain, sigma2 = prepared
            rows, columns = window.core(self.region.factor)
            carried = gain.storage(np.where(gain.observed.known, window.take(residual), 0.0))
            whole = window.core_in_whole(self.region.factor)
            mean[whole] = self._table(window, rows)(carried[None], columns)[0]
            variance[whole] = sigma2
        local = upsample(self.local, self.region.factor, "bilinear", periodic=self.region.grid.is_periodic)
        return mean, np.sqrt(variance * local)

    def whiten(self, stack: np.ndarray, known: np.ndarray) -> np.ndarray:
        """L⁻¹ A x with L Lᵀ = V = A (H C Hᵀ + E + R) Aᵀ, so that sums of squares are xᵀ Aᵀ V⁻¹ A x.

        In regions of several windows the windows' cores count as independent of one another.

        Args:
            stack: (n, n_lat, n_lon) product fields, such as H of features; finite where `known`.
            known: (n_lat, n_lon) cells to use; the others are left out, whatever they hold.
        Returns: (n, k); k observations.
        """
        from scipy.linalg import solve_triangular

        parts = []
        for observed, lower in self._factors(known):
            window, cells = observed
            taken = cells.take(np.where(cells.known, window.take(stack), 0.0))
            parts.append(solve_triangular(lower, taken.T, lower=True, check_finite=False).T)
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(stack), 0))

    def solve(self, stack: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Aᵀ V⁻¹ A x, so that products with y are yᵀ Aᵀ V⁻¹ A x; as `whiten` otherwise.

        Returns: (n, n_lat, n_lon), 0 where not known.
        """
        from scipy.linalg import cho_solve

        result = np.zeros(stack.shape)
        for (window, cells), lower in self._factors(known):
            taken = cells.take(np.where(cells.known, window.take(stack), 0.0))
            solved = cells.give(cho_solve((lower, True), taken.T, check_finite=False).T)
            rows, columns = window.core()
            result[(slice(None), *window.core_in_whole())] = solved[:, rows, columns]
        return result

    def log_determinant(self, known: np.ndarray) -> float:
        """log |V| over the known cells, with which `whiten` makes the likelihood of a month."""
        return float(sum(2 * np.log(np.diag(lower)).sum() for _, lower in self._factors(known)))

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
            "notes": self.notes,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kriging.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
        np.savez(folder / "kriging.npz", land=observation.land, uncertainty=self.uncertainty, local=self.local)

    @classmethod
    def load(cls, folder: Path) -> FittedKriging:
        """Reads what `save` wrote.

        Raises: BadInput: where the files are not those.
        """
        try:
            told = json.loads((folder / "kriging.json").read_text(encoding="utf-8"))
            with np.load(folder / "kriging.npz", allow_pickle=False) as arrays:
                land, uncertainty, local = (arrays[name] for name in ("land", "uncertainty", "local"))
            observation = Observation(Grid(**told["fine"]), told["factor"], land, PointSpread(**told["point_spread"]))
            region = Region(observation, **told["region"])
            return cls(region, Covariance(**told["covariance"]), Noise(**told["noise"]), uncertainty, local, told["notes"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                folder,
                expected="kriging.json and kriging.npz of a fitted kriging update",
                found=f"{type(error).__name__} ({error})",
                remedy="fit it again",
            ) from None

    def _beyond(self, uncertainty: np.ndarray | None) -> float:
        """Factor on the noise variance in a month: 1, or the next step of 1.5ⁿ at which it is no less than the month's own."""
        if uncertainty is None:
            return 1.0
        both = (self.uncertainty > 0) & np.isfinite(uncertainty)
        if not both.any():
            return 1.0
        ratio = float(np.median((np.asarray(uncertainty)[both] / self.uncertainty[both]) ** 2))
        return max(1.0, _WORSE ** float(np.ceil(np.log(max(ratio, 1e-9)) / np.log(_WORSE) - 1e-9)))

    def _prepared(self, window: Window, known: np.ndarray, beyond: float) -> tuple[Gain, np.ndarray] | None:
        """Gain and posterior variance of a window; kept for the months to come."""
        observed = self.region.observed(window, known)
        if not observed.count:
            return None
        key = (window, observed.known.tobytes(), beyond)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        part = signal(observed, self.region.covariances(window).of(self.covariance.slope), self.region.uncertain)
        whole, remainder = system(part, self.covariance.variance, self.noise, observed, window.take(self.uncertainty), beyond)
        precision = inverse(whole)
        gain = Gain(observed, precision)
        variance = posterior_variance(gain, window, self.region.fine(window), self.region.factor, self.covariance)
        if self.region.pinned:
            variance += self._pinning(window, observed, remainder, precision)
        self._kept[key] = gain, variance.astype(np.float32)
        size = sum(8 * kept.precision.size + 4 * sigma2.size for kept, sigma2 in self._kept.values())
        while size > _KEPT_BYTES and len(self._kept) > 1:
            _, (kept, sigma2) = self._kept.popitem(last=False)
            size -= 8 * kept.precision.size + 4 * sigma2.size
        return self._kept[key]

    def _table(self, window: Window, rows: slice) -> CellToFine:
        """The table of a band of windows, kept where there is room: windows of a band come in a row, bands once a month."""
        key = (window.row, window.n_lat, window.n_lon, rows.start, rows.stop)
        if key not in self._tables:
            size = 16 * window.n_lat * (rows.stop - rows.start) * window.n_lon * self.region.factor
            if len(self._tables) * size > _KEPT_BYTES // 2:
                self._tables.popitem(last=True)  # the newest: of a round through all bands the oldest are what comes first again
            self._tables[key] = fine_table(self.region.fine(window), self.region.factor, self.covariance, rows)
        return self._tables[key]

    def _pinning(self, window: Window, observed: ObservedCells, remainder: np.ndarray, precision: np.ndarray) -> np.ndarray:
        """What pinning cells adds to the variance: that of d − H K d = R (H C Hᵀ + R)⁻¹ d, which is R (H C Hᵀ + R)⁻¹ R."""
        added = np.einsum("ij,ji->i", remainder @ precision, remainder)
        field_ = np.zeros(observed.grid.shape)
        field_[tuple(observed.cells.T)] = added[observed.groups]
        return nearest_upsample(field_[window.core()], self.region.factor)

    def _factors(self, known: np.ndarray):
        """((window, observations), L) of each window's core."""
        key = known.tobytes()
        if key not in self._metric:
            self._metric.clear()
            self._metric[key] = [found for window in self.region.windows if (found := self._factor(window, known)) is not None]
        return self._metric[key]

    def _factor(self, window: Window, known: np.ndarray):
        inside = np.zeros(known.shape, dtype=bool)
        inside[window.core_in_whole()] = known[window.core_in_whole()]
        observed = self.region.observed(window, inside)
        if not observed.count:
            return None
        part = signal(observed, self.region.covariances(window).of(self.covariance.slope), self.region.uncertain)
        whole, _ = system(part, self.covariance.variance, self.noise, observed, window.take(self.uncertainty))
        return (window, observed), lower_factor(whole)

    @cached_property
    def _kept(self) -> OrderedDict[tuple, tuple[Gain, np.ndarray]]:
        return OrderedDict()

    @cached_property
    def _tables(self) -> OrderedDict[tuple[int, ...], CellToFine]:
        return OrderedDict()

    @cached_property
    def _metric(self) -> dict[bytes, list]:
        return {}
