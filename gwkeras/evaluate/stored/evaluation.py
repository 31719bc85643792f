"""What judging has found, as it is kept in evaluation.nc: every report is made from it, and none predicts again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from gwkeras.core.grid import Grid
from gwkeras.evaluate.findings.classes import SEASONS, season_of
from gwkeras.evaluate.measures.metric import Column, evaluated
from gwkeras.evaluate.measures.metrics import columns, integrands
from gwkeras.evaluate.measures.physics import TERMS
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.measures.spread import KINDS

ALL, HELD_OUT = "all", "held_out_blocks"
"""Names of cells: all that are judged; those in blocks that training never had as a target."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of several methods on one footing.

    Args:
        data: what evaluation.nc holds; `gwkeras.evaluate.stored.layout` lists the variables.
    """

    data: xr.Dataset

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(map(str, self.data["method"].values))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the sets of cells that are scored by themselves, `ALL` first."""
        return tuple(map(str, self.data["cells"].values))

    @property
    def months(self) -> np.ndarray:
        """First days of the months that were judged."""
        return self.data["time"].values

    @property
    def basis(self) -> str:
        """By what was judged, in a phrase."""
        return str(self.data.attrs["judged_by"])

    @property
    def held_out(self) -> str:
        """The months, blocks or patches that were judged, in a phrase."""
        return str(self.data.attrs["held_out"])

    @property
    def caution(self) -> str:
        """One sentence on what the scores do not say; empty where there is none."""
        return str(self.data.attrs["caution"])

    @property
    def digest(self) -> str:
        """Of everything that scores depend on: equal for evaluations that can be compared."""
        return str(self.data.attrs["judged_digest"])

    @property
    def evidence(self) -> str:
        """What stands behind the scores; see `gwkeras.evaluate.judge.Evidence`."""
        return str(self.data.attrs["evidence"])

    @cached_property
    def grid(self) -> Grid:
        """Cells of the maps."""
        return Grid.from_centres(self.data["lat"].values, self.data["lon"].values)

    @cached_property
    def intervals(self) -> dict[str, float | None]:
        """Method -> probability of its interval; None where it has none."""
        found = zip(self.methods, self.data["interval_probability"].values, strict=True)
        return {name: float(p) if np.isfinite(p) else None for name, p in found}

    @property
    def columns(self) -> tuple[Column, ...]:
        """What tables show."""
        return columns(p for p in self.intervals.values() if p is not None)

    @property
    def scores(self) -> dict[str, Scores]:
        """Method -> scores over all cells and months."""
        return self.scores_of(ALL)

    @property
    def held_out_blocks(self) -> dict[str, Scores]:
        """Method -> scores in the blocks that training never had as a target; empty where there are none apart."""
        return self.scores_of(HELD_OUT) if HELD_OUT in self.groups else {}

    def scores_of(self, group: str = ALL, months: Sequence[int] | None = None) -> dict[str, Scores]:
        """Method -> scores.

        Args:
            group: of cells, one of `groups`.
            months: positions in `self.months`; None: all.
        """
        found = {}
        chosen = range(len(self.months)) if months is None else months
        for row, method in enumerate(self.methods):
            found[method] = self._scores(method)
            for name in sums_kept():
                by_month = self.data[f"sum_{name}"].sel(cells=group).values[row]
                for month in chosen:  # in this order: what comes is what adding field by field gives, to the last bit
                    found[method].sums[name] = found[method].sums.get(name, 0) + by_month[month]
        return found

    def score(self, column: Column, group: str = ALL) -> np.ndarray:
        """(method, time) a score month by month; NaN where there is none."""
        sums = {name: self.data[f"sum_{name}"].sel(cells=group).values for name in sums_kept()}
        return self._of_own_interval(column, evaluated(column.metric, sums))

    @property
    def has_patches(self) -> bool:
        """Whether test patches were judged one by one."""
        return "patch" in self.data.dims

    def patch_score(self, column: Column) -> np.ndarray:
        """(method, patch) a score patch by patch; NaN where there is none."""
        return self._of_own_interval(
            column, evaluated(column.metric, {name: self.data[f"patch_sum_{name}"].values for name in sums_kept()})
        )

    def season_months(self, season: str) -> list[int]:
        """Positions in `self.months` of a season's months."""
        return [row for row, month in enumerate(self.months) if SEASONS[season_of(month)] == season]

    def spread_of(self, method: str, group: str = ALL, season: str | None = None) -> np.ndarray:
        """(KINDS, bins) how a method's errors go with its σ; see `gwkeras.evaluate.measures.spread`.

        Args:
            method: its name.
            group: of cells, one of `groups`.
            season: one of `SEASONS`; None: the whole year.
        """
        k, row = self.groups.index(group), self.methods.index(method)
        by_season = np.stack([self.data[f"spread_{kind}"].values[k, row] for kind in KINDS])
        return by_season.sum(axis=1) if season is None else by_season[:, SEASONS.index(season)]

    def physics(self, by_patch: bool = False) -> dict[str, np.ndarray]:
        """Term -> (method, time) or (method, patch); NaN where it has nothing to be computed from."""
        before = "patch_physics" if by_patch else "physics"
        return {term: self.data[f"{before}_{term}"].values for term in TERMS}

    def physics_of_truth(self) -> dict[str, np.ndarray]:
        """Term -> (time,) of the truth; empty where patches were judged, or by an earlier version."""
        names = {term: f"physics_of_truth_{term}" for term in TERMS}
        return {term: self.data[name].values for term, name in names.items() if name in self.data}

    def _scores(self, method: str) -> Scores:
        return Scores({}, self.intervals[method], tuple(sorted({p for p in self.intervals.values() if p is not None})))

    def _of_own_interval(self, column: Column, values: np.ndarray) -> np.ndarray:
        if column.metric.of_interval:
            own = np.array([p == column.interval for p in self.intervals.values()])
            values = np.where(own.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)
        return values


def sums_kept() -> dict[str, str]:
    """Name of every sum that is kept -> its unit."""
    return {"cells": "1", "weight": "km2"} | {
        name: "km2" if i.unit == "1" else f"{i.unit} km2" for name, i in integrands().items()
    }
