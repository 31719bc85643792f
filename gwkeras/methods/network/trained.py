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
from gwkeras.core.errors import BadInput
from gwkeras.methods.network.mosaic import Network, Predict
from gwkeras.models.architecture import conserves, numbers_a_cell, receptive_field, size_divisor
from gwkeras.models.digest import weights_digest
from gwkeras.training.calibration import Calibration
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.serving.served_model import ServedModel

_WORKING_BYTES = 900 * 2**20  # of activations at a time; beside it stand the libraries and the fields of the month


def load_network(run: RunFolder) -> keras.Model:
    """model.keras, with Keras' safe mode: a file from outside can hold no code.

    Raises: BadInput: where the run has no trained model, or a damaged one.
    """
    import gwkeras.models.build  # noqa: F401  registers the layers that the file names

    if not run.model.exists():
        raise BadInput(run.root, expected="a trained run with model.keras", found="none", remedy="run gwkeras train first")
    try:
        zipfile.ZipFile(run.model).close()  # of a file that is none, Keras says that it is not there
        return keras.models.load_model(run.model, compile=False, safe_mode=True)
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadInput(
            run.model,
            expected="a model saved by this version of gwkeras",
            found=f"one that does not load ({str(error)[:120]})",
            remedy="train again",
        ) from error


@dataclass(frozen=True)
class TrainedNetwork:
    """The network of a run folder as a `Predict`. Sent to another process, it is loaded there.

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

    other = keras.models.clone_model(network, clone_function=changed)
    other.set_weights(network.get_weights())
    return other


@dataclass(frozen=True)
class LoadedNetwork:
    """A network in memory as a `Predict`."""

    network: keras.Model

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.network.predict_on_batch({tensor.name: inputs[tensor.name] for tensor in self.network.inputs})


def network_method(network: keras.Model, calibration: Calibration, config: Config) -> Network:
    """A network in memory as a method of comparison and downscaling, at the configuration's tiling."""
    return _calibrated(LoadedNetwork(network), calibration, config)


def run_method(run: RunFolder, calibration: Calibration, config: Config, factor: int | None = None) -> Network:
    """The network of a run folder as a method that can be sent to other processes.

    Args:
        factor: s, if not the one that the network was trained with.
    Raises: BadInput: where the run has no trained model.
    """
    trained = TrainedNetwork(run.root, factor)
    trained.network  # noqa: B018  (a missing model is said at once)
    return _calibrated(
        trained, calibration, replace(config, sample=replace(config.sample, factor=factor or config.sample.factor))
    )


def _calibrated(run: Predict, calibration: Calibration, config: Config) -> Network:
    calibration = calibration.at(config.downscale.interval)
    return _method(
        run,
        config.model,
        config.downscale,
        months=config.sample.months,
        factor=config.sample.factor,
        sigma_scale=calibration.sigma_scale,
        interval_factor=calibration.interval_factor,
        interval=calibration.interval,
    )


def exported_method(model: ServedModel, downscale: DownscaleConfig) -> Network:
    """An exported model, in a folder or behind a server, as a method.

    Its σ is calibrated already, and its interval is the one that it was exported with, whatever `downscale.interval` is.
    """
    info = model.model_info
    return _method(
        model,
        info.model_config,
        downscale,
        months=info.months,
        factor=info.factor,
        sigma_scale=model.sigma_scale,
        interval_factor=model.interval_factor,
        interval=model.interval,
    )


def network_hash(method: Network) -> str:
    """Sixteen digits that change with the weights or the calibration; the same for a run, its exported folder and their server.

    Empty where the method's numbers come from elsewhere.
    """
    info, network = getattr(method.run, "model_info", None), getattr(method.run, "network", None)
    if info is not None:
        known = (info.weights, info.sigma_scale, info.interval_factor)
    elif network is not None:
        known = (weights_digest(network), method.sigma_scale, method.interval_factor)
    else:
        return ""
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _method(
    run: Predict,
    model: ModelConfig,
    downscale: DownscaleConfig,
    *,
    months: int,
    factor: int,
    sigma_scale: float,
    interval_factor: float,
    interval: float,
) -> Network:
    divisor = size_divisor(model)
    return Network(
        run,
        divisor,
        receptive_field(model, months, factor),
        tile=downscale.tile,
        cells_at_once=max(divisor**2, _WORKING_BYTES // (4 * numbers_a_cell(model, months, factor))),
        sigma_scale=sigma_scale,
        interval_factor=interval_factor,
        interval=interval,
        conservation="inside" if conserves(model.kind) else "none",
    )
