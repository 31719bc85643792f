"""All methods on one footing: the same months, the same cells, the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.months import Month, month_number
from gwkeras.data.manifest import Manifest
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import open_domain, open_learning_domain
from gwkeras.domain.split import held_out_mask
from gwkeras.evaluate.metrics import Scores
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.record import Fields
from gwkeras.methods.method import Method


@dataclass(frozen=True)
class Judge:
    """What methods are judged by.

    Args:
        domain: what the methods see.
        truth: month -> (s n_lat, s n_lon) mm.
        months: the held-out months.
        basis: one phrase for tables: which field, at which resolution.
    """

    domain: Domain
    truth: Callable[[Month], np.ndarray]
    months: tuple[Month, ...]
    basis: str


@dataclass(frozen=True)
class Comparison:
    """Scores by method, over all cells and over the spatial blocks that training never had as a target (maybe none)."""

    judge: Judge
    scores: dict[str, Scores]
    held_out_blocks: dict[str, Scores]
    by_month: xr.Dataset


def choose_judge(fields: Fields, config, manifest: Manifest, cache: Path) -> Judge:
    """The fine truth where one is given, else the field that the target is: for `coarsen` the product itself, one scale up.

    Raises: MissingMonths: where no held-out month can be judged.
    """
    if fields.truth is not None:
        domain = open_domain(fields, config, cache, manifest.split)
        truth, stamps = _truth_on(domain, fields.truth), fields.truth["time"].values
        basis = f"the fine truth at {domain.fine.lat_step:g}°"
    else:
        domain = open_learning_domain(fields, config, cache, manifest.split)
        stamps = domain.months
        basis = {
            "coarsen": f"the held-out product at {domain.fine.lat_step:g}°, one scale up",
            "bicubic": "the bicubic interpolation of the product, which is no evidence of detail",
            "reference": f"the held-out reference at {domain.fine.lat_step:g}°",
        }[config.target.kind]

        def truth(month: Month) -> np.ndarray:
            return domain.target(month, 0, 0, *domain.coarse.shape)[..., 0]

    held_out = set(manifest.test_months) or {str(m)[:7] for m in stamps}
    known = set(month_number(stamps).tolist())
    months = tuple(m for m in domain.months if str(m)[:7] in held_out and int(month_number(m)) in known)
    if not months:
        raise MissingMonths(
            "evaluation",
            expected="held-out months for which there is something to judge by",
            found="none",
            remedy="give a truth of the same years, or other split.test_months",
        )
    return Judge(domain, truth, months, basis)


def compare(
    judge: Judge, methods: Sequence[Method], manifest: Manifest, progress: Callable[[int, int], None] = lambda d, t: None
) -> Comparison:
    """Scores every method on every held-out month."""
    domain = judge.domain
    weights = domain.fine.area * domain.land_fine
    blocks = held_out_mask(domain.fine, manifest.split.held_out)
    scores, in_blocks = {m.name: Scores() for m in methods}, {m.name: Scores() for m in methods}
    rmse = np.full((len(methods), len(judge.months)), np.nan)
    for column, month in enumerate(judge.months):
        truth = judge.truth(month)
        for row, method in enumerate(methods):
            p = method.predict(domain, month)
            alone = Scores()
            alone.add(p.mean, truth, weights)
            rmse[row, column] = alone.rmse
            scores[method.name].add(p.mean, truth, weights, p.lower, p.upper, p.sigma)
            if blocks.any():
                in_blocks[method.name].add(p.mean, truth, weights * blocks, p.lower, p.upper, p.sigma)
        progress(column + 1, len(judge.months))
    by_month = xr.Dataset(
        {"rmse": (("method", "time"), rmse, {"units": "mm", "long_name": "area-weighted RMSE over the region"})},
        coords={"method": [m.name for m in methods], "time": np.array(judge.months)},
        attrs={"judged_by": judge.basis},
    )
    return Comparison(judge, scores, in_blocks if blocks.any() else {}, by_month)


def _truth_on(domain: Domain, truth: xr.DataArray) -> Callable[[Month], np.ndarray]:
    grid = grid_of(truth)
    if grid.lat_step > domain.fine.lat_step * 1.01:
        raise GridMismatch(
            "truth",
            expected=f"cells of at most {domain.fine.lat_step:g}°",
            found=grid.describe(),
            remedy="lower sample.factor, or judge without a truth",
        )
    same = grid.is_close(domain.fine)
    regridder = None if same else Regridder(grid, domain.fine)

    def of_month(month: Month) -> np.ndarray:
        values = np.asarray(truth.sel(time=month).values, dtype=np.float64)
        if not np.isfinite(values).any():
            raise BadInput("truth", expected=f"data in {str(month)[:7]}", found="none", remedy="check the file")
        return values if regridder is None else regridder(values)

    return of_month
