"""What the analysis commands share: named records, free paths, provenance attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.schema import CLIMATE_UNITS
from gwkeras.fields.writing.cf_file import Provenance


def named_sources(
    given: Sequence[str] | None,
    option: str = "--field",
    *,
    variables: Sequence[str] | None = None,
    units: Sequence[str] | None = None,
) -> dict[str, SourceConfig]:
    """ "NAME=FILE" -> records by name; a file alone is named for itself, and a name given twice has several files.

    Args:
        given: as typed.
        option: they were given to, for complaints.
        variables: "NAME=VARIABLE" texts, of --variable.
        units: "NAME=UNIT" texts, of --unit.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in given or ():
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            name, path = Path(text).stem, text
        if not name or not path:
            raise BadInput(option, expected="NAME=FILE", found=f"'{text}'", remedy=f"write for instance {option} kriging=fine.nc")
        found[name] = (*found.get(name, ()), path)
    called, measured = (_of_names(texts, told, found) for texts, told in ((variables, "--variable"), (units, "--unit")))
    return {
        name: SourceConfig(path=paths, variables=_keyed("gwsa", called.get(name)), units=_keyed("gwsa", measured.get(name)))
        for name, paths in found.items()
    }


def _of_names(given: Sequence[str] | None, option: str, names: Iterable[str]) -> dict[str, str]:
    """ "NAME=VALUE" texts by name."""
    found = {}
    for text in given or ():
        name, _, value = text.partition("=")
        if name not in names or not value:
            raise BadInput(option, expected=f"NAME=VALUE with one of {', '.join(names)}", found=f"'{text}'", remedy="correct it")
        found[name] = value
    return found


def _keyed(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


def free_path(path: Path, overwrite: bool) -> Path:
    """The path. Raises: BadInput: where there is a file and it may not be replaced."""
    if path.exists() and not overwrite:
        raise BadInput(path, expected="a name that is free", found="a file", remedy="give --overwrite, or another --output")
    return path


def compartment_sources(
    given: Mapping[str, Sequence[str] | None],
    land_model: Sequence[str] | None,
    names: Sequence[str] | None,
    units: Sequence[str] | None = None,
) -> dict[str, SourceConfig]:
    """Files by compartment; a land model provides soil, snow and canopy, unless these have files of their own.

    Args:
        given: compartment -> paths.
        land_model: paths.
        names: "COMPARTMENT=VARIABLE" texts, of --name.
        units: "COMPARTMENT=UNIT" texts, of --compartment-unit.
    """
    called, measured = _of_names(names, "--name", given), _of_names(units, "--compartment-unit", given)
    paths = {name: tuple(files) for name, files in given.items() if files}
    if land_model:
        paths |= {name: tuple(land_model) for name in ("soil", "snow", "canopy") if name not in paths}
    return {
        name: SourceConfig(
            path=paths[name],
            variables=_keyed(name, called.get(name)),
            units=_keyed(name, measured.get(name)),
        )
        for name in given
        if name in paths
    }


def climate_source(paths: Sequence[str] | None, names: Sequence[str] | None, units: Sequence[str] | None) -> SourceConfig | None:
    """Files of drivers; None where there are none.

    Args:
        paths: files, folders, globs.
        names: "CHANNEL=VARIABLE" texts.
        units: "CHANNEL=UNIT" texts.
    """
    if not paths:
        return None
    called, measured = _of_names(names, "--climate-name", CLIMATE_UNITS), _of_names(units, "--climate-unit", CLIMATE_UNITS)
    return SourceConfig(path=tuple(paths), variables=called, units=measured)


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
