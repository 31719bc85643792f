"""How much better than interpolation, with what certainty; by month, place and scale; and against the product itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.evaluate.findings.bootstrap import block_length, confidence
from gwkeras.evaluate.findings.calendar_months import NAMES, score_by_calendar_month
from gwkeras.evaluate.findings.places import Place, by_box, by_distance_to_sea
from gwkeras.evaluate.findings.skill import skill_of
from gwkeras.evaluate.measures.metrics import known_column
from gwkeras.evaluate.stored.evaluation import ALL, HELD_OUT, Evaluation
from gwkeras.report.cell_text import cell_text
from gwkeras.report.document import Block, Section, Table, paragraph


def against_interpolation(evaluation: Evaluation) -> Section:
    """Every method's RMSE with its confidence interval, beside the best interpolation's."""
    rows = []
    for method in evaluation.methods:
        skill = skill_of(evaluation, method)
        rmse = known_column("rmse")
        bounds = confidence(evaluation, rmse, method)
        rows.append(
            (
                method,
                rmse.text(evaluation.scores[method]["rmse"]),
                _bounds(bounds),
                *(
                    ("–",) * 4
                    if skill is None
                    else _texts(skill.ratio, skill.low, skill.high, skill.p_value, skill.months_better)
                ),
            )
        )
    length = block_length(len(evaluation.months))
    how = (
        f"90 % confidence intervals by resampling blocks of {length} months."
        if length
        else "Too few months for confidence intervals."
    )
    said = (
        f"{how} The RMSE is also given as a share of the best interpolation's (below 1 is better), with a paired test of the "
        "monthly differences (Diebold and Mariano, corrected for short records). A small p means that the difference is unlikely "
        "to be chance."
    )
    headings = ("method", "RMSE mm", "90 % interval", "share of the best interpolation's", "90 % interval", "p", "months better")
    return Section("Against interpolation", (paragraph(said), Table("", headings, tuple(rows), "skill")))


def intervals(evaluation: Evaluation) -> Section:
    """Every score with its confidence interval; nothing where months are too few."""
    length = block_length(len(evaluation.months))
    columns = [known_column(key) for key in ("bias", "mae", "rmse", "r2", "correlation", "kge")]
    if not length:
        return Section("Scores and their confidence intervals", ())
    rows = []
    for method in evaluation.methods:
        scores = evaluation.scores[method]
        texts = [
            f"{column.text(scores.value(column))} ({_bounds(confidence(evaluation, column, method), column.metric.decimals)})"
            for column in columns
        ]
        rows.append((method, *texts))
    said = (
        f"In brackets: 90 % confidence intervals by resampling blocks of {length} months. R² is the Nash-Sutcliffe efficiency "
        "over all cells and months."
    )
    table = Table("", ("method", *(column.heading for column in columns)), tuple(rows), "intervals")
    return Section("Scores and their confidence intervals", (paragraph(said), table))


def by_calendar_month(evaluation: Evaluation) -> Table:
    """RMSE by calendar month."""
    found = score_by_calendar_month(evaluation, known_column("rmse"))
    return Table(
        "Root mean square error, mm, by calendar month",
        ("month", *evaluation.methods),
        tuple((name, *_cells(found[:, k])) for k, name in enumerate(NAMES) if np.isfinite(found[:, k]).any()),
        "calendar_months",
    )


def by_class(evaluation: Evaluation) -> Table | None:
    """RMSE by class of cells: blocks without a target, coast, terrain; None where there are no classes."""
    groups = [g for g in evaluation.groups if g != ALL]
    if not groups:
        return None
    rows = []
    for group in groups:
        scores = evaluation.scores_of(group)
        name = "blocks held out of all training" if group == HELD_OUT else group.replace("_", " ")
        rows.append((name, *_cells(np.array([scores[m]["rmse"] for m in evaluation.methods]))))
    return Table("Root mean square error, mm, by class of cells", ("cells", *evaluation.methods), tuple(rows), "classes")


def by_place(evaluation: Evaluation) -> list[Table]:
    """RMSE by distance from the sea, and in boxes of whole degrees."""
    found = []
    for places, title, name in (
        (by_distance_to_sea(evaluation), "by distance from the sea", "distance_from_sea"),
        (by_box(evaluation), "by place", "boxes"),
    ):
        if places:
            headings = ("where", "land, 1000 km²", *evaluation.methods)
            found.append(Table(f"Root mean square error, mm, {title}", headings, tuple(map(_place_row, places)), name))
    return found


def scales(evaluation: Evaluation, figure: Sequence[Block]) -> Section:
    """Power by wavelength; nothing where no window is large enough."""
    data = evaluation.data
    truth = data["spectrum_truth"].values.mean(axis=0)
    if not np.isfinite(truth).any():
        return Section("Real detail, or noise?", ())
    error = data["spectrum_error"].values.mean(axis=1)
    shown = truth > 1e-6 * np.nansum(truth)
    rows = tuple(
        (f"{low:.0f}–{high:.0f} km", f"{truth[k]:.3g}", *(f"{e[k] / truth[k]:.2f}" for e in error))
        for k, (low, high) in enumerate(data["wavelength_bounds"].values)
        if shown[k]
    )
    said = (
        "Variance of the error as a share of the variance of the truth, by wavelength. 0: all detail was found. 1: none was "
        "found (a flat field would do as well). Above 1: the method shows noise."
    )
    table = Table("", ("wavelength", "truth mm²", *evaluation.methods), rows, "spectra")
    return Section("Real detail, or noise?", (paragraph(said), *figure, table))


def consistency(evaluation: Evaluation) -> Section:
    """Root mean square of G − H Ŝ, by method."""
    gaps = evaluation.data["consistency"].values
    rows = tuple(
        (method, f"{np.sqrt(np.nanmean(gaps[row] ** 2)):.2f}", f"{np.nanmax(gaps[row]):.2f}")
        for row, method in enumerate(evaluation.methods)
        if np.isfinite(gaps[row]).any()
    )
    said = (
        "Each field passed through the satellite's filter and averaged over product cells, minus the product. The difference "
        "need not be 0: the product has errors, and a method that matches it exactly reproduces them."
    )
    table = Table("", ("method", "root mean square, mm", "largest month, mm"), rows, "consistency")
    return Section("Consistency with the product", (paragraph(said), table) if rows else ())


def _place_row(place: Place) -> tuple[str, ...]:
    return (place.name, f"{place.area_km2 / 1000:.0f}", *_cells(place.rmse))


def _texts(ratio: float, low: float, high: float, p_value: float, better: float) -> tuple[str, ...]:
    p = "–" if not np.isfinite(p_value) else "< 0.001" if p_value < 1e-3 else f"{p_value:.3f}"
    return f"{ratio:.3f}", _bounds((low, high), 3) if np.isfinite(low) else "–", p, f"{100 * better:.0f} %"


def _bounds(found: tuple[float, float] | None, decimals: int = 2) -> str:
    return "–" if found is None else f"{found[0]:z.{decimals}f} to {found[1]:z.{decimals}f}"


def _cells(values: np.ndarray) -> tuple[str, ...]:
    return tuple(cell_text(value, ".2f") for value in values)
