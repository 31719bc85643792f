"""The calibration of a network's standard deviations, from the samples of a split that it was not trained on."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

import numpy as np

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.groups import SPAN_MONTHS, counted
from gwkeras.training.fit import Samples

_CELLS_A_BATCH = 20_000  # enough to know a quantile, few enough for any number of samples


class Predicts(Protocol):
    """What gives means and variances of a batch."""

    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """{"mean", "variance"}, mm and mm²."""


def calibrate(model: Predicts, samples: Samples, split: str) -> Calibration:
    """Factors from one pass over a split; cells without target do not count.

    Errors are exchanged in groups, a year of a block of `split.block_cells` cells; see `gwkeras.core.error_bars.group_quantile`.
    """
    interval = samples.config.downscale.interval
    rng = np.random.default_rng(samples.config.training.seed)
    groups: dict[tuple[int, int, int], list[np.ndarray]] = defaultdict(list)
    for inputs, targets in samples.batches(split):
        arrays = {name: values.numpy() for name, values in inputs.items()}  # TensorFlow's tensors, whatever the backend
        outputs = model.predict_on_batch(arrays)
        target = targets["target"].numpy()
        known = np.flatnonzero(np.isfinite(target) & (arrays["land_fine"] > 0))
        chosen = rng.permutation(known)[:_CELLS_A_BATCH]
        ratio = np.abs(target - outputs["mean"]).ravel()[chosen] / np.sqrt(outputs["variance"]).ravel()[chosen]
        labels = _labels(arrays, target.shape[:3], samples.config.split.block_cells)[chosen]
        for label in np.unique(labels, axis=0):
            span, row, column = (int(part) for part in label)
            groups[span, row, column].append(ratio[(labels == label).all(axis=1)])
    found = [np.concatenate(parts) for parts in groups.values()]
    told = f"{sum(map(len, found))} cells of the split '{split}' in {counted(len(found))}"
    return Calibration.of_groups(found, interval, told, strict=False)


def _labels(inputs: dict[str, np.ndarray], shape: tuple[int, ...], block_cells: int) -> np.ndarray:
    """(cells of a batch, 3): year, and row and column of the block of cells, of every fine cell.

    Args:
        inputs: of the batch.
        shape: samples, fine rows and fine columns.
        block_cells: product cells along a block's side.
    """
    found = np.empty((*shape, 3), dtype=int)
    found[..., 0] = (np.asarray(inputs["time"]).astype(int) // SPAN_MONTHS)[:, None, None]
    for axis, name in ((1, "latitude"), (2, "longitude")):
        places = np.asarray(inputs[name], float)
        step = np.abs(np.diff(places, axis=1)).mean() if places.shape[1] > 1 else 1.0
        block = np.floor(places / (block_cells * step) + 1e-6).astype(int)
        fine = np.repeat(block, shape[axis] // block.shape[1], axis=1)
        found[..., axis] = fine[:, :, None] if axis == 1 else fine[:, None, :]
    return found.reshape(-1, 3)
