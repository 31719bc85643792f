"""The whole loss: L = L_data + λ_phys (sign + magnitude + regional) + λ_smooth L_smooth (eq. 10)."""

from __future__ import annotations

from typing import Any

from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.statistics import Statistics
from gwkeras.layers.cell_area import fine_row_area
from gwkeras.losses.data import beta_nll, crps, nll
from gwkeras.losses.magnitude import magnitude
from gwkeras.losses.product import product_term
from gwkeras.losses.regional import regional
from gwkeras.losses.sign import sign_hinge, sign_share
from gwkeras.losses.smoothness import smoothness
from gwkeras.losses.storage_change import storage_balance
from gwkeras.observation.point_spread import PointSpread

Tensors = dict[str, Any]

CHANGE_TERMS = ("sign", "magnitude", "regional", "sign_share")
"""What looks at ΔG, and so says nothing of a sample without its previous month."""


def composite_loss(
    inputs: Tensors,
    targets: Tensors,
    outputs: Tensors,
    *,
    config: LossConfig,
    statistics: Statistics,
    factor: int,
    fine_step_degrees: float,
    product: PointSpread | None = None,
) -> tuple[Any, Tensors]:
    """Total and named terms, one value per sample each.

    Args:
        inputs: a batch of input features (core/schema.py), of fixed height and width.
        targets: `target`, NaN where it does not count, and optionally `target_sigma`, both (batch, sH, sW, 1) mm.
        outputs: {"mean", "variance"} of the model, (batch, sH, sW, 1) mm and mm².
        config: which terms in which form, and their weights.
        statistics: the physics terms see fields divided by training standard deviations, so that weights mean the same
            everywhere; β-NLL and CRPS are in units of the residual's. Eq. 11 itself is in mm: a unit shifts it by a constant.
        factor: s.
        fine_step_degrees: size of a fine cell, which turns `regional_block_degrees` into cells.
        product: what the target has been smoothed by, where it is the product itself, seen through H; None for a fine target.
    Returns: (batch,) total and {"data", "sign", "magnitude", "regional", "smoothness", "sign_share"} before their weights,
        each (batch,). Samples without their previous month have 0 for the terms of ΔG.

    >>> import numpy as np
    >>> coarse, fine = np.ones((1, 2, 2, 1), "float32"), np.ones((1, 4, 4, 1), "float32")
    >>> inputs = {"gwsa_previous": 8 * coarse, "net_water_input": 20 * coarse, "infiltration_efficiency": 0.25 * coarse}
    >>> inputs |= {"land": coarse, "land_fine": fine, "has_previous": coarse[:, 0, 0, 0], "latitude": 10 * coarse[:, :, 0, 0]}
    >>> targets, outputs = {"target": 9 * fine}, {"mean": 9 * fine, "variance": fine}
    >>> settings = {"config": LossConfig(), "statistics": Statistics(), "factor": 2, "fine_step_degrees": 0.25}
    >>> total, terms = composite_loss(inputs, targets, outputs, **settings)
    >>> {name: round(float(terms[name][0]), 3) for name in ("data", "sign", "regional")}  # 1 mm more, and 5 mm went in
    {'data': 0.0, 'sign': 0.0, 'regional': 4.0}
    """
    mean, variance = ops.cast(outputs["mean"], "float32"), ops.cast(outputs["variance"], "float32")
    if product is None:
        data = data_term(targets, mean, variance, inputs["land_fine"] > 0, config, statistics.residual_std)
    else:
        data = product_term(inputs, targets["target"], mean, variance, config, statistics.gwsa_std, factor, product)
    terms = {
        "data": data,
        **physics_terms(inputs, mean, config, statistics, factor, regional_block(config, fine_step_degrees)),
        "smoothness": smoothness(mean / statistics.gwsa_std, inputs["land_fine"] > 0, config.smoothness),
    }
    physics = (
        config.sign_weight * terms["sign"]
        + config.magnitude_weight * terms["magnitude"]
        + config.regional_weight * terms["regional"]
    )
    total = terms["data"] + config.physics_weight * physics + config.smoothness_weight * terms["smoothness"]
    return total, terms


def data_term(targets: Tensors, mean, variance, land, config: LossConfig, scale: float):
    """The configured data loss over land cells with a target; the target's own variance adds to the predicted one.

    Args:
        targets: `target` and optionally `target_sigma`, (batch, sH, sW, 1) mm; NaN where unknown.
        mean: (batch, sH, sW, 1) mm.
        variance: (batch, sH, sW, 1) mm².
        land: (batch, sH, sW, 1) bool.
        config: which loss.
        scale: unit of β-NLL and CRPS, mm.
    Returns: (batch,).

    >>> import numpy as np
    >>> mean, land = np.zeros((1, 1, 2, 1), "float32"), np.ones((1, 1, 2, 1), bool)
    >>> target = np.array([3.0, np.nan], "float32").reshape(1, 1, 2, 1)
    >>> float(data_term({"target": target}, mean, mean + 1, land, LossConfig(data="nll"), 1.0)[0])
    4.5
    """
    target = targets["target"]
    known = ops.logical_and(ops.isfinite(target), land)
    target = ops.where(known, target, 0.0)
    if "target_sigma" in targets:
        sigma = targets["target_sigma"]
        variance = variance + ops.square(ops.where(ops.isfinite(sigma), sigma, 0.0))
    if config.data == "nll":
        return nll(target, mean, variance, known)
    target, mean, variance = target / scale, mean / scale, variance / scale**2
    if config.data == "crps":
        return crps(target, mean, variance, known)
    return beta_nll(target, mean, variance, known, config.beta)


def physics_terms(inputs: Tensors, mean, config: LossConfig, statistics: Statistics, factor: int, block: int) -> Tensors:
    """Constraints 1–3 and the printed form of the first.

    Args:
        inputs: a batch of input features (core/schema.py).
        mean: (batch, sH, sW, 1) mm.
        config: their forms.
        statistics: ΔG and infiltration are divided by the standard deviation of the change of storage.
        factor: s.
        block: side of the regions of eq. 14, fine cells.
    Returns: {"sign", "magnitude", "regional", "sign_share"}, (batch,) each; 0 for a sample without its previous month.

    >>> import numpy as np
    >>> coarse = np.ones((1, 2, 2, 1), "float32")
    >>> inputs = {"gwsa_previous": 8 * coarse, "net_water_input": 20 * coarse, "infiltration_efficiency": 0.25 * coarse}
    >>> inputs |= {"land": coarse, "land_fine": coarse, "has_previous": np.ones(1), "latitude": 10 * coarse[:, :, 0, 0]}
    >>> terms = physics_terms(inputs, 6 * coarse, LossConfig(), Statistics(storage_change_std=2.0), factor=1, block=2)
    >>> round(float(terms["sign"][0]), 3), round(float(terms["regional"][0]), 3)  # 2 mm less, although 5 mm went in
    (1.0, 3.5)
    """
    balance = storage_balance(inputs, mean, factor)
    change, infiltration = (
        balance.storage_change / statistics.storage_change_std,
        balance.infiltration / statistics.storage_change_std,
    )
    area = fine_row_area(inputs["latitude"], factor) * inputs["land_fine"]
    weights = ops.where(balance.mask, area, 0.0)
    present = inputs["has_previous"]
    return {
        "sign": present * sign_hinge(change, balance.net_water_input, balance.mask),
        "magnitude": present * magnitude(change, infiltration, balance.mask, centred=config.centred),
        "regional": present * regional(change, infiltration, weights, block),
        "sign_share": present * sign_share(change, balance.net_water_input, balance.mask),
    }


def regional_block(config: LossConfig, fine_step_degrees: float) -> int:
    """Side of the regions of eq. 14 in fine cells, at least one.

    >>> regional_block(LossConfig(regional_block_degrees=4.0), fine_step_degrees=0.125)
    32
    """
    return max(1, round(config.regional_block_degrees / fine_step_degrees))
