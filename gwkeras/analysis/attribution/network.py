"""What a network's fine cells come from, input by input and channel by channel, by expected gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gwkeras.analysis.attribution.coalitions import Attribution
from gwkeras.analysis.attribution.gradients import expected_gradients
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.network.detail import NetworkDetail
from gwkeras.methods.network.mosaic import Mosaic

_MOVING = ("climate", "gwsa", "gwsa_previous", "net_water_input", "infiltration_efficiency", "covariates_fine")
_CELL = "explained cell"
_MOST_CELLS = 16  # sides of a patch beyond that cost time and tell nothing more of one cell


def network_of(prior: object) -> tuple[Any, Mosaic] | None:
    """The Keras model of a prior or method and its mosaic; None where there is none in this process."""
    while isinstance(prior, NetworkDetail | Calibrated):
        prior = prior.alone if isinstance(prior, NetworkDetail) else prior.inner
    model = getattr(prior.network, "network", None) if isinstance(prior, Mosaic) else None
    return (model, prior) if model is not None and isinstance(prior, Mosaic) else None


def network_attribution(
    model: Any, mosaic: Mosaic, domain: Domain, months: Sequence[Month], rows: int, *, draws: int = 64, seed: int = 0
) -> Attribution:
    """Contributions to fine cells on land, each in a patch and a month of its own; usual are the same patch's other months.

    Args:
        model: inputs by name to {"mean", …}.
        mosaic: whose stride and reach patches keep to.
        domain: to take samples of.
        months: to explain.
        rows: fine cells in all.
        draws: of the expectation.
        seed: of patches, cells and draws.
    """
    rng = np.random.default_rng(seed)
    side = min(_MOST_CELLS, max(mosaic.divisor, 2 * mosaic.reach // mosaic.divisor * mosaic.divisor))
    side = -(-side // mosaic.divisor) * mosaic.divisor
    samples, others, cells = [], [], []
    for number in range(rows):
        month = months[number % len(months)]
        known = np.argwhere(np.isfinite(domain.storage_of(month)) & (domain.land > 0))
        row, col = known[rng.integers(len(known))] - side // 2
        sample = domain.sample(month, int(row), int(col), side, side)
        land = sample["land_fine"][..., 0]
        fine = np.argwhere(land > 0)
        middle = fine[np.argmin(((fine - side * domain.factor // 2) ** 2).sum(axis=1))]
        cell = np.zeros(land.shape, dtype=np.float32)
        cell[tuple(middle)] = 1.0
        samples.append(sample)
        cells.append(cell)
        others.append([domain.sample(other, int(row), int(col), side, side) for other in _others(domain, month, rng)])
    needed = [tensor.name for tensor in model.inputs]
    inputs = {name: np.stack([sample[name] for sample in samples]) for name in needed} | {_CELL: np.stack(cells)}
    moving = [name for name in _MOVING if name in needed]
    background = {name: np.stack([[other[name] for other in each] for each in others]) for name in moving}
    channels = {"climate": domain.climate_channels, "covariates_fine": domain.covariates}

    def at_cell(given: dict[str, Any]) -> Any:
        from keras import ops

        outputs = model({name: given[name] for name in needed})
        return ops.sum(outputs["mean"][..., 0] * given[_CELL], axis=(1, 2))

    return expected_gradients(at_cell, inputs, background, draws=draws, seed=seed, channels=channels)


def _others(domain: Domain, month: Month, rng: np.random.Generator, number: int = 8) -> list[Month]:
    """Other months of the domain, as many as there are up to a number."""
    others = [other for other in domain.months if other != month]
    return [others[k] for k in rng.choice(len(others), size=min(number, len(others)), replace=False)]
