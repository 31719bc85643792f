"""A network that never sees the product: what each fine cell should hold, from climate, maps and season alone."""

from __future__ import annotations

import keras
from keras import layers

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.errors import ConfigError
from gwkeras.core.schema import SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.layers.block_mean import BlockLevel
from gwkeras.layers.calendar import CalendarMaps
from gwkeras.layers.normalization import ConstantVariance, Standardize, Unstandardize, Variance
from gwkeras.layers.unet import unet
from gwkeras.models.default import refinement
from gwkeras.models.inputs import symbolic_inputs
from gwkeras.models.paper import climate_memory


def prior_model(config: ModelConfig, sample: SampleShape, statistics: Statistics) -> keras.Model:
    """f = gwsa_std · refinement of the covariates, whole and not their detail alone, with a variance.

    Its level counts, since it is taught through H: H f is compared with the product, and what is left is an update's.

    Inputs: climate, land, land_fine, time, latitude, covariates_fine: all as in core/schema.py.
    Outputs: {"mean": (batch, sH, sW, 1) mm, "variance": (batch, sH, sW, 1) mm², of a product cell's error}.

    Args:
        config: its sizes.
        sample: channels, months and factor of its inputs.
        statistics: of the training split, for the scalings inside.
    Raises: ConfigError: where there is no fine covariate, and so nothing to tell a product cell's fine cells apart.

    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation",), covariates=("elevation",))
    >>> known = {"covariate_mean": (500.0,), "covariate_std": (200.0,), "covariate_deviation_std": (50.0,)}
    >>> network = prior_model(ModelConfig(kind="prior"), sample, Statistics(climate_mean=(80.0,), climate_std=(40.0,), **known))
    >>> "gwsa" in [tensor.name for tensor in network.inputs], sorted(network.output)
    (False, ['mean', 'variance'])
    """
    if not sample.covariates:
        raise ConfigError(
            "sample.covariates",
            expected="at least one, since model.kind is 'prior'",
            found="none",
            remedy="give fine maps or a climate finer than the product",
        )
    inputs = symbolic_inputs(sample, "climate", "land", "land_fine", "time", "latitude", "covariates_fine")
    land, covariates = inputs["land"], inputs["covariates_fine"]
    scales = statistics.covariate_mean, statistics.covariate_std
    level = BlockLevel(sample.factor, *scales, name="covariate_level")(covariates, inputs["land_fine"], inputs["latitude"])
    whole = Standardize(*scales, name="covariate_scale")(covariates, inputs["land_fine"])
    climate = Standardize(statistics.climate_mean, statistics.climate_std, name="climate_scale")(inputs["climate"], land[:, None])
    fused = layers.Concatenate(name="fused")(
        [
            climate_memory(climate, config.convlstm_filters),
            land,
            CalendarMaps(name="calendar")(inputs["time"], land),
            level,
        ]
    )
    features = unet(fused, config.unet_filters, config.batch_normalisation, config.dropout)
    field, spread = refinement(features, [whole], inputs, config, sample)
    mean = Unstandardize(0.0, statistics.gwsa_std, name="mean")(field)
    if spread is None:
        variance = ConstantVariance(statistics.gwsa_std, name="variance")(mean)
    else:
        variance = Variance(statistics.gwsa_std, name="variance")(spread)
    return keras.Model(list(inputs.values()), {"mean": mean, "variance": variance}, name="prior")
