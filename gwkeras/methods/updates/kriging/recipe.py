"""Area-to-point kriging through the product's own operator: the recipe, and how it is fitted.

    K = C Hᵀ (H C Hᵀ + E + R)⁻¹,    Ŝ = f + K (G − H f),    σ² = diag(C − K H C)

C: a few Gaussians tied by a slope; E: what a wrong half-weight radius leaves; R: the product's noise, correlated in space. The
update takes C for larger where the prior's storage varies more (`amplitude.py`), and asks all months together
(`months_together.py`): mean, σ and draws alike.
The residual's mean is known to be zero (Kyriakidis 2004, doi 10.1111/j.1538-4632.2004.tb01135.x, for the change of support).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import ndimage

from gwkeras.core.config.key import key
from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.core.grid import Grid
from gwkeras.core.months import Month
from gwkeras.core.progress import Progress
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.training import Training
from gwkeras.methods.updates.kriging.amplitude import Amplitude, sizes_of
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.system import inverse, signal, system
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.months_together import are_asked_together
from gwkeras.methods.updates.kriging.selection.slope_and_noise import (
    LEAST_VARIANCE,
    Sample,
    Selection,
    block_side_km,
    held_out_errors,
    select,
)
from gwkeras.methods.updates.kriging.solvers.common_cells import common_cells
from gwkeras.methods.updates.kriging.solvers.region import Edges, Region
from gwkeras.methods.updates.kriging.solvers.region_edges import deviation_at_edges
from gwkeras.methods.updates.kriging.solvers.unfiltered import Unfiltered
from gwkeras.observation.operator import Observation

_ENOUGH_MONTHS, _ENOUGH_VALUES = 60, 4_000_000  # of the product
_OPEN = (
    "kriging: near the region's edges the product is predicted better if its filter extends beyond them, so the prior is "
    "continued there and the product gets less weight; set update.edges: closed to cut the filter at the edges"
)
_PINNED_NOISE = 0.04  # share of the residuals' variance above which noise is not forced into the cells' means
_PINNED_TOGETHER = 0.01  # the same where months are asked together, which tells noise from storage
_SAMPLED_WINDOWS = 4  # of a region, from which slope and noise are chosen
_SAMPLED_SIDE = 24  # product cells
_LOCAL_KM = 100.0  # over which the local size of errors is averaged, without a filter
_LOCAL_RANGE = (0.1, 10.0)  # of a local variance, as a share of the region's


@dataclass(frozen=True)
class Kriging:
    """The recipe.

    Args:
        slopes: candidates for the covariance's slope, for a product without a filter.
        slope_filtered: the slope for a product with one; what is shorter than a filter cannot be seen through it.
        noise_shares: candidates for the noise variance, as shares of the residuals' variance.
        noise_correlated: share of the noise that is correlated in space.
        noise_length_km: over which it is.
        least_noise_mm: standard deviation of the noise that is assumed at least.
        operator_uncertainty: relative standard error of the half-weight radius.
        tolerance: relative difference in predicting the held-out product that counts as none.
        conservation: "cells" shifts every product cell to its own mean in the end; "observed" conserves what the satellite saw,
            up to its noise; "product" is "observed" where the product's filter is wider than a cell, or where its noise has more
            than a 25th of the variance of what the prior has missed, a 100th where months are asked together, else "cells".
        window_cells: observations along each side of the core of a window, in regions of more than `largest_window` cells; the
            mean of such a region is solved as a whole, σ in windows.
        halo_cells: product cells around a window of an exported network, for a product without a filter.
        halo_km: kilometres around a window at least.
        largest_window: product cells up to which a region is one window.
        edges: "open" takes the region for cut out of a larger one, where its filter sees land beyond the edges: the prior is
            continued there, and the product believed less near them; "closed": there is nothing beyond; "auto": open where that
            predicts the training months' product near the edges better by two standard errors.
        error_size: "prior" takes errors for as large, beside one another, as the prior's storage varies in each fine cell, so
            that what it has missed is carried to where it can be wrong by much; "alike": for as large everywhere. A network is
            exported with its kriging as one graph: its errors count as alike, and its months are asked one by one.
        lasting_months: time constant of what the prior misses of the product, whose months are asked together in a region of
            one window; 0: each by itself.
    Raises: ConfigError: where a value is out of its range.
    """

    slopes: tuple[float, ...] = key((-0.3, 0.0, 0.3), "candidates for the covariance's slope, for a product without a filter")
    slope_filtered: float = key(0.3, "the slope for a product with one", at_least=-1, below=2)
    noise_shares: tuple[float, ...] = key(
        (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), "candidates for the noise variance, as shares of the residuals' variance"
    )
    noise_correlated: float = key(0.5, "share of the noise that is correlated in space", unit="1", at_least=0, at_most=1)
    noise_length_km: float = key(300.0, "correlation length of that noise", unit="km", above=0)
    least_noise_mm: float = key(0.0, "lower bound of the noise's standard deviation", unit="mm", at_least=0)
    operator_uncertainty: float = key(0.15, "relative standard error of the half-weight radius", unit="1", at_least=0, below=0.9)
    tolerance: float = key(0.01, "relative difference in held-out error that counts as none", at_least=0)
    conservation: Literal["product", "observed", "cells"] = key(
        "product",
        "cells: conserve each product cell's mean; observed: what the satellite saw; product: up to the product's noise",
    )
    window_cells: int = key(
        8, "side of the core of a window, for σ through a filter in large regions", unit="observations", at_least=1
    )
    halo_cells: int = key(10, "halo of a window of an exported network, without a filter", unit="product cells", at_least=0)
    halo_km: float = key(0.0, "smallest halo of a window", unit="km", at_least=0)
    largest_window: int = key(3000, "largest region that is solved as one window", unit="product cells", at_least=1)
    edges: Literal["auto", "closed", "open"] = key(
        "auto",
        "open: the filter extends beyond the region's edges, and the product gets less weight near them; closed: the filter is "
        "cut there; auto: open if the product near the edges supports it",
    )
    error_size: Literal["prior", "alike"] = key(
        "prior", "prior: errors are larger where the prior's storage varies more; alike: equal everywhere"
    )
    lasting_months: float = key(
        12.0,
        "time constant of the prior's errors, for estimating months together; 0: month by month",
        at_least=0,
        unit="months",
    )

    label = "kriging"
    needs_shards = False

    def __post_init__(self) -> None:
        for name, wrong, expected in (
            ("slopes", not self.slopes or not all(-1 <= s < 2 for s in self.slopes), "numbers from -1 to below 2"),
            ("slope_filtered", not -1 <= self.slope_filtered < 2, "a number from -1 to below 2"),
            ("noise_shares", not self.noise_shares or not all(0 <= s <= 1 for s in self.noise_shares), "numbers from 0 to 1"),
            ("noise_correlated", not 0 <= self.noise_correlated <= 1, "a share from 0 to 1"),
            ("noise_length_km", self.noise_length_km <= 0, "km, positive"),
            ("least_noise_mm", self.least_noise_mm < 0, "mm, not negative"),
            ("operator_uncertainty", not 0 <= self.operator_uncertainty < 0.9, "a share from 0 to below 0.9"),
            ("tolerance", self.tolerance < 0, "a share, not negative"),
            ("conservation", self.conservation not in ("product", "observed", "cells"), "product, observed or cells"),
            ("edges", self.edges not in ("auto", "closed", "open"), "auto, closed or open"),
            ("error_size", self.error_size not in ("prior", "alike"), "prior or alike"),
            ("lasting_months", self.lasting_months < 0, "months, not negative"),
            ("window_cells", self.window_cells < 1, "a whole number from 1"),
            ("halo_cells", self.halo_cells < 0, "a whole number from 0"),
            ("halo_km", self.halo_km < 0, "km, not negative"),
        ):
            if wrong:
                found = repr(getattr(self, name))
                raise ConfigError(f"update.{name}", expected=expected, found=found, remedy="correct it")

    def fit(self, prior: FittedPrior, training: Training, progress: Progress) -> FittedKriging:
        """The update for what the prior has missed of the product in the training months; see `fit_to`."""
        domain = training.domain
        months = _enough(training.months, int((domain.land > 0).sum()))
        residuals = np.empty((len(months), *domain.coarse.shape))
        withheld, region = training.split.untrained(domain.coarse), self.region(domain.observation)
        squares = np.zeros(domain.fine.shape)
        asked = self.edges == "auto" and region.has_land_beyond
        beyond = np.zeros_like(residuals if asked else residuals[:0])
        for row, (month, expected) in enumerate(PriorFields(prior, domain, months).items()):
            seen = region.seen(expected) if expected.any() else 0.0  # half a second each, on the globe
            squares += expected**2 / len(months)
            residuals[row] = np.where(withheld, np.nan, domain.storage_of(month).astype(float) - seen)
            if asked and expected.any():
                beyond[row] = region.seen_beyond(expected)
            progress("what the prior has missed, months", row + 1, len(months))
        stated = None
        if domain.uncertainty is not None:
            stated = np.stack([domain.uncertainty[domain.record.position(month)] for month in months])
        recipe, said = self, ""
        if asked and region.sees_beyond(residuals, beyond):
            recipe, said, residuals = replace(self, edges="open"), _OPEN, residuals - beyond
        if _is_network(prior):
            return recipe.fit_to(residuals, domain.observation, uncertainty=stated)
        sizes = sizes_of(squares, domain.land_fine) if self.error_size == "prior" else None
        fitted = recipe.fit_to(residuals, domain.observation, uncertainty=stated, lasting_months=self.lasting_months, sizes=sizes)
        return replace(fitted, notes=(*fitted.notes, said)) if said else fitted

    def load(self, folder: Path, training: Training) -> FittedKriging:
        """What `FittedKriging.save` has kept, with the domain's own operator where it is the same: what it has seen is shared."""
        fitted = FittedKriging.load(folder)
        own, other = fitted.region.observation, training.domain.observation
        same = own.fine.is_close(other.fine) and own.factor == other.factor and own.point_spread == other.point_spread
        if not same or not np.array_equal(own.land, other.land):
            return fitted
        return replace(fitted, region=replace(fitted.region, observation=other))

    def fit_to(
        self,
        residuals: np.ndarray,
        observation: Observation,
        *,
        uncertainty: np.ndarray | None = None,
        lasting_months: float = 0.0,
        sizes: np.ndarray | None = None,
    ) -> FittedKriging:
        """Chooses slope and noise by predicting the held-out product, and the size of σ from the errors of doing so.

        Args:
            residuals: (month, n_lat, n_lon) G − H f of training months, mm; NaN where unknown.
            observation: the product's operator.
            uncertainty: the product's own standard error, mm, same shape or (n_lat, n_lon); None where it states none.
            lasting_months: time constant of the residuals, where months will be asked together; 0: one by one.
            sizes: (s n_lat, s n_lon) how large errors are likely to be beside one another; None: alike everywhere. Slope and
                noise are those of errors alike everywhere.
        Raises: BadInput: where the shapes do not fit, or fewer than two months have the same known cells.
        """
        residuals = np.asarray(residuals, dtype=float)
        region = self.region(observation)
        _check_shape(residuals.shape[1:], observation.coarse, "residuals")
        typical = np.nan_to_num(region.gather(_typical(uncertainty, observation.coarse)))
        relative = residuals if sizes is None else residuals / Amplitude.over(sizes, region).seen
        residuals = region.gather(residuals)
        known, months = common_cells(residuals, region.share)
        values = np.where(known, residuals[months], np.nan)
        samples = self._samples(region, known, values, typical)
        slopes = self.slopes if region.spread.kind == "none" else (self.slope_filtered,)
        model = Noise(max(self.least_noise_mm**2, 0.0), self.noise_correlated, self.noise_length_km)
        selection = select(samples, slopes, self.noise_shares, model, self.operator_uncertainty, self.tolerance)
        chosen = selection.chosen
        covariance = Covariance(max(float(chosen.variance), LEAST_VARIANCE), float(chosen.slope))
        noise = Noise(float(chosen.noise), self.noise_correlated, self.noise_length_km)
        deviation = deviation_at_edges(region.unknown_beyond(covariance.slope), covariance, noise.variance, typical)
        relative = np.where(known, region.gather(relative)[months], np.nan)
        local = _local_variance(region, covariance, noise, known, relative, deviation)
        disturbed = float(
            np.mean(np.maximum(noise.variance, typical[known] ** 2)) / max(np.mean(values[:, known] ** 2), LEAST_VARIANCE)
        )
        if self.conservation == "product" and region.pinned:
            together = are_asked_together(region, lasting_months)
            region = replace(region, pinned=disturbed <= (_PINNED_TOGETHER if together else _PINNED_NOISE))
        choice = self._choice(region, selection, known)
        notes = _notes(choice, region, covariance, noise, typical, known)
        return FittedKriging(region, covariance, noise, typical, local, choice, notes, sizes, lasting_months)

    def region(self, observation: Observation) -> Region:
        """What the recipe makes of an operator's grid: its windows, and whether cells are pinned."""
        limits = self.window_cells, self.halo_cells, self.halo_km, self.largest_window
        edges: Edges = "open" if self.edges == "open" else "closed"
        region = Region(observation, self.operator_uncertainty, False, *limits, edges)
        pinned = self.conservation == "cells" or (self.conservation == "product" and not region.is_wide)
        return replace(region, pinned=pinned)

    def _samples(self, region: Region, known: np.ndarray, values: np.ndarray, typical: np.ndarray) -> list[Sample]:
        """Windows from which the parameters are chosen: all of a small region's, else some of the fullest."""
        windows = region.windows
        if region.averaged == 1:
            windows = region.cut(_SAMPLED_SIDE, _SAMPLED_SIDE**2)
        if len(windows) > _SAMPLED_WINDOWS:
            counted = [int((window.take(known) & window.inner()).sum()) for window in windows]
            full = [window for window, count in zip(windows, counted, strict=True) if count >= 0.6 * max(counted)]
            windows = [full[i] for i in np.unique(np.linspace(0, len(full) - 1, _SAMPLED_WINDOWS).astype(int))]
        samples = []
        for window in windows:
            observed = region.observed(window, known)
            if observed.count:
                taken = observed.take(window.take(values)).T
                samples.append(Sample(observed, region.covariances(window), taken, window.take(typical)))
        return samples

    def _choice(self, region: Region, selection: Selection, known: np.ndarray) -> dict:
        chosen = selection.chosen
        return {
            "slope": chosen.slope,
            "noise_share": chosen.noise_share,
            "held_out_rmse_mm": chosen.rmse,
            "held_out_spread": chosen.spread,
            "block_km": selection.block_km,
            "known_cells": int(known.sum()),
            "cells_averaged": region.averaged * region.block,
            "candidates": [[c.slope, c.noise_share, c.rmse, c.spread] for c in selection.candidates],
        }


def _is_network(prior: FittedPrior) -> bool:
    return hasattr(prior, "alone") or isinstance(prior, Calibrated)


def _enough(months: tuple[Month, ...], cells: int) -> tuple[Month, ...]:
    """As many of the months as tell noise and errors of a large region, evenly taken; all of them in most regions."""
    most = max(_ENOUGH_MONTHS, _ENOUGH_VALUES // max(cells, 1))
    return months if len(months) <= most else tuple(months[i] for i in np.linspace(0, len(months) - 1, most).astype(int))


def _notes(
    choice: dict, region: Region, covariance: Covariance, noise: Noise, typical: np.ndarray, known: np.ndarray
) -> tuple[str, ...]:
    blocks = f"in blocks of {choice['block_km']:.0f} km" if choice["block_km"] else "cell by cell"
    own = float(np.sqrt(np.square(typical[known]).mean())) if known.any() else 0.0
    stated = f" (the product states {own:.2g} mm, which is used)" if own**2 > noise.variance else ""
    said = [
        f"kriging: slope {covariance.slope:g}, noise {np.sqrt(noise.variance):.2g} mm{stated}, chosen by predicting held-out "
        f"product {blocks} (RMSE {choice['held_out_rmse_mm']:.2g} mm)"
    ]
    if not region.pinned and region.spread.kind == "none":
        said.append(
            "kriging: means of product cells are conserved up to the product's noise; set update.conservation: cells to "
            "conserve them exactly"
        )
    silent = int((known & (typical <= 0)).sum())
    if silent and (typical > 0).any():
        said.append(
            f"kriging: the product's uncertainty is zero in {silent} of {int(known.sum())} cells, which is read as not stated"
        )
    return tuple(said)


def _check_shape(shape: tuple[int, ...], grid: Grid, what: str) -> None:
    if shape != grid.shape:
        raise BadInput(
            what,
            expected=f"fields on the product's grid, {grid.describe()}",
            found=" × ".join(map(str, shape)),
            remedy="give both on the same grid",
        )


def _typical(uncertainty: np.ndarray | None, grid: Grid) -> np.ndarray:
    """(n_lat, n_lon) root mean square over months of the product's own standard error; 0 where it states none."""
    if uncertainty is None:
        return np.zeros(grid.shape)
    _check_shape(np.shape(uncertainty)[-2:], grid, "uncertainty")
    total, count = np.zeros(grid.shape), np.zeros(grid.shape)
    for month in np.reshape(uncertainty, (-1, *grid.shape)):
        squared = month.astype(float) ** 2
        total += np.nan_to_num(squared)
        count += np.isfinite(squared)
    return np.sqrt(total / np.maximum(count, 1))


def _local_variance(
    region: Region, covariance: Covariance, noise: Noise, known: np.ndarray, values: np.ndarray, typical: np.ndarray
) -> np.ndarray:
    """(n_lat, n_lon) how much larger the variance of held-out errors is than predicted, averaged around each cell."""
    if region.spread.kind == "none":
        squares, expected = Unfiltered(region, covariance, noise, typical).left_out(values, known)
        ratio, weight = np.divide(squares, expected, out=np.zeros(known.shape), where=expected > 0), (expected > 0).astype(float)
    else:
        ratio, weight = _held_out_ratio(region, covariance, noise, known, values, typical)
    radius = max(_LOCAL_KM, region.spread.half_weight_km)
    cell = region.grid.height_km
    middle = np.cos(np.deg2rad((region.grid.south + region.grid.north) / 2))
    widths = (radius / cell, radius / (cell * region.grid.lon_step / region.grid.lat_step * max(0.2, middle)))
    mode = ("nearest", "wrap" if region.grid.is_periodic else "nearest")
    # The region's mean counts as one more cell in each place, so that nothing is divided by zero far from data.
    mean = ratio.sum() / max(weight.sum(), 1.0)
    summed = ndimage.gaussian_filter(ratio, widths, mode=mode) + 1e-3 * mean
    total = ndimage.gaussian_filter(weight, widths, mode=mode) + 1e-3
    return np.clip(summed / total, *_LOCAL_RANGE)


def _held_out_ratio(
    region: Region, covariance: Covariance, noise: Noise, known: np.ndarray, values: np.ndarray, typical: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n_lat, n_lon) mean square of the errors in blocks left out over its prediction, and where there is one."""
    ratio, weight = np.zeros(known.shape), np.zeros(known.shape)
    side = block_side_km(region.spread)
    for window in region.windows:
        observed = region.observed(window, known)
        if not observed.count:
            continue
        part = signal(observed, region.covariances(window).of(covariance.slope), region.uncertain)
        whole, _ = system(part, covariance.variance, noise, observed, window.take(typical))
        sample = Sample(observed, region.covariances(window), observed.take(window.take(values)).T, window.take(typical))
        errors, expected = held_out_errors(sample, inverse(whole), side)
        field, there = np.zeros(window.grid(region.grid).shape), np.zeros(window.grid(region.grid).shape)
        field[tuple(observed.cells.T)] = ((errors**2).mean(axis=1) / expected)[observed.groups]
        there[tuple(observed.cells.T)] = 1.0
        ratio[window.core_in_whole()] = field[window.core()]
        weight[window.core_in_whole()] = there[window.core()]
    return ratio, weight
