"""The proof of an export: a new process, plain TensorFlow, no gwkeras, the same fields."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from gwkeras.core.errors import GwkerasError
from gwkeras.serving.model_info import ModelInfo

TOLERANCE = 1e-5
"""Of the largest value of a field: float32 resolves 1.2e-7 of it, and graphs are not evaluated in one order."""

_SECONDS = 900.0
_SCRIPT = Path(__file__).with_name("plain_tensorflow.py")


def compare_in_fresh_process(
    saved_model: Path, serve: Callable[[dict], dict], info: ModelInfo, samples: dict[str, np.ndarray]
) -> float:
    """Largest |SavedModel − Keras|, as a share of the field's largest value.

    Compared on `samples`, and on one of them brought to another height and width by repetition.

    Args:
        serve: the Keras model as the signature `serving_default` has it.
    Raises: GwkerasError: where the process fails, or a field differs by more than `TOLERANCE`.
    """
    batches = [samples, _resized(samples, info)]
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = Path(folder) / "questions.npz", Path(folder) / "answers.npz"
        arrays = {f"{i}/{name}": value for i, batch in enumerate(batches) for name, value in batch.items()}
        np.savez(questions, allow_pickle=False, **arrays)
        # -I: neither the working folder nor the environment decides what is imported.
        done = subprocess.run(
            [sys.executable, "-I", str(_SCRIPT), str(saved_model.absolute()), str(questions), str(answers)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            raise GwkerasError(f"The exported model does not load in plain TensorFlow, so it was deleted: {_last(done.stderr)}.")
        with np.load(answers) as found:
            return max(_difference(serve, batch, found, i) for i, batch in enumerate(batches))


def _difference(serve: Callable[[dict], dict], batch: dict[str, np.ndarray], found: np.lib.npyio.NpzFile, index: int) -> float:
    worst = 0.0
    with tf.device("CPU:0"):  # as in the other process: accelerators round convolutions to a thousandth
        outputs = serve({name: tf.constant(v) for name, v in batch.items()})
    for name, value in outputs.items():
        expected, got = value.numpy(), found[f"{index}/{name}"]
        difference = np.max(np.abs(expected - got)) / max(float(np.max(np.abs(expected))), 1.0)
        if not difference <= TOLERANCE:
            raise GwkerasError(
                f"The exported model's '{name}' differs from the network's by {difference:.1e}, so it was deleted."
            )
        worst = max(worst, float(difference))
    return worst


def _resized(samples: dict[str, np.ndarray], info: ModelInfo) -> dict[str, np.ndarray]:
    """One sample with twice as many rows and one `divisor` of columns more."""
    height, width = samples["gwsa"].shape[1:3]
    sizes = {"H": 2 * height, "W": width + info.divisor}
    sizes |= {"sH": sizes["H"] * info.factor, "sW": sizes["W"] * info.factor}
    result = {}
    for feature in info.input_features():
        value = samples[feature.name][:1]
        for axis, letter in enumerate(feature.axes, start=1):
            if letter in sizes:
                value = np.take(value, np.arange(sizes[letter]) % value.shape[axis], axis)
        result[feature.name] = value
    return result


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it gave no reason"
