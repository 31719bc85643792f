"""Gauss and Newton's descent to the weights, and how strongly these are held back to the textbook's.

Around any weights θ the model is linear, f(θ + δ) ≈ f + J δ, and the best δ under a ridge that pulls θ back to the textbook's
has a closed form. A few such steps are enough where a gradient alone would need hundreds. The strength is chosen by
held-out product, in the same linear system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gwkeras.core.progress import Progress
from gwkeras.methods.priors.storage_model.held_out import HeldOut, System, predict_held_out
from gwkeras.methods.priors.storage_model.linearised import Seen
from gwkeras.methods.priors.storage_model.parameters import Weights
from gwkeras.methods.priors.teaching.belief import is_believed

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4)
"""Candidates: the share of the product's power that a departure of one weight by its likely size must explain at least."""

STRENGTHS_FILTERED = STRENGTHS[:3]
"""Candidates behind a filter: what free parameters get wrong there is what the filter takes away, which no product shows."""

_LIKELY = (1.0, 0.3)  # departures of typical values and of maps' weights, before the logistic function
_SHOWN, _LEAST_SHOWN = (
    0.25,
    0.02,
)  # standard deviation left of a map behind the filter, below which its weights are held back more
_LIKELY_REGION = (0.03, 0.1, 0.3)  # candidates for those of the regional field
_LONGEST = 1.5  # of a step in any weight, before the logistic function
_STEPS, _HELD_BACK = 8, 2  # at most, and of these held back most, whatever the product says
_REGIONAL_STEPS = 2  # with a regional field: where it is chosen, and one step
_HALVINGS = 4  # of a step that does not lower the objective
_ENOUGH = 1e-3  # of the product's power: a smaller gain ends the descent
_TOLERANCE = 0.5  # standard errors by which a stronger pull may be worse and is still taken


@dataclass(frozen=True)
class Descent:
    """Where it has ended.

    Args:
        weights: found.
        strength: of the pull to the textbook's.
        held_out: what product says that was not shown, of the weights without a regional field.
        likely_region: size of the regional field's departures; 0 where there is none.
        region_gain: share of the power in other months, at the same places, that the field explains beyond the maps.
    """

    weights: Weights
    strength: float
    held_out: HeldOut
    likely_region: float = 0.0
    region_gain: float = 0.0

    @property
    def amplitude(self) -> float:
        """Of the storage that held-out product supports, 0 … 1; 0 where it does not believe in any."""
        return self.held_out.amplitude if is_believed(self.held_out.gain, self.held_out.gain_error) else 0.0


def descend(seen: Seen, start: Weights, progress: Progress) -> Descent:
    """Weights for the strength that held-out product chooses, first without a regional field, then with one if that helps.

    The first steps are held back most; from then on each is held back as the linear system around it says by held-out product.

    Args:
        seen: the model as the product would show it.
        start: the textbook's.
        progress: called once a step.
    """
    strengths = STRENGTHS if seen.teaching.blur is None else STRENGTHS_FILTERED
    bumps = start.region.shape[1]
    slope, plain = _Slope.of(seen.without_region()), replace(start, region=start.region[:, :0])
    steps = _STEPS + (_REGIONAL_STEPS if bumps else 0)
    chosen = slope.descend(plain, strengths, partial(_told, progress, 0, steps))
    if not bumps or not chosen.amplitude:
        return replace(chosen, weights=replace(chosen.weights, region=start.region))
    return _with_region(seen, start, chosen, partial(_told, progress, _STEPS, steps))


def _with_region(seen: Seen, start: Weights, plain: Descent, told: Callable[[int], None]) -> Descent:
    """The descent taken farther with a regional field, where that predicts the same places in other months better.

    How large the field's departures are likely to be is chosen in the linear system around the weights without one.
    """
    slope, weights = _Slope.of(seen), replace(plain.weights, region=start.region)
    system = System.around(seen.equations(weights), weights.flat - start.flat)
    told(1)
    pulls = [plain.strength / slope.likely(start, size) ** 2 for size in (1e-6, *_LIKELY_REGION)]
    found = [predict_held_out(system.in_time, pull) for pull in pulls]
    number = _strongest(found)
    if number == 0:
        return replace(plain, weights=weights)
    flat, pull = weights.flat, pulls[number]
    for step in range(1, _REGIONAL_STEPS):
        flat, _ = slope.step(system, pull, flat, start)
        told(step + 1)
        if step + 1 < _REGIONAL_STEPS:
            system = System.around(seen.equations(start.put(flat)), flat - start.flat)
    size, gain = _LIKELY_REGION[number - 1], found[number].gain - found[0].gain
    return replace(plain, weights=start.put(flat), likely_region=size, region_gain=gain)


@dataclass(frozen=True)
class _Slope:
    """What is descended: the product's power that the model leaves, and the pull towards the textbook.

    Args:
        seen: the model.
        values: (M, k) whitened product.
        power: their sum of squares.
    """

    seen: Seen
    values: np.ndarray
    power: float

    @classmethod
    def of(cls, seen: Seen) -> _Slope:
        values = seen.teaching.metric.whiten(seen.teaching.values.astype(np.float32))
        return cls(seen, values, float((values.astype(np.float64) ** 2).sum()))

    def likely(self, weights: Weights, region: float = 1.0) -> np.ndarray:
        """(weight,) the likely size of each departure from the textbook.

        A map of which the product sees next to nothing, such as a place's height over its surroundings through a filter, is told
        from others by what is left of it there, and would err by all that is hidden: the less is left, the less it is to do.
        """
        maps = _LIKELY[1] * np.clip(self.seen.shown() / _SHOWN, _LEAST_SHOWN, 1.0)
        by_map = np.broadcast_to(maps, weights.maps.shape).ravel()
        return np.concatenate([np.full(weights.typical.size, _LIKELY[0]), by_map, np.full(weights.region.size, region)])

    def left(self, weights: Weights) -> float:
        """Share of the product's power that the model with these weights leaves."""
        missed = (self.values - self.seen.of(weights)).astype(np.float64)
        return float((missed**2).sum()) / self.power

    def descend(self, textbook: Weights, strengths: tuple[float, ...], told: Callable[[int], None]) -> Descent:
        """Steps from the textbook until one gains next to nothing, and what held-out product says around the last."""
        flat, origin = textbook.flat, textbook.flat
        strength, left = strengths[0], self.left(textbook)
        for step in range(_STEPS):
            system = System.around(self.seen.equations(textbook.put(flat)), flat - origin)
            if step >= _HELD_BACK:
                held = [predict_held_out(system, each / self.likely(textbook) ** 2) for each in strengths]
                before, strength = strength, strengths[_strongest(held)]
            moved, now = self.step(system, strength / self.likely(textbook) ** 2, flat, textbook, left)
            told(step + 1)
            gained, flat, left = left - now, moved, now
            if step >= _HELD_BACK and strength == before and gained < _ENOUGH:
                break
        return Descent(textbook.put(flat), strength, predict_held_out(system, strength / self.likely(textbook) ** 2))

    def step(
        self, system: System, pull: np.ndarray, flat: np.ndarray, textbook: Weights, left: float | None = None
    ) -> tuple[np.ndarray, float]:
        """Better weights and the share that they leave; those given where a step does not better them.

        Args:
            system: around the weights.
            pull: penalty on the square of each departure, as a share of the product's power.
            flat: the weights.
            textbook: that they are pulled to.
            left: by these weights; None: to be computed.
        """
        origin = textbook.flat
        left = self.left(textbook.put(flat)) if left is None else left
        least = left + float(pull @ (flat - origin) ** 2)
        step = origin + system.best(pull) - flat
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-12))
        for _ in range(_HALVINGS):
            now = self.left(textbook.put(flat + step))
            if now + float(pull @ (flat + step - origin) ** 2) < least:
                return flat + step, now
            step = step / 2
        return flat, left


def _told(progress: Progress, before: int, total: int, done: int) -> None:
    progress("teaching the storage model, steps", before + done, total)


def _strongest(found: list[HeldOut]) -> int:
    """The strongest pull, which stands first, under which held-out product is predicted as well as under the best."""
    errors = np.stack([held_out.left for held_out in found], axis=1)  # (part, pull)
    mean, best = errors.mean(axis=0), int(errors.mean(axis=0).argmin())
    slack = (errors - errors[:, [best]]).std(axis=0, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else 0.0 * mean
    return int(np.flatnonzero(mean <= mean[best] + _TOLERANCE * slack).min())
