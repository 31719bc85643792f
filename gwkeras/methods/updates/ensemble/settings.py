"""What an ensemble's recipe says of its members and of how they are brought to the product."""

from __future__ import annotations

from dataclasses import dataclass

from gwkeras.methods.priors.storage_model.ensemble import Perturbation


@dataclass(frozen=True)
class Settings:
    """Of a run.

    Args:
        members: how many.
        perturbation: how far they differ.
        seed: of the perturbations.
        floor: mm², of the product's noise beside what it states.
        lag: months that the product of a month still corrects, backwards.
        reach_km: half-width of the taper.
        relaxation: share of a member's departure from the mean, before the product, that it keeps in going on.
    """

    members: int
    perturbation: Perturbation
    seed: int
    floor: float
    lag: int = 0
    reach_km: float = 200.0
    relaxation: float = 0.0
