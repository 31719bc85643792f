"""The ridge prior: f = Σ β x, with x = memory of a channel × map, taught through H by generalised least squares.

β minimises Σ_t ‖G_t − H f_t‖² in the metric (H C Hᵀ + R)⁻¹ + strength × Σ (β · deviation of x at the fine grid)², so that
what the product shows decides where it can, and what it cannot show (fine maps under a wide filter) is held back. The strength
is chosen by held-out product (`strength.py`). A closed form: no truth, no random number, no iteration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.errors import ConfigError
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.memories.channels import WATER, Channels
from gwkeras.domain.memories.exponential import TIME_CONSTANTS, retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.priors.ridge.fewer_cells import fewer_cells
from gwkeras.methods.priors.ridge.fitted import FittedRidge, standardised
from gwkeras.methods.priors.ridge.local_amplitude import LocalAmplitude, spacing_km
from gwkeras.methods.priors.ridge.normal_equations import NormalEquations
from gwkeras.methods.priors.ridge.seen_features import Block, SeenFeatures
from gwkeras.methods.priors.ridge.strength import (
    STRENGTHS,
    STRENGTHS_FILTERED,
    Strength,
    choose_strength,
    solve_ridge,
)
from gwkeras.methods.priors.teaching.belief import why_nothing
from gwkeras.methods.priors.teaching.reference_teaching import taught_on
from gwkeras.methods.training import Training

_SPANS, _GROUPS = 4, 8  # of months and of tiles, that are left out by turns
_FEWEST_GROUPS, _GRAM_BYTES = 2, 2**29  # dozens of maps make large sums: fewer groups of tiles are then kept apart
_PRODUCTS_HELD_BACK = 3.0  # how much more than a memory alone its products with maps are held back
_WITH_PRODUCTS = ("net_water_input", "moist_gain", "deep_drainage", "deficit", "growing_deficit", "time", "snow")
_MIDDLING = (4.0, 30.0)  # months: time constants over which places differ most
_MOST_MULTIPLIED = 4  # static maps whose products are maps too: ten products, with how wet it is fifteen
_NOTHING = 1e-9  # of the largest deviation: a feature that varies less is left out
_LITTLE_WATER = 0.01  # of the most that water varies by: a feature of less is held back as if it were that much


@dataclass(frozen=True)
class Ridge:
    """f = Σ β · (memory of a climate channel) · map, by ridge regression on the product, seen through its operator.

    Args:
        time_constants: of the memories, months.
        local: whether a place's answer may depart, smoothly, from what the maps say (`local_amplitude.py`).
    Raises: ConfigError: where there is no time constant.
    """

    time_constants: tuple[float, ...] = key(TIME_CONSTANTS, "of the memories", unit="months", at_least=0.1, at_most=1200)
    local: bool = key(
        True, "allow coefficients to depart smoothly in space from what the maps imply, if held-out product supports it"
    )

    label: ClassVar[str] = "ridge"
    needs_shards: ClassVar[bool] = False
    holds_back: ClassVar[bool] = True  # it is 0 by itself where held-out product does not bear it out

    def __post_init__(self) -> None:
        if not self.time_constants:
            raise ConfigError(
                "prior.time_constants", expected="at least one", found="none", remedy="leave the key out, or give one"
            )

    def fit(self, training: Training, progress: Progress = silent) -> FittedRidge:
        """Weights from the product in the training months.

        Args:
            training: storage of other months than the training's, and of held-out blocks, is never looked at.
            progress: called once a month.
        Raises: MissingMonths: where there are too few training months, or the climate does not reach them.
        """
        months = np.array(training.months, dtype="datetime64[M]")
        climate = FineClimate.of(training.domain)
        channels = Channels(climate)
        if not channels.names:
            return FittedRidge.nothing(self.time_constants, months, "no climate channel is finer than the product")
        climate.require(months, "ridge prior")
        teaching = taught_on(training)
        maps = raw_maps(climate, channels.means)
        mass = climate.grid.area * climate.land
        standard = Standard.of(maps, mass, _multiplied(climate, maps)) if maps else Standard((), np.array([]), np.array([]))
        blocks = self._blocks(channels.names, standard)
        seen = fewer_cells(climate, standardised(standard, maps, climate), teaching.factor)
        features = SeenFeatures(Channels(seen[0]), seen[1], retention(self.time_constants), teaching, seen[2], blocks)
        watched = _watched(features, len(teaching.months), partial(progress, "teaching the ridge prior, months"))
        p = sum(block.count for block in blocks)
        groups = int(np.clip(_GRAM_BYTES / (8 * p**2 * _SPANS), _FEWEST_GROUPS, _GROUPS))
        equations = NormalEquations.accumulate(watched, teaching, _SPANS, groups)
        assert features.deviations is not None
        scales = _scales(_not_negligible(features, features.deviations), blocks)
        scaled = _scaled(equations, scales)
        plain = teaching.blur is None
        strength = choose_strength(scaled, STRENGTHS if plain else STRENGTHS_FILTERED)
        weights = features.dense(solve_ridge(scaled, strength.value) * scales)
        notes = (
            *_notes(strength, scales, standard),
            *_short(climate, months, self.time_constants),
            f"covariance of the metric: slope {teaching.slope:g}",
        )
        known = self.time_constants, channels.names, standard, weights, months, strength.value, notes
        fitted = FittedRidge(*known, explained=strength.gain)
        if not weights.any() or not self.local:
            return fitted
        spacing = spacing_km(training.domain.coarse, training.domain.observation.point_spread.half_weight_km)
        local = LocalAmplitude.fit(features.parts(weights, fitted.groups), teaching, spacing)
        return replace(fitted, local=local, notes=(*notes, _local_note(local)))

    def _blocks(self, channels: tuple[str, ...], standard: Standard) -> tuple[Block, ...]:
        """Every memory with every map; what flows and what is pumped, over middling times, with products of two maps too."""
        alone = 1 + len(standard.names)
        whole = Block(tuple(range(len(channels))), tuple(range(alone)), tuple(range(len(self.time_constants))))
        flows = tuple(i for i, name in enumerate(channels) if name in _WITH_PRODUCTS)
        middling = tuple(i for i, tau in enumerate(self.time_constants) if _MIDDLING[0] <= tau <= _MIDDLING[1])
        products = Block(flows, tuple(range(alone, alone + len(standard.products))), middling)
        return (whole, products) if products.count else (whole,)

    def load(self, folder: Path, training: Training) -> FittedRidge:
        """What `FittedRidge.save` has kept.

        Raises: BadInput: where the folder holds no ridge prior.
        """
        return FittedRidge.load(folder)


def _watched(features: SeenFeatures, total: int, progress) -> Iterator:
    for done, month in enumerate(features, start=1):
        yield month
        progress(done, total)


def _multiplied(climate: FineClimate, maps: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The maps whose products are maps too: those of the static files, as many as are not too many, and how wet it is."""
    wet = next((name for name in ("mean_net_water_input", "mean_precipitation") if name in maps), None)
    return (*list(climate.static)[:_MOST_MULTIPLIED], *([wet] if wet else []))


def _not_negligible(features: SeenFeatures, deviations: np.ndarray) -> np.ndarray:
    """(feature,) the deviations, those of water not below a share of what water varies by in the same memory and map.

    Snow of a tenth of a millimetre would else count for as much as the rain of a monsoon, with a weight that makes kilometres of
    storage of the first real snow that falls, in a month or a place that was not taught on.
    """
    dense = features.dense(deviations)  # (channel, map, τ)
    water = np.isin(features.channels.names, WATER)
    least = _LITTLE_WATER * dense.max(axis=0, where=water[:, None, None], initial=0.0)
    raised = np.where(water[:, None, None] & (dense > _NOTHING * deviations.max()), np.maximum(dense, least), dense)
    return np.concatenate([raised[np.ix_(b.channels, b.maps, b.constants)].ravel() for b in features.blocks])


def _scales(deviations: np.ndarray, blocks: tuple[Block, ...]) -> np.ndarray:
    """(feature,) what a feature is multiplied by before the ridge; 0 for one that does not vary."""
    scales = np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > _NOTHING * deviations.max())
    held_back = [np.where(np.array(block.maps) > 0, _PRODUCTS_HELD_BACK, 1.0) for block in blocks]
    each = [np.broadcast_to(h[:, None], block.shape).ravel() for h, block in zip(held_back, blocks, strict=True)]
    return scales / np.sqrt(np.concatenate(each))


def _scaled(equations: NormalEquations, scales: np.ndarray) -> NormalEquations:
    gram = equations.gram
    gram *= scales[:, None]
    gram *= scales
    return NormalEquations(gram, equations.moment * scales, equations.power, equations.count)


def _notes(strength: Strength, scales: np.ndarray, standard: Standard) -> tuple[str, ...]:
    said = f"{strength.gain:.3f} ± {strength.gain_error:.3f} of the held-out product's variance explained"
    if np.isfinite(strength.value):
        notes = [f"ridge: {np.count_nonzero(scales)} features, strength {strength.value:g}, {said}"]
    else:
        notes = [f"ridge: 0 everywhere, since {why_nothing(strength.gain, strength.gain_error)}"]
    still = int((scales == 0).sum())
    if still:
        notes.append(f"ridge: {still} constant features are left out")
    if standard.left_out:
        notes.append(f"ridge: maps left out: {'; '.join(standard.left_out)}")
    return tuple(notes)


def _short(climate: FineClimate, months: np.ndarray, time_constants: tuple[float, ...]) -> tuple[str, ...]:
    """What is to be said where memories reach back before the climate's record."""
    before = int((months.min() - climate.months[0]).astype(int))
    longer = [f"{tau:g}" for tau in time_constants if tau > before]
    if not longer:
        return ()
    said = (
        f"the climate begins {before} months before the first training month, less than memories of {' and '.join(longer)} months"
    )
    return (f"ridge: {said}; the mean annual cycle fills the years before",)


def _local_note(local: LocalAmplitude) -> str:
    if not np.isfinite(local.strength):
        return "ridge: the same coefficients everywhere, since local ones do not predict held-out product"
    return (
        f"ridge: local coefficients, strength {local.strength:g}, {local.gain:.3f} of the remaining held-out variance explained"
    )
