"""The calibration of a network's standard deviations, from the samples of a split that it was not trained on."""

from __future__ import annotations

import numpy as np

from gwkeras.core.calibration import Calibration
from gwkeras.training.downscaling_model import DownscalingModel
from gwkeras.training.fit import Samples

_CELLS_A_BATCH = 20_000  # enough to know a quantile, few enough for any number of samples


def calibrate(model: DownscalingModel, samples: Samples, split: str) -> Calibration:
    """Factors from one pass over a split; cells without target do not count."""
    interval = samples.config.downscale.interval
    rng = np.random.default_rng(samples.config.training.seed)
    ratios = []
    for inputs, targets in samples.batches(split):
        arrays = {name: values.numpy() for name, values in inputs.items()}  # TensorFlow's tensors, whatever the backend
        outputs = model.predict_on_batch(arrays)
        target = targets["target"].numpy()
        known = np.isfinite(target) & (inputs["land_fine"].numpy() > 0)
        ratio = np.abs(target[known] - outputs["mean"][known]) / np.sqrt(outputs["variance"][known])
        ratios.append(rng.permutation(ratio)[:_CELLS_A_BATCH])
    found = np.concatenate(ratios) if ratios else np.zeros(0)
    return Calibration.of(found, interval, f"{found.size} cells of the split '{split}'")
