"""Errors of products by cell and for the region, and their weighted mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.analysis.three_cornered_hat.covariances import best_weights, classical, depends, difference_covariance, generalised
from gwkeras.analysis.trend.season import masks_of
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.fields.writing.cf_file import CONVENTIONS

FEWEST_PRODUCTS = 3
FEWEST_MONTHS = 24
_CLOSE = 0.1  # of the usual variance of differences: two products as close as that share more than the signal
_CELLS_AT_A_TIME = 2048


@dataclass(frozen=True)
class Products:
    """Products on one grid, in the months that all have.

    Args:
        names: of the products.
        months: (M,) numbers of months.
        values: (products, M, n) mm.
        grid: of the n cells.
    """

    names: tuple[str, ...]
    months: np.ndarray
    values: np.ndarray
    grid: Grid


@dataclass(frozen=True)
class Hat:
    """What was found.

    Args:
        data: maps, figures of the region, the weighted mean.
        notes: what a reader should know.
    """

    data: xr.Dataset
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Errors:
    """Of every cell: (n, N, N) covariances, (n, N) classical variances, (n, N) mean sizes of the products."""

    covariance: np.ndarray
    classical: np.ndarray
    size: np.ndarray


def hat(
    products: Products,
    *,
    best: int | None = None,
    baseline: tuple[int, int] | None = None,
    attributes: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Hat:
    """Error of each product by the generalised three-cornered hat.

    Args:
        products: at least three.
        best: how many of them, least errors first, the weighted mean is made of; None: all.
        baseline: first and last month, by number, that the weighted mean is an anomaly of; None: all months.
        attributes: of the dataset.
        progress: called with the number of cells done and in all.
    Raises: BadInput: fewer than three products, or one that is made of the others. MissingMonths: too few in common.
    """
    require_products(products.names)
    if products.months.size < FEWEST_MONTHS:
        raise MissingMonths(
            "three-cornered hat",
            expected=f"at least {FEWEST_MONTHS} months that all products share",
            found=str(products.months.size),
            remedy="give longer records",
        )
    area = products.grid.area.ravel()
    known = np.isfinite(products.values).all(axis=0)
    cells = known.sum(axis=0) >= FEWEST_MONTHS
    if not cells.any():
        raise BadInput("three-cornered hat", expected="cells that all products know", found="none", remedy="check the regions")
    always = known.all(axis=0)
    region = always if always.any() else cells
    mean = np.stack([_mean(field[:, region], area[region]) for field in products.values])  # product, month
    whole = _errors(mean[None])
    if depends(difference_covariance(mean[None]))[0]:
        raise BadInput(
            "three-cornered hat",
            expected="products that are independent of each other",
            found=f"one among {', '.join(products.names)} that is a copy or a mean of others",
            remedy="leave it out: its error cannot be told",
        )
    found = _by_cell(products, cells, known, progress)
    notes = _notes(products, found, cells, whole)
    data = _dataset(products, found, whole, area, dict(attributes or {}))
    chosen = _chosen(data["sigma_cells"].values, best)
    notes += _put_mean(data, products, found, chosen, baseline)
    data.attrs["notes"] = "\n".join(notes)
    return Hat(data, tuple(notes))


def require_products(names: Sequence[str]) -> None:
    """Raises: BadInput: where there are fewer than three."""
    if len(names) < FEWEST_PRODUCTS:
        raise BadInput(
            "three-cornered hat",
            expected=f"at least {FEWEST_PRODUCTS} products",
            found=f"{len(names)} ({', '.join(names)})",
            remedy="give another one: two have one difference, and two errors cannot be told from it",
        )


def _errors(series: np.ndarray) -> _Errors:
    """Of (n, N, months) complete series."""
    covariance = difference_covariance(series)
    anomalies = series - series.mean(axis=-1, keepdims=True)
    single = depends(covariance)
    safe = np.where(single[:, None, None], np.eye(covariance.shape[-1]), covariance)
    errors = np.where(single[:, None, None], np.nan, generalised(safe))
    return _Errors(errors, np.where(single[:, None], np.nan, classical(covariance)), np.abs(anomalies).mean(axis=-1))


def _by_cell(products: Products, cells: np.ndarray, known: np.ndarray, progress: Callable[[int, int], None]) -> _Errors:
    count, number = len(products.names), cells.size
    covariance = np.full((number, count, count), np.nan)
    usual, size = np.full((number, count), np.nan), np.full((number, count), np.nan)
    wanted = np.flatnonzero(cells)
    done = 0
    for columns, months in masks_of(np.where(known[:, wanted], 1.0, np.nan)):
        for start in range(0, columns.size, _CELLS_AT_A_TIME):
            part = wanted[columns[start : start + _CELLS_AT_A_TIME]]
            series = np.moveaxis(products.values[:, months][:, :, part].astype(float), (0, 1, 2), (1, 2, 0))
            found = _errors(series)
            covariance[part], usual[part], size[part] = found.covariance, found.classical, found.size
            done += part.size
            progress(done, wanted.size)
    return _Errors(covariance, usual, size)


def _notes(products: Products, found: _Errors, cells: np.ndarray, whole: _Errors) -> list[str]:
    notes = [
        "The method uses differences only: errors that products share (the same satellites, the same background models) cancel, "
        "so these errors are lower bounds. Do not include a mean of some of the products as a product of its own."
    ]
    negative = (found.classical < 0).any(axis=1)
    if negative.any():
        share = 100 * negative.sum() / cells.sum()
        notes.append(
            f"In {int(negative.sum())} of {int(cells.sum())} cells ({share:.0f} %) the classical hat has a negative variance: "
            "errors are correlated there, or records short; the generalised one is positive, and biased."
        )
    names = products.names
    spread = {(i, j): whole_difference(whole.covariance[0], i, j) for i in range(len(names)) for j in range(i + 1, len(names))}
    usual = float(np.median(list(spread.values())))
    notes += [
        f"{names[i]} and {names[j]} differ by {100 * value / usual:.0f} % of the variance that products usually differ by: they "
        "share data, and the error that they share is not seen."
        for (i, j), value in spread.items()
        if value < _CLOSE * usual
    ]
    lost = int((np.isnan(found.covariance[cells, 0, 0])).sum())
    if lost:
        notes.append(f"In {lost} cells a product is a copy or a mean of others: no error there.")
    return notes


def whole_difference(errors: np.ndarray, i: int, j: int) -> float:
    """Variance of the difference of two products, from their error covariances."""
    return float(errors[i, i] + errors[j, j] - 2 * errors[i, j])


def _dataset(products: Products, found: _Errors, whole: _Errors, area: np.ndarray, attributes: dict[str, str]) -> xr.Dataset:
    data = xr.Dataset(attrs={"Conventions": CONVENTIONS, "title": "Errors by the generalised three-cornered hat", **attributes})
    grid = products.grid
    data["product"] = ("product", np.array(products.names, dtype=object), {"long_name": "product"})
    for axis, values, name, unit in (
        ("lat", grid.lat, "latitude", "degrees_north"),
        ("lon", grid.lon, "longitude", "degrees_east"),
    ):
        data[axis] = (axis, values, {"standard_name": name, "units": unit})
    variances = np.diagonal(found.covariance, axis1=1, axis2=2)
    sigma = np.sqrt(np.maximum(variances, 0.0))
    usual = np.where(found.classical >= 0, np.sqrt(np.abs(found.classical)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = sigma / found.size
    for name, values, unit, meaning in (
        ("sigma", sigma, "mm", "standard error by the generalised three-cornered hat"),
        ("sigma_relative", relative, "1", "sigma over the mean size of the product's anomalies"),
        ("sigma_classical", usual, "mm", "standard error by the classical hat; missing where its variance is negative"),
    ):
        data[name] = (("product", "lat", "lon"), values.T.reshape(-1, *grid.shape), {"long_name": meaning, "units": unit})
    weight = np.where(np.isfinite(variances[:, 0]), area, 0.0)
    together = np.sqrt(np.nan_to_num(variances.T) @ weight / weight.sum())
    size = np.nan_to_num(found.size.T) @ weight / weight.sum()
    mean_sigma = np.sqrt(np.maximum(np.diagonal(whole.covariance[0]), 0.0))
    for name, values, unit, meaning in (
        ("sigma_cells", together, "mm", "root mean square of sigma over cells, by area"),
        ("sigma_cells_relative", together / size, "1", "sigma_cells over the mean size of the product's anomalies"),
        ("sigma_region", mean_sigma, "mm", "standard error of the region's mean"),
        ("sigma_region_relative", mean_sigma / whole.size[0], "1", "sigma_region over the mean size of its anomalies"),
    ):
        data[name] = ("product", values, {"long_name": meaning, "units": unit})
    return data


def _chosen(sigma: np.ndarray, best: int | None) -> np.ndarray:
    """Numbers of the products that the weighted mean is made of."""
    if best is None:
        return np.arange(sigma.size)
    if not 1 <= best <= sigma.size:
        raise BadInput("--best", expected=f"1 to {sigma.size} products", found=str(best), remedy="correct it")
    return np.sort(np.argsort(sigma)[:best])


def _put_mean(
    data: xr.Dataset, products: Products, found: _Errors, chosen: np.ndarray, baseline: tuple[int, int] | None
) -> list[str]:
    """The weighted mean and its error, from the covariances of its parts."""
    own = found.covariance[:, chosen][:, :, chosen]
    weights = np.where(np.isfinite(own[:, :1, 0]), best_weights(np.nan_to_num(own, nan=1.0)), np.nan)  # cell, product
    months = products.months
    base = np.ones(months.size, bool) if baseline is None else (months >= baseline[0]) & (months <= baseline[1])
    notes = []
    if not base.any():
        base[:] = True
        notes.append("The products share no month of the baseline: the weighted mean is an anomaly of all months.")
    total = np.zeros(products.values.shape[1:])
    for k, product in enumerate(chosen):
        values = products.values[product].astype(float)
        known = np.isfinite(values[base])
        number = known.sum(axis=0)
        mean = np.divide(
            np.where(known, values[base], 0.0).sum(axis=0), number, out=np.full(number.shape, np.nan), where=number > 0
        )
        total += weights[:, k] * (values - mean)
    sigma = np.sqrt(np.maximum(np.einsum("ni,nij,nj->n", weights, own, weights), 0.0))
    names = ", ".join(products.names[k] for k in chosen)
    notes.append(f"The weighted mean is made of {names}, by inverse error variances of each cell.")
    shape, grid = (months.size, *products.grid.shape), ("lat", "lon")
    data["time"] = ("time", from_month_number(months), {"standard_name": "time", "long_name": "first day of the month"})
    data["tws"] = (
        ("time", *grid),
        total.reshape(shape).astype(np.float32),
        {"long_name": f"storage anomaly, mean of {names} by inverse error variances", "units": "mm"},
    )
    data["tws_sigma"] = (
        ("time", *grid),
        np.broadcast_to(sigma, total.shape).reshape(shape).astype(np.float32),
        {"long_name": "standard error of tws, the same in all months", "units": "mm"},
    )
    full = np.zeros((len(products.names), weights.shape[0]))
    full[chosen] = weights.T
    data["weight"] = (
        ("product", *grid),
        full.reshape(-1, *products.grid.shape),
        {"long_name": "weight in the mean", "units": "1"},
    )
    return notes


def _mean(values: np.ndarray, area: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0.0) @ area / (known @ area)
