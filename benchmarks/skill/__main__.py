"""The table of skill: fills what is missing, one process at a time, and writes it. Stopped, the same command goes on.

python -m benchmarks.skill --set tuning|reporting --output FOLDER [--full] [--worlds …] [--seeds …] [--filters …] [--conditions …]
    [--methods …] [--gib 4] [--minutes 10] [--docs docs/skill.md] [--list]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil

from benchmarks.skill.plan import Case, Plan, slug
from benchmarks.skill.table import Cell, read_cells, tables, write_into

Order = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("tuning", "reporting"), required=True, help="worlds to choose by, or worlds to report")
    parser.add_argument("--output", type=Path, required=True, help="folder of the cells; those that are there stay")
    parser.add_argument("--full", action="store_true", help="every combination instead of the small plan")
    parser.add_argument("--worlds", nargs="+", default=[])
    parser.add_argument("--seeds", nargs="+", type=int, default=[])
    parser.add_argument("--filters", nargs="+", type=float, default=[], help="half-weight radii, km; 0: none")
    parser.add_argument("--conditions", nargs="+", default=[])
    parser.add_argument("--methods", nargs="+", default=[], help="by default all of worlds.yaml")
    parser.add_argument("--gib", type=float, default=4.0, help="memory that a cell may take")
    parser.add_argument("--minutes", type=float, default=10.0, help="time that a cell may take")
    parser.add_argument("--keep", action="store_true", help="keep the worlds' files and the run folders")
    parser.add_argument("--docs", type=Path, default=None, help="file with markers to write the table into")
    parser.add_argument("--list", action="store_true", help="the cells and whether they are there, and nothing else")
    options = parser.parse_args()
    plan = Plan.read()
    methods = options.methods or list(plan.tree["methods"])
    unknown = [name for name in methods if name not in plan.tree["methods"]]
    if unknown:
        raise SystemExit(f"method '{unknown[0]}': not known; worlds.yaml has {', '.join(plan.tree['methods'])}")
    cases = plan.cases(options.set, options.full, options.worlds, options.seeds, options.filters, options.conditions)
    wanted = [(case, method) for case in cases for method in methods]
    if options.list:
        for case, method in wanted:
            there = Cell.read(options.output, case, method, order_of(plan, case, method)) is not None
            print(f"{'there' if there else 'to do'}  {cell_path(case, method)}")
        return
    for (_, _), group in groupby(wanted, key=lambda pair: (pair[0].world, pair[0].seed)):
        fill(plan, list(group), options)
    found = read_cells(options.output, options.set, wanted)
    text = tables(plan, options.set, found, len(wanted))
    print("\n" + text)
    if options.docs:
        write_into(options.docs, options.set, text)


def fill(plan: Plan, group: list[tuple[Case, str]], options: argparse.Namespace) -> None:
    """The cells of one world and seed that are missing."""
    missing = [(c, m) for c, m in group if Cell.read(options.output, c, m, order_of(plan, c, m)) is None]
    if not missing:
        return
    world, seed = missing[0][0].world, missing[0][0].seed
    work = options.output / "work" / f"{slug(world)}-{seed}"
    if plan.twin_options(world) is None:
        print(f"{world}: left out, the real data are not there (GWKERAS_REAL_DATA)", flush=True)
        return
    try:
        cases = list(dict.fromkeys(case for case, _ in missing))
        files = make_files(plan, cases, work, options)
        for case, method in missing:
            outcome = judge(plan, case, method, files, work, options)
            path = options.output / cell_path(case, method)
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, outcome)
            print(f"{cell_path(case, method)}: {said(outcome, method)}", flush=True)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def make_files(plan: Plan, cases: list[Case], work: Path, options: argparse.Namespace) -> Path:
    """Folder of the world's files, its product for each case by the case's name; beside it another world's, if asked for."""
    first = cases[0]
    products = {case.folder.name: plan.observed(case) for case in cases}
    started = time.perf_counter()
    folder = work / "world"
    if not (folder / "made").exists():
        make_world(plan, first.world, first.seed, products, folder, options)
    if any(_other_climate(plan, case) for case in cases) and not (work / "other" / "made").exists():
        make_world(plan, first.world, plan.partner(first), {}, work / "other", options)
    print(f"{first.world}, seed {first.seed}: made in {time.perf_counter() - started:.0f} s", flush=True)
    return folder


def make_world(plan: Plan, world: str, seed: int, products: dict[str, Any], folder: Path, options: argparse.Namespace) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    order = {"folder": str(folder), "options": plan.twin_options(world), "seed": seed, "products": products}
    (folder / "order.json").write_text(json.dumps(order))
    error = child(["benchmarks.skill.world", str(folder / "order.json")], options)
    if error:
        raise SystemExit(f"{world}, seed {seed}: {error}")
    (folder / "made").touch()


def order_of(plan: Plan, case: Case, method: str) -> Order:
    """What a cell is the answer to; a cell with another order is not that cell."""
    return {
        "world": plan.tree["worlds"][case.world],
        "seed": case.seed,
        "observed": plan.observed(case),
        "condition": plan.tree["conditions"][case.condition],
        "partner": plan.partner(case) if _other_climate(plan, case) else None,
        "method": plan.tree["methods"][method],
        "run": plan.tree["run"],
    }


def configuration(plan: Plan, case: Case, method: str, files: Path, work: Path) -> Order:
    """The run's configuration, as a user would write it."""
    options = plan.twin_options(case.world) or {}
    maps = work / "other" if _other_climate(plan, case) else files
    climate = options.get("climate") or [str(maps / "era5_land.nc")]
    (product,) = (files / case.folder.name).glob("*.nc")
    data: Order = {
        "gwsa": {"path": [str(product)]},
        "climate": [{"path": list(climate)}],
        "static": [{"path": [str(maps / "static.nc")]}],
        "truth": {"path": [str(files / "truth.nc")]},
    }
    cut = plan.tree["conditions"][case.condition].get("cut_degrees")
    if cut:
        data["region"] = _cut(product, cut)
    named = {"name": method, **plan.tree["methods"][method]}
    return {**plan.tree["run"], "name": "skill", "data": data, "methods": [named]}


def judge(plan: Plan, case: Case, method: str, files: Path, work: Path, options: argparse.Namespace) -> Order:
    """What the cell holds: scores, or why there are none."""
    run = work / "runs" / case.folder.name
    run.mkdir(parents=True, exist_ok=True)
    order, result = run / "order.json", run / "result.json"
    result.unlink(missing_ok=True)
    tree = {"configuration": configuration(plan, case, method, files, work), "run": str(run), "method": method}
    order.write_text(json.dumps(tree))
    error = child(["benchmarks.skill.cell", str(order), str(result)], options)
    about = {"set": case.set, "order": order_of(plan, case, method), "code": code()}
    return {**about, "failed": error} if error else {**about, **json.loads(result.read_text())}


def child(arguments: list[str], options: argparse.Namespace) -> str:
    """Runs a module by itself, within memory and time; why it failed, or nothing."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg", **os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
    )
    watched, started, error = psutil.Process(process.pid), time.perf_counter(), ""
    while True:
        try:
            _, told = process.communicate(timeout=0.3)
            break
        except subprocess.TimeoutExpired:
            try:
                resident = sum(each.memory_info().rss for each in (watched, *watched.children(recursive=True)))
            except psutil.NoSuchProcess:
                continue
            if resident > options.gib * 2**30:
                error = f"more than {options.gib:g} GiB"
            elif time.perf_counter() - started > options.minutes * 60:
                error = f"more than {options.minutes:g} minutes"
            if error:
                process.kill()
    if error or not process.returncode:
        return error
    lines = [line for line in told.decode(errors="replace").splitlines() if line.strip()] or ["no reason given"]
    return lines[-1][:300]


def cell_path(case: Case, method: str) -> Path:
    return case.folder / f"{slug(method)}.json"


def write(path: Path, outcome: Order) -> None:
    from gwkeras.core.whole_file import write_atomically

    write_atomically(path, json.dumps(outcome, indent=1).encode())


def said(outcome: Order, method: str) -> str:
    """One phrase on a cell."""
    if "failed" in outcome:
        return f"failed, {outcome['failed']}"
    scores, seconds = outcome["scores"], outcome["seconds"]
    share = scores[method]["rmse"] / scores["bicubic"]["rmse"]
    return f"{share:.3f} of bicubic's RMSE, {sum(seconds.values()):.0f} s, {outcome['peak_gib']:.1f} GiB"


def code() -> str:
    """Sixteen digits that change with gwkeras' own code."""
    import hashlib

    import gwkeras

    root = Path(gwkeras.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _other_climate(plan: Plan, case: Case) -> bool:
    return bool(plan.tree["conditions"][case.condition].get("other_climate"))


def _cut(product: Path, degrees: float) -> dict[str, float]:
    import xarray as xr

    with xr.open_dataset(product) as file:
        lat, lon = file["lat"].values, file["lon"].values
    half = float(lat[1] - lat[0]) / 2
    south, north, west, east = lat[0] - half, lat[-1] + half, lon[0] - half, lon[-1] + half
    edges = (south + degrees, north - degrees, west + degrees, east - degrees)
    return dict(zip(("south", "north", "west", "east"), map(float, edges), strict=True))


if __name__ == "__main__":
    main()
