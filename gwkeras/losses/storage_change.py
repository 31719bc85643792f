"""The storage change that the physics terms look at, with the water that should explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops

from gwkeras.core.schema import known_previous
from gwkeras.layers.interpolation import fill_missing, upsample


@dataclass(frozen=True)
class StorageBalance:
    """Fields on the fine grid, all (batch, sH, sW, 1).

    Args:
        storage_change: ΔG = Ĝ_fine(t) − U(G_coarse(t−1)), mm month⁻¹.
        net_water_input: P − ET, mm month⁻¹.
        infiltration: (P − ET) α, mm month⁻¹.
        mask: cells on land where P − ET and the storage of the month before are known.

    >>> StorageBalance(storage_change=4.0, net_water_input=20.0, infiltration=5.0, mask=True).infiltration
    5.0
    """

    storage_change: Any
    net_water_input: Any
    infiltration: Any
    mask: Any


def storage_balance(inputs: dict[str, Any], mean, factor: int) -> StorageBalance:
    """ΔG of the paper's section 3.1 and its drivers.

    U is bicubic interpolation with missing cells filled, as for the model's own start, so that ΔG holds change and
    not the steps of the coarse grid. A cell whose previous storage is unknown takes its neighbours' mean, two cells deep,
    which is as far as the interpolation looks: so no cell of the mask shows a false change. P − ET and α are taken cell by
    cell, so that unknown cells mix with none.
    A sample without its previous month gets a finite ΔG of no meaning: weigh its terms by `has_previous`.

    Args:
        inputs: a batch of the sample's input features (core/schema.py).
        mean: Ĝ, (batch, sH, sW, 1) mm.
        factor: s.

    >>> import numpy as np
    >>> coarse, fine = np.ones((1, 2, 2, 1), "float32"), np.ones((1, 4, 4, 1), "float32")
    >>> inputs = {"gwsa_previous": 8 * coarse, "net_water_input": 20 * coarse, "infiltration_efficiency": 0.25 * coarse}
    >>> balance = storage_balance(inputs | {"land": coarse, "land_fine": fine}, 12 * fine, factor=2)
    >>> float(balance.storage_change[0, 0, 0, 0]), float(balance.infiltration[0, 0, 0, 0]), bool(balance.mask[0, 0, 0, 0])
    (4.0, 5.0, True)
    """
    known = ops.where(known_previous(inputs), inputs["land"], 0.0)
    previous = upsample(fill_missing(inputs["gwsa_previous"], known), factor, "bicubic")
    alpha = inputs["infiltration_efficiency"]
    net = inputs["net_water_input"]
    drivers = upsample(
        ops.concatenate([net, net * alpha, ops.cast(ops.logical_and(alpha > 0, inputs["land"] > 0), net.dtype)], axis=-1),
        factor,
        "nearest",
    )
    mask = ops.logical_and(drivers[..., 2:] > 0, inputs["land_fine"] > 0)
    return StorageBalance(mean - previous, drivers[..., :1], drivers[..., 1:2], mask)
