"""A script, run in a process of its own: answers questions with a SavedModel, as a stranger to gwkeras would.

Usage: plain_tensorflow.py SAVED_MODEL QUESTIONS.npz ANSWERS.npz; arrays are named <batch>/<input> and <batch>/<output>.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the parent may hold the whole of the accelerator's memory

import numpy as np
import tensorflow as tf


def answer(saved_model: str, questions: str, answers: str) -> None:
    """Loads, answers, and makes sure that nothing of gwkeras or Keras was needed."""
    signatures = tf.saved_model.load(saved_model).signatures
    batches: dict[str, dict[str, tf.Tensor]] = {}
    with np.load(questions) as arrays:
        for name in arrays.files:
            batch, key = name.split("/")
            batches.setdefault(batch, {})[key] = tf.constant(arrays[name])
    found: dict[str, np.ndarray] = {}
    for batch, inputs in batches.items():
        found |= {f"{batch}/{key}": value.numpy() for key, value in signatures["serving_default"](**inputs).items()}
    described = signatures["model_info"](request=tf.zeros([2], tf.int32))
    if not all(value.shape[0] == 2 for value in described.values()):
        raise SystemExit("model_info gives no row for each request")
    if any(name.split(".")[0] == "gwkeras" for name in sys.modules):
        raise SystemExit("gwkeras was imported")
    np.savez(answers, allow_pickle=False, **found)


if __name__ == "__main__":
    answer(*sys.argv[1:])
