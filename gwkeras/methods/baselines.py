"""What every method is compared with: interpolations, which see nothing but the coarse field."""

from __future__ import annotations

from gwkeras.methods.composition import Composition
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.updates.interpolation import Interpolation

_UPDATES = (
    Interpolation("nearest"),
    Interpolation("bilinear"),
    Interpolation("bicubic"),
    Interpolation("bicubic", conserving=True),
)

BASELINES: tuple[Composition, ...] = tuple(Composition(update.label, NoPrior(), update) for update in _UPDATES)
"""Simplest first."""
