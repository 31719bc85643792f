"""Standard deviations that hold: one factor on σ and one on the interval, from samples that training has not seen."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.whole_file import write_atomically
from gwkeras.training.downscaling_model import DownscalingModel
from gwkeras.training.fit import Samples

_CELLS_A_BATCH = 20_000  # enough to know a quantile, few enough for any number of samples


@dataclass(frozen=True)
class Calibration:
    """What multiplies the network's own standard deviation.

    Args:
        sigma_scale: √mean(((y − μ)/σ)²) (Levi et al. 2022, doi 10.3390/s22155540).
        interval_factor: half width of the interval in calibrated standard deviations: the quantile of |y − μ|/σ, as in locally
            weighted split-conformal prediction (Lei et al. 2018, doi 10.1080/01621459.2017.1307116).
        interval: probability of the interval.
        basis: what it was measured on, for reports.
    """

    sigma_scale: float = 1.0
    interval_factor: float = NormalDist().inv_cdf(0.95)
    interval: float = 0.9
    basis: str = "none: the network's own standard deviation"

    def write(self, path: Path) -> None:
        """Writes JSON, whole or not at all."""
        write_atomically(path, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Raises: BadInput: where the file is damaged; the default where there is none."""
        if not path.exists():
            return cls()
        try:
            calibration = cls(**json.loads(path.read_text()))
            if not all(0 < x < math.inf for x in (calibration.sigma_scale, calibration.interval_factor, calibration.interval)):
                raise ValueError("factors that are no positive numbers")
            return calibration
        except (ValueError, TypeError) as error:
            raise BadInput(
                path, expected="a calibration in JSON", found=f"something else ({error})", remedy="train again"
            ) from error


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
    if not found.size:
        return Calibration(interval_factor=NormalDist().inv_cdf(0.5 + interval / 2), interval=interval)
    scale = float(np.sqrt(np.mean(found.astype(np.float64) ** 2)))
    return Calibration(scale, float(np.quantile(found, interval)) / scale, interval, f"{found.size} cells of the split '{split}'")
