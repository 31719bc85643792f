"""The trained network as a SavedModel for TF Serving: physical units in, calibrated mean and standard deviation out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import keras
import tensorflow as tf

from gwkeras.core.errors import BadInput
from gwkeras.training.calibration import Calibration


def export_saved_model(network: keras.Model, calibration: Calibration, folder: Path) -> Path:
    """Writes `folder`/<next whole number>, whole or not at all.

    The signature `serving_default` takes the network's inputs by the names of core/schema.py, with any batch size and any height
    and width that the network accepts, and returns `mean`, `stddev`, `lower` and `upper`, (batch, sH, sW, 1), mm.

    Returns: the folder of the new version.
    Raises: BadInput: where `folder` cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version = 1 + max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=0)
    partial = folder / f".{version}.{os.getpid()}.partial"
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", _serve(network, calibration),
                         [{t.name: tf.TensorSpec([None, *t.shape[1:]], tf.float32, name=t.name) for t in network.inputs}])
    try:
        archive.write_out(str(partial), verbose=False)
        os.replace(partial, folder / str(version))
    except OSError as error:
        raise BadInput(folder, expected="a folder to write the model to", found=os.strerror(error.errno or 0), remedy="free space or choose another"
                       ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder / str(version)


def _serve(network: keras.Model, calibration: Calibration):
    def serve(inputs: dict) -> dict:
        outputs = network(inputs, training=False)
        stddev = calibration.sigma_scale * tf.sqrt(outputs["variance"])
        half = calibration.interval_factor * stddev
        return {"mean": outputs["mean"], "stddev": stddev, "lower": outputs["mean"] - half, "upper": outputs["mean"] + half}

    return serve
