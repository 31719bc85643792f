"""Symbolic inputs of a model, by the names and shapes of the sample schema."""

from __future__ import annotations

import keras

from gwkeras.core.schema import SampleShape, features

_FREE_AXES = {"H", "W", "sH", "sW"}


def symbolic_inputs(sample: SampleShape, *names: str) -> dict[str, keras.KerasTensor]:
    """One keras.Input for each of the features named; height and width are free.

    Args:
        sample: channels, months and factor.
        names: of input features (core/schema.py); all where none is named.

    >>> sample = SampleShape(months=2, height=8, width=8, factor=4, climate=("precipitation", "temperature"))
    >>> {name: tensor.shape for name, tensor in symbolic_inputs(sample, "climate", "land").items()}
    {'climate': (None, 2, None, None, 2), 'land': (None, None, None, 1)}
    """
    found = {feature.name: feature for feature in features(sample, "input")}
    return {
        name: keras.Input(
            shape=tuple(None if axis in _FREE_AXES else sample.axes[axis] for axis in found[name].axes),
            dtype="float32",
            name=name,
        )
        for name in names or found
    }
