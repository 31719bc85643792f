"""The members through all months: alone, or brought to the product after each; mean and spread of what they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.methods.priors.storage_model.ensemble import Ensemble
from gwkeras.methods.priors.storage_model.fitted import FittedStorageModel
from gwkeras.methods.updates.ensemble.localised import Localised
from gwkeras.methods.updates.ensemble.seen import Seen
from gwkeras.methods.updates.ensemble.settings import Settings


def amplitude_of(model: FittedStorageModel) -> np.float32:
    """Share of the storage that is believed; all of it where held-out product bears out none: the product is to correct it."""
    return np.float32(model.amplitude or 1.0)


def members_of(model: FittedStorageModel, domain: Domain, settings: Settings, parts: int = 1) -> Ensemble:
    """The members before the first month, the same ones each time.

    Args:
        model: believed.
        domain: where they run.
        settings: their number and perturbations.
        parts: fine cells along a side of a block, where blocks are to be run.
    """
    assert model.weights is not None
    climate = FineClimate.of(domain)
    grid = climate.grid.coarsen(parts) if parts > 1 else climate.grid
    rng = np.random.default_rng([settings.seed, settings.members])
    return Ensemble(model.weights, model.ground(climate, parts), grid, settings.perturbation, settings.members, rng)


def usual_stores(model: FittedStorageModel, members: Ensemble) -> np.ndarray:
    """(store, member, cell) mm, each member's own mean over the training months, left to itself; the members have then run."""
    training = set(model.training_months.tolist())
    total, count = np.zeros(1, dtype=np.float32), 0
    for stamp, stores in zip(members.ground.weather.months.tolist(), members, strict=True):
        if stamp in training:
            total, count = total + stores, count + 1
    return total / np.float32(count)


def alone(
    model: FittedStorageModel, domain: Domain, settings: Settings
) -> Iterator[tuple[np.datetime64, np.ndarray, np.ndarray]]:
    """The open loop: each month of the climate, and (cell,) mean and standard deviation over members of f, mm."""
    usual = usual_stores(model, members_of(model, domain, settings))
    members, amplitude = members_of(model, domain, settings), amplitude_of(model)
    for stamp, stores in zip(members.ground.weather.months, members, strict=True):
        yield stamp, *_told(amplitude * members.storage_of(stores - usual))


def with_product(
    model: FittedStorageModel, domain: Domain, settings: Settings
) -> Iterator[tuple[np.datetime64, np.ndarray, np.ndarray]]:
    """The filter, and with a lag the smoother (Evensen & van Leeuwen 2000, doi 10.1175/1520-0493(2000)128): as `alone`."""
    usual = usual_stores(model, members_of(model, domain, settings))
    members, amplitude, seen = members_of(model, domain, settings), amplitude_of(model), Seen.of(domain, settings.floor)
    land, shape = members.ground.land, domain.fine.shape
    localised = Localised(domain.fine, seen.observed, settings.reach_km)
    known = {month.astype("datetime64[M]").item(): month for month in domain.record}
    held: deque[tuple[np.datetime64, np.ndarray]] = deque()
    for stamp, stores in zip(members.ground.weather.months, members, strict=True):
        # Members have levels of their own: what the product tells is of their departures from these.
        departures = stores - usual
        held.append((stamp, amplitude * members.storage_of(departures)))
        if stamp.item() in known:
            now = held[-1][1]
            shown = seen(_on_grid(now, land, shape))
            missed = seen.product(known[stamp.item()]) - shown.mean(axis=0)
            transforms = localised.transforms(shown - shown.mean(axis=0), missed)
            together = np.concatenate([departures, np.stack([field for _, field in held])])  # (variable, N, cell)
            after = _relaxed(together, _transformed(together, transforms, localised, land, shape), settings.relaxation)
            members.put(usual + after[: len(departures)])
            held = deque((month, field) for (month, _), field in zip(held, after[len(departures) :], strict=True))
        while len(held) > settings.lag:
            month, field = held.popleft()
            yield month, *_told(field)
    for month, field in held:
        yield month, *_told(field)


def _relaxed(before: np.ndarray, after: np.ndarray, kept: float) -> np.ndarray:
    """(variable, N, cell): the mean after the product, around which members keep a share of where they were before."""
    mean = after.mean(axis=1, keepdims=True)
    return mean + np.float32(1 - kept) * (after - mean) + np.float32(kept) * (before - before.mean(axis=1, keepdims=True))


def _told(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return field.mean(axis=0), field.std(axis=0, ddof=1)


def _on_grid(values: np.ndarray, land: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    result = np.zeros((*values.shape[:-1], *shape), dtype=np.float32)
    result[..., land] = values
    return result


def _transformed(
    values: np.ndarray, transforms: np.ndarray, localised: Localised, land: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """(variable, N, cell): x̄ + X′ W."""
    mean = values.mean(axis=1, keepdims=True)
    departures = np.moveaxis(_on_grid(values - mean, land, shape), 0, 1)
    return mean + np.moveaxis(localised.apply(transforms, departures), 1, 0)[..., land]
