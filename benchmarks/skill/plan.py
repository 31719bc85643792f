"""The cells of the table: which world, seed, filter, condition and method, and which of them belong together."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import to_dict

WORLDS = Path(__file__).with_name("worlds.yaml")
AS_STATED = "as stated"
OUTSIDE = "outside"


class WrongSet(SystemExit):
    """What is asked for does not belong into one table."""


@dataclass(frozen=True)
class Case:
    """What a method is given: files and what is not as they say.

    Args:
        set: "tuning", "reporting" or "outside".
        world: its name in worlds.yaml.
        seed: of the world.
        filter_km: half-weight radius of the product's filter; 0: none.
        condition: its name in worlds.yaml.
        files: folder of a world that was made elsewhere; seed and filter then say nothing.
    """

    set: str
    world: str
    seed: int
    filter_km: float
    condition: str = AS_STATED
    files: str = ""

    @property
    def folder(self) -> Path:
        """Where the case's cells lie below the output folder."""
        if self.files:
            return Path(self.set) / slug(self.world)
        return Path(self.set) / slug(self.world) / str(self.seed) / f"{self.filter_km:g}km-{slug(self.condition)}"


@dataclass(frozen=True)
class Plan:
    """What worlds.yaml says.

    Args:
        tree: the file.
        real: folder of the real data; None where there is none.
    """

    tree: Mapping[str, Any]
    real: Path | None

    @classmethod
    def read(cls, path: Path = WORLDS) -> Plan:
        """Raises: SystemExit: where a set names an unknown world, or the sets share a seed."""
        tree = yaml.safe_load(path.read_text())
        named = os.environ.get("GWKERAS_REAL_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data"
        real = Path(named)
        seeds = [set(each["seeds"]) for each in tree["sets"].values()]
        if set.intersection(*seeds):
            raise WrongSet(f"{path}: the sets share the seeds {sorted(set.intersection(*seeds))}")
        for each in tree["sets"].values():
            _known(each["worlds"], tree["worlds"], "world")
        return cls(tree, real if real.is_dir() else None)

    def twin_options(self, world: str) -> dict[str, Any] | None:
        """Options of `gwkeras twin`; None where they name real data that is not there."""
        options = dict(self.tree["worlds"][world])
        if "climate" in options:
            if self.real is None:
                return None
            options["climate"] = [each.format(real=self.real) for each in options["climate"]]
        return options

    def cases(
        self,
        chosen: str,
        full: bool = False,
        worlds: Sequence[str] = (),
        seeds: Sequence[int] = (),
        filters: Sequence[float] = (),
        conditions: Sequence[str] = (),
    ) -> list[Case]:
        """The cases of a set: those asked for; else the small plan; else all of them.

        Args:
            chosen: the set.
            full: every combination.
            worlds: names; none: all of the set.
            seeds: none: all of the set.
            filters: km; none: all.
            conditions: names; none: only what is as stated, or all with `full`.
        Raises: SystemExit: where a world or a seed belongs to another set, or is not known.
        """
        tree, own = self.tree, self.tree["sets"][chosen]
        _known(worlds, tree["worlds"], "world")
        _known(conditions, tree["conditions"], "condition")
        for kind, asked in (("worlds", worlds), ("seeds", seeds)):
            wrong = [each for each in asked if each not in own[kind]]
            if wrong:
                listed = ", ".join(map(str, own[kind]))
                raise WrongSet(f"{kind[:-1]} {wrong[0]}: not in the {chosen} set ({listed}), and no table mixes two sets")
        if full or worlds or seeds or filters or conditions:
            plans = [{"worlds": worlds, "seeds": seeds, "filters": filters, "conditions": conditions}]
        else:
            plans = tree["small"][chosen]
        found: dict[Case, None] = {}
        for each in plans:
            usual = list(tree["conditions"]) if full else [AS_STATED]
            for world, seed, km, condition in product(
                each.get("worlds") or own["worlds"],
                each.get("seeds") or own["seeds"],
                each.get("filters") or tree["filters"],
                each.get("conditions") or usual,
            ):
                if self._applies(condition, world, km):
                    found[Case(chosen, world, seed, float(km), condition)] = None
        return list(found)

    def known_methods(self, names: Sequence[str]) -> list[str]:
        """The methods of these names; the usual ones where none is named. Raises: SystemExit: where one is not known."""
        _known(names, self.tree["methods"], "method")
        return list(names) or list(self.tree["usual"])

    def recipe(self, method: str) -> dict[str, Any]:
        """Prior and update of a method, as a configuration names them."""
        recipe = self.tree["methods"][method]
        found = to_dict(Config())["methods"][0] if recipe == "shipped" else recipe
        return {part: found[part] for part in ("prior", "update") if part in found}

    def run(self, method: str) -> dict[str, Any]:
        """Configuration of a method's run: every run's, and the `settings` of a method that needs its own."""
        recipe, every = self.tree["methods"][method], self.tree["run"]
        own = {} if recipe == "shipped" else recipe.get("settings", {})
        return {**every, **{section: {**every.get(section, {}), **keys} for section, keys in own.items()}}

    def partner(self, case: Case) -> int:
        """Seed of the world whose climate and maps are given where they are to be another world's: the next of the set."""
        seeds = self.tree["sets"][case.set]["seeds"]
        return seeds[(seeds.index(case.seed) + 1) % len(seeds)]

    def observed(self, case: Case) -> dict[str, float]:
        """How the product of a case is made: settings of `gwkeras.twin.world.World.observed_as`."""
        condition = self.tree["conditions"][case.condition]
        found = {name: condition[name] for name in ("noise_times", "noise_km") if name in condition}
        if "stated_times" in condition:
            found["stated_km"] = case.filter_km * condition["stated_times"]
        return {"gaussian_km": case.filter_km, **found}

    def _applies(self, condition: str, world: str, km: float) -> bool:
        about = self.tree["conditions"][condition]
        if about.get("filtered") and not km:
            return False
        return not (about.get("other_climate") and "climate" in self.tree["worlds"][world])


def cases_of_files(folders: Sequence[Path]) -> list[Case]:
    """Worlds that were made elsewhere, named for their folders.

    Raises: SystemExit: where a folder does not hold a world.
    """
    for folder in folders:
        lacking = [name for name in ("static.nc", "truth.nc") if not (folder / name).exists()]
        if lacking or not list(folder.glob("gwsa*.nc")):
            raise SystemExit(f"{folder}: expected gwsa.nc, climate.nc, static.nc and truth.nc, not all of which are there")
    return [Case(OUTSIDE, folder.resolve().name, 0, 0.0, files=str(folder.resolve())) for folder in folders]


def slug(name: str) -> str:
    """A name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _known(names: Iterable[str], known: Mapping[str, Any], kind: str) -> None:
    for name in names:
        if name not in known:
            raise WrongSet(f"{kind} '{name}': not known; worlds.yaml has {', '.join(known)}")
