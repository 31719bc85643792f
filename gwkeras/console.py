"""What a person sees while a command runs and when it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from gwkeras.core.errors import GwkerasError, Interrupted
from gwkeras.evaluate.compare import Comparison
from gwkeras.report.table import HEADINGS, rows

_log = logging.getLogger("gwkeras")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


@contextmanager
def watched(folder: Path) -> Iterator[Callable[[str, int, int], None]]:
    """A progress callback (label, done, total) with bars on the terminal and, once a minute, lines in the run's log."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "gwkeras.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    tasks: dict[str, object] = {}
    said: dict[str, float] = {}
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
               TimeRemainingColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as bars:
            def report(label: str, done: int, total: int) -> None:
                if label not in tasks:
                    tasks[label] = bars.add_task(label, total=total)
                bars.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]
                now = time.monotonic()
                if done == total or now - said.get(label, 0.0) > 60:
                    said[label] = now
                    _log.info("%s: %d of %d", label, done, total)

            yield report
    except KeyboardInterrupt:
        _log.info("interrupted")
        raise Interrupted("interrupted; what was finished stays, and the same command goes on from there.") from None
    except GwkerasError as error:
        _log.info("stopped: %s", error)
        raise
    except Exception:
        _log.exception("failed")
        raise
    finally:
        _log.removeHandler(handler)
        handler.close()


def show_scores(comparison: Comparison) -> None:
    """The table that ends a run."""
    table = Table(title=f"Held-out months, judged by {comparison.judge.basis}")
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if index == 0 else "right")
    for row in rows(comparison.scores):
        table.add_row(*row)
    console = Console()
    console.print(table)
