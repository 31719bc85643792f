"""Kriging of one global month: 360 × 720 product cells to 1440 × 2880, land only, with and without what is made once.

python -m benchmarks.global_kriging [--half-weight-km 0] [--months 3] [--fit-months 0]

Parameters are given, or fitted to some months. The first month makes tables, preconditioner and σ; the months after it have the
same cells. Fields are random, with correlations over some hundred kilometres, on the land of a made-up globe.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from scipy.ndimage import gaussian_filter

from gwkeras.core.grid import Grid
from gwkeras.core.process.memory import peak_of_this_process
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.covariance.noise import Noise
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

FACTOR, CELLS = 4, 61_790  # of land of 0.5°, Greenland and Antarctica left out
BAR_SECONDS, BAR_GIB = 15.0, 2.5


def globe(half_weight_km: float, step: float = 0.5) -> tuple[Observation, np.ndarray]:
    """An operator, and which of its product cells are land: as many as on Earth, in continents.

    Args:
        half_weight_km: of its filter; 0 for none.
        step: side of a product cell, degrees.
    """
    rng = np.random.default_rng(0)
    coarse = Grid.covering(-90, 90, -180, 180, step)
    rough = gaussian_filter(rng.standard_normal(coarse.shape), (9 / step, 12 / step), mode=("nearest", "wrap"))
    rough[(coarse.lat < -60) | (coarse.lat > 75)] = -np.inf
    land = rough >= np.sort(rough.ravel())[-round(CELLS * (0.5 / step) ** 2)]
    fine = np.repeat(np.repeat(land, FACTOR, 0), FACTOR, 1).astype(np.float32)
    spread = PointSpread.gaussian(half_weight_km) if half_weight_km else PointSpread()
    return Observation(coarse.refine(FACTOR), FACTOR, fine, spread), land


def month(number: int, land: np.ndarray, filtered: bool) -> np.ndarray:
    """A product field of 60 mm."""
    rng = np.random.default_rng(number)
    widths = (4, 8, 16) if filtered else (1, 2, 4, 8, 16)
    field = sum(gaussian_filter(rng.standard_normal(land.shape), width, mode=("nearest", "wrap")) * width for width in widths)
    return np.where(land, 60.0 * field / field.std(), np.nan)


def given(recipe: Kriging, observation: Observation) -> FittedKriging:
    """Parameters as they are for groundwater."""
    region = recipe.region(observation)
    nothing = np.zeros(region.grid.shape)
    noise = Noise(25.0, recipe.noise_correlated, recipe.noise_length_km)
    slope = 0.3 if observation.point_spread.kind == "gaussian" else 0.0
    return FittedKriging(region, Covariance(3600.0, slope), noise, nothing, np.ones_like(nothing))


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Prints what the block took."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak, load = peak_of_this_process() / 2**30, os.getloadavg()[0]
    print(f"{what}: {wall:.1f} s, {processor:.1f} s processor, peak memory {peak:.2f} GiB, load {load:.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half-weight-km", type=float, default=0.0)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--fit-months", type=int, default=0, help="fit the parameters to so many months; 0: they are given")
    options = parser.parse_args()
    observation, land = globe(options.half_weight_km)
    recipe = Kriging()
    filtered = options.half_weight_km > 0
    fitted = given(recipe, observation)
    if options.fit_months:
        record = np.stack([month(1000 + number, land, filtered) for number in range(options.fit_months)])
        with measured(f"{observation.point_spread.describe()}, fitted to {options.fit_months} months"):
            fitted = recipe.fit_to(record, observation)
    prior = np.zeros(observation.fine.shape)
    for number in range(options.months):
        product = month(number, land, filtered)
        what = "first, with all that is made once" if number == 0 else "next"
        with measured(f"{observation.point_spread.describe()}, {what} (bar {BAR_SECONDS:.0f} s, {BAR_GIB:g} GiB)"):
            fitted.posterior(prior, product)


if __name__ == "__main__":
    main()
