"""Network and kriging in one graph: what is exported of a method whose prior is the network's detail."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from gwkeras.layers.conservation import Conservation
from gwkeras.layers.interpolation import FillMissing, Upsampling
from gwkeras.layers.kriging.layer import Kriging
from gwkeras.methods.error_bars.unseen_detail import UnseenDetail
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM
from gwkeras.methods.updates.kriging.fitted import FittedKriging

_HALO_PER_RADIUS, _HALO_KM = 5.0, 600.0  # as kriging's own windows: beyond it an observation changes nothing by 0.1 mm


def posterior_model(network: keras.Model, update: FittedKriging, factor: int, detail: UnseenDetail | None = None) -> keras.Model:
    """The network's inputs, and `longitude`, to the mean and the variance that kriging leaves.

    Args:
        network: that has been trained.
        update: fitted to its detail.
        factor: s.
        detail: what the prior's unseen detail adds to σ; None: nothing.
    Returns: outputs {"mean": (batch, sH, sW, 1) mm, "variance": the same shape, mm²}, before calibration.
    """
    inputs = {tensor.name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name) for tensor in network.inputs}
    for name, shape in (("gwsa", (None, None, 1)), ("land_fine", (None, None, 1)), ("latitude", (None,)), ("longitude", (None,))):
        inputs.setdefault(name, keras.Input(shape, dtype="float32", name=name))
    gwsa, land, land_fine, latitude = (inputs[name] for name in ("gwsa", "land", "land_fine", "latitude"))
    sees_product = any(tensor.name == "gwsa" for tensor in network.inputs)
    own = network([inputs[tensor.name] for tensor in network.inputs])
    prior = own["mean"]
    if sees_product:
        smooth = Upsampling(factor, "bicubic", dtype="float32", name="product_fine")(
            FillMissing(name="product_filled")(gwsa, land)
        )
        carried = Conservation(factor, name="product_carried")(smooth, gwsa, land_fine, land, latitude)
        prior = layers.Subtract(dtype="float32", name="prior")([prior, carried])
    found = kriging_layer(update, factor, detail)(prior, gwsa, land, land_fine, latitude, inputs["longitude"])
    mean, variance = keras.ops.split(found, 2, axis=-1)
    if detail is not None and detail.untaught != 1.0:
        time = inputs.setdefault("time", keras.Input((), dtype="float32", name="time"))
        known = keras.ops.equal(time[:, None], np.array([detail.taught], dtype="float32"))
        factor = keras.ops.where(keras.ops.any(known, axis=1), 1.0, detail.untaught**2)
        variance = variance * keras.ops.reshape(factor, (-1, 1, 1, 1))
    return keras.Model(list(inputs.values()), {"mean": mean, "variance": variance}, name="posterior")


def kriging_layer(update: FittedKriging, factor: int, detail: UnseenDetail | None = None) -> Kriging:
    """The update as a layer.

    Args:
        update: as fitted.
        factor: s.
        detail: as for `posterior_model`.
    """
    added = {}
    if detail is not None:
        fine = detail.grid
        corner = (fine.south, fine.west, fine.lat_step, fine.lon_step)
        added = {"unseen": (detail.scale, detail.share, detail.anywhere), "typical": detail.typical, "fine_corner": corner}
    region, spread, grid = update.region, update.region.spread, update.region.grid
    return Kriging(
        factor,
        region.product.lon_step,
        update.covariance.amplitudes,
        LENGTHS_KM,
        (update.noise.variance, update.noise.correlated, update.noise.length_km),
        np.stack([update.deviation, update.local]),
        (grid.south, grid.west, grid.lat_step, grid.lon_step),
        0.0 if spread.kind == "none" else spread.half_weight_km,
        spread.over == "land",
        region.averaged * region.block,
        region.uncertain,
        region.pinned,
        name="kriging",
        **added,
    )


def halo_of(update: FittedKriging) -> int:
    """Product cells around a window beyond which the product changes nothing in it by 0.1 mm."""
    region = update.region
    if not region.is_wide:
        return region.halo_cells
    side = region.product.height_km
    return int(np.ceil((_HALO_PER_RADIUS * region.spread.half_weight_km + _HALO_KM) / side))
