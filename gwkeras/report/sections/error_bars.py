"""Whether the standard deviations are right: over all cells, by class, and by their own size."""

from __future__ import annotations

import math

from gwkeras.evaluate.findings.diagnosis import Diagnosis, by_class, diagnosis
from gwkeras.evaluate.findings.product_scale import product_scale_of
from gwkeras.evaluate.measures.error_bars import ERROR_BARS
from gwkeras.evaluate.measures.metric import Column
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.cell_text import cell_text
from gwkeras.report.document import Aside, Block, Section, Table, paragraph

_OF_CLASSES = ("coverage_at_90", "standardised_error", "sigma_correlation_share")
_SAID = (
    "Coverage of the 50, 80, 90 and 95 % intervals derived from σ; root mean square of σ and of error over σ (1 if σ is "
    "right); correlation of σ and |error|, and the highest that a calibrated Normal with these σ can have; slope of the error "
    "over σ from the lowest to the highest quartile (1 if σ is right); gain in CRPS over a constant σ that is right on average."
)
_PRODUCT = (
    "Held-out product cells (for a filtered product, blocks of cells wider than the filter's core), each predicted from the "
    "data outside it. This is the part of the error bars that real data can test. It says nothing about detail within a cell."
)


def error_bars(evaluation: Evaluation) -> Section:
    """Tables for every method that states a σ; nothing where none does."""
    found = {method: d for method in evaluation.methods if (d := diagnosis(evaluation, method)) is not None}
    if not found:
        return Section("Error bars", ())
    columns = [Column(metric) for metric in ERROR_BARS]
    headings = ("method", *(column.heading for column in columns), "slope", "CRPS gain")
    rows = tuple((method, *_texts(d, columns), cell_text(d.slope, ".2f"), _percent(d.crps_gain)) for method, d in found.items())
    blocks: list[Block] = [paragraph(_SAID), Table("", headings, rows)]
    first, *others = (_by_class(evaluation, method, columns) for method in found)
    blocks.append(first)
    if others:
        blocks.append(Aside("By class, the other methods", tuple(others)))
    parts = tuple((method, *(f"{s:.1f} / {e:.1f}" for s, e in d.quartiles)) for method, d in found.items())
    quarters = ("method", "lowest σ", "second quartile", "third quartile", "highest σ")
    blocks.append(Table("σ / root mean square error, mm, by quartile of σ over the land", quarters, parts))
    blocks.extend(_product_scale(evaluation))
    return Section("Error bars", tuple(blocks))


def _by_class(evaluation: Evaluation, method: str, columns: list[Column]) -> Table:
    shown = [column for column in columns if column.key in _OF_CLASSES]
    rows = tuple((name.replace("_", " "), *_texts(d, shown), _percent(d.crps_gain)) for name, d in by_class(evaluation, method))
    return Table(f"By class, {method}", ("cells or months", *(column.heading for column in shown), "CRPS gain"), rows)


def _product_scale(evaluation: Evaluation) -> list[Block]:
    """Error bars checked on held-out product."""
    columns, rows = [Column(metric) for metric in ERROR_BARS], []
    for method in evaluation.methods:
        for where, figures in product_scale_of(evaluation, method).items():
            gain = 1.0 - figures["crps"] / figures["constant_crps"]
            told = (column.text(figures[column.key]) for column in columns)
            rows.append((method, where.replace("held_out", "held-out").replace("_", " "), *told, _percent(gain)))
    if not rows:
        return []
    headings = ("method", "where", *(column.heading for column in columns), "CRPS gain")
    return [paragraph(_PRODUCT), Table("At the product's own scale", headings, tuple(rows))]


def _texts(found: Diagnosis, columns: list[Column]) -> tuple[str, ...]:
    return tuple(column.text(found.figures[column.key]) for column in columns)


def _percent(value: float) -> str:
    return cell_text(100 * value, "+.1f") + (" %" if math.isfinite(value) else "")
