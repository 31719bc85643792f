"""Units of files to the canonical units of the house, by UDUNITS names through pint."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from gwkeras.core.errors import UnknownUnits

STORAGE = "mm"
MONTHLY_TOTAL = "mm month-1"
_OTHERS = {STORAGE: "cm", MONTHLY_TOTAL: "mm day-1", "K": "degC", "Pa": "hPa", "m3 m-3": "%"}  # that files often have

# What is measured ("of water equivalent", "EWH") says nothing about the unit and is no UDUNITS word.
_SUBSTANCE = re.compile(
    r"\(?\b(?:of\s+)?(?:(?:liquid[ _])?water[ _]?(?:equivalent|eq\.?)?(?:[ _](?:height|thickness|depth))?"
    r"|equivalent[ _]water(?:[ _](?:height|thickness|depth))?|lwe(?:_thickness)?"
    r"|ewh|ewt|ewd|swe|h2o|w\.\s?e(?:q)?\.?|we)(?!\w)\)?",
    re.IGNORECASE,
)
_MONTH = re.compile(r"(?:\s*/\s*|\s+per\s+)mon(?:th)?s?$|[\s.*·]*\bmon(?:th)?s?\s?(?:(?:\*\*|\^)?-1|⁻¹)$", re.IGNORECASE)
_WORDS = {
    "celsius": "degC",
    "degree celsius": "degC",
    "degrees celsius": "degC",
    "deg c": "degC",
    "c": "degC",
    "degree_c": "degC",
    "degrees_c": "degC",
    "kelvin": "K",
    "kelvins": "K",
    "deg k": "K",
    "degk": "K",
    "degree_kelvin": "K",
    "degrees kelvin": "K",
    "mb": "mbar",
    "millibars": "mbar",
    "fraction": "1",
    "vol/vol": "1",
    "volumetric": "1",
    "v/v": "1",
    "-": "1",
    "(0 - 1)": "1",
    "unitless": "1",
    "dimensionless": "1",
    "percent": "%",
    "(%)": "%",
}
_USUAL = {
    "mm": ("mm", 1.0, 0.0),
    "cm": ("mm", 10.0, 0.0),
    "m": ("mm", 1000.0, 0.0),
    "kg m-2": ("mm", 1.0, 0.0),
    "mm day-1": ("mm day-1", 1.0, 0.0),
    "mm d-1": ("mm day-1", 1.0, 0.0),
    "m s-1": ("mm day-1", 86_400_000.0, 0.0),
    "kg m-2 s-1": ("mm day-1", 86_400.0, 0.0),
    "K": ("K", 1.0, 0.0),
    "degC": ("K", 1.0, 273.15),
    "Pa": ("Pa", 1.0, 0.0),
    "hPa": ("Pa", 100.0, 0.0),
    "1": ("1", 1.0, 0.0),
    "%": ("1", 0.01, 0.0),
    "m3 m-3": ("1", 1.0, 0.0),
    "m**3 m**-3": ("1", 1.0, 0.0),
}
"""What most files are in: reference unit, scale, offset. Pint takes a second of processor time to start, and says the same."""


def conversion(unit: str | None, canonical: str, where: object, name: str = "") -> tuple[float, float]:
    """(scale, offset) with canonical = scale × value + offset.

    Water may be given as depth or as mass per area (1 kg m⁻² = 1 mm). A rate per second or day to `mm month-1` is
    returned per *day* of the month: the caller multiplies by the month's length (see `is_rate`).

    Args:
        unit: of the file.
        canonical: of the house.
        where: file and variable, for messages.
        name: by which a configuration knows the quantity, such as "gwsa"; "": by none.
    Raises: UnknownUnits: where `unit` is None, empty, unknown, or of another dimension.
    """
    if unit is None or not unit.strip():
        raise UnknownUnits(
            where,
            expected=f"a units attribute convertible to {canonical}",
            found="none",
            remedy=f"state the unit in the configuration ({unit_key(name, canonical)}), or with --unit where a command has it",
        )
    source, target = unit, canonical
    if canonical == MONTHLY_TOTAL:
        source = _MONTH.sub("", unit.strip())  # a total of a calendar month, not of 30.44 days
        target = "mm day-1" if is_rate(unit) else STORAGE
    scale_offset = _convert(source, target)
    if scale_offset is None:
        raise UnknownUnits(
            where,
            expected=f"units convertible to {canonical}",
            found=f"'{unit}'",
            remedy=f"correct the attribute, or state the unit in the configuration ({unit_key(name, canonical)})",
        )
    return scale_offset


def unit_key(name: str, canonical: str) -> str:
    """How a configuration is told the unit of a quantity, by a unit that such files often have.

    Args:
        name: by which a configuration knows the quantity; "": by none.
        canonical: unit of the house.
    """
    example = _OTHERS.get(canonical, canonical)
    if name == "gwsa":
        return f"such as --set data.gwsa.units='{{gwsa: {example}}}'"
    return f"such as --set 'data.climate=[{{units: {{{name}: {example}}}}}]'" if name else "units: {name: unit}"


def is_rate(unit: str) -> bool:
    """Whether `unit` is per second, hour, day or year (as against a total of the month)."""
    text = _MONTH.sub("", unit.strip())
    usual = _USUAL.get(_plain(text))
    if usual is not None:
        return usual[0] == "mm day-1"
    quantity = _parse(text)
    return quantity is not None and quantity.dimensionality.get("[time]", 0) == -1


def _plain(unit: str) -> str:
    """`unit` without the substance, and with everyday words replaced by UDUNITS ones."""
    text = " ".join(_SUBSTANCE.sub(" ", unit).split())
    text = text.removeprefix("[").removesuffix("]").strip()
    return _WORDS.get(text.lower(), text)


@lru_cache
def _registry() -> Any:
    logger = logging.getLogger("pint.util")
    level = logger.level
    logger.setLevel(logging.ERROR)  # UDUNITS names replace some of pint's own, which it reports as a warning each
    try:
        import cf_xarray.units  # takes half a second: only where a file is read
    finally:
        logger.setLevel(level)
    return cf_xarray.units.units


@lru_cache(maxsize=256)
def _parse(unit: str) -> Any:
    try:
        return _registry().parse_units(_plain(unit))
    except Exception:  # pint raises tokenizer, attribute and value errors alike on text that is no unit
        return None


@lru_cache(maxsize=256)
def _convert(unit: str, target: str) -> tuple[float, float] | None:
    usual, wanted = (_USUAL.get(_plain(text)) for text in (unit, target))
    if usual is not None and wanted is not None and usual[0] == wanted[0]:
        return usual[1] / wanted[1], (usual[2] - wanted[2]) / wanted[1]
    source, goal = _parse(unit), _parse(target)
    if source is None or goal is None:
        return None
    registry = _registry()
    depth_of_mass = registry.parse_units("mm m2 kg-1")
    for candidate in (source, source * depth_of_mass):
        if candidate.dimensionality == goal.dimensionality:
            zero = registry.Quantity(0.0, candidate).to(goal).magnitude
            one = registry.Quantity(1.0, candidate).to(goal).magnitude
            return float(one - zero), float(zero)
    return None
