"""report.html, report.md, figures and tables in a folder, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.evaluate.stored.together import fields_together, together
from gwkeras.report.document import Report
from gwkeras.report.html.map_data import MapData, map_data
from gwkeras.report.html.render import render
from gwkeras.report.markdown import render as as_markdown
from gwkeras.report.sections.plain_words import key_figures
from gwkeras.report.sections.scores import verdict
from gwkeras.report.stored.record import record_fields
from gwkeras.report.stored.run import StoredRun, read_run
from gwkeras.report.stored.study import StoredStudy, full_run_of, is_study, read_study
from gwkeras.report.tables import write_tables
from gwkeras.report.whole import whole_report
from gwkeras.report.worlds import across_worlds

_MARGIN = 0.95  # of what the fields may take: their size is foretold from one month


@dataclass(frozen=True)
class WrittenReport:
    """What was written.

    Args:
        page: report.html.
        document: report.md.
        figures: how many, each as PNG and PDF.
        tables: how many, each as CSV and LaTeX.
        bytes: of the page.
    """

    page: Path
    document: Path
    figures: int
    tables: int
    bytes: int


def write_whole_report(
    folders: Sequence[Path],
    output: Path,
    *,
    megabytes: float = 15.0,
    worlds: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> WrittenReport:
    """The report of one run, or of several.

    Args:
        folders: of the runs, and of at most one study of `gwkeras ablate`; a study alone is reported with its first full run.
        output: folder for what is written.
        megabytes: that the page may have; the map's level of detail follows.
        worlds: whether the runs are of several worlds or regions, and only shares of interpolation's error are compared.
        progress: called with the number of steps done and in all.
    Raises: BadInput: where a folder holds no evaluation of this version, or runs that were judged unlike are to be compared.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise BadInput("gwkeras report", expected="each run once", found="one twice", remedy="name it once")
    progress(0, 4)
    kept, study = _study_among(folders)
    runs = named_apart([read_run(folder) for folder in kept])
    progress(1, 4)
    output.mkdir(parents=True, exist_ok=True)
    fields = None
    if worlds and len(runs) > 1:
        report = _of_worlds(runs)
        figures: tuple[tuple[str, str], ...] = ()
    else:
        run = replace(joined(runs), study=study)
        report, figures = whole_report(run, output), key_figures(run.evaluation, run.method)
        progress(2, 4)
        fields = run.fields
    data, evidence = None, ""
    if fields is not None:
        evidence = run.evaluation.evidence
        if evidence == "product" and len(runs) == 1 and run.record is not None and run.config is not None:
            fields, evidence = record_fields(run.record, run.method, run.config), "record"
        without = len(render(report, figures, MapData({}, {}, {}), output).encode())
        room = max(1_000_000, int(_MARGIN * (megabytes * 1e6 - without)))
        data = map_data(fields, run.method, run.evaluation.basis, evidence, room)
    progress(3, 4)
    page, document = output / "report.html", output / "report.md"
    content = render(report, figures, data, output).encode()
    write_atomically(page, content)
    write_atomically(document, as_markdown(report).encode())
    tables = write_tables(report, output / "tables")
    progress(4, 4)
    pictures = len(list((output / "figures").glob("*.png"))) if (output / "figures").is_dir() else 0
    return WrittenReport(page, document, pictures, len(tables) // 2, len(content))


def _study_among(folders: Sequence[Path]) -> tuple[list[Path], StoredStudy | None]:
    """Folders of runs, and the study that was named with them."""
    studies = [folder for folder in folders if is_study(folder)]
    runs = [folder for folder in folders if folder not in studies]
    if len(studies) > 1:
        raise BadInput(
            "gwkeras report",
            expected="one study of gwkeras ablate at most",
            found=str(len(studies)),
            remedy="report each by itself",
        )
    if not studies:
        return runs, None
    return runs or [full_run_of(studies[0])], read_study(studies[0])


def joined(runs: Sequence[StoredRun]) -> StoredRun:
    """Several runs as one; the configuration, history and record are the first's.

    Raises: BadInput: where they were judged unlike.
    """
    if len(runs) == 1:
        return runs[0]
    evaluation = together({run.names[0]: run.evaluation for run in runs})
    fields = fields_together({run.names[0]: run.fields for run in runs}, evaluation)
    return replace(runs[0], evaluation=evaluation, fields=fields, names=tuple(run.names[0] for run in runs))


def named_apart(runs: list[StoredRun]) -> list[StoredRun]:
    """Names that differ: where two runs have one, their folders' names take its place, or numbers."""
    names = [run.names[0] for run in runs]
    if len(set(names)) == len(names):
        return runs
    for depth in (1, 2, 3):  # such as full/seed-0 and full/seed-1 of a study
        named = ["/".join(run.folder.resolve().parts[-depth:]) for run in runs]
        if len(set(named)) == len(named):
            break
    else:
        named = [f"{name} {k + 1}" for k, name in enumerate(names)]
    return [replace(run, names=(name,)) for run, name in zip(runs, named, strict=True)]


def _of_worlds(runs: Sequence[StoredRun]) -> Report:
    names = [run.names[0] for run in runs]
    sections = [across_worlds({run.names[0]: run.evaluation for run in runs})]
    sections += [verdict(run.evaluation, run.told.target, f"Scores of {name}") for name, run in zip(names, runs, strict=True)]
    return Report(f"{len(runs)} runs on several worlds", tuple(sections))
