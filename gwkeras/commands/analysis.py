"""What the commands of analysis share: named records, free paths, what a file says of its making."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.fields.writing.cf_file import Provenance


def named_sources(given: Sequence[str] | None, option: str = "--field") -> dict[str, SourceConfig]:
    """ "NAME=FILE" -> records by name; a file alone is named for itself, and a name given twice has several files.

    Args:
        given: as typed.
        option: they were given to, for complaints.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in given or ():
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            name, path = Path(text).stem, text
        if not name or not path:
            raise BadInput(option, expected="NAME=FILE", found=f"'{text}'", remedy=f"write for instance {option} kriging=fine.nc")
        found[name] = (*found.get(name, ()), path)
    return {name: SourceConfig(path=paths) for name, paths in found.items()}


def free_path(path: Path, overwrite: bool) -> Path:
    """The path. Raises: BadInput: where there is a file and it may not be replaced."""
    if path.exists() and not overwrite:
        raise BadInput(path, expected="a name that is free", found="a file", remedy="give --overwrite, or another --output")
    return path


def compartment_sources(
    given: Mapping[str, Sequence[str] | None], land_model: Sequence[str] | None, names: Sequence[str] | None
) -> dict[str, SourceConfig]:
    """Files by compartment; a land model stands for soil, snow and canopy, as far as these have no files of their own.

    Args:
        given: compartment -> paths.
        land_model: paths.
        names: "COMPARTMENT=VARIABLE" texts.
    """
    variables = {}
    for text in names or ():
        compartment, equals, variable = text.partition("=")
        if not equals or compartment not in given:
            raise BadInput("--name", expected=f"one of {', '.join(given)}, =VARIABLE", found=f"'{text}'", remedy="correct it")
        variables[compartment] = {compartment: variable}
    paths = {name: tuple(files) for name, files in given.items() if files}
    if land_model:
        paths |= {name: tuple(land_model) for name in ("soil", "snow", "canopy") if name not in paths}
    return {name: SourceConfig(path=paths[name], variables=variables.get(name, {})) for name in given if name in paths}


def climate_source(paths: Sequence[str] | None, names: Sequence[str] | None, units: Sequence[str] | None) -> SourceConfig | None:
    """Files of drivers; None where there are none.

    Args:
        paths: files, folders, globs.
        names: "CHANNEL=VARIABLE" texts.
        units: "CHANNEL=UNIT" texts.
    """
    if not paths:
        return None
    return SourceConfig(path=tuple(paths), variables=_pairs(names, "--climate-name"), units=_pairs(units, "--climate-unit"))


def _pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if name not in CLIMATE_UNITS or not equals or not value:
            raise BadInput(option, expected=f"one of {', '.join(CLIMATE_UNITS)}, =VALUE", found=f"'{text}'", remedy="correct it")
        found[name] = value
    return found


def named_numbers(given: Sequence[str] | None, option: str, names: Sequence[str]) -> dict[str, float]:
    """ "NAME=NUMBER" -> numbers by name.

    Args:
        given: as typed.
        option: they were given to.
        names: that there are.
    """
    found = {}
    for text in given or ():
        name, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if name not in names or not 0 <= value < float("inf"):
            raise BadInput(option, expected=f"NAME=NUMBER with one of {', '.join(names)}", found=f"'{text}'", remedy="correct it")
        found[name] = value
    return found


def span_of(text: str, option: str) -> tuple[str, str]:
    """ "2004-01:2009-12" -> its two months. Raises: BadInput: where it is no span."""
    first, colon, last = text.partition(":")
    if not colon or not all(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) for month in (first, last)) or first > last:
        raise BadInput(option, expected="a span of months such as 2004-01:2009-12", found=f"'{text}'", remedy="correct it")
    return first, last


def require_odd(value: int | None, option: str) -> None:
    """Raises: BadInput: where a length is even."""
    if value is not None and value % 2 == 0:
        raise BadInput(option, expected="an odd number", found=str(value), remedy=f"take {value + 1}")


def described(command: str, what: str, inputs: Sequence[Path] = ()) -> dict[str, str]:
    """Global attributes of a file that an analysis writes.

    Args:
        command: that was typed.
        what: the analysis, in a phrase.
        inputs: files, by name.
    """
    names = ", ".join(path.name for path in inputs if path.name)
    return Provenance(source=f"gwkeras, {what}", history=command, comment=f"made of {names}" if names else "").attributes()
