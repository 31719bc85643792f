"""A domain some of whose inputs are as usual: each calendar month's mean for climate and product, the mean over land for maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gwkeras.core.latest import Latest
from gwkeras.core.months import calendar_month
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.domain.drivers import Drivers

PRODUCT, MAPS, EVAPOTRANSPIRATION = "product", "maps", "evapotranspiration"
_DERIVED = "net_water_input"


def groups_of(domain: Domain) -> tuple[str, ...]:
    """Groups of inputs: each climate channel, the maps together, the product.

    P − ET is no input by itself: what of it is not precipitation counts as evapotranspiration.

    Args:
        domain: whose inputs they are.
    """
    channels = dict.fromkeys([*domain.fine_drivers.channels, *domain.coarse_drivers.channels])
    names = [name for name in channels if name != _DERIVED]
    if _DERIVED in channels and EVAPOTRANSPIRATION not in names:
        names.append(EVAPOTRANSPIRATION)
    return (*names, *((MAPS,) if domain.fine_drivers.static else ()), PRODUCT)


def with_usual(domain: Domain, usual: Sequence[str], cache: Path) -> Domain:
    """The domain with some groups as usual and the others as they are.

    Args:
        domain: as it is.
        usual: groups among `groups_of`.
        cache: folder for what has to be computed anew.
    """
    told = sorted(set(usual))
    if not told:
        return domain
    storage = domain.storage
    if PRODUCT in told:
        values = np.asarray(domain.storage, dtype=float)
        storage = np.where(np.isfinite(values), _climatology(values, domain.record.months), np.nan).astype(np.float32)  # type: ignore[assignment]
    return replace(
        domain,
        coarse_drivers=_usual_drivers(domain.coarse_drivers, told, cache),
        fine_drivers=_usual_drivers(domain.fine_drivers, told, cache),
        storage=storage,
        _latest=Latest(),
    )


def _usual_drivers(drivers: Drivers, usual: Sequence[str], cache: Path) -> Drivers:
    concerned = [name for name in usual if name != PRODUCT]
    if not concerned:
        return drivers
    channels = {name: _usual_channel(drivers, name, concerned, cache) for name in drivers.channels}
    static = dict(drivers.static)
    if MAPS in concerned:
        weights = drivers.land * drivers.grid.area
        for name, values in static.items():
            mean = float((np.asarray(values, float) * weights).sum() / weights.sum()) if weights.any() else 0.0
            static[name] = np.full_like(values, mean)
    return replace(
        drivers, channels=channels, static=static, cache=cache, key=[drivers.key, "usual", concerned], _latest=Latest()
    )


def _usual_channel(drivers: Drivers, name: str, usual: Sequence[str], cache: Path) -> DiskArray:
    """A channel as usual, or as it is; of P − ET the part that is usual."""
    record = drivers.channels[name]
    parts = ["precipitation", EVAPOTRANSPIRATION] if name == _DERIVED else [name]
    if not set(parts) & set(usual):
        return record
    months, rain = drivers.calendar.months, drivers.channels.get("precipitation")

    def values(rows: slice) -> np.ndarray:
        own = np.asarray(record[:, rows], dtype=float)
        if name != _DERIVED or set(parts) <= set(usual):
            return _climatology(own, months)
        if rain is None:  # nothing tells P and ET apart
            return _climatology(own, months)
        fell = np.asarray(rain[:, rows], dtype=float)
        if "precipitation" in usual:
            return own - fell + _climatology(fell, months)
        evaporated = fell - own
        return own + evaporated - _climatology(evaporated, months)

    key = [drivers.key, "usual", name, list(usual), [str(m) for m in months[[0, -1]]]]
    shape = (len(months), *drivers.grid.shape)
    return cached_array(cache, key, shape, values, axis=1, step_bytes=8 * len(months) * drivers.grid.n_lon * 4)


def _climatology(values: np.ndarray, months: np.ndarray) -> np.ndarray:
    """(M, ...) each month's mean over all years; NaN are left out."""
    calendar = calendar_month(months)
    result = np.empty(values.shape)
    for month in np.unique(calendar):
        chosen = calendar == month
        part = values[chosen]
        known = np.isfinite(part)
        number = known.sum(axis=0)
        total = np.where(known, part, 0.0).sum(axis=0)
        result[chosen] = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return result
