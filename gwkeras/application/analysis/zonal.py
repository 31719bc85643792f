"""A record of means over zones, with standard errors that account for correlated errors of neighbouring cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from gwkeras.analysis.zonal import trends, zonal_means
from gwkeras.analysis.zones import Zones
from gwkeras.application.drawing import require_drawable
from gwkeras.application.writing import Job
from gwkeras.core.months import Month, month_number
from gwkeras.fields.writing.cf_file import CONVENTIONS, Provenance
from gwkeras.methods.error_bars.draws import parts_of, persistences_of
from gwkeras.methods.updates.kriging.error_parts import ErrorParts

_SIGMA = (
    "From draws of the error: what the update cannot see and the prior's wrong detail, which last from month to month, and the "
    "product's noise, which does only where months are asked together. In every cell they have its standard error together."
)


def zonal_record(
    job: Job,
    months: Sequence[Month],
    zones: Zones,
    *,
    draws: int = 100,
    seed: int = 0,
    provenance: Provenance | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> xr.Dataset:
    """Means of every month and trends, by CF-1.11.

    Args:
        job: method and domain.
        months: ascending.
        zones: on the fine grid of the job's domain.
        draws: of the error, from which standard errors are made; 100 know them to 7 %.
        seed: of the draws.
        provenance: where the fields come from.
        progress: called with the number of months done and in all.
    Raises: BadInput: where the method is none of prior and kriging with calibrated error bars.
    """
    method, domain = require_drawable(job, "--method"), job.domain
    assert method.calibration is not None
    factor = method.calibration.interval_factor
    weights = zones.shares * domain.fine.area * domain.land_fine
    kept: dict[bytes, ErrorParts] = {}
    found = []
    for number, month in enumerate(months):
        observed = domain.storage_of(month)
        known = np.isfinite(observed) & (domain.land > 0)
        if known.tobytes() not in kept:
            kept = {known.tobytes(): parts_of(method, domain, known, draws, seed)}
        errors = kept[known.tobytes()]
        predicted = method.predict(domain, month)
        assert predicted.sigma is not None
        found.append(zonal_means(predicted.mean, errors.sizes(predicted.sigma), weights, tuple(errors)))
        progress(number + 1, len(months))
    mean, sigma, variances = (np.stack([getattr(each, name) for each in found]) for name in ("mean", "sigma", "variances"))
    numbers = month_number(np.array(months))
    trend = trends(numbers, mean, variances, persistences_of(method, domain))
    percent = f"{100 * method.calibration.interval:g} %"
    attributes = provenance.attributes() if provenance else {}
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": "Groundwater storage anomaly by zone", **attributes})
    data["zone"] = ("zone", np.array(zones.names, dtype=object), {"long_name": "zone"})
    data["time"] = ("time", np.array(months, "datetime64[ns]"), {"standard_name": "time", "long_name": "first day of the month"})
    both, alone = ("zone", "time"), ("zone",)
    variables: tuple[tuple[str, tuple[str, ...], np.ndarray, str, str, dict[str, Any]], ...] = (
        ("gwsa", both, mean.T, "mm", "mean groundwater storage anomaly of the zone", {"cell_methods": "zone: mean where land"}),
        ("gwsa_sigma", both, sigma.T, "mm", "standard error of the zone's mean", {"comment": _SIGMA}),
        ("gwsa_lower", both, (mean - factor * sigma).T, "mm", f"lower bound of the {percent} interval", {}),
        ("gwsa_upper", both, (mean + factor * sigma).T, "mm", f"upper bound of the {percent} interval", {}),
        ("gwsa_trend", alone, trend.slope, "mm year-1", "least-squares trend of the zone's mean", {}),
        ("gwsa_trend_sigma", alone, trend.sigma, "mm year-1", "standard error of the trend", {"comment": _SIGMA}),
        ("area", alone, weights.sum(axis=(1, 2)), "km2", "land of the zone", {}),
    )
    for name, dims, values, unit, meaning, more in variables:
        data[name] = (dims, values, {"long_name": meaning, "units": unit, **more})
    return data
