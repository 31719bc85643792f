"""The table that ends a run: all methods, simplest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gwkeras.evaluate.metrics import Scores

HEADINGS = ("method", "RMSE mm", "MAE mm", "R²", "CRPS mm", "90 % coverage")


def rows(scores: dict[str, Scores]) -> list[tuple[str, ...]]:
    """One row of text per method, under `HEADINGS`."""
    return [
        (name, f"{s.rmse:.2f}", f"{s.mae:.2f}", f"{s.r2:.4f}", f"{s.crps:.2f}", _share(s.coverage)) for name, s in scores.items()
    ]


def markdown(scores: dict[str, Scores]) -> str:
    """The table in Markdown."""
    return markdown_table(HEADINGS, rows(scores))


def markdown_table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Any table in Markdown, its first column to the left and numbers to the right."""
    texts = ["| " + " | ".join(headings) + " |", "|---" + "|---:" * (len(headings) - 1) + "|"]
    return "\n".join([*texts, *("| " + " | ".join(line) + " |" for line in lines)])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
