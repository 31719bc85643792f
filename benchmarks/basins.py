"""Means and trends over basins of irregular outline against the truth: how often 90 % intervals hold them.

python -m benchmarks.basins RUN

RUN: the folder of a run whose configuration names `data.truth`; its first method is fitted if it is not yet.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from gwkeras.analysis.zones import Zones
from gwkeras.application.analysis.zonal import zonal_record
from gwkeras.application.writing import Job
from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain

SIZES_KM2 = (13_000.0, 55_000.0, 180_000.0, 700_000.0)
MOST, DIVISIONS = 30, 3
"""Basins of a size at most, and how often the land is divided into them."""


@dataclass(frozen=True)
class Held:
    """Shares of basins' true values that lie within their intervals.

    Args:
        size_km2: of the basins, about.
        basins: their number.
        means: over basins and held-out months.
        trends: over basins, of the whole record.
    """

    size_km2: float
    basins: int
    means: float
    trends: float


def outlines(domain: Domain, size_km2: float, seed: int = 0) -> np.ndarray:
    """(basins, s n_lat, s n_lon) 0 or 1: land nearest to random centres, by distances that are bent from place to place.

    Args:
        domain: whose land is divided.
        size_km2: of a basin; those less than half or more than twice as large are left out.
        seed: of centres and bends.
    """
    rng, fine = np.random.default_rng(seed), domain.fine
    area = fine.area * domain.land_fine
    count = max(2, round(float(area.sum()) / size_km2))
    lat, lon = np.meshgrid(np.deg2rad(fine.lat), np.deg2rad(fine.lon), indexing="ij")
    plane = EARTH_RADIUS_KM * np.stack([lat, lon * np.cos(lat.mean())])  # km
    cells = np.sqrt(size_km2) / fine.height_km
    bends = np.stack([ndimage.gaussian_filter(rng.standard_normal(lat.shape), cells / 4) for _ in range(2)])
    plane += 0.2 * np.sqrt(size_km2) * bends / bends.std()
    land = np.argwhere(domain.land_fine > 0)
    centres = plane[:, *land[rng.choice(len(land), count, replace=False)].T]
    nearest = np.full((2, *lat.shape), np.inf)  # squared distance, number
    for number, (y, x) in enumerate(centres.T):
        distance = (plane[0] - y) ** 2 + (plane[1] - x) ** 2
        closer = distance < nearest[0]
        nearest[:, closer] = np.stack([distance[closer], np.full(int(closer.sum()), number)])
    found = np.stack([(nearest[1] == number) & (area > 0) for number in range(count)])
    sizes = (found * area).sum(axis=(1, 2))
    return found[(sizes > size_km2 / 2) & (sizes < 2 * size_km2)].astype(float)


def judged(job: Job, truth: Callable[[Month], np.ndarray], held_out: set[int]) -> Iterator[Held]:
    """Basins of each size.

    Args:
        job: a fitted method with calibrated error bars, and a domain.
        truth: month -> (s n_lat, s n_lon) mm.
        held_out: numbers of months that nothing was learned from.
    """
    domain, months = job.domain, list(job.domain.months)
    parts = [np.concatenate([outlines(domain, size, seed) for seed in range(DIVISIONS)])[:MOST] for size in SIZES_KM2]
    shares = np.concatenate(parts)
    record = zonal_record(job, months, Zones(tuple(map(str, range(len(shares)))), shares))
    weights = (shares * domain.fine.area * domain.land_fine).reshape(len(shares), -1)
    weights /= weights.sum(axis=1, keepdims=True)
    true = np.stack([weights @ np.nan_to_num(truth(month)).ravel() for month in months], axis=1)  # (zone, month)
    inside = (true >= record["gwsa_lower"].values) & (true <= record["gwsa_upper"].values)
    numbers = month_number(np.array(months))
    years = (numbers - numbers.mean()) / 12.0
    off = (true - record["gwsa"].values) @ years / (years @ years)
    factor = (record["gwsa_upper"] - record["gwsa"]).values / record["gwsa_sigma"].values
    within = np.abs(off) <= np.nanmedian(factor) * record["gwsa_trend_sigma"].values
    told, start = np.isin(numbers, list(held_out)), 0
    for size, part in zip(SIZES_KM2, parts, strict=True):
        rows = slice(start, start + len(part))
        start = rows.stop
        if len(part):
            yield Held(size, len(part), float(inside[rows][:, told].mean()), float(within[rows].mean()))


def main() -> None:
    """Prints a line for each size."""
    from gwkeras.pipeline.experiment import Experiment

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    experiment = Experiment.open(parser.parse_args().run)
    judge = experiment.judge()
    job = Job(experiment.fit(experiment.config.methods[0], judge.domain), judge.domain)
    for held in judged(job, judge.truth, set(experiment.split.months_of("test"))):
        told = f"90 % intervals hold {held.means:.3f} of means in held-out months, {held.trends:.3f} of trends"
        print(f"{held.size_km2:,.0f} km² ({held.basins} basins): {told}", flush=True)


if __name__ == "__main__":
    main()
