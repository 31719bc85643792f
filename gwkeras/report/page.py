"""report.md: what was done, how good it is, and what to know before relying on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gwkeras.core.config.tree import Config
from gwkeras.core.whole_file import write_atomically
from gwkeras.data.manifest import Manifest
from gwkeras.evaluate.compare import Comparison
from gwkeras.report.table import markdown


def write_report(
    path: Path,
    *,
    config: Config,
    manifest: Manifest,
    comparison: Comparison,
    picture: Path | None,
    notes: Sequence[str],
    facts: dict[str, str],
) -> None:
    """Writes the page, whole or not at all; the picture is linked by its name beside the page."""
    judge = comparison.judge
    lines = [
        f"# {config.name}",
        "",
        f"Target: `{config.target.kind}`. Judged by {judge.basis}, {len(judge.months)} held-out months "
        f"({_spans(manifest.test_months) or 'all months'}), all land cells, weighted by area.",
        "",
        markdown(comparison.scores),
        "",
    ]
    if comparison.held_out_blocks:
        lines += ["In the spatial blocks that training never had as a target:", "", markdown(comparison.held_out_blocks), ""]
    if picture is not None:
        lines += [f"![coarse field, truth, model and error]({picture.name})", ""]
    lines += [
        "## The run",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        "## Split",
        "",
        manifest.split.description,
        "",
    ]
    if notes:
        lines += ["## Notes on the data", "", *(f"- {note}" for note in notes), ""]
    lines += ["## Sources", "", *(f"- `{s.file}`, {s.size:,} bytes, sha256 {s.sha256[:16]}…" for s in manifest.sources), ""]
    write_atomically(path, "\n".join(lines).encode())


def _spans(months: Sequence[str]) -> str:
    """ "2003-04 … 2004-03, 2010-01 … 2010-12" from the single months; the record's own gaps do not break a span."""
    spans: list[list[str]] = []
    for month in sorted(months):
        year, number = map(int, month.split("-"))
        if spans and 12 * year + number - _ordinal(spans[-1][1]) <= 12:
            spans[-1][1] = month
        else:
            spans.append([month, month])
    return ", ".join(first if first == last else f"{first} … {last}" for first, last in spans)


def _ordinal(month: str) -> int:
    year, number = map(int, month.split("-"))
    return 12 * year + number
