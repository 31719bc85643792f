"""Gives a domain that learns a reference the seasonal detail of that reference, as far as the split lets it be known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.domain.seasonal_detail import SeasonalDetail
from gwkeras.domain.split import Split, held_out_mask
from gwkeras.fields.grids.interpolation import conserve, upsample


def with_seasonal_detail(domain: Domain, split: Split, config: Config, cache: Path) -> Domain:
    """`domain` with the covariate `reference_seasonal_detail` where the target is a reference and covariates are automatic.

    Args:
        split: only its training months, outside its held-out blocks and their buffer, are looked at.
    """
    target = domain.fine_target
    if config.target.kind != "reference" or "auto" not in config.sample.covariates or not isinstance(target, DiskArray):
        return domain

    def residuals(part: slice) -> np.ndarray:
        coarse = domain.storage[part]
        base = conserve(upsample(coarse, domain.factor, "bicubic"), coarse, domain.fine, domain.factor, domain.land_fine)
        return target[part] - base

    residual = cached_array(
        cache, ["seasonal detail", target.path.name, domain.storage.path.name, domain.factor], target.shape, residuals
    )
    trained = np.isin(domain.storage_months.astype("datetime64[M]").astype(str), split.train_months)
    return replace(
        domain,
        seasonal_detail=SeasonalDetail(
            residual, domain.storage_months, trained, held_out_mask(domain.fine, split.held_out, split.buffer_degrees)
        ),
    )
