"""assets.extra/tf_serving_warmup_requests: real requests that TF Serving answers to itself before it takes others'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from gwkeras.core.errors import BadInput
from gwkeras.data.manifest import Manifest
from gwkeras.data.pipeline import dataset, naming_shards
from gwkeras.serving.model_info import ASK, SIGNATURE, ModelInfo
from gwkeras.serving.wire import encode_request

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
_SAMPLES = 4  # a batch of these and one alone: what a server sees with and without batching


def real_samples(shards: Path, manifest: Manifest, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A few samples of a build, (batch, …) each: of the test split where there is one.

    Raises: BadInput: where the build has no samples. CorruptShard: where one is damaged.
    """
    split = next((s for s in ("test", "validation", "train") if manifest.samples_of(s)), None)
    if split is None:
        raise BadInput(shards, expected="samples to try the exported model on", found="none", remedy="build the shards again")
    with naming_shards():
        inputs, _ = next(iter(dataset(shards, split, batch_size=_SAMPLES)))
    return {name: inputs[name].numpy() for name in names}


def write_warmup(saved_model: Path, info: ModelInfo, samples: dict[str, np.ndarray]) -> None:
    """One sample, all of them in a batch, and a question for the model's description."""
    from tensorflow_serving.apis import prediction_log_pb2

    questions = [
        ("serving_default", {name: value[:1] for name, value in samples.items()}),
        ("serving_default", samples),
        (SIGNATURE, {ASK: np.zeros(1, np.int32)}),
    ]
    path = saved_model / WARMUP
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in questions:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(encode_request(info.name, None, None, signature, inputs, ()))
            writer.write(log.SerializeToString())
