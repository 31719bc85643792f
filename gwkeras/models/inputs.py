"""Symbolic inputs of a model, by the names and shapes of the sample schema."""

from __future__ import annotations

import keras

from gwkeras.core.schema import SampleShape, features

_FREE_AXES = {"H", "W", "sH", "sW"}


def symbolic_inputs(sample: SampleShape, *names: str) -> dict[str, keras.KerasTensor]:
    """One keras.Input for each of `names` (all input features where none is named); height and width are free."""
    found = {feature.name: feature for feature in features(sample, "input")}
    return {
        name: keras.Input(
            shape=tuple(None if axis in _FREE_AXES else sample.axes[axis] for axis in found[name].axes),
            dtype="float32",
            name=name,
        )
        for name in names or found
    }
