"""The table that ends a run: all methods, simplest first."""

from __future__ import annotations

from gwkeras.evaluate.metrics import Scores

HEADINGS = ("method", "RMSE mm", "MAE mm", "R²", "90 % coverage")


def rows(scores: dict[str, Scores]) -> list[tuple[str, ...]]:
    """One row of text per method, under `HEADINGS`."""
    return [
        (name, f"{s.rmse:.2f}", f"{s.mae:.2f}", f"{s.r2:.4f}", "–" if s.coverage is None else f"{s.coverage:.3f}")
        for name, s in scores.items()
    ]


def markdown(scores: dict[str, Scores]) -> str:
    """The table in Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" + "|---:" * (len(HEADINGS) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows(scores))])
