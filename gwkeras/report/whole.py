"""The whole report of a run: plain words, the map, the evidence, and the paper's tables and figures as this run gives them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.evaluate.findings.calendar_months import mean_by_calendar_month, score_by_calendar_month
from gwkeras.evaluate.findings.diagnosis import diagnosis
from gwkeras.evaluate.findings.places import Place, by_distance_to_sea
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, best_interpolation
from gwkeras.evaluate.measures.metrics import known_column
from gwkeras.evaluate.stored.evaluation import ALL
from gwkeras.methods.fitting import name_of
from gwkeras.report.document import Aside, Block, Figure, Interactive, Report, Section, Table, paragraph
from gwkeras.report.figures.calibration import draw_calibration
from gwkeras.report.figures.examples import draw_examples
from gwkeras.report.figures.parts import draw_parts
from gwkeras.report.figures.places import draw_places
from gwkeras.report.figures.seasons import draw_seasons
from gwkeras.report.figures.spectra import draw_spectra
from gwkeras.report.figures.training import draw_training
from gwkeras.report.figures.trend import draw_trend, trend_of
from gwkeras.report.paper import FIGURES
from gwkeras.report.sections import error_bars, scores, skill, wells
from gwkeras.report.sections.paper import cost, quality, setup, variants
from gwkeras.report.sections.plain_words import plain_words
from gwkeras.report.sections.run import told_sections
from gwkeras.report.stored.run import StoredRun

MAP = "map"
"""Key of the interactive map."""

_FOLDER = "figures"
_MOST_LINES = 8  # in a figure


def whole_report(run: StoredRun, folder: Path) -> Report:
    """All sections; figures are drawn into `folder`/figures.

    Args:
        run: as stored.
        folder: that the report will lie in.
    """
    found, title = run.evaluation, " and ".join(run.names)
    figures = _Figures(run, folder / _FOLDER)
    numbered = Section("The paper's tables and figures, as this run gives them", (paragraph(_ABOUT_NUMBERS),))
    return Report(
        title,
        (
            plain_words(found, run.method, run.wells),
            Section("The map", (Interactive(MAP, _MAP_ELSEWHERE if run.fields is not None else _NO_MAP),)),
            scores.verdict(found, run.told.target, "Scores"),
            skill.against_interpolation(found),
            skill.scales(found, figures.spectra()),
            skill.consistency(found),
            Section("Wells", ()) if run.wells is None else wells.wells(run.wells),
            skill.intervals(found),
            _folded(scores.all_scores(found), "Every score of every method"),
            error_bars.error_bars(found),
            numbered,
            setup.configuration(run),
            setup.data(run),
            quality.errors(found),
            quality.knowledge(run),
            quality.physics_terms(run),
            variants.ablation(found, run.names, run.study),
            variants.memory(found, run.names, run.study),
            cost.cost(run),
            figures.section(1, "trend of storage", figures.trend()),
            figures.section(2, "the parts of the methods", figures.parts()),
            figures.section(3, "three months", figures.examples()),
            figures.section(4, "errors and storage by calendar month", figures.seasons()),
            figures.section(5, "where errors are large", figures.places()),
            figures.section(6, "the training", figures.training()),
            figures.section(7, "calibration", figures.calibration()),
            *told_sections(run.told),
        ),
    )


_ABOUT_NUMBERS = (
    "Numbered as in “Securing the silent reserve: physics-informed deep learning for global groundwater storage downscaling”. "
    "Unfold the paper's own values below each table; a remark says whether the two can be compared."
)
_MAP_ELSEWHERE = "The interactive map is in report.html."
_NO_MAP = "The scored fields are not in the run folder. Run gwkeras evaluate again to get a map."


class _Figures:
    """Draws figures of one run into one folder; each method returns blocks, or the sentence why there is no figure."""

    def __init__(self, run: StoredRun, folder: Path) -> None:
        self._run, self._found, self._folder = run, run.evaluation, folder
        others = [m for m in self._found.methods if m not in INTERPOLATIONS]
        best = best_interpolation(self._found)
        self._shown = ([best] if best else []) + others[: _MOST_LINES - 1]
        self._rows = [self._found.methods.index(m) for m in self._shown]

    def section(self, number: int, title: str, blocks: tuple[Block, ...]) -> Section:
        """With what the paper's figure shows."""
        aside = Aside(f"Figure {number} in the paper", (paragraph(FIGURES[number]),))
        return Section(f"Figure {number}: {title}", (*blocks, aside), 3)

    def trend(self) -> tuple[Block, ...]:
        if self._run.record is None:
            return (paragraph("No record has been written yet; run gwkeras downscale."),)
        found = trend_of(self._run.record)
        if found is None:
            return (paragraph("The record is shorter than two years."),)
        grid, slope, months = found
        path = draw_trend(grid, slope, self._folder / "figure_1.png")
        said = paragraph(
            f"Least squares over the {months} months of the record, with the annual and semi-annual cycles removed. A trend "
            "over a few years is mostly weather."
        )
        return (self._figure(path, "Map of the trend of groundwater storage, mm a year"), said)

    def parts(self) -> tuple[Block, ...]:
        if self._run.config is None:
            return (paragraph("The run folder holds no configuration."),)
        path = draw_parts(_parts(self._run.config), self._folder / "figure_2.png")
        return (self._figure(path, "Boxes: each method's prior, update and error bars"),)

    def examples(self) -> tuple[Block, ...]:
        if self._run.fields is None:
            return (paragraph(_NO_MAP),)
        path, months = draw_examples(self._run.fields, self._run.method, self._found.basis, self._folder / "figure_3.png")
        stamps = ", ".join(str(m)[:7] for m in months)
        said = paragraph(
            f"The months in which the field used for scoring has its highest, median and lowest spatial variance: {stamps}."
        )
        return (self._figure(path, f"Product, truth, {self._run.method} and error in {stamps}"), said)

    def seasons(self) -> tuple[Block, ...]:
        errors = score_by_calendar_month(self._found, known_column("mae"))[self._rows]
        storage = mean_by_calendar_month(self._found, "predicted")[self._rows]
        truth = mean_by_calendar_month(self._found, "truth")[self._rows[-1]]
        path = draw_seasons(errors, storage, truth, self._shown, self._folder / "figure_4.png")
        figure = self._figure(path, "Mean absolute error and mean storage by calendar month")
        return (figure, skill.by_calendar_month(self._found))

    def places(self) -> tuple[Block, ...]:
        best, method = self._shown[0], self._run.method
        maps = [(m, self._map(m)) for m in dict.fromkeys((best, method))]
        by_distance = by_distance_to_sea(self._found)
        shown = [_only(place, self._rows) for place in by_distance]
        path = draw_places(self._found.grid, maps, shown, self._shown, self._folder / "figure_5.png")
        classes = skill.by_class(self._found)
        tables = ([classes] if classes else []) + skill.by_place(self._found)
        return (self._figure(path, "Maps of the root mean square error, and its size by distance from the sea"), *tables)

    def training(self) -> tuple[Block, ...]:
        if not self._run.has_network:
            return (paragraph("No network was trained for this run."),)
        path = draw_training(self._run.history, self._folder / "figure_6.png")
        return (self._figure(path, "Losses and errors of the network by epoch"),)

    def calibration(self) -> tuple[Block, ...]:
        method = self._run.method
        stated = diagnosis(self._found, method)
        if stated is None:
            return (paragraph(f"{method} gives no standard deviation."),)
        row, group = self._found.methods.index(method), self._found.groups.index(ALL)
        coverage = [stated.figures[name] for name in stated.figures if name.startswith("coverage_at_")]
        pit = self._found.data["pit_weight"].values[group, row].sum(axis=0)
        spread = self._found.spread_of(method)
        path = draw_calibration(spread, coverage, pit, stated.quartiles, self._folder / "figure_7.png")
        rho = stated.figures["sigma_correlation"]
        said = paragraph(
            f"Correlation of σ and |error|: {rho:.3f}; a perfect σ with this spread would reach "
            f"{stated.figures['sigma_correlation_attainable']:.3f}."
            if np.isfinite(rho)
            else "σ hardly varies, so it cannot show where errors are large."
        )
        return (self._figure(path, f"Calibration of {method}: error by σ, distribution of σ, coverage, PIT, quartiles"), said)

    def spectra(self) -> tuple[Block, ...]:
        data = self._found.data
        truth = data["spectrum_truth"].values.mean(axis=0)
        shown = truth > 1e-6 * np.nansum(truth)
        if not shown.any():
            return ()
        predicted, error = (data[f"spectrum_{n}"].values.mean(axis=1)[self._rows][:, shown] for n in ("predicted", "error"))
        lengths = data["wavelength"].values[shown]
        path = draw_spectra(lengths, truth[shown], predicted, error, self._shown, self._folder / "spectra.png")
        return (self._figure(path, "Variance by wavelength of truth, predictions and errors"),)

    def _map(self, method: str) -> np.ndarray:
        return self._found.data["rmse_map"].values[self._found.methods.index(method)]

    @staticmethod
    def _figure(path: Path, description: str) -> Figure:
        return Figure(path, description, _FOLDER)


def _folded(section: Section, title: str) -> Section:
    """A section whose tables are folded away."""
    tables = tuple(block for block in section.blocks if isinstance(block, Table))
    return replace(section, blocks=(Aside(title, tables),) if tables else ())


def _only(place: Place, rows: list[int]) -> Place:
    return replace(place, rmse=place.rmse[rows], mae=place.mae[rows], bias=place.bias[rows])


def _parts(config: Config) -> list[tuple[str, str, str, str]]:
    rows = [("interpolations", "none", "nearest, bilinear, bicubic", "none")]
    for method in config.methods:
        prior, update = method.prior.label or "none", method.update.label or "none: the prior uses the product"
        kriged = "kriging" in update
        rows.append((name_of(method), prior, update, "held-out product" if kriged else "as the method says"))
    return rows
