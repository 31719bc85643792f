"""The trained network as a SavedModel for TF Serving: physical units in, calibrated mean and standard deviation out."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import psutil
import tensorflow as tf

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.data.manifest import MANIFEST
from gwkeras.export.fresh_process import compare_in_fresh_process
from gwkeras.export.warmup import write_warmup
from gwkeras.serving.model_info import ASK, SIGNATURE, ModelInfo

_ATTEMPTS = 10


@dataclass(frozen=True)
class Exported:
    """What was written: a version's folder, and the largest difference to the Keras model, relative to the largest value."""

    folder: Path
    difference: float


def require_tensorflow() -> None:
    """Raises: BadInput: where Keras runs on another backend, whose networks cannot become a graph of plain TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        raise BadInput(
            "KERAS_BACKEND",
            expected="tensorflow, to export a SavedModel",
            found=keras.backend.backend(),
            remedy="set KERAS_BACKEND=tensorflow and give the command again; a network trained on any backend will do",
        )


def export_saved_model(
    network: keras.Model,
    calibration: Calibration,
    folder: Path,
    *,
    info: ModelInfo,
    samples: dict[str, np.ndarray],
    manifest: bytes = b"",
) -> Exported:
    """Writes `folder`/<next whole number>, whole and proven or not at all.

    The signature `serving_default` takes the network's inputs by the names of core/schema.py, with any batch size and any height
    and width divisible by `info.divisor`, and returns `mean`, `stddev` and, where calibrated, `lower` and `upper`, all
    (batch, sH, sW, 1), mm. The signature `model_info` returns `info`. assets/ holds manifest.json and model_info.json,
    assets.extra/ requests by which TF Serving warms up.

    Args:
        calibration: at the probability that the model is to serve; see `Calibration.at`.
        samples: real inputs, (batch, …) each; warm-up records are made of them, and plain TensorFlow, in a process of its own and
            without gwkeras, has to give the same fields for them as the network.
        manifest: of the shards that the network was trained on, as JSON.
    Raises: BadInput: where `folder` cannot be written to, or Keras runs on another backend.
        GwkerasError: where the fields differ by more than 1e-5.
    """
    require_tensorflow()
    partial = folder / f".{os.getpid()}.partial"
    try:
        with _explaining(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            _write(network, calibration, partial, info)
            write_atomically(partial / "assets" / "model_info.json", info.to_json().encode())
            if manifest:
                write_atomically(partial / "assets" / MANIFEST, manifest)
            write_warmup(partial, info, samples)
        difference = compare_in_fresh_process(partial, _serve(network, calibration, info), info, samples)
        with _explaining(folder):
            _sync(partial)
            return Exported(_publish(partial, folder), difference)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        said = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error.message).splitlines()[0][:160]
        raise BadInput(
            folder, expected="a folder to write the model to", found=f"'{said}'", remedy="free space or choose another"
        ) from error


def _write(network: keras.Model, calibration: Calibration, partial: Path, info: ModelInfo) -> None:
    specification = {t.name: tf.TensorSpec([None, *t.shape[1:]], tf.float32, name=t.name) for t in network.inputs}
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", _serve(network, calibration, info), [specification])
    archive.add_endpoint(SIGNATURE, _describe(info), [{ASK: tf.TensorSpec([None], tf.int32, name=ASK)}])
    archive.write_out(str(partial), verbose=False)


def _serve(network: keras.Model, calibration: Calibration, info: ModelInfo):
    def serve(inputs: dict) -> dict:
        outputs = network(inputs, training=False)
        mean, stddev = outputs["mean"], calibration.sigma_scale * tf.sqrt(outputs["variance"])
        if not info.calibrated:
            return {"mean": mean, "stddev": stddev}
        half = calibration.interval_factor * stddev
        return {"mean": mean, "stddev": stddev, "lower": mean - half, "upper": mean + half}

    return serve


def _describe(info: ModelInfo):
    def describe(inputs: dict) -> dict:
        rows = tf.shape(inputs[ASK])[:1]
        return {
            name: tf.tile(tf.constant(value)[None], tf.concat([rows, tf.ones([value.ndim], tf.int32)], 0))
            if value.size
            else tf.zeros(tf.concat([rows, [0]], 0), tf.string)
            for name, value in info.encode().items()
        }

    return describe


def _sweep(folder: Path) -> None:
    """Removes what exports that were killed have left."""
    for left in folder.glob(".*.partial"):
        pid = left.name.split(".")[1]
        if pid.isdigit() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid))):
            shutil.rmtree(left, ignore_errors=True)


def _sync(partial: Path) -> None:
    for path in [*(p for p in partial.rglob("*") if p.is_file()), partial]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _publish(partial: Path, folder: Path) -> Path:
    """Gives the export the next number; where another export takes it in the same moment, the one after."""
    for _ in range(_ATTEMPTS):
        version = 1 + max((int(p.name) for p in folder.iterdir() if p.name.isdecimal()), default=0)
        try:
            os.replace(partial, folder / str(version))
            return folder / str(version)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    raise BadInput(folder, expected="a free version number", found=f"{_ATTEMPTS} taken in a row", remedy="export again")
