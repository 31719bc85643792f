"""A run's model in its own words."""

from __future__ import annotations

import json
from dataclasses import dataclass

import keras

import gwkeras
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.data.manifest import Manifest
from gwkeras.domain.seasonal_detail import NAME as SEASONAL_DETAIL
from gwkeras.models.architecture import size_divisor
from gwkeras.models.digest import weights_digest
from gwkeras.serving.model_info import ModelInfo


@dataclass(frozen=True)
class UpdateInGraph:
    """An update that is exported with the network; the words of `ModelInfo`."""

    update: str = ""
    halo: int = 0
    method: str = ""


def describe_run(
    network: keras.Model, calibration: Calibration, config: Config, manifest: Manifest, update: UpdateInGraph = UpdateInGraph()
) -> ModelInfo:
    """What `model_info` says of a run's network, or of network and update in one graph.

    Args:
        network: what is exported.
        calibration: of its σ, at the probability that is to be served.
        config: of the run.
        manifest: of its shards.
        update: what stands behind the network in the graph.
    """
    sample = manifest.sample
    units = {SEASONAL_DETAIL: "mm", **manifest.units}
    return ModelInfo(
        name=config.name,
        version=gwkeras.__version__,
        config_hash=manifest.config_hash,
        kind=config.model.kind,
        months=sample.months,
        factor=sample.factor,
        divisor=size_divisor(config.model),
        inputs=tuple(tensor.name for tensor in network.inputs),
        climate=sample.climate,
        climate_units=tuple(units.get(name, "1") for name in sample.climate),
        covariates=sample.covariates,
        covariate_units=tuple(units.get(name, "1") for name in sample.covariates),
        grid_step=manifest.grid_step,
        sigma_scale=calibration.sigma_scale,
        interval=calibration.interval,
        interval_factor=calibration.interval_factor,
        calibrated=calibration.measured,
        network=json.dumps(to_dict(config.model)),
        weights=weights_digest(network),
        update=update.update,
        halo=update.halo,
        method=update.method,
    )
