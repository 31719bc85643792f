"""The paper's network: two ConvLSTM layers, a U-Net, bilinear upsampling and two 1 × 1 heads (its sections 3.2.1–3.2.3)."""

from __future__ import annotations

import keras
from keras import layers

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.schema import SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.layers.convlstm import ConvLSTM2D
from gwkeras.layers.interpolation import Upsampling
from gwkeras.layers.normalization import ConstantVariance, Standardize, Unstandardize, Variance
from gwkeras.layers.unet import unet
from gwkeras.models.inputs import symbolic_inputs


def climate_memory(climate, filters: tuple[int, ...]):
    """Stacked ConvLSTM layers, the last returning its last state; without any, the climate of the last month as it is.

    Args:
        climate: (batch, T, H, W, D).
        filters: channels of each layer.
    Returns: (batch, H, W, filters[-1]), or (batch, H, W, D) without layers.

    >>> climate = keras.Input((6, 8, 8, 3))
    >>> climate_memory(climate, (16, 4)).shape, climate_memory(climate, ()).shape
    ((None, 8, 8, 4), (None, 8, 8, 3))
    """
    if not filters:
        return climate[:, -1]
    for index, width in enumerate(filters):
        climate = ConvLSTM2D(width, return_sequences=index + 1 < len(filters), name=f"convlstm{index}")(climate)
    return climate


def paper_model(config: ModelConfig, sample: SampleShape, statistics: Statistics) -> keras.Model:
    """The network as printed; 8,190,850 trainable parameters with the printed widths and four climate channels.

    The heads stand before the upsampling: a 1 × 1 convolution and bilinear interpolation commute exactly and the small
    grid is s² times cheaper. Softplus does not commute, so it comes last.

    Inputs: climate (batch, T, H, W, D), gwsa and land (batch, H, W, 1).
    Outputs: {"mean": (batch, sH, sW, 1) mm, "variance": (batch, sH, sW, 1) mm²}.

    Args:
        config: its sizes.
        sample: channels, months and factor of its inputs.
        statistics: of the training split, for the scalings inside.

    >>> import math
    >>> channels = ("precipitation", "soil_moisture", "temperature", "surface_pressure")
    >>> sample = SampleShape(months=6, height=32, width=32, factor=4, climate=channels)
    >>> printed = ModelConfig(kind="paper", convlstm_filters=(64, 64), unet_filters=(64, 128, 256, 512), dropout=0.0)
    >>> network = paper_model(printed, sample, Statistics(climate_mean=(0.0,) * 4, climate_std=(1.0,) * 4))
    >>> sum(math.prod(weight.shape) for weight in network.trainable_weights)
    8190850
    """
    inputs = symbolic_inputs(sample, "climate", "gwsa", "land")
    land = inputs["land"]
    climate = Standardize(statistics.climate_mean, statistics.climate_std, name="climate_scale")(inputs["climate"], land[:, None])
    gwsa = Standardize(statistics.gwsa_mean, statistics.gwsa_std, name="gwsa_scale")(inputs["gwsa"], land)
    memory = climate_memory(climate, config.convlstm_filters)
    fused = layers.Concatenate(name="fused")([memory, gwsa])  # eq. 7
    features = unet(fused, config.unet_filters, config.batch_normalisation, config.dropout)
    count = 2 if config.uncertainty_head else 1
    heads = layers.Conv2D(count, 1, dtype="float32", name="heads")(features)  # eqs 8 and 9
    fine = Upsampling(sample.factor, "bilinear", dtype="float32", name="upsampling")(heads)
    anomaly, *spread = keras.ops.split(fine, count, axis=-1)
    mean = Unstandardize(statistics.gwsa_mean, statistics.gwsa_std, name="mean")(anomaly)
    if spread:
        variance = Variance(statistics.gwsa_std, name="variance")(spread[0])
    else:
        variance = ConstantVariance(statistics.residual_std, name="variance")(mean)
    return keras.Model(list(inputs.values()), {"mean": mean, "variance": variance}, name="paper")
