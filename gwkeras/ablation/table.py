"""The table of a study: for people in Markdown and on the terminal, for programs as one line a number."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gwkeras.ablation.result import Result
from gwkeras.ablation.spread import paired
from gwkeras.ablation.variants import FULL, Suite
from gwkeras.evaluate.measures.metrics import column_of
from gwkeras.report import document, markdown
from gwkeras.report.cell_text import UNKNOWN
from gwkeras.report.document import Section, Table, Text, listing, paragraph
from gwkeras.report.spread import Spread, spread_of, spread_text

Results = Mapping[str, Mapping[int, Result]]
"""Variant -> seed -> result."""

_IN_BLOCKS = "held_out_"
_OF_TRAINING = {"physics": ("physics loss", 2), "passes": ("passes", 1)}
_SHORT = ("rmse", "mae")
_IN_BLOCKS_SHOWN = ("held_out_rmse",)  # the others are in the CSV file alone
_HIDDEN = ("minutes",)
_NOT_COMPARED = {"passes"}


@dataclass(frozen=True)
class Report:
    """All that a study has found so far.

    Args:
        suites: which variants belong together.
        results: of the trainings that are done.
        names: variant -> name in the tables where that is another, by suite.
        command: what made it.
        notes: one sentence each.
    """

    suites: tuple[Suite, ...]
    results: Results
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    command: str = ""
    notes: tuple[str, ...] = ()

    def values(self, suite: Suite) -> Table:
        """Interpolations, then the variants: mean ± standard deviation over seeds."""
        metrics = self._metrics()
        rows = [(method, "", *(_number(found.get(m), m) for m in metrics)) for method, found in self._interpolations().items()]
        for variant in suite.variants:
            own = self.results.get(variant.name, {})
            texts = (_text(spread_of(_column(own, m).values()), m) for m in metrics)
            rows.append((self._name(suite, variant.name), str(len(own)), *texts))
        return Table(suite.title, ("variant", "seeds", *(_heading(m) for m in metrics)), tuple(rows))

    def short(self, suite: Suite) -> Table:
        """RMSE and MAE with their differences to full: what a terminal is wide enough for."""
        full = self.results.get(FULL, {})
        rows = [
            (method, "", *(t for m in _SHORT for t in (_number(found.get(m), m), "")))
            for method, found in self._interpolations().items()
        ]
        for variant in suite.variants:
            own = self.results.get(variant.name, {})
            texts = [_text(spread_of(_column(own, m).values()), m) for m in _SHORT]
            apart = ["" if variant.name == FULL else _text(paired(_column(own, m), _column(full, m)), m, "+") for m in _SHORT]
            rows.append((self._name(suite, variant.name), str(len(own)), texts[0], apart[0], texts[1], apart[1]))
        headings = ("variant", "seeds", *(h for m in _SHORT for h in (_heading(m), f"− {FULL}")))
        return Table(suite.title, headings, tuple(rows))

    def differences(self, suite: Suite) -> Table:
        """Variant − full, paired by seed: mean ± standard deviation of the differences; the MAE also in per cent."""
        metrics = [m for m in self._metrics() if m not in _NOT_COMPARED]
        full = self.results.get(FULL, {})
        rows = []
        for variant in suite.variants:
            if variant.name == FULL:
                continue
            own = self.results.get(variant.name, {})
            found = {m: paired(_column(own, m), _column(full, m)) for m in metrics}
            mae = _column(full, "mae")
            relative = spread_of(100 * (v / mae[seed] - 1) for seed, v in _column(own, "mae").items() if mae.get(seed))
            texts = [_text(found[m], m, "+") for m in metrics] + [spread_text(relative, 1, "+")]
            rows.append((self._name(suite, variant.name), str(len(set(own) & set(full))), *texts))
        headings = ("variant − full", "seeds", *(_heading(m) for m in metrics), "MAE %")
        return Table(f"{suite.title}: differences to {FULL}, paired by seed", headings, tuple(rows))

    def markdown(self) -> str:
        """ablation.md."""
        command = (Text((self.command,), "code"),) if self.command else ()
        sections = [Section("", (*command, paragraph(self._footing())))]
        for suite in self.suites:
            differences = self.differences(suite)
            sections.append(Section(suite.title, (self.values(suite).untitled, differences)))
        notes = Section("Notes", (listing(self.notes),) if self.notes else ())
        return markdown.render(document.Report("Ablation", (*sections, notes)))

    def csv(self) -> str:
        """One line a number: kind, variant, seed, metric, value."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["kind", "variant", "seed", "metric", "value"])
        for method, found in self._interpolations().items():
            table.writerows(["interpolation", method, "", metric, f"{value:.9g}"] for metric, value in found.items())
        for variant, by_seed in self.results.items():
            for seed, result in by_seed.items():
                table.writerows(["network", variant, seed, metric, f"{value:.9g}"] for metric, value in result.network.items())
        return text.getvalue()

    def _name(self, suite: Suite, variant: str) -> str:
        return self.names.get(suite.title, {}).get(variant, variant)

    def _all(self) -> list[Result]:
        return [result for by_seed in self.results.values() for result in by_seed.values()]

    def _metrics(self) -> list[str]:
        found = dict.fromkeys(metric for result in self._all() for metric in result.network)
        hidden = [m for m in found if m in _HIDDEN or (m.startswith(_IN_BLOCKS) and m not in _IN_BLOCKS_SHOWN)]
        order = [*(m for m in found if column_of(m)), *_IN_BLOCKS_SHOWN, *_OF_TRAINING]
        known = [metric for metric in order if metric in found]
        return [*known, *(metric for metric in found if metric not in known and metric not in hidden)]

    def _interpolations(self) -> dict[str, dict[str, float]]:
        return next((result.interpolations for result in self._all()), {})

    def _footing(self) -> str:
        result = next(iter(self._all()), None)
        if result is None:
            return "No training is finished yet."
        held_out = result.held_out or f"{result.months} held-out months"
        return (
            f"Scored against {result.judged_by}, {held_out}, {result.cells:,} fine cells in all, weighted by area. "
            "Mean ± standard deviation over seeds of weights, dropout and shuffling."
        )


def _column(by_seed: Mapping[int, Result], metric: str) -> dict[int, float]:
    return {seed: result.network[metric] for seed, result in by_seed.items() if metric in result.network}


def _heading(metric: str) -> str:
    if metric in _OF_TRAINING:
        return _OF_TRAINING[metric][0]
    inside = metric.startswith(_IN_BLOCKS)
    column = column_of(metric.removeprefix(_IN_BLOCKS))
    if column is None:
        return metric.replace("_", " ")
    return f"{column.heading} in held-out blocks" if inside else column.heading


def _decimals(metric: str) -> int:
    if metric in _OF_TRAINING:
        return _OF_TRAINING[metric][1]
    column = column_of(metric.removeprefix(_IN_BLOCKS))
    return 3 if column is None else column.metric.decimals


def _text(spread: Spread | None, metric: str, sign: str = "") -> str:
    return spread_text(spread, _decimals(metric), sign)


def _number(value: float | None, metric: str) -> str:
    return UNKNOWN if value is None else f"{value:.{_decimals(metric)}f}"


def cells_differ(results: Results) -> Sequence[str]:
    """Variants that were judged on another number of cells than `full`: their scores cannot be compared."""
    full = {result.cells for result in results.get(FULL, {}).values()}
    return [name for name, by_seed in results.items() if full and any(r.cells not in full for r in by_seed.values())]
