"""Kriging of one global month: 360 × 720 product cells to 1440 × 2880, land only, with and without what is made once.

python -m benchmarks.global_kriging [--half-weight-km 0] [--months 3]

Parameters are given, not fitted. The first month makes tables, preconditioner or gains and σ; the months after it have the same
cells. Fields are random, with correlations over some hundred kilometres, on the land of a made-up globe.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from scipy.ndimage import gaussian_filter

from gwkeras.core.grid import Grid
from gwkeras.core.memory import peak_of_this_process
from gwkeras.methods.updates.covariance import Covariance
from gwkeras.methods.updates.fitted_kriging import FittedKriging
from gwkeras.methods.updates.kriging import Kriging
from gwkeras.methods.updates.noise import Noise
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

FACTOR, CELLS = 4, 61_790  # of land, Greenland and Antarctica left out
BAR_SECONDS, BAR_GIB = 15.0, 2.5


def globe(half_weight_km: float) -> tuple[Observation, np.ndarray]:
    """An operator, and which of its product cells are land: as many as on Earth, in continents."""
    rng = np.random.default_rng(0)
    coarse = Grid.covering(-90, 90, -180, 180, 0.5)
    rough = gaussian_filter(rng.standard_normal(coarse.shape), (18, 24), mode=("nearest", "wrap"))
    rough[(coarse.lat < -60) | (coarse.lat > 75)] = -np.inf
    land = rough >= np.sort(rough.ravel())[-CELLS]
    fine = np.repeat(np.repeat(land, FACTOR, 0), FACTOR, 1).astype(np.float32)
    spread = PointSpread.gaussian(half_weight_km) if half_weight_km else PointSpread()
    return Observation(coarse.refine(FACTOR), FACTOR, fine, spread), land


def month(number: int, land: np.ndarray, filtered: bool) -> np.ndarray:
    """A product field of 60 mm."""
    rng = np.random.default_rng(number)
    widths = (4, 8, 16) if filtered else (1, 2, 4, 8, 16)
    field = sum(gaussian_filter(rng.standard_normal(land.shape), width, mode=("nearest", "wrap")) * width for width in widths)
    return np.where(land, 60.0 * field / field.std(), np.nan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half-weight-km", type=float, default=0.0)
    parser.add_argument("--months", type=int, default=3)
    options = parser.parse_args()
    observation, land = globe(options.half_weight_km)
    recipe = Kriging()
    region = recipe.region(observation)
    nothing = np.zeros(region.grid.shape)
    filtered = options.half_weight_km > 0
    noise = Noise(25.0, recipe.noise_correlated, recipe.noise_length_km)
    fitted = FittedKriging(region, Covariance(3600.0, 0.3 if filtered else 0.0), noise, nothing, np.ones_like(nothing))
    prior = np.zeros(observation.fine.shape)
    for number in range(options.months):
        product = month(number, land, filtered)
        wall, processor = time.perf_counter(), time.process_time()
        fitted.posterior(prior, product)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        what = "first, with all that is made once" if number == 0 else "next"
        print(
            f"{observation.point_spread.describe()}, {what}: {wall:.1f} s (bar {BAR_SECONDS:.0f}; {processor:.1f} s processor), "
            f"peak memory {peak_of_this_process() / 2**30:.2f} GiB (bar {BAR_GIB:g}), load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
