"""Units of files to the canonical units of the house, by UDUNITS names through pint."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gwkeras.core.errors import UnknownUnits

STORAGE = "mm"
MONTHLY_TOTAL = "mm month-1"


def conversion(unit: str | None, canonical: str, where: object) -> tuple[float, float]:
    """(scale, offset) with canonical = scale × value + offset.

    Water may be given as depth or as mass per area (1 kg m⁻² = 1 mm). A rate per second or day to `mm month-1` is
    returned per *day* of the month: the caller multiplies by the month's length (see `is_rate`).

    Raises: UnknownUnits: where `unit` is None, empty, unknown, or of another dimension.
    """
    if unit is None or not unit.strip():
        raise UnknownUnits(where, expected=f"a units attribute convertible to {canonical}", found="none",
                           remedy="state the unit in the configuration (units: {name: unit})")
    target = "mm day-1" if canonical == MONTHLY_TOTAL and is_rate(unit) else canonical
    if canonical == MONTHLY_TOTAL and not is_rate(unit):
        target = "mm"  # a total of the month, "mm", "mm/month" or "kg m-2"
    scale_offset = _convert(_without_month(unit), target)
    if scale_offset is None:
        raise UnknownUnits(where, expected=f"units convertible to {canonical}", found=f"'{unit}'",
                           remedy="correct the attribute, or state the unit in the configuration (units: {name: unit})")
    return scale_offset


def is_rate(unit: str) -> bool:
    """Whether `unit` is per second, hour or day (as against a total of the month)."""
    quantity = _parse(_without_month(unit))
    return quantity is not None and quantity.dimensionality.get("[time]", 0) == -1


def _without_month(unit: str) -> str:
    """Drops 'per month', which for us is a total of a calendar month and not of 30.44 days."""
    text = unit.strip()
    for ending in ("month-1", "month**-1", "month^-1", "/month", "/mon", "mon-1", "per month"):
        if text.endswith(ending):
            return text.removesuffix(ending).strip() or "1"
    return text


@lru_cache
def _registry() -> Any:
    import cf_xarray.units
    return cf_xarray.units.units


def _parse(unit: str) -> Any:
    try:
        return _registry().parse_units(unit)
    except Exception:  # pint raises tokenizer, attribute and value errors alike on text that is no unit
        return None


@lru_cache(maxsize=256)
def _convert(unit: str, target: str) -> tuple[float, float] | None:
    source, goal = _parse(unit), _parse(target)
    if source is None or goal is None:
        return None
    registry = _registry()
    water = registry.Quantity(1.0, "mm") / registry.Quantity(1.0, "kg m-2")
    for factor in (registry.Quantity(1.0, ""), water):
        try:
            zero = (registry.Quantity(0.0, source) * factor if factor is not water else registry.Quantity(0.0, source) * water).to(goal)
            one = (registry.Quantity(1.0, source) * factor if factor is not water else registry.Quantity(1.0, source) * water).to(goal)
        except Exception:  # not this dimension, or an offset unit that does not multiply
            continue
        return float(one.magnitude - zero.magnitude), float(zero.magnitude)
    try:
        zero, one = registry.Quantity(0.0, source).to(goal), registry.Quantity(1.0, source).to(goal)
    except Exception:
        return None
    return float(one.magnitude - zero.magnitude), float(zero.magnitude)
