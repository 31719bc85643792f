"""All that a training needs to go on as if it had never stopped, in one file that is whole or not there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing
from gwkeras.training.resuming.resumable import resumable
from gwkeras.training.resuming.settings import difference

_DAMAGE = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile)


class Checkpoint(keras.callbacks.Callback):
    """Writes the state after each epoch: weights, dropout's generators, the optimiser, the other callbacks, the history.

    Must stand last among the callbacks. A training that is killed goes on at the start of the epoch that it was in: the
    order of the samples is a function of seed and epoch, so it ends with the weights that it would have had.

    Args:
        path: the file; what it holds is replaced when the new state is on the disk.
        signature: what determines the weights, by name.
        others: callbacks whose state goes along, by their place; each a `Resumable`.
        writes: False in all but one process of a cluster.
    Raises: BadInput: where one of the others does not say what it knows.
    """

    def __init__(
        self, path: Path, signature: dict[str, str], others: Sequence[keras.callbacks.Callback], writes: bool = True
    ) -> None:
        super().__init__()
        self._path, self._signature, self._others, self._writes = path, signature, resumable(others), writes
        self._found: dict[str, Any] | None = None
        self._arrays: dict[str, np.ndarray] = {}
        self.history: dict[str, list[float]] = {}

    def read(self) -> int:
        """Reads what a stopped training has left, to be restored when training begins.

        Returns: the number of epochs done, 0 for none.

        Raises: BadInput: where the file is damaged, or of a training with other settings.
        """
        if not self._path.exists():
            return 0
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                self._arrays = {name: stored[name] for name in stored.files if name != "state"}
                found = json.loads(str(stored["state"]))
                epochs, self.history = int(found["epochs"]), dict(found["history"])
                signature = dict(found["signature"])
        except _DAMAGE as error:
            raise BadInput(
                self._path, expected="a checkpoint", found=f"something else ({error})", remedy="train without --resume"
            ) from error
        if other := difference(self._signature, signature):
            raise BadInput(
                self._path,
                expected=f"a checkpoint of a training with the same {other[0]}",
                found=f"one with {other[1]}",
                remedy="train with the settings that it began with, or without --resume",
            )
        self._found = found
        return epochs

    @property
    def has_stopped(self) -> bool:
        """Whether the training that was read had decided to stop."""
        return bool(self._found and self._found["stopped"])

    def on_train_begin(self, logs: dict | None = None) -> None:
        if self._found is None:
            return
        for index, variable in enumerate(_variables(self.model)):
            values = self._arrays.get(f"variable{index}")
            if values is None or values.shape != tuple(variable.shape):
                shape = "nothing" if values is None else f"shape {values.shape}"
                raise BadInput(
                    self._path,
                    expected=f"a checkpoint of this architecture ({variable.path}: {tuple(variable.shape)})",
                    found=shape,
                    remedy="train with the architecture that it began with, or without --resume",
                )
            variable.assign(values)
        self._restore(self._found["callbacks"])
        self._found, self._arrays = None, {}

    def _restore(self, stored: list[dict[str, Any]]) -> None:
        """Gives each callback what it knew."""
        ours = [set(callback.state()) for callback in self._others]
        if [set(state) for state in stored] != ours:
            raise BadInput(
                self._path,
                expected=f"the state of {', '.join(type(callback).__name__ for callback in self._others)}",
                found=f"that of {len(stored)} callbacks which know other things",
                remedy="train on with the version of gwkeras that it began with, or without --resume",
            )
        for callback, state in zip(self._others, stored, strict=True):
            callback.restore({name: _unpack(value, self._arrays) for name, value in state.items()})

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        if not self._writes:
            return
        arrays = {f"variable{index}": np.asarray(variable) for index, variable in enumerate(_variables(self.model))}
        callbacks = [{name: _pack(value, arrays) for name, value in callback.state().items()} for callback in self._others]
        state = {
            "epochs": epoch + 1,
            "signature": self._signature,
            "history": self.history,
            "callbacks": callbacks,
            "stopped": bool(self.model.stop_training),
        }
        _write(self._path, {**arrays, "state": np.asarray(json.dumps(state))})


def read_signature(path: Path) -> dict[str, str] | None:
    """What the training of a checkpoint depends on; None where there is no file, {"samples": ""} where it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return dict(json.loads(str(stored["state"]))["signature"])
    except FileNotFoundError:
        return None
    except _DAMAGE:
        return {"samples": ""}


def _variables(model: keras.Model) -> list[Any]:
    return [*model.network.variables, *model.optimizer.variables]


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        name = f"array{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, (list, tuple)):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, dict):
        return {"items": [[key, _pack(item, arrays)] for key, item in value.items()]}
    return value if value is None or isinstance(value, (bool, int, str)) else float(value)


def _unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        return arrays[value["array"]] if "array" in value else {key: _unpack(item, arrays) for key, item in value["items"]}
    return [_unpack(item, arrays) for item in value] if isinstance(value, list) else value


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
