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

from gwkeras.methods.parts import Progress
from gwkeras.methods.priors.belief import is_believed
from gwkeras.methods.priors.storage_model.held_out import HeldOut, System, predict_held_out
from gwkeras.methods.priors.storage_model.linearised import Seen
from gwkeras.methods.priors.storage_model.parameters import Weights

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4)
"""Candidates: the share of the product's power that a departure of one weight by its likely size must explain at least."""

STRENGTHS_FILTERED = STRENGTHS[:3]
"""Candidates behind a filter: what free parameters get wrong there is what the filter takes away, which no product shows."""

_LIKELY = (1.0, 0.3)  # departures of typical values and of maps' weights, before the logistic function
_LIKELY_REGION = (0.03, 0.1, 0.3)  # candidates for those of the regional field
_LONGEST = 1.5  # of a step in any weight, before the logistic function
_STEPS = 4  # for each strength; the next one starts where it has ended
_REGIONAL_STEPS = 3  # with a regional field
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

    Args:
        seen: the model as the product would show it.
        start: the textbook's.
        progress: called once a step.
    """
    strengths = STRENGTHS if seen.teaching.blur is None else STRENGTHS_FILTERED
    bumps = start.region.shape[1]
    slope, plain = _Slope.of(seen.without_region()), replace(start, region=start.region[:, :0])
    steps, weights, found = len(strengths) * _STEPS + (_REGIONAL_STEPS if bumps else 0), plain, []
    for number, strength in enumerate(strengths):
        told = partial(_told, progress, number * _STEPS, steps)
        weights, held_out = slope.descend(weights, plain, strength, _STEPS, told)
        found.append(Descent(weights, strength, held_out))
    chosen = found[_strongest([descent.held_out for descent in found])]
    if not bumps or not chosen.amplitude:
        return replace(chosen, weights=replace(chosen.weights, region=start.region))
    told = partial(_told, progress, len(strengths) * _STEPS, steps)
    return _with_region(seen, start, chosen, told)


def _with_region(seen: Seen, start: Weights, plain: Descent, told: Callable[[int], None]) -> Descent:
    """The descent taken farther with a regional field, where that predicts the same places in other months better.

    How large the field's departures are likely to be is chosen in the linear system around the weights without one.
    """
    slope, weights = _Slope.of(seen), replace(plain.weights, region=start.region)
    system = System.around(seen.equations(weights), weights.flat - start.flat).in_time
    told(1)
    without = predict_held_out(system, plain.strength / _likely(start, 1e-6) ** 2)
    found = [predict_held_out(system, plain.strength / _likely(start, size) ** 2) for size in _LIKELY_REGION]
    number = _strongest([without, *found])
    if number == 0:
        return replace(plain, weights=weights)
    size = _LIKELY_REGION[number - 1]
    weights, _ = slope.descend(weights, start, plain.strength, _REGIONAL_STEPS - 1, lambda done: told(done + 1), size)
    return replace(plain, weights=weights, likely_region=size, region_gain=found[number - 1].gain - without.gain)


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

    def descend(
        self,
        weights: Weights,
        textbook: Weights,
        strength: float,
        steps: int,
        told: Callable[[int], None],
        likely_region: float = 1.0,
    ) -> tuple[Weights, HeldOut]:
        """Steps for one strength, and what the last of them says of held-out product."""
        pull, origin = strength / _likely(textbook, likely_region) ** 2, textbook.flat

        def objective(flat: np.ndarray) -> float:
            missed = (self.values - self.seen.of(textbook.put(flat))).astype(np.float64)
            return float((missed**2).sum()) / self.power + float(pull @ (flat - origin) ** 2)

        flat = weights.flat
        least = objective(flat)
        for step in range(steps):
            system = System.around(self.seen.equations(textbook.put(flat)), flat - origin)
            flat, now = _step(system, pull, flat, origin, least, objective)
            told(step + 1)
            gained, least = least - now, now
            if gained < _ENOUGH:
                break
        return textbook.put(flat), predict_held_out(system, pull)


def _told(progress: Progress, before: int, total: int, done: int) -> None:
    progress("teaching the storage model, steps", before + done, total)


def _likely(weights: Weights, region: float) -> np.ndarray:
    """(weight,) the likely size of each departure from the textbook."""
    sizes = zip((weights.typical, weights.maps, weights.region), (*_LIKELY, region), strict=True)
    return np.concatenate([np.full(part.size, size) for part, size in sizes])


def _step(
    system: System, pull: np.ndarray, flat: np.ndarray, start: np.ndarray, least: float, objective: Callable[[np.ndarray], float]
) -> tuple[np.ndarray, float]:
    """Better weights and their objective; those given where a step does not better them."""
    step = start + system.best(pull) - flat
    step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-12))
    for _ in range(_HALVINGS):
        now = objective(flat + step)
        if now < least:
            return flat + step, now
        step = step / 2
    return flat, least


def _strongest(found: list[HeldOut]) -> int:
    """The strongest pull, which stands first, under which held-out product is predicted as well as under the best."""
    errors = np.stack([held_out.left for held_out in found], axis=1)  # (part, pull)
    mean, best = errors.mean(axis=0), int(errors.mean(axis=0).argmin())
    slack = (errors - errors[:, [best]]).std(axis=0, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else 0.0 * mean
    return int(np.flatnonzero(mean <= mean[best] + _TOLERANCE * slack).min())
