"""Trained networks ready to downscale: from a run folder, an exported folder, or a server."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from gwkeras.core.config.tree import Config, DownscaleConfig, ModelConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.network.mosaic import Mosaic, PredictBatch
from gwkeras.models.architecture import conserves, numbers_a_cell, receptive_field, size_divisor
from gwkeras.models.digest import weights_digest
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.serving.model_info import ModelInfo
    from gwkeras.serving.served_model import ServedModel

_LARGEST_SOLVED = 3000  # coarse cells whose covariances are solved at once, as kriging's own windows
_WORKING_BYTES = 900 * 2**20  # of activations at a time; beside it stand the libraries and the fields of the month


def load_network(run: RunFolder) -> keras.Model:
    """model.keras, with Keras' safe mode: a file from outside can hold no code.

    Raises: BadInput: where the run has no trained model, or a damaged one.
    """
    import gwkeras.models.build  # registers the layers that the file names
    import gwkeras.models.ensemble  # noqa: F401  likewise

    if not run.network.exists():
        raise BadInput(run.root, expected="a trained run with model.keras", found="none", remedy="run gwkeras train first")
    try:
        zipfile.ZipFile(run.network).close()  # of a file that is none, Keras says that it is not there
        return keras.models.load_model(run.network, compile=False, safe_mode=True)
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadInput(
            run.network,
            expected="a model saved by this version of gwkeras",
            found=f"one that does not load ({str(error)[:120]})",
            remedy="train again",
        ) from error


@dataclass(frozen=True)
class TrainedNetwork:
    """The network of a run folder as a `PredictBatch`. Sent to another process, it is loaded there.

    Args:
        root: the run folder.
        factor: s; None: the one that the network was trained with. No weight depends on it: any other will do.
    """

    root: Path
    factor: int | None = None

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return LoadedNetwork(self.network)(inputs)

    @cached_property
    def network(self) -> keras.Model:
        with self._lock:
            if "network" in self.__dict__:  # another thread has loaded it meanwhile
                return self.__dict__["network"]
            network = load_network(RunFolder(self.root))
            return network if self.factor is None else _at_factor(network, self.factor)

    @cached_property
    def _lock(self) -> Any:
        return Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "factor": self.factor}


def _at_factor(network: keras.Model, factor: int) -> keras.Model:
    """The same weights in a network that refines by another factor."""

    def changed(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        return type(layer).from_config({**config, "factor": factor} if "factor" in config else config)

    other = keras.models.clone_model(network, clone_function=changed, recursive=True)
    other.set_weights(network.get_weights())
    return other


@dataclass(frozen=True)
class LoadedNetwork:
    """A network in memory as a `PredictBatch`."""

    network: keras.Model

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.network.predict_on_batch({tensor.name: inputs[tensor.name] for tensor in self.network.inputs})


def network_method(network: keras.Model, calibration: Calibration, config: Config) -> Calibrated:
    """A network in memory, calibrated, at the configuration's tiling.

    Args:
        network: as `load_network` returns it.
        calibration: of its σ.
        config: of the run.
    """
    return _calibrated(LoadedNetwork(network), calibration, config)


def run_method(run: RunFolder, config: Config, factor: int | None = None) -> Calibrated:
    """The network of a run folder, calibrated; it can be sent to other processes.

    Args:
        run: with model.keras and calibration.json.
        config: of the run.
        factor: s, if not the one that the network was trained with.
    Raises: BadInput: where the run has no trained model.
    """
    calibration = Calibration.read(run.calibration).at(config.downscale.interval)
    trained = TrainedNetwork(run.root, factor)
    trained.network  # noqa: B018  (a missing model is said at once)
    return _calibrated(
        trained, calibration, replace(config, sample=replace(config.sample, factor=factor or config.sample.factor))
    )


def exported_method(model: ServedModel, downscale: DownscaleConfig) -> Calibrated:
    """An exported model, in a folder or behind a server.

    Its σ is calibrated already, and its interval is the one that it was exported with, whatever `downscale.interval` is.

    Args:
        model: to ask.
        downscale: its tiling.
    """
    info = model.model_info
    mosaic = _mosaic(model, info.model_config, downscale, info.months, info.factor)
    if info.update:  # a window is solved as a whole, one at a time
        most = min(mosaic.cells_at_once, _LARGEST_SOLVED)
        mosaic = replace(mosaic, conserving=False, reach=max(mosaic.reach, info.halo), cells_at_once=most)
    return Calibrated(
        mosaic, Calibration(model.sigma_scale, model.interval_factor, model.interval, "as it was exported"), _export_digest(info)
    )


def _calibrated(network: TrainedNetwork | LoadedNetwork, calibration: Calibration, config: Config) -> Calibrated:
    calibration = calibration.at(config.downscale.interval)
    mosaic = _mosaic(network, config.model, config.downscale, config.sample.months, config.sample.factor)
    return Calibrated(mosaic, calibration, _digest(weights_digest(network.network), calibration))


def _export_digest(info: ModelInfo) -> str:
    return info.method or _digest(info.weights, Calibration(info.sigma_scale, info.interval_factor))


def _digest(weights: str, calibration: Calibration) -> str:
    """Sixteen digits that change with weights or calibration; the same for a run, its exported folder and their server."""
    known = (weights, calibration.sigma_scale, calibration.interval_factor)
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _mosaic(network: PredictBatch, model: ModelConfig, downscale: DownscaleConfig, months: int, factor: int) -> Mosaic:
    divisor = size_divisor(model)
    return Mosaic(
        network,
        divisor,
        receptive_field(model, months, factor),
        tile=downscale.tile,
        cells_at_once=max(divisor**2, _WORKING_BYTES // (4 * numbers_a_cell(model, months, factor))),
        conserving=conserves(model.kind),
    )
