"""Error bars at the product's own scale, where real data can contradict them: no fine truth is needed.

Each cell of the product (through a filter: each block of cells wider than its core) is predicted from what lies outside of it, in
closed form, in held-out months and held-out blocks. It says whether prior,
covariance and noise hold where they can be checked; of the detail within a cell it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split
from gwkeras.evaluate.findings.diagnosis import Diagnosis
from gwkeras.evaluate.measures.error_bars import ERROR_BARS
from gwkeras.evaluate.measures.metric import Cells, evaluated
from gwkeras.evaluate.measures.metrics import crps
from gwkeras.evaluate.measures.scores import sums_of, values_of
from gwkeras.evaluate.measures.spread import constant_crps, quartiles, spread_sums
from gwkeras.evaluate.stored.evaluation import HELD_OUT, Evaluation
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.by_held_out_product import product_quantiles
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.selection.held_out_product import HeldOutProduct, held_out_product

MONTHS = "held_out_months"
WHERE = (MONTHS, HELD_OUT)
"""All cells in held-out months; cells of held-out blocks in all months."""


def product_scale(method: Composition, domain: Domain, split: Split) -> dict[str, Diagnosis]:
    """Name of `WHERE` -> error bars of one method there; empty for one that is no prior with kriging on a product.

    Args:
        method: fitted in this domain.
        domain: that it is applied to.
        split: what was held out.
    """
    if not isinstance(method.update, FittedKriging) or method.detail is None or method.calibration is None:
        return {}
    if domain.knows_fine_storage:  # the calibration is of the fine scale
        return {}
    quantiles = product_quantiles(method.calibration, domain)
    blocks = split.untrained(domain.coarse) & (domain.land > 0)
    held_out = set(split.months_of("test"))
    wanted: dict[str, tuple[Sequence[Month], np.ndarray | None]] = {
        MONTHS: ([month for month in domain.calendar if int(month_number(month)) in held_out], None),
        HELD_OUT: (list(domain.calendar) if blocks.any() else [], blocks),
    }
    found = {}
    for name, (months, cells) in wanted.items():
        if len(months) < 2:
            continue
        product = _held_out(method, domain, months)
        inside = np.ones(len(product.lat), bool) if cells is None else _within(product, domain, cells)
        if inside.any():
            found[name] = _diagnosed(product, inside, method.detail.scale, quantiles)
    return found


def with_product_scale(evaluation: Evaluation, found: dict[str, dict[str, Diagnosis]]) -> Evaluation:
    """An evaluation that holds these figures as `product_*` (method, product_cells).

    Args:
        evaluation: of the same methods.
        found: method -> what `product_scale` says of it.
    """
    names = [where for where in WHERE if any(where in each for each in found.values())]
    if not names:
        return evaluation
    data = evaluation.data.copy()
    meaning = "where the product was predicted from outside of its own cell or block, without being looked at before"
    data["product_cells"] = ("product_cells", np.array(names, dtype=object), {"long_name": meaning})
    told = {metric.key: (metric.meaning, metric.unit) for metric in ERROR_BARS}
    told |= {"crps": ("continuous ranked probability score", "mm"), "constant_crps": ("the same with one constant σ", "mm")}
    for key, (words, unit) in told.items():
        values = [[_figure(found.get(method, {}).get(name), key) for name in names] for method in evaluation.methods]
        attributes = {"long_name": f"{words}, at the product's own scale", "units": unit}
        data[f"product_{key}"] = (("method", "product_cells"), np.array(values, float), attributes)
    return Evaluation(data)


def product_scale_of(evaluation: Evaluation, method: str) -> dict[str, dict[str, float]]:
    """Name of `WHERE` -> figure -> value, as `with_product_scale` has kept them; empty where there are none."""
    data = evaluation.data
    if "product_cells" not in data:
        return {}
    row, found = evaluation.methods.index(method), {}
    keys = [*(metric.key for metric in ERROR_BARS), "crps", "constant_crps"]
    for column, name in enumerate(map(str, data["product_cells"].values)):
        figures = {key: float(data[f"product_{key}"].values[row, column]) for key in keys}
        if np.isfinite(figures["crps"]):
            found[name] = figures
    return found


def _figure(found: Diagnosis | None, key: str) -> float:
    if found is None:
        return float("nan")
    return found.figures[key] if key in found.figures else float(getattr(found, key))


def _held_out(method: Composition, domain: Domain, months: Sequence[Month]) -> HeldOutProduct:
    means = PriorFields(method.prior, domain, months)
    expected = np.stack([np.nan_to_num(domain.observation(mean)) for mean in means.values()])
    observed = np.stack([domain.storage_of(month) for month in months]).astype(float)
    assert isinstance(method.update, FittedKriging)
    return held_out_product(method.update.on(domain), observed - expected, expected, month_number(np.array(months)))


def _within(product: HeldOutProduct, domain: Domain, cells: np.ndarray) -> np.ndarray:
    """(n,) whether each observation's middle lies in one of the cells."""
    grid = domain.coarse
    rows = np.clip(np.floor((product.lat - grid.south) / grid.lat_step).astype(int), 0, grid.n_lat - 1)
    columns = np.clip(np.floor(((product.lon - grid.west) % 360.0) / grid.lon_step).astype(int), 0, grid.n_lon - 1)
    return cells[rows, columns]


def _diagnosed(
    product: HeldOutProduct, inside: np.ndarray, scale: float, quantiles: tuple[tuple[float, float], ...]
) -> Diagnosis:
    errors = product.errors[inside]
    sigma = (scale * product.sigma_of_months[inside]).ravel()
    weights = np.broadcast_to(np.cos(np.deg2rad(product.lat[inside]))[:, None], errors.shape).ravel()
    cells = Cells(np.zeros(errors.size), errors.ravel(), sigma, quantiles=quantiles)
    sums, spread = sums_of(values_of(cells), weights), spread_sums(cells, weights)
    figures = {metric.key: float(evaluated(metric, sums)) for metric in ERROR_BARS}
    mean_crps = float(weights @ crps(errors.ravel(), sigma) / weights.sum())
    return Diagnosis(figures, mean_crps, constant_crps(spread), quartiles(spread))
