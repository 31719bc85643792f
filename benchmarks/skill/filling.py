"""Makes the cells that are missing: a world's files first, then each method in turn, one process at a time."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

import gwkeras
from benchmarks.skill.child import Limits, run_module
from benchmarks.skill.plan import Case, Plan, slug
from benchmarks.skill.table import Cell, cell_path
from gwkeras.core.config.network_method import names_network
from gwkeras.core.config.yaml_file import from_dict
from gwkeras.core.files.whole_file import write_atomically

Order = dict[str, Any]


@dataclass(frozen=True)
class Filling:
    """Where cells are kept and what making them may take.

    Args:
        plan: of the table.
        output: folder of the cells.
        limits: of each process.
        keep: whether the worlds' files and the run folders stay.
    """

    plan: Plan
    output: Path
    limits: Limits = field(default_factory=Limits)
    keep: bool = False

    def order(self, case: Case, method: str) -> Order:
        """What a cell is the answer to; a cell with another order is not that cell."""
        recipe = {"method": self.plan.recipe(method), "run": self.plan.run(method)}
        if case.files:
            sizes = {path.name: path.stat().st_size for path in sorted(Path(case.files).glob("*.nc"))}
            return {"files": sizes, **recipe}
        return {
            "world": self.plan.tree["worlds"][case.world],
            "seed": case.seed,
            "observed": self.plan.observed(case),
            "condition": self.plan.tree["conditions"][case.condition],
            "partner": self.plan.partner(case) if self._other_climate(case) else None,
            **recipe,
        }

    def there(self, case: Case, method: str) -> bool:
        """Whether the cell is measured, by today's order."""
        if method not in self.plan.tree["methods"] or not (case.files or case.world in self.plan.tree["worlds"]):
            return False
        return Cell.read(self.output, case, method, self.order(case, method)) is not None

    def fill(self, group: Sequence[tuple[Case, str]]) -> None:
        """The cells of one world and seed that are missing."""
        missing = [(case, method) for case, method in group if not self.there(case, method)]
        if not missing:
            return
        first = missing[0][0]
        if not first.files and self.plan.twin_options(first.world) is None:
            print(f"{first.world}: left out, the real data are not there (GWKERAS_REAL_DATA)", flush=True)
            return
        work = self.output / "work" / slug(f"{first.set}-{first.world}-{first.seed}")
        try:
            error = "" if first.files else self._make_files(list(dict.fromkeys(case for case, _ in missing)), work)
            if error:
                print(f"{first.world}, seed {first.seed}: {error}", flush=True)
                return
            for case, method in missing:
                outcome = self._measured(case, method, work)
                path = self.output / cell_path(case, method)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, json.dumps(outcome, indent=1).encode())
                print(f"{cell_path(case, method)}: {said(outcome, method)}", flush=True)
        finally:
            if not self.keep:
                shutil.rmtree(work, ignore_errors=True)

    def _make_files(self, cases: Sequence[Case], work: Path) -> str:
        """The world's files, its product for each case, and another world's beside it, if asked for; why not, or nothing."""
        first, started = cases[0], time.perf_counter()
        error = self._make_world(
            first, first.seed, {case.folder.name: self.plan.observed(case) for case in cases}, work / "world"
        )
        if not error and any(map(self._other_climate, cases)):
            error = self._make_world(first, self.plan.partner(first), {}, work / "other")
        print(f"{first.world}, seed {first.seed}: made in {time.perf_counter() - started:.0f} s", flush=True)
        return error

    def _make_world(self, case: Case, seed: int, products: Order, folder: Path) -> str:
        order = {"folder": str(folder), "options": self.plan.twin_options(case.world), "seed": seed, "products": products}
        text, done = json.dumps(order), folder / "made.json"
        if done.exists() and done.read_text() == text:
            return ""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "order.json").write_text(text)
        error = run_module(["benchmarks.skill.world", str(folder / "order.json")], self.limits)
        if not error:
            done.write_text(text)
        return error

    def _measured(self, case: Case, method: str, work: Path) -> Order:
        """What the cell holds: scores, or why there are none."""
        configuration = self._configuration(case, method, work)
        run = work / "runs" / case.folder.name
        if names_network(from_dict(configuration)):  # shards and training of its own; the others share what is regridded
            run = run / slug(method)
        run.mkdir(parents=True, exist_ok=True)
        order, result = run / "order.json", run / "result.json"
        result.unlink(missing_ok=True)
        asked = {"configuration": configuration, "run": str(run), "method": method}
        order.write_text(json.dumps(asked))
        error = run_module(["benchmarks.skill.cell", str(order), str(result)], self.limits)
        about = {"case": asdict(case), "method": method, "order": self.order(case, method), "code": code()}
        return {**about, "failed": error} if error else {**about, **json.loads(result.read_text())}

    def _configuration(self, case: Case, method: str, work: Path) -> Order:
        """The run's configuration, as a user would write it."""
        data: Order = _files_of(Path(case.files)) if case.files else self._files(case, work)
        cut = self.plan.tree["conditions"][case.condition].get("cut_degrees")
        if cut:
            data["region"] = _inner_box(Path(data["gwsa"]["path"][0]), cut)
        named = {"name": method, **self.plan.recipe(method)}
        return {**self.plan.run(method), "name": "skill", "data": data, "methods": [named]}

    def _files(self, case: Case, work: Path) -> Order:
        maps = work / ("other" if self._other_climate(case) else "world")
        given = (self.plan.twin_options(case.world) or {}).get("climate")
        (product,) = (work / "world" / case.folder.name).glob("*.nc")
        return {
            "gwsa": {"path": [str(product)]},
            "climate": [{"path": given or [str(maps / "era5_land.nc")]}],
            "static": [{"path": [str(maps / "static.nc")]}],
            "truth": {"path": [str(work / "world" / "truth.nc")]},
        }

    def _other_climate(self, case: Case) -> bool:
        return bool(self.plan.tree["conditions"][case.condition].get("other_climate"))


def said(outcome: Order, method: str) -> str:
    """One phrase on a cell."""
    if "failed" in outcome:
        return f"failed, {outcome['failed']}"
    scores, seconds = outcome["scores"], outcome["seconds"]
    share = scores[method]["rmse"] / scores["bicubic"]["rmse"]
    return f"{share:.3f} of bicubic's RMSE, {sum(seconds.values()):.0f} s, {outcome['peak_gib']:.1f} GiB"


def code() -> str:
    """Sixteen digits that change with gwkeras' own code."""
    root = Path(gwkeras.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _files_of(folder: Path) -> Order:
    product = next(path for path in (folder / "gwsa.nc", *sorted(folder.glob("gwsa*.nc"))) if path.exists())
    climate = next(path for path in (folder / "climate.nc", folder / "era5_land.nc") if path.exists())
    return {
        "gwsa": {"path": [str(product)]},
        "climate": [{"path": [str(climate)]}],
        "static": [{"path": [str(folder / "static.nc")]}],
        "truth": {"path": [str(folder / "truth.nc")]},
    }


def _inner_box(product: Path, degrees: float) -> dict[str, float]:
    with xr.open_dataset(product) as file:
        lat, lon = file["lat"].values, file["lon"].values
    half = float(lat[1] - lat[0]) / 2 - degrees
    south, north, west, east = (float(v) for v in (lat[0] - half, lat[-1] + half, lon[0] - half, lon[-1] + half))
    return {"south": south, "north": north, "west": west, "east": east}
