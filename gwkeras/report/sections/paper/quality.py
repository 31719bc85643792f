"""Tables 3, 4 and 5: errors, what methods know, and the physics terms."""

from __future__ import annotations

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.evaluate.findings.diagnosis import diagnosis
from gwkeras.evaluate.findings.skill import INTERPOLATIONS
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.methods.fitting import name_of
from gwkeras.report.document import Block, Section, Table, paragraph
from gwkeras.report.sections.paper.beside import beside
from gwkeras.report.sections.patches import patches
from gwkeras.report.sections.scores import physics
from gwkeras.report.spread import spread_of, spread_text
from gwkeras.report.stored.run import StoredRun


def errors(evaluation: Evaluation) -> Section:
    """Table 3: by patch where patches were judged, else by month."""
    if evaluation.has_patches:
        said, table = patches(evaluation).blocks
        assert isinstance(table, Table)
        shown = Table(table.title, table.headings, table.rows, "table_3")
        return Section("Table 3: errors, mean ± standard deviation over patches", (said, shown, beside(3)), 3)
    columns = {column.key: column for column in evaluation.columns}
    loss = evaluation.physics()["physics"]
    rows = []
    for row, method in enumerate(evaluation.methods):
        texts = [
            _mean_and_deviation(evaluation.score(columns[key])[row], columns[key].metric.decimals)
            for key in ("mae", "rmse", "r2")
        ]
        rows.append((method, *texts, _mean_and_deviation(loss[row], 3)))
    said = paragraph(
        "Scores of each month, cells weighted by land area: mean ± standard deviation over months. No patches were scored."
    )
    headings = ("method", *(columns[key].heading for key in ("mae", "rmse", "r2")), "physics loss")
    table = Table("", headings, tuple(rows), "table_3")
    return Section("Table 3: errors, mean ± standard deviation over months", (said, table, beside(3)), 3)


def knowledge(run: StoredRun) -> Section:
    """Table 4: errors beside what each method knows."""
    known = _parts(run.config)
    rows = []
    for method in run.evaluation.methods:
        climate, physics_used = known.get(method, ("no", "no") if method in INTERPOLATIONS else ("–", "–"))
        states = "yes" if diagnosis(run.evaluation, method) is not None else "no"
        rows.append((method, f"{run.evaluation.scores[method]['mae']:.2f}", climate, physics_used, states))
    said = paragraph(
        "The methods of this run. For other authors' methods only their printed values are known; a comparison would need the "
        "same data."
    )
    table = Table("", ("method", "MAE mm", "climate and its memory", "physics", "gives an uncertainty"), tuple(rows), "table_4")
    return Section("Table 4: comparison of methods", (said, table, beside(4)), 3)


def physics_terms(run: StoredRun) -> Section:
    """Table 5: the terms epoch by epoch where a network was trained, and those of every method."""
    blocks: list[Block] = []
    names = ("sign", "magnitude", "regional")
    history = run.history
    before = "val_" if all(f"val_{name}" in history for name in names) else ""
    if history and all(f"{before}{name}" in history for name in names):
        terms = np.array([history[f"{before}{name}"] for name in names])
        last = terms.shape[1]
        chosen = sorted({1, min(10, last), last})
        rows = tuple((str(e), *(f"{v:.3f}" for v in terms[:, e - 1]), f"{terms[:, e - 1].sum():.3f}") for e in chosen)
        title = f"On the {'validation' if before else 'training'} samples while the network was trained"
        blocks.append(Table(title, ("epoch", *names, "total"), rows, "table_5_epochs"))
    else:
        blocks.append(paragraph("No network was trained, so there are no losses by epoch."))
    of_methods = physics(run.evaluation).blocks
    for block in of_methods:
        blocks.append(Table(block.title, block.headings, block.rows, "table_5") if isinstance(block, Table) else block)
    if not of_methods:
        blocks.append(
            paragraph("The climate files do not give precipitation minus evapotranspiration, so the terms cannot be computed.")
        )
    return Section("Table 5: physics terms", (*blocks, beside(5)), 3)


def _parts(config: Config | None) -> dict[str, tuple[str, str]]:
    """Method -> whether it knows the climate, and whether physics has a part in it."""
    found = {}
    for method in () if config is None else config.methods:
        kind = type(method.prior).__name__
        climate = "no" if kind in ("NoPrior", "Seasonal") else "yes"
        weighted = config is not None and config.loss.physics_weight > 0
        physical = "yes" if "Storage" in kind or (method.prior.needs_shards and weighted) else "no"
        found[name_of(method)] = (climate, physical)
    return found


def _mean_and_deviation(values: np.ndarray, decimals: int) -> str:
    return spread_text(spread_of(values[np.isfinite(values)].tolist()), decimals)
