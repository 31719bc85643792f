"""Named grids of variants: what each changes in a configuration, and the configurations that follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import read_yaml, with_values
from gwkeras.core.errors import BadInput, ConfigError

FULL = "full"
"""The configuration as it is: what all variants are compared with."""

_MOST = 64
_NAME = re.compile(r"[\w .,+=×%()-]{1,60}")
_ALIKE = {
    "name": "it is made of the variant's",
    "training.seed": "--seeds gives the seeds of all variants",
    "sample.months_required": "it is the longest memory of all variants",
    **dict.fromkeys(
        (
            "split",
            "data.truth",
            "data.gwsa",
            "data.region",
            "data.first_month",
            "data.last_month",
            "data.coarsen_product",
            "sample.factor",
            "downscale",
        ),
        "all variants are scored on the same months and cells; change it for all of them with --set",
    ),
}


@dataclass(frozen=True)
class Variant:
    """One row of a table.

    Args:
        name: as it stands there.
        changes: dotted key -> value, against the configuration as it is.
        where: which file or option states it, for complaints.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    where: str = "--study"

    @property
    def folder(self) -> str:
        """Its name as a folder's."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Suite:
    """The variants of one table, `full` first."""

    title: str
    variants: tuple[Variant, ...]


def components() -> Suite:
    """The parts of the paper's Table 6, each left out in turn.

    Without physics the smoothness stays: eq. 10 has it as a term of its own. Without a ConvLSTM the U-Net sees the climate of
    the last month. Without an uncertainty head one standard deviation serves all cells, which calibration settles.
    """
    return Suite(
        "Components",
        (
            Variant(FULL),
            Variant("without ConvLSTM", {"model.convlstm_filters": []}),
            Variant("without physics", {"loss.physics_weight": 0.0}),
            Variant("without uncertainty head", {"model.uncertainty_head": False}),
        ),
    )


def memory(months: Sequence[int], configured: int) -> Suite:
    """Lengths of the climate sequence, as in the paper's Table 7; the configured one is `full`."""
    others = sorted(set(months) - {configured})
    named = tuple(Variant(f"{n} month{'s' if n > 1 else ''}", {"sample.months": n}, "--months") for n in others)
    return Suite("Memory", (Variant(FULL), *named))


def read_grid(path: Path) -> Suite:
    """Variants of a YAML file, a mapping from names to keys and values.

    Raises: BadInput: where the file holds something else.
    """
    variants = [Variant(FULL, where=str(path))]
    for name, changes in read_yaml(path, "--grid").items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not Variant(name).folder:
            raise BadInput(
                path,
                expected="names of letters, digits, spaces and .,+-=()%",
                found=f"'{name}'"[:80],
                remedy="give the variant another name, in quotation marks if it is a number",
            )
        if name == FULL and changes:
            raise BadInput(
                path,
                expected=f"'{FULL}' without changes, as the configuration is",
                found="some",
                remedy="give the variant another name",
            )
        if not isinstance(changes or {}, dict):
            raise BadInput(
                path,
                expected="a mapping of keys for each variant",
                found=f"a single value for '{name}'",
                remedy="write it as name: {training.dropout: 0}",
            )
        if name != FULL:
            variants.append(Variant(name, changes or {}, str(path)))
    if not 1 < len(variants) <= _MOST:
        raise BadInput(
            path,
            expected=f"one to {_MOST - 1} variants beside '{FULL}'",
            found=str(len(variants) - 1),
            remedy="write a mapping from names to keys and values",
        )
    return Suite(path.stem, tuple(variants))


def without_twins(suite: Suite, config: Config) -> Suite:
    """The suite less the variants that are what the configuration is already.

    Raises: BadInput: where none is left but `full`.
    """
    kept = tuple(v for v in suite.variants if v.name == FULL or settled(config, v) != config)
    if len(kept) < 2:
        raise BadInput(
            suite.variants[-1].where,
            expected=f"a variant that differs from '{FULL}'",
            found="none",
            remedy="name other variants, or change the configuration",
        )
    return replace(suite, variants=kept)


def changes_methods(suites: Sequence[Suite]) -> bool:
    """Whether a variant states `methods`: then methods are compared, and not the parts of a network."""
    return any(key.split(".")[0] == "methods" for suite in suites for v in suite.variants for key in dotted(v.changes))


def settled(config: Config, variant: Variant) -> Config:
    """The configuration of a variant.

    Raises: ConfigError: for an unknown key or value, or a key in which variants must be alike.
    """
    where = f"{variant.where}, variant '{variant.name}'"
    for key in dotted(variant.changes):
        for alike, why in _ALIKE.items():
            if key == alike or key.startswith(f"{alike}.") or alike.startswith(f"{key}."):
                raise ConfigError(
                    f"{where}: {key}",
                    expected="keys in which variants may differ",
                    found=f"'{key}'",
                    remedy=f"leave it out, since {why}",
                )
    return with_values(config, variant.changes, where)


def dotted(changes: Mapping[str, Any], prefix: str = "") -> tuple[str, ...]:
    """Names of all keys that a nested mapping states."""
    keys: list[str] = []
    for name, value in changes.items():
        keys += dotted(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [f"{prefix}{name}"]
    return tuple(keys)


def configurations(config: Config, suites: Sequence[Suite]) -> dict[str, Config]:
    """Variant -> configuration, in the order of the suites, for seed `config.training.seed`.

    All take their samples from the months that the longest memory among them has.
    Raises: ConfigError: as `settled`. BadInput: where two variants would share a name.
    """
    found: dict[str, tuple[Variant, Config]] = {}
    folders: dict[str, str] = {}
    for variant in (v for suite in suites for v in suite.variants):
        own = settled(config, variant)
        if folders.setdefault(variant.folder, variant.name) != variant.name or (
            variant.name in found and found[variant.name][1] != own
        ):
            raise BadInput(
                f"{variant.where}, variant '{variant.name}'",
                expected="names that differ in letters or digits",
                found=f"also '{folders[variant.folder]}'",
                remedy="give one of them another name",
            )
        found[variant.name] = variant, own
    memories = {own.sample.months for _, own in found.values()}
    required = max(*memories, config.sample.months_required) if len(memories) > 1 else config.sample.months_required
    return {
        name: replace(own, name=f"{config.name}-{variant.folder}", sample=replace(own.sample, months_required=required))
        for name, (variant, own) in found.items()
    }


def seeds_of(text: str, first: int) -> tuple[int, ...]:
    """ "3": three seeds from `first` on; "0,4,7": these.

    Raises: BadInput: for anything else, or none.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and int(part) < 2**31 for part in parts):
        raise BadInput("--seeds", expected="a number of seeds or a list such as 0,1,2", found=f"'{text}'", remedy="correct it")
    numbers = [int(part) for part in parts]
    if "," not in text:
        if not 1 <= numbers[0] <= _MOST:
            raise BadInput("--seeds", expected=f"1 to {_MOST} seeds", found=text, remedy="name fewer, or a list such as 0,1,2")
        return tuple(range(first, first + numbers[0]))
    return tuple(dict.fromkeys(numbers))


def months_of(text: str) -> tuple[int, ...]:
    """Lengths of memory of a list such as "1,3,6,12".

    Raises: BadInput: for anything else.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 1 <= int(part) <= 120 for part in parts):
        raise BadInput(
            "--months", expected="numbers of months from 1 to 120, such as 1,3,6,12", found=f"'{text}'", remedy="correct it"
        )
    return tuple(dict.fromkeys(int(part) for part in parts))
