"""What a person sees while a command runs and when it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table as RichTable
from rich.text import Text

from gwkeras.core.errors import GwkerasError, Interrupted
from gwkeras.core.progress import Progress
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Table
from gwkeras.report.sections.scores import brief_table

_log = logging.getLogger("gwkeras")

_BARS = 8  # at a time; more would fill a terminal


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


class _Log(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing: on a full disk the work says so in one sentence, and the log need not say it in fifty lines before."""

    def close(self) -> None:
        with suppress(OSError):  # what is still to be written
            super().close()


@contextmanager
def watched(folder: Path) -> Iterator[Progress]:
    """A progress callback (label, done, total) with bars on the terminal and, once a minute, lines in the run's log."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = _Log(folder / "gwkeras.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    tasks: dict[str, object] = {}
    said: dict[str, float] = {}
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Bars(*columns, console=Console(stderr=True)) as bars:

            def report(label: str, done: int, total: int) -> None:
                if label not in tasks:
                    tasks[label] = bars.add_task(label, total=total)
                    for old in [task for task in bars.tasks if task.visible][:-_BARS]:
                        bars.update(old.id, visible=False)
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


def show_scores(evaluation: Evaluation) -> None:
    """The table that ends a run, and what it does not say."""
    show_table(brief_table(evaluation))
    if evaluation.caution:
        Console().print(escape(evaluation.caution), soft_wrap=True)


def show_table(table: Table) -> None:
    """A table on the terminal, its first column to the left and numbers to the right."""
    shown = RichTable(title=escape(table.title))
    for index, heading in enumerate(table.headings):
        shown.add_column(escape(heading), justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in table.rows:
        shown.add_row(*map(escape, row))
    Console().print(shown)


def say_written(wrote: str, following: str | None = None, notes: Sequence[str] = ()) -> None:
    """The last lines of a command: what its user should know, what it wrote, and the next command to run."""
    for note in notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Wrote {wrote}")
    if following:
        typer.echo(f"Next: {following}")
