"""Gauss and Newton's descent to the weights, and how strongly these are held back to the textbook's.

Around any weights θ the model is linear, f(θ + δ) ≈ f + J δ, and the best δ under a ridge that pulls θ back to the textbook's
has a closed form. A few such steps are enough where a gradient alone would need hundreds. The strength is chosen by
held-out product, in the same linear system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gwkeras.methods.parts import Progress
from gwkeras.methods.priors.storage_model.linearised import Seen
from gwkeras.methods.priors.storage_model.parameters import Weights
from gwkeras.methods.priors.storage_model.held_out import HeldOut, System, predict_held_out

STRENGTHS = (1e-1, 1e-2, 1e-3, 1e-4)
"""Candidates, from textbook parameters everywhere to freer ones: the share of the product's power that a departure of all weights
by their likely size must explain at least."""

STRENGTHS_FILTERED = STRENGTHS[:3]
"""Candidates behind a filter: what free parameters get wrong there is what the filter takes away, so held-out product cannot see it."""

_LIKELY = (1.0, 0.3, 0.3)  # departures of typical values, of maps' weights and of the regional field, before the logistic function
_LONGEST = 1.5  # of a step in any weight, before the logistic function
_STEPS = 4  # for each strength; the next one starts where it has ended
_HALVINGS = 4  # of a step that does not lower the objective
_ENOUGH = 1e-3  # of the product's power: a smaller gain ends the descent
_TOLERANCE = 0.5  # standard errors by which a stronger pull may be worse and is still taken
_CERTAIN, _WORTH = 2.0, 0.05  # standard errors, and share of the power, that the gain must be above nothing


@dataclass(frozen=True)
class Descent:
    """Where it has ended.

    Args:
        weights: found.
        strength: chosen.
        amplitude: of the storage that held-out product supports, 0 … 1; 0 where it does not believe in any.
        gain: share of the held-out product's power that is explained.
        gain_error: its standard error over the parts left out.
    """

    weights: Weights
    strength: float
    amplitude: float
    gain: float
    gain_error: float


def descend(seen: Seen, start: Weights, progress: Progress) -> Descent:
    """Weights for the strength that held-out product chooses.

    Args:
        seen: the model as the product would show it.
        start: the textbook's.
        progress: called once a step.
    """
    strengths = STRENGTHS if seen.teaching.blur is None else STRENGTHS_FILTERED
    values = seen.teaching.metric.whiten(seen.teaching.values.astype(np.float32))
    power = float((values.astype(np.float64) ** 2).sum())
    likely = start.put(np.ones(start.flat.size))
    likely = Weights(*(size * part for size, part in zip(_LIKELY, (likely.typical, likely.maps, likely.region), strict=True)))
    held_back = 1.0 / likely.flat**2
    weights, found = start, []
    for number, strength in enumerate(strengths):
        pull = strength * held_back

        def objective(flat: np.ndarray, pull: np.ndarray = pull) -> float:
            missed = float(((values - seen.of(start.put(flat))).astype(np.float64) ** 2).sum())
            return missed / power + float(pull @ (flat - start.flat) ** 2)

        flat, least = weights.flat, objective(weights.flat)
        for step in range(_STEPS):
            system = System.around(seen.equations(start.put(flat)), flat - start.flat)
            flat, now = _step(system, pull, flat, start.flat, least, objective)
            progress("teaching the storage model, steps", number * _STEPS + step + 1, len(strengths) * _STEPS)
            gained, least = least - now, now
            if gained < _ENOUGH:
                break
        weights = start.put(flat)
        found.append((weights, predict_held_out(system, pull)))
    return _chosen(found, strengths)


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


def _chosen(found: list[tuple[Weights, HeldOut]], strengths: tuple[float, ...]) -> Descent:
    """The strongest pull under which held-out product is predicted as well as under the best."""
    errors = np.stack([held_out.left for _, held_out in found], axis=1)  # (part, strength)
    mean, best = errors.mean(axis=0), int(errors.mean(axis=0).argmin())
    slack = (errors - errors[:, [best]]).std(axis=0, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else 0.0 * mean
    chosen = int(np.flatnonzero(mean <= mean[best] + _TOLERANCE * slack).min())
    weights, held_out = found[chosen]
    believed = held_out.gain > max(_CERTAIN * held_out.gain_error, _WORTH)
    amplitude = held_out.amplitude if believed else 0.0
    return Descent(weights, strengths[chosen], amplitude, held_out.gain, held_out.gain_error)
