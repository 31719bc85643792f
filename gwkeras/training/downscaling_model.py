"""The network with its loss: what Keras trains."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from gwkeras.core.config import LossConfig
from gwkeras.core.statistics import Statistics
from gwkeras.losses.composite import composite_loss

_TERMS = ("data", "sign", "magnitude", "regional", "smoothness", "sign_share")


class DownscalingModel(keras.Model):
    """Wraps a network that maps the sample's inputs to {"mean", "variance"}; adds the composite loss and logs its terms.

    Args:
        network: as `gwkeras.models.build.build_model` returns it.
        loss: which terms, and their weights.
        statistics: of the training split.
        factor: s.
        fine_step_degrees: size of a fine cell.
    """

    def __init__(self, network: keras.Model, loss: LossConfig, statistics: Statistics, factor: int, fine_step_degrees: float) -> None:
        super().__init__(name="downscaling")
        self.network = network
        self._loss_config, self._statistics = loss, statistics
        self._factor, self._fine_step = factor, fine_step_degrees
        self._needed = tuple(tensor.name for tensor in network.inputs)
        self._terms = {name: keras.metrics.Mean(name=name) for name in _TERMS}
        self._squared = keras.metrics.Mean(name="mse")

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        return self.network({name: inputs[name] for name in self._needed}, training=training)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True) -> Any:
        """Mean over the batch of the composite loss (paper eq. 10); every term goes to the log by its name."""
        total, terms = composite_loss(x, y, y_pred, config=self._loss_config, statistics=self._statistics, factor=self._factor,
                                      fine_step_degrees=self._fine_step)
        for name, tracker in self._terms.items():
            tracker.update_state(terms[name])
        known = ops.logical_and(ops.isfinite(y["target"]), x["land_fine"] > 0)
        error = ops.where(known, y_pred["mean"] - ops.where(known, y["target"], 0.0), 0.0)
        self._squared.update_state(ops.square(error), sample_weight=ops.cast(known, "float32"))
        return ops.mean(total)
