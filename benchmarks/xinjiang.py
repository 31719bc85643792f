"""The study of Liang et al. (2025) on a world of Xinjiang whose truth is known: every prior, two updates, truth and wells.

The world is `configs/xinjiang.yaml`'s. Each prior is fitted, judged by the truth in held-out months, and compared with wells of
that world, in a process of its own; what is there already is not made again.

python -m benchmarks.xinjiang --output FOLDER [--seed 10] [--region box|whole] [--prior NAME ...] [--docs docs/liang2025.md]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

CONFIG = Path(__file__).parents[1] / "configs" / "xinjiang.yaml"
BOX = {"south": 37.0, "north": 44.0, "west": 78.0, "east": 87.0}
WHOLE = {"south": 34.0, "north": 49.5, "west": 73.0, "east": 96.5}
WORLD = {
    "factor": 5,
    "gaussian_km": 150.0,
    "first_month": "2002-04",
    "last_month": "2023-12",
    "climate_first_month": "1996-01",
}
PRIORS: dict[str, Any] = {
    "none": "none",
    "ridge": {"kind": "stack", "priors": ["ridge"]},
    "storage model": {"kind": "stack", "priors": ["storage_model"]},
    "default": {"kind": "stack", "priors": ["ridge", "storage_model"]},
    "GNNWR": "gnnwr",
    "GTNNWR": "gtnnwr",
    "SSVAER": "ssvaer",
    "integrated": "integrated",
}
UPDATES: dict[str, Any] = {
    "bicubic, conserving": {"kind": "interpolation", "kernel": "bicubic", "conserving": True},
    "kriging": "kriging",
}
WELLS, NOISE_METRES, READ = 400, 0.1, 0.9
"""Wells drawn over the land, standard deviation of a reading, and the share of months in which a well is read."""


def make_world(folder: Path, seed: int, region: dict[str, float]) -> None:
    """The files of the world, and a table of its wells, unless they are there."""
    from gwkeras.commands.twin import make_twin

    if not (folder / "truth.nc").exists():
        settings = {name: value for name, value in WORLD.items() if name != "factor"}
        make_twin(folder, "irrigated-basin", seed=seed, factor=WORLD["factor"], fine_step=0.1, **region, **settings)
    if not (folder / "wells.csv").exists():
        write_wells(folder / "truth.nc", folder / "wells.csv", seed)


def write_wells(truth: Path, path: Path, seed: int) -> None:
    """Depths to water (m) of wells whose storage is the truth's in their cell: −storage / specific yield, read with an error.

    Args:
        truth: fine storage, mm.
        path: of the table.
        seed: of places, specific yields, errors and missing months.
    """
    import xarray as xr

    from gwkeras.core.files.whole_file import write_atomically

    rng = np.random.default_rng([seed, 175])
    with xr.open_dataset(truth) as data:
        storage = data["gwsa"].load()
    land = np.argwhere(np.isfinite(storage.values).all(axis=0))
    rows = ["well,lat,lon,date,depth to water (m)"]
    months = storage["time"].values.astype("datetime64[M]")
    for number, (row, col) in enumerate(land[rng.choice(len(land), min(WELLS, len(land)), replace=False)]):
        specific_yield = rng.uniform(0.05, 0.25)
        depth = 30.0 - storage.values[:, row, col] / 1000.0 / specific_yield + NOISE_METRES * rng.normal(size=months.size)
        lat, lon = float(storage["lat"][row]), float(storage["lon"][col])
        read = rng.random(months.size) < READ
        rows += [f"w{number:03d},{lat:.4f},{lon:.4f},{m},{d:.3f}" for m, d in zip(months[read], depth[read], strict=True)]
    write_atomically(path, "\n".join(rows).encode())


def judged(world: Path, run: Path, prior: str) -> dict[str, Any]:
    """What truth and wells say of a prior with each update, and of the interpolations; and what it cost.

    Args:
        world: folder of `make_world`.
        run: folder for what is fitted.
        prior: name in `PRIORS`.
    """
    from gwkeras.analysis.wells.settings import WellsConfig
    from gwkeras.application.analysis.wells import judge_run
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.core.config.yaml_file import from_dict, load_config, to_dict
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    tree = to_dict(load_config(CONFIG, ["data.region=null"]))
    tree["methods"] = [{"name": name, "prior": PRIORS[prior], "update": update} for name, update in UPDATES.items()]
    config = with_files(
        from_dict(tree, str(CONFIG)),
        gwsa=sorted(world.glob("gwsa_*.nc")),
        climate=[world / "era5_land.nc"],
        static=[world / "static.nc"],
        truth=world / "truth.nc",
    )
    experiment, started = Experiment(config, RunFolder(run)), time.process_time()
    experiment.settle()
    evaluation = experiment.evaluate()
    found: dict[str, Any] = {"seconds": time.process_time() - started, "notes": experiment.notes}
    found["truth"] = {name: scores.as_dict() for name, scores in evaluation.scores.items()}
    applications = {name: open_application(experiment.config, experiment.run, Wanted(), method_name=name) for name in UPDATES}
    wells = judge_run(WellsConfig(table=str(world / "wells.csv"), quantity="depth", unit="m"), applications).judged
    found["wells"] = {
        field.name: {
            kind: (each.value, each.lower, each.upper)
            for kind, each in (
                ("correlation", field.correlation),
                ("gain", field.median_gain),
                ("within cells", field.within_cell),
            )
        }
        for field in wells.fields
    }
    found["wells judged"] = len(wells.wells.names)
    found["peak GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The table in Markdown.

    Args:
        found: prior -> what `judged` found.
    """
    any_of = next(iter(found.values()))
    bicubic = any_of["truth"]["bicubic"]["rmse"]
    lines = [
        "| prior | update | RMSE, share of bicubic's | 90 % intervals hold | wells: correlation | wells: gain | within cells |",
        "|---|---|---:|---:|---:|---:|---:|",
        f"| – | the product itself | | | {_shown(any_of['wells']['product'], 'correlation')} | | |",
    ]
    for name in ("bilinear", "bicubic", "bicubic + conservation"):
        if name in any_of["truth"]:
            lines.append(_line("–", name, any_of, name, bicubic))
    for prior, own in found.items():
        lines += [_line(prior, update, own, update, bicubic) for update in UPDATES]
    return "\n".join(lines)


def _line(prior: str, update: str, found: dict[str, Any], name: str, bicubic: float) -> str:
    wells = found["wells"].get(name)
    said = ["", "", ""] if wells is None else [_shown(wells, kind) for kind in ("correlation", "gain", "within cells")]
    scores = found["truth"][name]
    held = "–" if scores["coverage_90"] is None else f"{scores['coverage_90']:.3f}"
    return f"| {prior} | {update} | {scores['rmse'] / bicubic:.3f} | {held} | " + " | ".join(said) + " |"


def _shown(wells: dict[str, Any], kind: str) -> str:
    value, lower, upper = wells[kind]
    sign = "+" if kind == "gain" else ""
    return f"{value:{sign}.3f} [{lower:{sign}.3f}, {upper:{sign}.3f}]" if np.isfinite(value) else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--region", choices=("box", "whole"), default="box")
    parser.add_argument("--prior", nargs="+", choices=PRIORS, default=list(PRIORS))
    parser.add_argument("--docs", type=Path, help="page whose table of this region is replaced")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    world = options.output / f"world-{options.region}-{options.seed}"
    if options.child:
        from gwkeras.core.files.whole_file import write_atomically

        slug = options.child.replace(" ", "-").lower()
        result = judged(world, world / slug, options.child)
        write_atomically(world / f"{slug}.json", json.dumps(result, indent=1, default=str).encode())
        return
    make_world(world, options.seed, BOX if options.region == "box" else WHOLE)
    found = {}
    for prior in options.prior:
        kept = world / f"{prior.replace(' ', '-').lower()}.json"
        if not kept.exists():
            own = ["--output", str(options.output), "--seed", str(options.seed), "--region", options.region, "--child", prior]
            subprocess.run([sys.executable, "-m", "benchmarks.xinjiang", *own], check=True)
        found[prior] = json.loads(kept.read_text())
        print(f"{prior}: {found[prior]['seconds']:.0f} s of processor time, {found[prior]['peak GiB']:.1f} GiB", flush=True)
    text = table(found)
    print("\n" + text)
    if options.docs:
        from benchmarks.skill.table import write_into

        write_into(options.docs, "xinjiang" if options.region == "box" else "xinjiang, whole", text)


if __name__ == "__main__":
    main()
