"""Sums gathered while methods are judged, a month of a method at a time; their size does not depend on the fields'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.core.grid import Grid
from gwkeras.core.months import Month
from gwkeras.domain.split import held_out_mask
from gwkeras.evaluate.findings.classes import SEASONS, cell_classes, season_of
from gwkeras.evaluate.judge import Judge, View
from gwkeras.evaluate.measures.consistency import product_gap
from gwkeras.evaluate.measures.metrics import integrands
from gwkeras.evaluate.measures.physics import TERMS, Balance, Part
from gwkeras.evaluate.measures.pit import BINS, pit_bins, pit_histogram
from gwkeras.evaluate.measures.scores import cells_at, counted, sums_of, values_of
from gwkeras.evaluate.measures.spectra import CENTRES_KM, Spectra
from gwkeras.evaluate.measures.spread import CENTRES_MM, KINDS, spread_sums
from gwkeras.evaluate.stored.evaluation import ALL, HELD_OUT, sums_kept
from gwkeras.methods.method import Method, Prediction


class Gathering:
    """Sums by method, set of cells and month; by cell over all months; by patch.

    Args:
        judge: the field that methods are scored against.
        methods: their names.

    Attributes:
        groups: names of the sets of cells.
        stamps: (months,) first days.
        grid: cells of the maps, which hold all views.
        sums: name -> (groups, methods, months).
        pit: (2, groups, methods, months, BINS) number of cells and their weight.
        spread: (KINDS, groups, methods, SEASONS, bins) how errors go with σ; see `gwkeras.evaluate.measures.spread`.
        maps: name -> (methods, n_lat, n_lon) float32, not weighted; "cells" counts months.
        physics: (terms, methods, months).
        physics_of_truth: (terms, months) of the field that methods are scored against; NaN where patches are judged.
        patches: (month, part's box) of each patch, and its sums and terms.
        intervals: (methods,) probability of the interval; NaN where there is none.
        land: (n_lat, n_lon) km² of land of the maps' cells.
        seconds: (methods, months) that predicting took.
        spectra: (2, methods, months, classes) variance of the prediction and of its error by wavelength, mm².
        spectrum_of_truth: (months, classes) likewise.
    """

    def __init__(self, judge: Judge, methods: Sequence[str]) -> None:
        self.judge = judge
        self.stamps = judge.stamps
        self.grid = _around([view.domain.fine for view in judge.views])
        self._classes = [_classes(judge, view) for view in judge.views]
        self.groups = (ALL, *dict.fromkeys(name for classes in self._classes for name in classes))
        shape = (len(self.groups), len(methods), len(self.stamps))
        self.sums = {name: np.zeros(shape) for name in sums_kept()}
        self.pit = np.zeros((2, *shape, BINS))
        self.spread = np.zeros((len(KINDS), len(self.groups), len(methods), len(SEASONS), len(CENTRES_MM)))
        self.maps = {name: np.zeros((len(methods), *self.grid.shape), np.float32) for name in ("cells", *integrands(mapped=True))}
        self.physics = np.full((len(TERMS), len(methods), len(self.stamps)), np.nan)
        self.physics_of_truth = np.full((len(TERMS), len(self.stamps)), np.nan)
        self.boxes: list[tuple[Month, float, float, float, float]] = []
        self.patch_sums: dict[str, list[list[float]]] = {name: [[] for _ in methods] for name in sums_kept()}
        self.patch_physics: list[list[np.ndarray]] = [[] for _ in methods]
        self.intervals = np.full(len(methods), np.nan)
        self.land = np.zeros(self.grid.shape)
        for view in judge.views:
            self.land[self._place(view, (slice(None), slice(None)))] = self.weights_of(view)
        self.seconds = np.zeros((len(methods), len(self.stamps)))
        self._gaps = np.zeros((2, len(methods), len(self.stamps)))
        self._spectra = Spectra(judge.domain.fine, self.weights_of(judge.views[0]))
        self.spectra = np.full((2, len(methods), len(self.stamps), len(CENTRES_KM)), np.nan)
        self.spectrum_of_truth = np.full((len(self.stamps), len(CENTRES_KM)), np.nan)

    @property
    def consistency(self) -> np.ndarray:
        """(methods, months) root mean square of G − H Ŝ over the product's land, mm."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self._gaps[0] / self._gaps[1])

    def weights_of(self, view: View) -> np.ndarray:
        """(s n_lat, s n_lon) weight of each cell, km² of land."""
        weights = view.domain.fine.area * view.domain.land_fine
        return weights * _blocks(self.judge, view) if self.judge.only_blocks else weights

    def classes_of(self, view: View) -> dict[str, np.ndarray]:
        """Name -> (s n_lat, s n_lon) bool: the sets of cells that are scored by themselves."""
        return next(classes for known, classes in zip(self.judge.views, self._classes, strict=True) if known is view)

    def begin(self, view: View, month: Month, truth: np.ndarray, balance: Balance | None) -> None:
        """Keeps which patches a month has, and the physics terms of the truth.

        Args:
            view: domain of the month.
            month: that is judged.
            truth: (s n_lat, s n_lon) mm.
            balance: what the month's physics terms compare with.
        """
        if view.patches is None and view.physics is not None:
            self.physics_of_truth[:, int(np.searchsorted(self.stamps, month))] = view.physics.of(truth, view.domain, balance)
        if view.patches is not None:
            for rows, cols in view.parts(month):
                grid = view.domain.fine.window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)
                self.boxes.append((month, grid.south, grid.north, grid.west, grid.east))

    def took(self, row: int, month: Month, seconds: float) -> None:
        """Notes how long the method `row` took for a month."""
        self.seconds[row, int(np.searchsorted(self.stamps, month))] += seconds

    def consistent(self, row: int, view: View, month: Month, method: Method, prediction: Prediction) -> None:
        """Notes how far a field, seen as the satellite sees it, is from the product.

        Args:
            row: number of the method.
            view: domain of the prediction.
            month: of the prediction.
            method: that predicts.
            prediction: of the method, as it gives it.
        """
        column = int(np.searchsorted(self.stamps, month))
        self._gaps[:, row, column] += product_gap(view.domain, view.observation_of(method), prediction.mean, month)

    def add(
        self,
        row: int,
        view: View,
        month: Month,
        prediction: Prediction,
        truth: np.ndarray,
        weights: np.ndarray,
        classes: dict[str, np.ndarray],
        balance: Balance | None,
    ) -> None:
        """Adds one month of the method `row`.

        Args:
            row: number of the method.
            view: domain of the prediction.
            month: of the prediction.
            prediction: of the method, as it is judged; see `View.as_judged`.
            truth: (s n_lat, s n_lon) mm.
            weights: see `weights_of`.
            classes: see `classes_of`.
            balance: what the month's physics terms compare with.
        """
        if prediction.lower is not None:
            self.intervals[row] = prediction.interval
        column = int(np.searchsorted(self.stamps, month))
        if view is self.judge.views[0]:
            found = self._spectra((truth, prediction.mean, prediction.mean - truth))
            self.spectrum_of_truth[column], self.spectra[:, row, column] = found[0], found[1:]
        for part in view.parts(month):
            sums = self._add_part(row, column, view, prediction, truth, weights, classes, part)
            terms = None if view.physics is None else view.physics.of(prediction.mean, view.domain, balance, part)
            if view.patches is not None:
                for name, value in sums.items():
                    self.patch_sums[name][row].append(value)
                self.patch_physics[row].append(np.full(len(TERMS), np.nan) if terms is None else terms)
            elif terms is not None:
                self.physics[:, row, column] = terms

    def _add_part(
        self,
        row: int,
        column: int,
        view: View,
        prediction: Prediction,
        truth: np.ndarray,
        weights: np.ndarray,
        classes: dict[str, np.ndarray],
        part: Part,
    ) -> dict[str, float]:
        p = prediction
        mean, sigma, lower, upper = (None if v is None else v[part] for v in (p.mean, p.sigma, p.lower, p.upper))
        assert mean is not None
        use = counted(mean, truth[part], weights[part])
        cells = cells_at(use, mean, truth[part], sigma, lower, upper, p.quantiles)
        values, w, bins = values_of(cells), weights[part][use].astype(np.float64), pit_bins(cells)
        inside = {name: mask[part][use] for name, mask in classes.items()}
        season = season_of(self.stamps[column])
        found: dict[str, float] = {}
        for k, group in enumerate(self.groups):
            if group != ALL and group not in inside:
                continue
            chosen = inside.get(group, np.ones(len(w), bool))
            sums = sums_of({name: value[chosen] for name, value in values.items()}, w[chosen])
            found = found or dict(sums)
            for name, value in sums.items():
                self.sums[name][k, row, column] += value
            if bins is not None:
                self.pit[0, k, row, column] += pit_histogram(bins[chosen])
                self.pit[1, k, row, column] += pit_histogram(bins[chosen], w[chosen])
                self.spread[:, k, row, season] += spread_sums(cells.at(chosen), w[chosen])
        onto = self._place(view, part)
        self.maps["cells"][row][onto][use] += 1.0
        for name in self.maps.keys() - {"cells"}:
            self.maps[name][row][onto][use] += values[name]
        return found

    def _place(self, view: View, part: Part) -> Part:
        """Where a part of a view lies on the maps."""
        row, col = view.domain.fine.offset_in(self.grid)
        rows, cols = (range(n)[s] for n, s in zip(view.domain.fine.shape, part, strict=True))
        return slice(row + rows.start, row + rows.stop), slice(col + cols.start, col + cols.stop)


def _classes(judge: Judge, view: View) -> dict[str, np.ndarray]:
    """Those in blocks that training never had, unless nothing else is judged, and those of coast and terrain."""
    found = cell_classes(view.domain)
    blocks = _blocks(judge, view)
    if judge.only_blocks:
        return {name: mask & blocks for name, mask in found.items()}
    return {HELD_OUT: blocks} | found if blocks.any() else found


def _blocks(judge: Judge, view: View) -> np.ndarray:
    return held_out_mask(view.domain.fine, judge.blocks)


def _around(grids: Sequence[Grid]) -> Grid:
    """The smallest grid that holds all of some grids of equal steps."""
    first = grids[0]
    if len(grids) == 1:
        return first
    south, west = min(g.south for g in grids), min(g.west for g in grids)
    n_lat = round((max(g.north for g in grids) - south) / first.lat_step)
    n_lon = round((max(g.east for g in grids) - west) / first.lon_step)
    return Grid(south, west, first.lat_step, first.lon_step, n_lat, n_lon)
