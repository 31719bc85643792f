"""From configuration to network."""

from __future__ import annotations

import keras

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.errors import ConfigError
from gwkeras.core.schema import SampleShape
from gwkeras.core.statistics import Statistics
from gwkeras.models.default import default_model
from gwkeras.models.paper import paper_model
from gwkeras.models.prior import prior_model

_KINDS = {"paper": paper_model, "default": default_model, "prior": prior_model}


def build_model(config: ModelConfig, sample: SampleShape, statistics: Statistics) -> keras.Model:
    """The network that `config.kind` names, untrained; it takes and returns physical units.

    The model may be called with a dict of all input features of the sample; it takes those that it needs by name
    (`[tensor.name for tensor in model.inputs]`). Height and width are free up to `size_divisor(config)`.

    Args:
        config: which network, and its sizes.
        sample: channels, months and factor of its inputs.
        statistics: of the training split, for the scalings inside.
    Raises: ConfigError: where statistics and sample disagree, or there is nothing to learn from.

    >>> import numpy as np
    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation",))
    >>> statistics = Statistics(climate_mean=(80.0,), climate_std=(40.0,), gwsa_std=50.0)
    >>> config = ModelConfig(kind="default", convlstm_filters=(4,), unet_filters=(4, 8), refinement_filters=4)
    >>> network = build_model(config, sample, statistics)
    >>> inputs = {tensor.name: np.zeros((1, *(8 if n is None else n for n in tensor.shape[1:]))) for tensor in network.inputs}
    >>> inputs |= {"land_fine": np.ones((1, 32, 32, 1)), "land": np.ones((1, 8, 8, 1)), "gwsa": np.full((1, 8, 8, 1), 30.0)}
    >>> outputs = network.predict_on_batch(inputs)
    >>> outputs["mean"].shape, round(float(outputs["mean"].mean()), 3)
    ((1, 32, 32, 1), 30.0)
    """
    for name, found, expected in (
        ("climate", statistics.climate_mean, sample.climate),
        ("covariates", statistics.covariate_mean, sample.covariates),
    ):
        if len(found) != len(expected):
            raise ConfigError(
                f"statistics of {name}",
                expected=f"{len(expected)} channels ({', '.join(expected)})",
                found=str(len(found)),
                remedy="rebuild the shards with this configuration",
            )
    if not sample.climate:
        raise ConfigError("sample.climate", expected="at least one climate channel", found="none", remedy="give a climate file")
    return _KINDS[config.kind](config, sample, statistics)
