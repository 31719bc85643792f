"""From cells to a table in Markdown, and the table into a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.skill.plan import AS_STATED, Case, WrongSet, slug

REFERENCE = "bicubic"
BESIDE = ("bilinear", "bicubic + conservation")


@dataclass(frozen=True)
class Cell:
    """What was found of a method in a case."""

    case: Case
    method: str
    found: dict[str, Any]

    @classmethod
    def read(cls, output: Path, case: Case, method: str, order: dict[str, Any] | None = None) -> Cell | None:
        """The cell as it is kept; None where it is not there, is damaged, has failed, or answers another order.

        Args:
            output: folder of all cells.
            case: which.
            method: which.
            order: what it has to be the answer to; None: anything.
        """
        try:
            found = json.loads((output / cell_path(case, method)).read_bytes())
        except (OSError, ValueError):
            return None
        stale = order is not None and found.get("order") != json.loads(json.dumps(order))
        return None if stale or "failed" in found else cls(case, method, found)

    def score(self, key: str, method: str | None = None) -> float | None:
        return self.found["scores"][method or self.method].get(key)

    def share(self, key: str = "rmse", method: str | None = None) -> float:
        """A score as a share of bicubic's."""
        return float(self.score(key, method)) / float(self.score(key, REFERENCE))  # type: ignore[arg-type]


def cell_path(case: Case, method: str) -> Path:
    """Where a cell is kept, below the output folder."""
    return case.folder / f"{slug(method)}.json"


def read_cells(output: Path, chosen: str, is_current: Callable[[Case, str], bool] = lambda case, method: True) -> list[Cell]:
    """All cells of a set that are there, but those that failed, are damaged, or answer another order than today's.

    Args:
        output: folder of all cells.
        chosen: the set.
        is_current: whether a cell answers today's order.
    Raises: WrongSet: where one belongs to another set.
    """
    found = []
    for path in sorted((output / chosen).rglob("*.json")):
        try:
            told = json.loads(path.read_bytes())
            case, method = Case(**told["case"]), str(told["method"])
        except (ValueError, KeyError, TypeError):  # damaged, or of an earlier form: it will be made again
            continue
        if case.set != chosen:
            raise WrongSet(f"{path}: a cell of the {case.set} set among those of the {chosen} set")
        if "failed" not in told and is_current(case, method):
            found.append(Cell(case, method, told))
    return found


def tables(chosen: str, cells: Sequence[Cell]) -> str:
    """Markdown: skill where all is as stated, skill where it is not, and what the methods cost and claim.

    Raises: WrongSet: where a cell belongs to another set.
    """
    if any(cell.case.set != chosen for cell in cells):
        raise WrongSet("a table holds one set")
    if not cells:
        return f"No cell of the {chosen} set has been measured."
    methods = list(dict.fromkeys(cell.method for cell in cells))
    stated = [cell for cell in cells if cell.case.condition == AS_STATED]
    parts = [f"The {chosen} set, {len(cells)} cells. RMSE as a share of bicubic's: median over seeds (least to greatest)."]
    if stated:
        parts.append(_grid("world, filter", BESIDE, methods, stated, _place))
    other = [cell for cell in cells if cell.case.condition != AS_STATED]
    if other:
        label = "what is not as stated"
        parts += [
            "The same where something is not as the files say:",
            _grid(label, BESIDE, methods, other, lambda case: f"{case.condition}; {_place(case)}"),
        ]
    groups = {"": stated, ", something not as stated": other}
    parts += ["Error bars and cost, medians over these cells:", _costs(methods, groups)]
    codes = {cell.found["code"] for cell in cells}
    if len(codes) > 1:
        parts.append(f"The cells come from {len(codes)} states of the code.")
    return "\n\n".join(part for part in parts if part)


def write_into(path: Path, chosen: str, text: str) -> None:
    """Puts the text between the set's markers.

    Raises: SystemExit: where the file lacks the markers.
    """
    first, last = f"<!-- skill {chosen}: begin -->", f"<!-- skill {chosen}: end -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(first)
    _, closed, after = rest.partition(last)
    if not found or not closed:
        raise SystemExit(f"{path}: no place for the table; put the lines '{first}' and '{last}' into it")
    path.write_text(f"{before}{first}\n\n{text}\n\n{last}{after}", encoding="utf-8")


def _grid(label: str, beside: Sequence[str], methods: Sequence[str], cells: Sequence[Cell], row_of: Any) -> str:
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(row_of(cell.case), []).append(cell)
    lines = [
        f"| {label} | seeds | " + " | ".join((*beside, *methods)) + " |",
        "|---|---:|" + "---:|" * (len(beside) + len(methods)),
    ]
    for name, own in rows.items():
        each = {cell.case: cell for cell in own}  # the interpolations are the same beside every method
        columns = [[cell.share(method=method) for cell in each.values()] for method in beside]
        columns += [[cell.share() for cell in own if cell.method == method] for method in methods]
        lines.append(f"| {name} | {len(each)} | " + " | ".join(map(_spread, columns)) + " |")
    return "\n".join(lines)


def _costs(methods: Sequence[str], groups: dict[str, list[Cell]]) -> str:
    lines = [
        "| method | 90 % interval holds | CRPS, share of bicubic's | seconds to open and fit | seconds a month | peak GiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for method, suffix in product(methods, groups):
        own = [cell for cell in groups[suffix] if cell.method == method]
        if not own:
            continue
        covered = [value for cell in own if (value := cell.score("coverage_90")) is not None]
        seconds = [cell.found["seconds"] for cell in own]
        lines.append(
            f"| {method}{suffix} | {_spread(covered)} | {_spread([cell.share('crps') for cell in own])} | "
            f"{median(s['train'] + s['open'] + s['fit'] for s in seconds):.0f} | {median(s['month'] for s in seconds):.2f} | "
            f"{max(cell.found['peak_gib'] for cell in own):.1f} |"
        )
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    middle = f"{median(values):.3f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3f}–{max(values):.3f})"


def _place(case: Case) -> str:
    if case.files:
        return case.world
    return f"{case.world}, {case.filter_km:g} km" if case.filter_km else f"{case.world}, no filter"
