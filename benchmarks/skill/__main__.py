"""The table of skill: fills what is missing, one process at a time, and writes it. Stopped, the same command goes on.

python -m benchmarks.skill --set tuning|reporting --output FOLDER [--full] [--worlds …] [--seeds …] [--filters …] [--conditions …]
    [--methods …] [--gib 4] [--minutes 10] [--docs docs/skill.md] [--list]
python -m benchmarks.skill --set outside --files FOLDER … --output FOLDER       worlds made elsewhere
"""

from __future__ import annotations

import argparse
import signal
import sys
from itertools import groupby
from pathlib import Path

from benchmarks.skill.child import Limits
from benchmarks.skill.filling import Filling
from benchmarks.skill.plan import OUTSIDE, Case, Plan, cases_of_files
from benchmarks.skill.table import cell_path, read_cells, tables, write_into


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--set", choices=("tuning", "reporting", OUTSIDE), required=True, help="worlds to choose by, or to report"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of the cells; those that are there stay")
    parser.add_argument("--files", nargs="+", type=Path, default=[], help="of --set outside: a folder for each world")
    parser.add_argument("--full", action="store_true", help="every combination instead of the small plan")
    parser.add_argument("--worlds", nargs="+", default=[])
    parser.add_argument("--seeds", nargs="+", type=int, default=[])
    parser.add_argument("--filters", nargs="+", type=float, default=[], help="half-weight radii, km; 0: none")
    parser.add_argument("--conditions", nargs="+", default=[])
    parser.add_argument("--methods", nargs="+", default=[], help="by default the usual ones of worlds.yaml")
    parser.add_argument("--gib", type=float, default=4.0, help="memory that a cell may take")
    parser.add_argument("--minutes", type=float, default=10.0, help="time that a cell may take")
    parser.add_argument("--keep", action="store_true", help="keep the worlds' files and the run folders")
    parser.add_argument("--docs", type=Path, default=None, help="file with markers to write the table into")
    parser.add_argument("--list", action="store_true", help="the cells and whether they are there, and nothing else")
    options = parser.parse_args()
    if (options.set == OUTSIDE) != bool(options.files):
        parser.error("--files and --set outside go together")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = Plan.read()
    methods = plan.known_methods(options.methods)
    if options.files:
        cases = cases_of_files(options.files)
    else:
        cases = plan.cases(options.set, options.full, options.worlds, options.seeds, options.filters, options.conditions)
    wanted = [(case, method) for case in cases for method in methods]
    filling = Filling(plan, options.output, Limits(options.gib, options.minutes), options.keep)
    if options.list:
        for case, method in wanted:
            print(f"{'there' if filling.there(case, method) else 'to do'}  {cell_path(case, method)}")
        return
    for _, group in groupby(sorted(wanted, key=_of_one_world), key=_of_one_world):  # the sort keeps the plan's order within each
        filling.fill(list(group))
    rank = {name: place for place, name in enumerate((*plan.tree["worlds"], *plan.tree["conditions"], *plan.tree["methods"]))}
    cells = read_cells(options.output, options.set, filling.there)
    cells.sort(key=lambda c: (rank[c.case.condition], rank.get(c.case.world, 0), -c.case.filter_km, c.case.seed, rank[c.method]))
    text = tables(options.set, cells)
    print("\n" + text)
    if options.docs:
        write_into(options.docs, options.set, text)


def _of_one_world(wanted: tuple[Case, str]) -> tuple[str, int]:
    return wanted[0].world, wanted[0].seed


if __name__ == "__main__":
    main()
