"""Callbacks go on from a checkpoint with all that they knew, and those that cannot say what they know are refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.core.progress import silent
from gwkeras.training.fit import StepProgress
from gwkeras.training.resuming.checkpoint import Checkpoint
from gwkeras.training.resuming.resumable import EarlyStopping, ReduceLROnPlateau, Silent, TensorBoard, resumable
from gwkeras.training.scale_transfer import _KeepShortest

SIGNATURE = {"architecture": "a"}
LOSSES = (5.0, 3.0, 3.5, 3.4, 3.05, 2.9, 3.0)


class Model:
    """One variable, the number of the epoch, and an optimiser."""

    def __init__(self) -> None:
        self.stop_training = False
        self.weight = keras.Variable(np.zeros(2, "float32"))
        self.learning_rate = keras.Variable(np.float32(1.0))
        self.network = SimpleNamespace(variables=[self.weight])
        self.optimizer = SimpleNamespace(variables=[self.learning_rate], learning_rate=self.learning_rate)

    def get_weights(self) -> list[np.ndarray]:
        return [np.array(self.weight)]


class Rate(ReduceLROnPlateau):
    """With a rate that is no attribute of Keras' optimisers."""

    def _reduce_optimizer_lr(self, optimizer, epoch, name=""):
        optimizer.learning_rate.assign(optimizer.learning_rate * self.factor)
        return True


def callbacks() -> list[keras.callbacks.Callback]:
    return [
        EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True),
        Rate(monitor="val_loss", factor=0.5, patience=2, cooldown=2),
        _KeepShortest(),
        StepProgress(silent, "training"),
        Silent(),
    ]


def go_on(path: Path, first: int, end: int) -> tuple[list[keras.callbacks.Callback], Checkpoint]:
    """Epochs `first` to `end` of a training, which are read back from the file where it is not new."""
    model, others = Model(), callbacks()
    checkpoint = Checkpoint(path, SIGNATURE, others)
    assert checkpoint.read() == first
    for callback in [*others, checkpoint]:
        callback.set_model(model)
        callback.on_train_begin()
    for epoch in range(first, end):
        model.weight.assign(np.full(2, epoch + 1, "float32"))
        for callback in [*others, checkpoint]:
            callback.on_epoch_end(epoch, {"val_loss": LOSSES[epoch], "val_mse": LOSSES[epoch] ** 2})
    return others, checkpoint


@pytest.mark.parametrize("stopped", range(1, 7))
def test_whenever_stopped_a_callback_comes_to_know_all_that_it_would_have_known(tmp_path, stopped):
    """All its attributes are compared, so that one which a new version of Keras adds shows here."""
    undisturbed, _ = go_on(tmp_path / "whole.npz", 0, 7)
    go_on(tmp_path / "stopped.npz", 0, stopped)
    resumed, _ = go_on(tmp_path / "stopped.npz", stopped, 7)
    for expected, found in zip(undisturbed, resumed, strict=True):
        theirs, ours = ({k: v for k, v in vars(c).items() if k not in ("_model", "_report")} for c in (expected, found))
        np.testing.assert_equal(ours, theirs, err_msg=type(found).__name__)
    early, rate, shortest = resumed[:3]
    assert (early.best_epoch, early.best, early.wait) == (5, 2.9, 1)
    np.testing.assert_array_equal(early.best_weights[0], [6.0, 6.0])
    assert float(rate.model.learning_rate) == 0.5  # once: the third and fourth epochs are no better than the second
    assert list(shortest.weights_of) == [6]


def test_a_callback_that_does_not_say_what_it_knows_is_refused(tmp_path):
    class Counting(keras.callbacks.Callback):
        count = 0

    with pytest.raises(
        BadInput, match=r"expected callbacks with state\(\) and restore\(\), .* found Counting without; give it both"
    ):
        Checkpoint(tmp_path / "c.npz", SIGNATURE, [Silent(), Counting()])
    with pytest.raises(BadInput, match="found EarlyStopping without"):
        resumable([keras.callbacks.EarlyStopping()])
    assert resumable([TensorBoard(str(tmp_path))])[0].state() == {}


@pytest.mark.parametrize(
    "others", [callbacks()[:4], [*callbacks(), Silent()], [Silent(), *callbacks()[1:]]], ids=["fewer", "more", "another"]
)
def test_a_checkpoint_of_other_callbacks_is_refused(tmp_path, others):
    go_on(tmp_path / "c.npz", 0, 2)
    checkpoint = Checkpoint(tmp_path / "c.npz", SIGNATURE, others)
    checkpoint.read()
    for callback in others:
        callback.on_train_begin()
    checkpoint.set_model(Model())
    said = r"c\.npz: expected the state of \w+, Rate, .*, found that of 5 callbacks which know other .* or without --resume"
    with pytest.raises(BadInput, match=said):
        checkpoint.on_train_begin()


def test_checkpoints_of_the_first_version_are_read(tmp_path):
    """Version 0.1.0 wrote the same names in the same places."""
    state = {
        "epochs": 2,
        "signature": SIGNATURE,
        "history": {"val_loss": [5.0, 3.0]},
        "callbacks": [
            {"best": 3.0, "best_epoch": 1, "best_weights": [{"array": "array2"}], "wait": 0, "stopped_epoch": 0},
            {"best": 3.0, "wait": 0, "cooldown_counter": 0},
            {"rmse": [5.0, 3.0], "weights_of": {"items": [[2, [{"array": "array3"}]]]}},
            {},
            {},
        ],
        "stopped": False,
    }
    two = np.full(2, 2.0, "float32")
    arrays = {"variable0": two, "variable1": np.float32(1.0), "array2": two, "array3": two}
    np.savez(tmp_path / "old.npz", **arrays, state=np.asarray(json.dumps(state)))
    resumed, _ = go_on(tmp_path / "old.npz", 2, 7)
    undisturbed, _ = go_on(tmp_path / "whole.npz", 0, 7)
    for expected, found in zip(undisturbed[:3], resumed[:3], strict=True):
        np.testing.assert_equal(found.state(), expected.state())
