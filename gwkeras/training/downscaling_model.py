"""The network with its loss: what Keras trains."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.statistics import Statistics
from gwkeras.losses.composite import CHANGE_TERMS, composite_loss
from gwkeras.observation.point_spread import PointSpread

if keras.backend.backend() == "tensorflow":
    from gwkeras.training.strategies.tensorflow_steps import TensorFlowSteps as _Steps
else:  # JAX and PyTorch have trainers of their own, which call `compute_loss`

    class _Steps:  # type: ignore[no-redef]
        accumulate = 1


_TERMS = ("data", *CHANGE_TERMS, "smoothness")


class DownscalingModel(_Steps, keras.Model):
    """Wraps a network that maps the sample's inputs to {"mean", "variance"}; adds the composite loss and logs its terms.

    Args:
        network: as `gwkeras.models.build.build_model` returns it.
        loss: which terms, and their weights.
        statistics: of the training split.
        factor: s.
        fine_step_degrees: size of a fine cell of the samples that are trained on.
        accumulate: pieces in which a device works through its part of a batch (TensorFlow).
        held_out_step_degrees: size of a fine cell of the samples that are scored, where that is another: a training one
            scale up is judged one scale finer.
        product: what the target has been smoothed by, where it is the product itself; None for a fine target.
    """

    def __init__(
        self,
        network: keras.Model,
        loss: LossConfig,
        statistics: Statistics,
        factor: int,
        fine_step_degrees: float,
        accumulate: int = 1,
        held_out_step_degrees: float | None = None,
        product: PointSpread | None = None,
    ) -> None:
        super().__init__(name="downscaling", dtype="float32")  # inputs in physical units have no digits to spare
        self.network = network
        self.accumulate = accumulate
        self._loss_config, self._statistics = loss, statistics
        self._factor, self._fine_step = factor, fine_step_degrees
        self._held_out_step = held_out_step_degrees or fine_step_degrees
        self._product = product
        self._needed = tuple(tensor.name for tensor in network.inputs)
        self._terms = {name: keras.metrics.Mean(name=name, dtype="float32") for name in _TERMS}
        self._squared = keras.metrics.Mean(name="mse", dtype="float32")

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        return self.network({name: inputs[name] for name in self._needed}, training=training)

    def losses_of(self, x: Any, y: Any, y_pred: Any, training: bool = True) -> tuple[Any, dict[str, Any]]:
        """The composite loss and its terms (paper eq. 10), one value per sample each."""
        return composite_loss(
            x,
            y,
            y_pred,
            config=self._loss_config,
            statistics=self._statistics,
            factor=self._factor,
            fine_step_degrees=self._fine_step if training else self._held_out_step,
            product=self._product,
        )

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Mean over the batch of the composite loss; every term goes to the log by its name.

        The loss is over all samples, to which those without their previous month add no physics; the log's terms of ΔG are
        means over the samples that have it.
        """
        total, terms = self.losses_of(x, y, y_pred, training)
        sums = self.sums_of(x, y, y_pred, total, terms)
        self._record_terms(sums)
        return ops.mean(total)

    def sums_of(self, x: Any, y: Any, y_pred: Any, total: Any, terms: dict[str, Any]) -> Any:
        """What the log needs of a batch, to be added over devices.

        Returns: (11,) samples, samples with their previous month, loss, its terms, known fine cells, squared errors.
        """
        known = ops.logical_and(ops.isfinite(y["target"]), x["land_fine"] > 0)
        error = ops.where(known, ops.cast(y_pred["mean"], "float32") - ops.where(known, y["target"], 0.0), 0.0)
        parts = [ops.ones_like(total), ops.cast(x["has_previous"], "float32"), total, *(terms[name] for name in _TERMS)]
        return ops.stack([*(ops.sum(part) for part in parts), ops.sum(ops.cast(known, "float32")), ops.sum(ops.square(error))])

    def record(self, sums: Any) -> None:
        """Adds a batch, as `sums_of` describes it, to the means that the log shows."""
        self._loss_tracker.update_state(sums[2] / sums[0], sample_weight=sums[0])
        self._record_terms(sums)

    def _record_terms(self, sums: Any) -> None:
        # The terms of ΔG are 0 for samples that have no ΔG: their mean is over those that have one.
        for index, name in enumerate(_TERMS):
            count = sums[1] if name in CHANGE_TERMS else sums[0]
            self._terms[name].update_state(sums[3 + index] / ops.maximum(count, 1.0), sample_weight=count)
        self._squared.update_state(sums[-1] / ops.maximum(sums[-2], 1.0), sample_weight=sums[-2])
