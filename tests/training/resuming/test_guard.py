"""A loss that is no number stops the training, and names the samples; a full disk leaves the last good checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, GwkerasError
from gwkeras.training.resuming import checkpoint
from gwkeras.training.resuming.checkpoint import Checkpoint
from gwkeras.training.resuming.guard import StopAtNaN, Suspect

SIGNATURE = {"architecture": "a", "loss": "b"}


def test_the_batch_is_named(tmp_path):
    asked = []

    def batch(position):
        asked.append(position)
        return (Suspect("train-0.tfrecord", 4), Suspect("train-1.tfrecord", 0, ("climate",)))

    guard = StopAtNaN(tmp_path / "nan_batch.json", batch)
    guard.set_params({"steps": 10})
    guard.on_epoch_begin(2)
    guard.on_train_batch_end(0, {"loss": 1.0})
    assert not asked
    with pytest.raises(GwkerasError, match=r"epoch 3 at batch 4: sample 0 of train-1\.tfrecord has climate that") as stopped:
        guard.on_train_batch_end(3, {"loss": float("nan"), "data": 2.0})
    assert stopped.value.exit_code == 1
    assert asked == [23]
    found = json.loads((tmp_path / "nan_batch.json").read_text())
    assert found["samples"][1] == {"shard": "train-1.tfrecord", "index": 0, "not_finite": ["climate"]}


def test_the_batch_before_is_named_where_its_loss_hid_the_fault(tmp_path):
    """Batch 3 of the second epoch of ten batches each is faulty, and the loss tells at batch 4."""

    def batch(position):
        return (Suspect("train-0", position, ("climate",) if position == 12 else ()),)

    guard = StopAtNaN(tmp_path / "nan_batch.json", batch)
    guard.set_params({"steps": 10})
    guard.on_epoch_begin(1)
    guard.on_train_batch_end(2, {"loss": 1.0})
    with pytest.raises(GwkerasError, match="weight is no finite number in epoch 2 at batch 3: sample 12 of train-0 has climate"):
        guard.on_train_batch_end(3, {"loss": float("nan")})
    assert json.loads((tmp_path / "nan_batch.json").read_text())["batch"] == 3


def test_weights_that_are_no_numbers_are_not_kept(tmp_path):
    """The last step of an epoch can leave them although its loss was finite."""
    model = _Model()
    guard = StopAtNaN(tmp_path / "nan_batch.json", lambda position: (Suspect("train-0.tfrecord", position),))
    guard.set_params({"steps": 10})
    guard.set_model(model)
    guard.on_epoch_begin(0)
    guard.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    model.variables[0].assign(np.array([[1.0, 2.0, np.inf], [0.0, 0.0, 0.0]]))
    with pytest.raises(GwkerasError, match=r"a weight is no finite number in epoch 1 at batch 10.*lower training.learning_rate"):
        guard.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    held_out = StopAtNaN(tmp_path / "nan_batch.json", lambda position: (), lambda: (Suspect("validation-0", 2, ("gwsa",)),))
    held_out.set_params({"steps": 10})
    with pytest.raises(GwkerasError, match=r"held-out samples is no finite number .* sample 2 of validation-0 has gwsa"):
        held_out.on_epoch_end(0, {"loss": 1.0, "val_loss": float("nan")})


class _Model:
    """Two variables under the names that a checkpoint asks for."""

    def __init__(self, shape=(2, 3)):
        import keras

        self.stop_training = False
        self.network = self.optimizer = self
        self.variables = [keras.Variable(np.full(shape, 7.0, "float32"))]


def written(path, model) -> Checkpoint:
    made = Checkpoint(path, SIGNATURE, [])
    made.set_model(model)
    made.on_epoch_end(0, {"loss": 0.5})
    return made


def test_what_was_written_comes_back(tmp_path):
    model = _Model()
    written(tmp_path / "c.npz", model)
    model.variables[0].assign(np.zeros((2, 3)))
    again = Checkpoint(tmp_path / "c.npz", SIGNATURE, [])
    again.set_model(model)
    assert again.read() == 1
    again.on_train_begin()
    np.testing.assert_array_equal(model.variables[0], np.full((2, 3), 7.0))
    assert again.history == {"loss": [0.5]}


def test_other_settings_shapes_and_damage_are_refused(tmp_path):
    path = tmp_path / "c.npz"
    written(path, _Model())
    with pytest.raises(BadInput, match="same architecture x, found one with a"):
        Checkpoint(path, {**SIGNATURE, "architecture": "x"}, []).read()
    other = Checkpoint(path, SIGNATURE, [])
    other.set_model(_Model((3, 3)))
    other.read()
    with pytest.raises(BadInput, match="of this architecture"):
        other.on_train_begin()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadInput, match="expected a checkpoint"):
        Checkpoint(path, SIGNATURE, []).read()


def test_a_full_disk_leaves_the_last_good_one(tmp_path, monkeypatch):
    path = tmp_path / "c.npz"
    made = written(path, _Model())
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        made.on_epoch_end(1, {"loss": 0.4})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"]
