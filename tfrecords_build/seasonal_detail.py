"""Gives a scale that learns a reference the seasonal detail of that reference, as far as the split lets it be known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from gwkeras.core.config import Config
from gwkeras.data.manifest import SplitDescription
from gwkeras.fields.array_cache import DiskArray, cached_array
from gwkeras.fields.interpolation import conserve, upsample
from gwkeras.fields.scale import Scale
from gwkeras.fields.seasonal_detail import SeasonalDetail
from tfrecords_build.splits import held_out_mask


def with_seasonal_detail(scale: Scale, split: SplitDescription, config: Config, cache: Path) -> Scale:
    """`scale` with the covariate `reference_seasonal_detail` where the target is a reference and covariates are automatic.

    Args:
        split: only its training months, outside its held-out blocks and their buffer, are looked at.
    """
    target = scale.fine_target
    if config.target.kind != "reference" or "auto" not in config.sample.covariates or not isinstance(target, DiskArray):
        return scale

    def residuals(part: slice) -> np.ndarray:
        coarse = scale.storage[part]
        base = conserve(upsample(coarse, scale.factor, "bicubic"), coarse, scale.fine, scale.factor, scale.land_fine)
        return target[part] - base

    residual = cached_array(
        cache, ["seasonal detail", target.path.name, scale.storage.path.name, scale.factor], target.shape, residuals
    )
    trained = np.isin(scale.storage_months.astype("datetime64[M]").astype(str), split.train_months)
    return replace(
        scale,
        seasonal_detail=SeasonalDetail(
            residual, scale.storage_months, trained, held_out_mask(scale.fine, split.held_out, split.buffer_degrees)
        ),
    )
