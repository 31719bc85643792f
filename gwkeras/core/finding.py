"""What was found in a file or folder, as plain values that print and serialise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        path: as the user named it.
        what: in a phrase.
        facts: label -> text, number, list of texts, or further facts; in reading order.
        notes: sentences worth knowing.
        faults: sentences on why it, or a part of it, cannot be read.
        fits: whether it fits the configuration; None where none was given, or it says nothing on such things.
        reasons: sentences on why it does not fit.
    """

    path: str
    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    fits: bool | None = None
    reasons: tuple[str, ...] = ()

    def text(self) -> str:
        """Several lines for a terminal."""
        lines = [f"{self.path}: {self.what}", *_lines(self.facts, 2)]
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  cannot be read: {fault}" for fault in self.faults]
        if self.fits is not None:
            lines.append("  fits the configuration" if self.fits else "  does not fit the configuration:")
        return "\n".join([*lines, *(f"    {reason}" for reason in self.reasons)])


def differences(here: Mapping[str, Any], wanted: Mapping[str, Any], sections: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of two configurations that differ in the sections named, but for paths, which may have moved."""
    return tuple(sentence for section in sections for sentence in _differences(section, here.get(section), wanted.get(section)))


def _differences(key: str, here: Any, wanted: Any) -> list[str]:
    if isinstance(here, Mapping) and isinstance(wanted, Mapping):
        inner = [name for name in dict.fromkeys((*here, *wanted)) if name != "path"]
        return [s for name in inner for s in _differences(f"{key}.{name}", here.get(name), wanted.get(name))]
    if isinstance(here, list | tuple) and isinstance(wanted, list | tuple):
        if len(here) == len(wanted):
            return [s for k, (a, b) in enumerate(zip(here, wanted, strict=True)) for s in _differences(f"{key}[{k}]", a, b)]
        return [f"{key} has {len(here)} entries there, {len(wanted)} in the configuration"]
    return [] if here == wanted else [f"{key} is {here} there, {wanted} in the configuration"]


def _lines(facts: Mapping[str, Any], indent: int) -> list[str]:
    width = max((len(name) for name, value in facts.items() if not isinstance(value, Mapping)), default=0)
    lines = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            lines += [f"{' ' * indent}{name}", *_lines(value, indent + 2)]
        else:
            said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            lines.append(f"{' ' * indent}{name:<{min(width, 24)}}  {said}")
    return lines
