"""How well a fine field explains what the product shows of it: ‖G − H f‖, and the same of neighbours' differences."""

from __future__ import annotations

import math

from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.layers.block_mean import block_mean
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.layers.kriging.observed_window import filter_weights
from gwkeras.losses.data import beta_nll, crps, nll
from gwkeras.losses.masked import masked_mean
from gwkeras.observation.point_spread import PointSpread

_MARGIN = 1.5  # half-weight radii from a patch's edge within which 4 % of the kernel or more are cut


def product_term(inputs, target, mean, variance, config: LossConfig, scale: float, factor: int, spread: PointSpread):
    """The configured loss of product cells, plus `difference_weight` × the share of neighbours' differences that is unexplained.

    Errors of a prior are alike over hundreds of kilometres, so that cells by themselves would count one error many times. The
    differences between neighbours are what a covariance whose spectrum falls as k⁻² makes independent of one another: the
    metric (H C Hᵀ + R)⁻¹ of generalised least squares, in its simplest form.

    Args:
        inputs: a batch of input features (core/schema.py).
        target: (batch, sH, sW, 1) mm: the product in each of its cells' fine cells; NaN where it does not count.
        mean: f, (batch, sH, sW, 1) mm.
        variance: (batch, sH, sW, 1) mm².
        config: which loss.
        scale: unit of β-NLL and CRPS, mm.
        factor: s.
        spread: of the product. The filter works on means of product cells, and is cut and renormalised where the patch ends;
            cells nearer to its edge than 1.5 half-weight radii do not count, unless none were left.
    Returns: (batch,).

    >>> fine = ops.full((1, 4, 4, 1), 5.0)
    >>> inputs = {"land_fine": fine / 5, "latitude": ops.convert_to_tensor([[0.25, 0.75]])}
    >>> settings = (LossConfig(data="nll"), 1.0, 2, PointSpread())
    >>> float(product_term(inputs, fine, fine + 2, fine / 5, *settings)[0])  # ½ · 2² mm², and no difference is missed
    2.0
    """
    latitude = inputs["latitude"]
    weights = inputs["land_fine"] * fine_row_area(latitude, factor)
    counted = ops.logical_and(ops.isfinite(target), weights > 0)
    shown, known = block_mean(ops.where(counted, target, 0.0), ops.where(counted, weights, 0.0), factor)
    seen, mass = block_mean(mean, weights, factor)
    spread_of_cells, _ = block_mean(variance, weights, factor)
    known = known > 0
    if spread.kind == "gaussian":
        seen = _filtered(seen, mass, latitude, spread)
        known = ops.logical_and(known, _interior(known, latitude, spread))
    loss = {"nll": nll, "crps": crps}.get(config.data)
    spread_of_cells = ops.where(known, spread_of_cells, 1.0)  # the logarithm's gradient in cells that do not count
    if config.data != "nll":
        shown, seen, spread_of_cells = shown / scale, seen / scale, spread_of_cells / scale**2
    cells = loss(shown, seen, spread_of_cells, known) if loss else beta_nll(shown, seen, spread_of_cells, known, config.beta)
    return cells + config.difference_weight * _unexplained(shown, seen, known)


def _unexplained(shown, seen, known):
    """(batch,) squared errors of differences between neighbours, over the squares of the product's own."""
    error = power = 0.0
    for axis in (1, 2):
        both = ops.logical_and(_ahead(known, axis), _behind(known, axis))
        true = ops.where(both, _ahead(shown, axis) - _behind(shown, axis), 0.0)
        found = ops.where(both, _ahead(seen, axis) - _behind(seen, axis), 0.0)
        error = error + masked_mean(ops.square(true - found), both)
        power = power + masked_mean(ops.square(true), both)
    return error / ops.maximum(power, 1e-6)


def _ahead(values, axis: int):
    return values[:, 1:] if axis == 1 else values[:, :, 1:]


def _behind(values, axis: int):
    return values[:, :-1] if axis == 1 else values[:, :, :-1]


def _filtered(cells, mass, latitude, spread: PointSpread):
    """The point spread between product cells: (batch, H, W, 1) to the same."""
    rows, columns = ops.shape(cells)[1], ops.shape(cells)[2]
    step = ops.abs(latitude[:, -1] - latitude[:, 0]) / ops.cast(ops.maximum(rows - 1, 1), latitude.dtype)
    apart = ops.cast(ops.arange(columns), latitude.dtype)
    places = ops.abs(ops.arange(columns)[:, None] - ops.arange(columns)[None])

    def one(sample):
        values, weight, where, width = sample
        kernel = ops.take(filter_weights(where, apart * width, spread.half_weight_km), places, axis=2)  # (H, H, W, W)
        area = weight if spread.over == "land" else ops.ones_like(weight) * ops.max(weight, axis=1, keepdims=True)
        reached = ops.einsum("ijkl,jl->ik", kernel, area)
        return ops.einsum("ijkl,jl->ik", kernel, values * weight) / ops.where(reached > 0, reached, 1.0)

    return ops.map(one, (cells[..., 0], mass[..., 0], latitude, step))[..., None]


def _interior(known, latitude, spread: PointSpread):
    """(batch, H, W, 1) bool: cells whose kernel the patch holds; all of them in a patch that is too small."""
    rows, columns = ops.shape(known)[1], ops.shape(known)[2]
    step = ops.abs(latitude[:, -1] - latitude[:, 0]) / ops.cast(ops.maximum(rows - 1, 1), latitude.dtype)
    reach = _MARGIN * spread.half_weight_km / (EARTH_RADIUS_KM * math.pi / 180.0) / ops.maximum(step, 1e-6)  # cells
    row, column = (ops.cast(ops.arange(n), latitude.dtype) for n in (rows, columns))
    from_edge = ops.minimum(ops.minimum(row, ops.flip(row))[:, None], ops.minimum(column, ops.flip(column))[None])
    inside = (from_edge[None] >= reach[:, None, None])[..., None]
    some = ops.any(ops.logical_and(inside, known), axis=(1, 2, 3), keepdims=True)
    return ops.logical_or(inside, ops.logical_not(some))
