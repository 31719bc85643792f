"""What `gwkeras ablate` has found, as its folder keeps it: scores by variant and seed, for the paper's Tables 6 and 7."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from gwkeras.core.config.yaml_file import load_run_config
from gwkeras.core.errors import BadInput
from gwkeras.report.spread import Spread, spread_of
from gwkeras.training.run_folder import RunFolder

FULL = "full"
"""The configuration without changes."""

_FIGURES = "ablation.csv"
_MEMORY = re.compile(r"(\d+) months?")


@dataclass(frozen=True)
class StoredStudy:
    """Scores of trained variants and of the interpolations.

    Args:
        variants: variant -> seed -> metric -> value; errors in mm, minutes of training.
        interpolations: method -> metric -> value.
        months: length of memory of the full configuration; None where its run is not there.
        judged: by what and in which months, in a phrase.
        digest: of everything that scores depend on, as an evaluation has it.
    """

    variants: dict[str, dict[int, dict[str, float]]]
    interpolations: dict[str, dict[str, float]] = field(default_factory=dict)
    months: int | None = None
    judged: str = ""
    digest: str = ""

    def parts(self) -> list[str]:
        """Variants that are told by what was left out, the full configuration first."""
        return [FULL, *(name for name in self.variants if name != FULL and not _MEMORY.fullmatch(name))]

    def memories(self) -> dict[int, str]:
        """Length of memory, months -> variant, the shortest first; empty where one length alone was trained."""
        found = {int(match[1]): name for name in self.variants if (match := _MEMORY.fullmatch(name))}
        if not found or self.months is None:
            return {}
        return dict(sorted({**found, self.months: FULL}.items()))

    def spread(self, variant: str, metric: str) -> Spread | None:
        """Mean and standard deviation between seeds; None where no seed has it."""
        return spread_of(values[metric] for values in self.variants[variant].values() if metric in values)

    def change(self, variant: str, metric: str) -> Spread | None:
        """Change against the full configuration, per cent, seed by seed; None where they share no seed."""
        full, own = self.variants.get(FULL, {}), self.variants[variant]
        return spread_of(
            100 * (values[metric] / full[seed][metric] - 1)
            for seed, values in own.items()
            if metric in values and full.get(seed, {}).get(metric)
        )


def is_study(folder: Path) -> bool:
    """Whether `gwkeras ablate` has written into a folder, which is no run itself."""
    return (folder / _FIGURES).is_file() and not RunFolder(folder).evaluation.exists()


def full_run_of(folder: Path) -> Path:
    """The run of the full configuration with the lowest seed, which a report of the study alone is about.

    Raises: BadInput: where it has not been trained and judged yet.
    """
    runs = _runs_of(folder)
    if not runs:
        raise BadInput(
            folder,
            expected=f"a study whose {FULL} configuration has been scored",
            found="none",
            remedy="give the same gwkeras ablate again, which goes on",
        )
    return runs[0]


def read_study(folder: Path) -> StoredStudy:
    """Reads ablation.csv, and from its runs what all were scored against.

    Raises: BadInput: where the file is damaged.
    """
    path = folder / _FIGURES
    variants: dict[str, dict[int, dict[str, float]]] = {}
    interpolations: dict[str, dict[str, float]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                value = float(row["value"])
                if not math.isfinite(value):
                    raise ValueError(f"{row['metric']} of {row['variant']} is {value}")
                if row["kind"] == "interpolation":
                    interpolations.setdefault(row["variant"], {})[row["metric"]] = value
                else:
                    variants.setdefault(row["variant"], {}).setdefault(int(row["seed"]), {})[row["metric"]] = value
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            path, expected="what gwkeras ablate writes", found=f"something else ({error})", remedy="give gwkeras ablate again"
        ) from error
    if FULL not in variants:
        raise BadInput(
            path, expected=f"scores of '{FULL}'", found=", ".join(variants) or "none", remedy="give gwkeras ablate again"
        )
    runs = _runs_of(folder)
    months = load_run_config(RunFolder(runs[0]).config).sample.months if runs else None
    told = json.loads((runs[0] / "scores.json").read_bytes()) if runs else {}
    judged = f"{told['judged_by']}, {told['held_out'] or 'held-out months'}" if told else ""
    return StoredStudy(variants, interpolations, months, judged, str(told.get("answer", "")))


def _runs_of(folder: Path) -> list[Path]:
    """Judged runs of the full configuration, by seed."""
    found = (path.parent for path in (folder / FULL).glob("seed-*/scores.json") if RunFolder(path.parent).evaluation.exists())
    return sorted(found, key=lambda path: int(path.name.removeprefix("seed-")))
