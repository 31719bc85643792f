"""Our network: bicubic interpolation made conservative, plus learned detail from fine covariates, conservative again."""

from __future__ import annotations

import math

import keras
from keras import layers

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.schema import SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.layers.block_mean import BlockLevel
from gwkeras.layers.calendar import CalendarMaps
from gwkeras.layers.conservation import Conservation
from gwkeras.layers.detail import Detail
from gwkeras.layers.interpolation import FillMissing, Upsampling
from gwkeras.layers.normalization import ConstantVariance, Standardize, Unstandardize, Variance
from gwkeras.layers.unet import unet
from gwkeras.models.inputs import symbolic_inputs
from gwkeras.models.paper import climate_memory

_SOFTPLUS_ONE = math.log(math.e - 1.0)  # softplus of this is 1: training starts at the variance of the residual


def default_model(config: ModelConfig, sample: SampleShape, statistics: Statistics) -> keras.Model:
    """mean = I gwsa + (f − I H f), variance = residual_std² · softplus(…), with f the refinement's output.

    H is the block mean over land, I bicubic interpolation made conservative. Covariates enter as x − I H x, too: all that is
    called detail is measured against what carries the product. The last layers start at zero, so that training starts at I gwsa.

    Inputs: climate, gwsa, gwsa_previous, has_previous, land, land_fine, time, latitude and, where the sample has
        covariates, covariates_fine: all as in core/schema.py.
    Outputs: {"mean": (batch, sH, sW, 1) mm, "variance": (batch, sH, sW, 1) mm²}.

    Args:
        config: its sizes.
        sample: channels, months and factor of its inputs.
        statistics: of the training split, for the scalings inside.

    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation",), covariates=("elevation",))
    >>> known = {"covariate_mean": (500.0,), "covariate_std": (200.0,), "covariate_deviation_std": (50.0,)}
    >>> statistics = Statistics(climate_mean=(80.0,), climate_std=(40.0,), **known)
    >>> network = default_model(ModelConfig(), sample, statistics)
    >>> sorted(network.output), "covariates_fine" in [tensor.name for tensor in network.inputs]
    (['mean', 'variance'], True)
    """
    covariates = ("covariates_fine",) if sample.covariates else ()
    inputs = symbolic_inputs(
        sample, "climate", "gwsa", "gwsa_previous", "has_previous", "land", "land_fine", "time", "latitude", *covariates
    )
    gwsa, land, land_fine, latitude = (inputs[name] for name in ("gwsa", "land", "land_fine", "latitude"))

    levels, deviations = [], []
    if covariates:
        levels = [
            BlockLevel(sample.factor, statistics.covariate_mean, statistics.covariate_std, name="covariate_level")(
                inputs["covariates_fine"], land_fine, latitude
            )
        ]
        deviations = [
            Detail(sample.factor, statistics.covariate_deviation_std, name="covariate_detail")(
                inputs["covariates_fine"], land_fine, latitude
            )
        ]
    features = trunk(inputs, levels, config, statistics)
    detail, spread = refinement(features, deviations, inputs, config, sample)

    base = Upsampling(sample.factor, "bicubic", dtype="float32", name="bicubic")(FillMissing(name="gwsa_filled")(gwsa, land))
    left = Detail(sample.factor, [1.0], name="carried_detail")(
        Unstandardize(0.0, statistics.residual_std, name="detail")(detail), land_fine, latitude
    )
    raw = layers.Add(dtype="float32", name="base_plus_detail")([base, left])
    mean = Conservation(sample.factor, name="mean")(raw, gwsa, land_fine, land, latitude)
    if spread is None:
        variance = ConstantVariance(statistics.residual_std, name="variance")(mean)
    else:
        variance = Variance(statistics.residual_std, name="variance")(spread)
    return keras.Model(list(inputs.values()), {"mean": mean, "variance": variance}, name="default")


def trunk(inputs: dict[str, keras.KerasTensor], levels: list, config: ModelConfig, statistics: Statistics):
    """What the coarse fields say: ConvLSTM over climate, then a U-Net with storage, its past, covariates' levels, the calendar.

    Args:
        inputs: symbolic inputs by name.
        levels: covariates on the coarse grid, (batch, H, W, K) each; none where there are no covariates.
        config: sizes.
        statistics: of the training split.
    Returns: (batch, H, W, config.unet_filters[0]).

    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation",))
    >>> statistics = Statistics(climate_mean=(80.0,), climate_std=(40.0,))
    >>> trunk(symbolic_inputs(sample), [], ModelConfig(unet_filters=(4, 8)), statistics).shape
    (None, None, None, 4)
    """
    land = inputs["land"]
    climate = Standardize(statistics.climate_mean, statistics.climate_std, name="climate_scale")(inputs["climate"], land[:, None])
    gwsa_scale = Standardize(statistics.gwsa_mean, statistics.gwsa_std, name="gwsa_scale")
    # A predecessor that is unknown is 0 in a sample. One of exactly 0 mm is taken for such: it says little.
    before = inputs["gwsa_previous"]
    known = land * inputs["has_previous"][:, None, None, None] * keras.ops.cast(keras.ops.not_equal(before, 0.0), "float32")
    fused = layers.Concatenate(name="fused")(
        [
            climate_memory(climate, config.convlstm_filters),
            gwsa_scale(inputs["gwsa"], land),
            gwsa_scale(before, known),
            known,
            land,
            CalendarMaps(name="calendar")(inputs["time"], land),
            *levels,
        ]
    )
    return unet(fused, config.unet_filters, config.batch_normalisation, config.dropout)


def refinement(features, deviations: list, inputs: dict[str, keras.KerasTensor], config: ModelConfig, sample: SampleShape):
    """Detail and spread at the fine grid, both (batch, sH, sW, 1), in units of the residual's standard deviation.

    There is no spread without an uncertainty head.

    Two paths are added. Linear: each covariate's detail times a coefficient that varies in space and time, as in
    geographically weighted regression with a neural network for its weights (Du et al. 2020,
    doi 10.1080/13658816.2019.1707834). Convolutional: a small network on that detail, land and trunk features. Dropout on
    both is what makes them carry over to another scale: without it the convolutions learn the training scale by heart.
    The spread learns from what the mean has learned without acting back on it (Stirn et al. 2023, arXiv 2212.09184).

    Args:
        features: of the trunk, (batch, H, W, C).
        deviations: the covariates' detail, (batch, sH, sW, K); none where there are no covariates.
        inputs: symbolic inputs by name.
        config: sizes.
        sample: factor and names of covariates.
    Returns: detail, and spread or None.

    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation",))
    >>> features, config = keras.Input((8, 8, 4)), ModelConfig(uncertainty_head=False)
    >>> detail, spread = refinement(features, [], {"land_fine": keras.Input((32, 32, 1))}, config, sample)
    >>> detail.shape, spread
    ((None, 32, 32, 1), None)
    """
    features = _dropout(features, config.dropout, "features_dropout")
    context = layers.Conv2D(config.refinement_filters // 2, 1, name="context")(features)
    context = Upsampling(sample.factor, "bilinear", name="context_fine")(context)
    fine = layers.Concatenate(name="fine_inputs")([context, *deviations, inputs["land_fine"]])
    x = fine
    for index in range(config.refinement_layers):
        x = layers.Conv2D(config.refinement_filters, 3, padding="same", activation="relu", name=f"refinement{index}")(x)
        x = _dropout(x, config.dropout, f"refinement{index}_dropout")
    detail = layers.Conv2D(1, 1, kernel_initializer="zeros", dtype="float32", name="detail_nonlinear")(x)
    if deviations:
        coefficients = layers.Conv2D(len(sample.covariates), 1, kernel_initializer="zeros", dtype="float32", name="coefficients")(
            features
        )
        coefficients = Upsampling(sample.factor, "bilinear", dtype="float32", name="coefficients_fine")(coefficients)
        products = layers.Multiply(dtype="float32", name="coefficient_times_deviation")([coefficients, deviations[0]])
        linear = keras.ops.sum(products, axis=-1, keepdims=True)
        detail = layers.Add(dtype="float32", name="detail_sum")([detail, linear])
    if not config.uncertainty_head:
        return detail, None
    spread = layers.Conv2D(config.refinement_filters // 2, 1, activation="relu", name="spread_hidden")(
        keras.ops.stop_gradient(fine)
    )
    spread = layers.Conv2D(
        1,
        1,
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(_SOFTPLUS_ONE),
        dtype="float32",
        name="spread",
    )(spread)
    return detail, spread


def _dropout(x, rate: float, name: str):
    return layers.Dropout(rate, name=name)(x) if rate else x
