"""A small network with fixed weights, and what goes with it into an export.

`python -m tests.serving.small_model FOLDER` writes it for a real server: see docs/serving.md.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.export.saved_model import Exported, export_saved_model
from gwkeras.models.architecture import size_divisor
from gwkeras.models.build import build_model
from gwkeras.models.digest import weights_digest
from gwkeras.serving import ModelInfo

NAME = "small"
CONFIG = ModelConfig(convlstm_filters=(4,), unet_filters=(4, 6), refinement_filters=5)
SAMPLE = SampleShape(2, 8, 8, 4, ("precipitation", "temperature"), ("elevation", "soil"))
STATISTICS = Statistics(
    climate_mean=(80.0, 290.0),
    climate_std=(40.0, 8.0),
    gwsa_mean=3.0,
    gwsa_std=50.0,
    covariate_mean=(300.0, 0.5),
    covariate_std=(200.0, 0.2),
    covariate_deviation_std=(90.0, 0.1),
    residual_std=6.0,
)
CALIBRATION = Calibration(1.25, 1.5, 0.9, "by hand")


@dataclass(frozen=True)
class Small:
    """The network, the folder of its versions, the version, and its difference to Keras."""

    network: keras.Model
    base: Path
    version: Path
    difference: float


def small_network() -> keras.Model:
    network = build_model(CONFIG, SAMPLE, STATISTICS)
    rng = np.random.default_rng(7)
    for weight in network.trainable_weights:
        weight.assign(0.3 * rng.normal(size=weight.shape))
    return network


def small_info(model: keras.Model, **changes) -> ModelInfo:
    values = {
        "name": NAME,
        "version": "1.2.3",
        "config_hash": "0123456789abcdef",
        "kind": CONFIG.kind,
        "months": SAMPLE.months,
        "factor": SAMPLE.factor,
        "divisor": size_divisor(CONFIG),
        "inputs": tuple(t.name for t in model.inputs),
        "climate": SAMPLE.climate,
        "climate_units": ("mm month-1", "K"),
        "covariates": SAMPLE.covariates,
        "covariate_units": ("m", "1"),
        "grid_step": (0.5, 0.5),
        "sigma_scale": CALIBRATION.sigma_scale,
        "interval": CALIBRATION.interval,
        "interval_factor": CALIBRATION.interval_factor,
        "calibrated": True,
        "network": json.dumps(to_dict(CONFIG)),
        "weights": weights_digest(model),
    }
    return ModelInfo(**(values | changes))


def small_inputs(samples=3, height=8, width=8, seed=0) -> dict[str, np.ndarray]:
    """Inputs as physical as a random draw can be; a corner of the first sample is sea."""
    rng = np.random.default_rng(seed)
    axes = {**SAMPLE.axes, "H": height, "W": width, "sH": 4 * height, "sW": 4 * width}
    inputs = {f.name: rng.normal(size=(samples, *(axes[a] for a in f.axes))) for f in features(SAMPLE, "input", "place")}
    inputs["climate"] = inputs["climate"] * STATISTICS.climate_std + STATISTICS.climate_mean
    inputs["covariates_fine"] = inputs["covariates_fine"] * STATISTICS.covariate_std + STATISTICS.covariate_mean
    inputs["gwsa"] *= 50
    inputs["gwsa_previous"] *= 50
    land = np.ones((samples, height, width, 1))
    land[0, :2, :2] = 0
    inputs |= {
        "has_previous": np.ones(samples),
        "land": land,
        "land_fine": land.repeat(4, 1).repeat(4, 2),
        "time": np.arange(samples) + 7.0,
        "latitude": np.tile(20 + 0.5 * np.arange(height), (samples, 1)),
    }
    return {name: value.astype("float32") for name, value in inputs.items()}


def taken(network: keras.Model, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those inputs that the network takes."""
    return {tensor.name: inputs[tensor.name] for tensor in network.inputs}


def export_small(folder: Path, network: keras.Model | None = None, calibration: Calibration = CALIBRATION, **changes) -> Exported:
    network = network or small_network()
    info = small_info(network, **changes)
    return export_saved_model(network, calibration, folder, info=info, samples=taken(network, small_inputs()), manifest=b"{}")


def export_for_tests(folder: Path) -> Small:
    network = small_network()
    exported = export_small(folder / NAME, network)
    return Small(network, folder / NAME, exported.folder, exported.difference)


if __name__ == "__main__":
    export_small(Path(sys.argv[1]))
