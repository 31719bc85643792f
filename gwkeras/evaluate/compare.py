"""All methods on one footing: the same months, the same cells, the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.months import month_number
from gwkeras.data.manifest import Manifest
from gwkeras.evaluate.metrics import Scores
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.record import Fields
from gwkeras.fields.regrid import Regridder
from gwkeras.fields.scale import Scale
from gwkeras.fields.scales import application_scale, open_scales
from gwkeras.methods.method import Method
from tfrecords_build.seasonal_detail import with_seasonal_detail
from tfrecords_build.splits import held_out_mask


@dataclass(frozen=True)
class Judge:
    """What methods are judged by.

    Args:
        scale: what the methods see.
        truth: month index -> (s n_lat, s n_lon) mm.
        months: indices into `scale.months` of the held-out months.
        basis: one phrase for tables: which field, at which resolution.
    """

    scale: Scale
    truth: Callable[[int], np.ndarray]
    months: tuple[int, ...]
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
        scale = with_seasonal_detail(application_scale(fields, config, cache), manifest.split, config, cache)
        truth, stamps = _truth_on(scale, fields.truth), fields.truth["time"].values
        basis = f"the fine truth at {scale.fine.lat_step:g}°"
    else:
        scale = with_seasonal_detail(open_scales(fields, config, cache)["train"][0], manifest.split, config, cache)
        stamps = scale.months
        basis = {
            "coarsen": f"the held-out product at {scale.fine.lat_step:g}°, one scale up",
            "bicubic": "the bicubic interpolation of the product, which is no evidence of detail",
            "reference": f"the held-out reference at {scale.fine.lat_step:g}°",
        }[config.target.kind]

        def truth(month: int) -> np.ndarray:
            return scale.target(month, 0, 0, *scale.coarse.shape)[..., 0]

    held_out = set(manifest.test_months) or {str(m)[:7] for m in stamps}
    known = set(month_number(stamps).tolist())
    months = tuple(i for i, m in enumerate(scale.months) if str(m)[:7] in held_out and int(month_number(m)) in known)
    if not months:
        raise MissingMonths(
            "evaluation",
            expected="held-out months for which there is something to judge by",
            found="none",
            remedy="give a truth of the same years, or other split.test_months",
        )
    return Judge(scale, truth, months, basis)


def compare(
    judge: Judge, methods: Sequence[Method], manifest: Manifest, progress: Callable[[int, int], None] = lambda d, t: None
) -> Comparison:
    """Scores every method on every held-out month."""
    scale = judge.scale
    weights = scale.fine.area * scale.land_fine
    blocks = held_out_mask(scale.fine, manifest.split.held_out)
    scores, in_blocks = {m.name: Scores() for m in methods}, {m.name: Scores() for m in methods}
    rmse = np.full((len(methods), len(judge.months)), np.nan)
    for column, month in enumerate(judge.months):
        truth = judge.truth(month)
        for row, method in enumerate(methods):
            p = method.predict(scale, month)
            alone = Scores()
            alone.add(p.mean, truth, weights)
            rmse[row, column] = alone.rmse
            scores[method.name].add(p.mean, truth, weights, p.lower, p.upper, p.sigma)
            if blocks.any():
                in_blocks[method.name].add(p.mean, truth, weights * blocks, p.lower, p.upper, p.sigma)
        progress(column + 1, len(judge.months))
    by_month = xr.Dataset(
        {"rmse": (("method", "time"), rmse, {"units": "mm", "long_name": "area-weighted RMSE over the region"})},
        coords={"method": [m.name for m in methods], "time": scale.months[list(judge.months)]},
        attrs={"judged_by": judge.basis},
    )
    return Comparison(judge, scores, in_blocks if blocks.any() else {}, by_month)


def _truth_on(scale: Scale, truth: xr.DataArray) -> Callable[[int], np.ndarray]:
    grid = grid_of(truth)
    if grid.lat_step > scale.fine.lat_step * 1.01:
        raise GridMismatch(
            "truth",
            expected=f"cells of at most {scale.fine.lat_step:g}°",
            found=grid.describe(),
            remedy="lower sample.factor, or judge without a truth",
        )
    same = grid.is_close(scale.fine)
    regridder = None if same else Regridder(grid, scale.fine)

    def of_month(month: int) -> np.ndarray:
        values = np.asarray(truth.sel(time=scale.months[month]).values, dtype=np.float64)
        if not np.isfinite(values).any():
            raise BadInput("truth", expected=f"data in {str(scale.months[month])[:7]}", found="none", remedy="check the file")
        return values if regridder is None else regridder(values)

    return of_month
