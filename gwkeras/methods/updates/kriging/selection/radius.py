"""The half-weight radius that a product itself speaks for, with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
from scipy.linalg import lapack

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.covariance.observed_cells import ObservedCells
from gwkeras.methods.updates.kriging.covariance.system import CellCovariances, lower_factor, seen_covariance
from gwkeras.methods.updates.kriging.selection.radius_box import boxed
from gwkeras.observation.point_spread import Over, PointSpread

RADII_KM = (0.0, 50.0, 75.0, 100.0, 125.0, 150.0, 175.0, 200.0, 225.0, 250.0, 275.0, 300.0, 350.0, 400.0)

_SLOPES = (0.0, 0.3, 0.6)
_NOISE_SHARES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
_NOISE_FORMS = ((0.5, 300.0), (0.95, 100.0), (0.95, 200.0), (0.95, 400.0))
"""(correlated share, length in km): a noise of the wrong form looks like a narrower filter."""
_BLOCK_KM = 150.0
"""Means over such blocks are compared: between neighbouring cells of a filtered product its noise differs, not its filter."""
_NODES = 4  # along a cell's side, for its mean covariance
_AVERAGED = 6  # months that follow one another, whose mean is compared, where the record has enough of them
_SPANS = 8  # of months, left out in turn for the interval
_QUARTERS = 4  # of the region, likewise
_TWO_SIDED_90_OF_QUARTERS = 2.353  # Student's t with 3 degrees of freedom
_FEWEST_BLOCKS = 20
_TWO_SIDED_90 = 1.645
_HALF_CHI_SQUARED = 1.353
_STANDS = 0.1  # of a stated radius, by which the interval may miss it
_TOO_FAR = 0.5  # of the best radius, farther than which a stated one is not a slip
_NOISIER = 4.0  # times the variance that the product states: then its noise is not what is thought, nor the interval
_JITTER = 1e-10  # of the variance of fine storage


@dataclass(frozen=True)
class RadiusProfile:
    """Likelihood over the half-weight radius.

    Args:
        radii_km: (k,) candidates; 0: no filter.
        log_likelihood: (k,) a month's, less the largest, at the best slope and noise of each radius.
        slopes: (k,) those slopes.
        noise_shares: (k,) those shares of noise, of a single month's.
        best_km: the most likely radius.
        lower_km: end of the 90 % interval, the widest of three: by leaving spans of months out in turn, by leaving quarters of
            the region out in turn, since storage is not alike everywhere, and by the likelihood with each span counted as one
            independent month, since months resemble their neighbours. Slopes above 0.6 are not thought possible: a smoother
            storage through a narrower filter looks the same.
        upper_km: its other end.
    """

    radii_km: tuple[float, ...]
    log_likelihood: tuple[float, ...]
    slopes: tuple[float, ...]
    noise_shares: tuple[float, ...]
    best_km: float
    lower_km: float
    upper_km: float

    def contradicts(self, stated: PointSpread, uncertain: float = 0.15) -> bool:
        """Whether what is stated lies farther off than its own uncertainty and the interval allow."""
        radius = stated.half_weight_km if stated.kind == "gaussian" else 0.0
        return not self.lower_km - uncertain * self.best_km <= radius <= self.upper_km + uncertain * self.best_km

    @property
    def noise_share(self) -> float:
        """Of the variance that is seen, at the best radius."""
        return self.noise_shares[int(np.argmax(self.log_likelihood))]

    def corrected(self, stated: PointSpread, noise_share: float | None) -> PointSpread | None:
        """What is stated, moved to the nearer end of the interval; None where it stands.

        It stands within 10 % of the interval, since the interval itself is found by a covariance that is an assumption; and
        where the months do not speak of a filter: no interval that leaves 0 out, a radius half as large again, or more noise
        than the product says, which looks like a narrower filter.

        Args:
            stated: by the product's files.
            noise_share: of the product's variance, by its own uncertainty; None where it states none.
        """
        radius = stated.half_weight_km
        nearest = float(np.clip(radius, self.lower_km, self.upper_km))
        is_near = abs(radius - nearest) <= _STANDS * radius
        is_far = abs(radius - self.best_km) > _TOO_FAR * self.best_km
        if stated.kind == "none" or self.lower_km <= 0 or is_near or is_far or self._is_noisier(noise_share):
            return None
        return PointSpread.gaussian(round(nearest, 1), stated.over)

    def speaks_for_full_width(self, stated: PointSpread, noise_share: float | None) -> bool:
        """Whether a number that may be the radius or the full width is the latter.

        So it is where the interval leaves the number out and the best radius is nearer to its half.

        Args:
            stated: with the number for its radius.
            noise_share: as for `corrected`.
        """
        number = stated.half_weight_km
        is_half = 0 < self.lower_km and self.upper_km < number and self.best_km < number / np.sqrt(2)
        return is_half and not self._is_noisier(noise_share)

    def _is_noisier(self, stated_share: float | None) -> bool:
        return stated_share is not None and self.noise_share > _NOISIER * stated_share


def radius_profile(residuals: np.ndarray, grid: Grid, share: np.ndarray, over: Over = "land") -> RadiusProfile:
    """Profiles the likelihood of neighbouring blocks of the product over the radius, with slope and noise at their best for each.

    For choosing the radius alone: chosen together with the noise by likelihood, the product is taken for exact (DESIGN §1).
    Of a large region, the part with the most data is looked at. Means of some months that follow one another are compared: noise
    is new every month and averages out, storage lasts. Noise that is smooth in space, as that of filtered products is, would
    else be taken for storage through a narrower filter.

    Args:
        residuals: (month, n_lat, n_lon) G in training months, mm; NaN where unknown.
        grid: the product's.
        share: (n_lat, n_lon) land share of its cells.
        over: what the filter is normalised by.
    Raises: BadInput: where there are too few months or cells.
    """
    box = boxed(residuals, grid, share, RADII_KM[-1])
    side = box.grid.height_km
    blocks = ObservedCells(box.grid, box.share, box.known, PointSpread(), (0, 0), max(1, round(_BLOCK_KM / side)))
    months = len(box.values)
    if months < 2 * _SPANS or blocks.count < _FEWEST_BLOCKS:
        raise BadInput(
            "point spread",
            expected=f"at least {2 * _SPANS} months and {_FEWEST_BLOCKS} neighbouring blocks of {_BLOCK_KM:g} km to find it from",
            found=f"months: {months}, blocks: {blocks.count}",
            remedy="state it in data.point_spread",
        )
    values = _averaged(blocks.take(box.values - box.values.mean(axis=0)))
    averaged, months = months // len(values), len(values)
    quarters = _quarters(blocks.directions)
    order = np.concatenate(quarters)  # so that each quarter's covariance is a block of the whole
    ends = np.cumsum([0, *map(len, quarters)])
    parts, values = [slice(int(a), int(b)) for a, b in pairwise(ends)], values[:, order]
    spans = np.arange(months) * _SPANS // months
    kept = np.stack([np.ones(months, dtype=bool), *(spans != span for span in range(_SPANS))])
    counts, powers = kept.sum(axis=1), _powers(values, spans)
    powers_of_parts = [np.ascontiguousarray(powers[:1, part, part]) for part in parts]
    covariances = CellCovariances(box.grid.refine(_NODES), _NODES)
    tables = {slope: covariances.of(slope) for slope in _SLOPES}
    shape = np.zeros(box.grid.shape)
    forms = [Noise(1.0, *form).covariance(blocks, shape)[np.ix_(order, order)] for form in _NOISE_FORMS]
    likelihood = np.full((len(RADII_KM), _SPANS + 1), -np.inf)
    elsewhere = np.full((len(RADII_KM), len(quarters)), -np.inf)
    best: list[tuple[float, float]] = [(0.0, 0.0)] * len(RADII_KM)
    for i, radius in enumerate(RADII_KM):
        observed = replace(blocks, spread=PointSpread.gaussian(radius, over) if radius else PointSpread())
        rows = observed.operator().rows()[order]
        for slope in _SLOPES:
            seen = seen_covariance(rows, tables[slope])
            variance = float(np.diag(seen).mean())
            seen[np.diag_indices_from(seen)] += _JITTER
            for noise_share, form in product(_NOISE_SHARES, forms):
                matrix = seen + noise_share * variance * form
                found = _likelihoods(matrix, powers, counts)
                own = zip(parts, powers_of_parts, strict=True)
                each = np.array([_likelihoods(matrix[p, p], power, counts[:1])[0] for p, power in own])
                elsewhere[i] = np.maximum(elsewhere[i], each.sum() - each)
                if found[0] > likelihood[i, 0]:
                    best[i] = slope, noise_share
                likelihood[i] = np.maximum(likelihood[i], found)
    peaks = np.array([_peak(np.array(RADII_KM), curve) for curve in likelihood.T])
    error = _TWO_SIDED_90 * _left_out_error(peaks[1:])
    if len(quarters) == _QUARTERS:
        there = np.array([_peak(np.array(RADII_KM), curve) for curve in elsewhere.T])
        error = max(error, _TWO_SIDED_90_OF_QUARTERS * _left_out_error(there))
    curve = likelihood[:, 0] - likelihood[:, 0].max()
    low, high = _interval(np.array(RADII_KM), curve)
    slopes, shares = zip(*best, strict=True)
    return RadiusProfile(
        RADII_KM,
        tuple(curve.tolist()),
        slopes,
        tuple(averaged * share for share in shares),
        float(peaks[0]),
        max(RADII_KM[0], min(low, float(peaks[0]) - error)),
        min(RADII_KM[-1], max(high, float(peaks[0]) + error)),
    )


def _averaged(values: np.ndarray) -> np.ndarray:
    """(months, n) to (months / 6, n) means of six months, of fewer in a short record: two are left for each span."""
    length = max(1, min(_AVERAGED, len(values) // (2 * _SPANS)))
    count = len(values) // length
    return values[: count * length].reshape(count, length, -1).mean(axis=1)


def _quarters(directions: np.ndarray) -> list[np.ndarray]:
    """Blocks north and south of the middle one, each west and east of its middle one.

    Args:
        directions: (n, 3) of the blocks, km from the Earth's centre.
    """
    north = directions[:, 2] >= np.median(directions[:, 2])
    parts = []
    for half in (north, ~north):
        inside = np.flatnonzero(half)
        middle = directions[inside].mean(axis=0)
        eastward = directions[inside] @ np.array([-middle[1], middle[0], 0.0])
        parts += [inside[eastward >= np.median(eastward)], inside[eastward < np.median(eastward)]]
    return [part for part in parts if len(part)]


def _left_out_error(peaks: np.ndarray) -> float:
    """The jackknife's standard error, of peaks with each part left out in turn."""
    return float(np.sqrt((len(peaks) - 1) / len(peaks) * ((peaks - peaks.mean()) ** 2).sum()))


def _interval(radii: np.ndarray, curve: np.ndarray) -> tuple[float, float]:
    """Where a month's log-likelihood, times the number of spans, falls by 1.35 (half of χ² with one degree of freedom, 90 %)."""
    fallen = curve * _SPANS + _HALF_CHI_SQUARED
    at = int(curve.argmax())
    below = np.flatnonzero(fallen[:at] < 0)
    above = at + 1 + np.flatnonzero(fallen[at + 1 :] < 0)
    low, high = float(radii[0]), float(radii[-1])
    if len(below):
        k = below[-1]
        low = float(np.interp(0.0, fallen[[k, k + 1]], radii[[k, k + 1]]))
    if len(above):
        k = above[0]
        high = float(np.interp(0.0, fallen[[k, k - 1]], radii[[k, k - 1]]))
    return low, high


def _powers(values: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """(1 + span, n, n) Σ v vᵀ over all months, and over those of all spans but one; its upper half, that of the lower added.

    Args:
        values: (months, n) v.
        spans: (months,) which span each is of.
    """
    each = np.stack([values[spans == span].T @ values[spans == span] for span in range(_SPANS)])
    whole = each.sum(axis=0)
    found = np.concatenate([whole[None], whole - each])
    return np.triu(found) + np.triu(found, 1)


def _likelihoods(matrix: np.ndarray, powers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """A month's log-likelihood, the variance at its best, for each set of months: −n/2 log (mean of vᵀ K⁻¹ v) / n − ½ log |K|.

    Args:
        matrix: (n, n) K.
        powers: (set, n, n) as of `_powers`: Σ vᵀ K⁻¹ v is the sum of its products with the upper half of K⁻¹.
        counts: (set,) months of each set.
    """
    lower = lower_factor(matrix)
    inverse, _ = lapack.dpotri(lower, lower=1)  # the other half stays 0; transposed it lies in memory as `powers` do
    mean = powers.reshape(len(powers), -1) @ inverse.T.ravel() / counts / len(matrix)
    return -0.5 * len(matrix) * np.log(mean) - np.log(np.diag(lower)).sum()


def _peak(radii: np.ndarray, curve: np.ndarray) -> float:
    """Where the parabola through the highest point and its neighbours is highest; the point itself at the ends."""
    at = int(curve.argmax())
    if at in (0, len(radii) - 1):
        return float(radii[at])
    a, b, _ = np.polyfit(radii[at - 1 : at + 2] - radii[at], curve[at - 1 : at + 2], 2)
    return float(radii[at] - b / (2 * a)) if a < 0 else float(radii[at])
