"""Callbacks that a training can go on with: each says what it knows, and takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import keras

from gwkeras.core.errors import BadInput


@runtime_checkable
class Resumable(Protocol):
    """What a checkpoint asks of a callback: all that it knows between two epochs, beyond its arguments."""

    def state(self) -> dict[str, Any]:
        """Name -> None, truth value, number, text or array, or a list or mapping of these; the same names at all times."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave at the end of an epoch. Called after `on_train_begin`."""
        ...


class Stateless:
    """For callbacks that know nothing between two epochs: the number of the next one is told to them."""

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        pass


class _Attributes:
    """For callbacks whose knowledge is some of their attributes."""

    _known: tuple[str, ...] = ()

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._known}

    def restore(self, state: dict[str, Any]) -> None:
        for name in self._known:
            setattr(self, name, state[name])


class EarlyStopping(_Attributes, keras.callbacks.EarlyStopping):
    """Keras' own."""

    _known = ("best", "best_epoch", "best_weights", "wait", "stopped_epoch")


class ReduceLROnPlateau(_Attributes, keras.callbacks.ReduceLROnPlateau):
    """Keras' own; the learning rate itself is a variable of the optimiser."""

    _known = ("best", "wait", "cooldown_counter")


class TensorBoard(Stateless, keras.callbacks.TensorBoard):
    """Keras' own, which writes by the number of the epoch; its counts of batches only tell when to profile."""


class Silent(Stateless, keras.callbacks.Callback):
    """Does nothing: it stands where another process has a callback, since a checkpoint knows callbacks by their place."""


def resumable(callbacks: Sequence[keras.callbacks.Callback]) -> list[Resumable]:
    """The callbacks.

    Raises: BadInput: where one does not say what it knows: a training that goes on would begin with it anew, and silently.
    """
    found: list[Resumable] = []
    for callback in callbacks:
        if not isinstance(callback, Resumable):
            raise BadInput(
                "callbacks",
                expected="callbacks with state() and restore(), as gwkeras.training.resuming.resumable describes them",
                found=f"{type(callback).__name__} without",
                remedy="give it both, or derive it from Stateless where it knows nothing between epochs",
            )
        found.append(callback)
    return found
