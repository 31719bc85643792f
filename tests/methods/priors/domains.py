"""Domains in memory whose fine truth is a known mixture of memories and Gaussian noise; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.signal import lfilter

from gwkeras.core.config.tree import Config
from gwkeras.core.grid import Grid
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.domain import Domain
from gwkeras.domain.drivers import Drivers
from gwkeras.domain.split import Box, Split
from gwkeras.methods.training import Training
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from gwkeras.training.run_folder import RunFolder

FACTOR = 2
COARSE = Grid(20.0, 70.0, 0.5, 0.5, 16, 20)


@dataclass(frozen=True)
class KnownWorld:
    """A domain, what its fine storage is, and how it is observed."""

    training: Training
    truth: np.ndarray  # (M, sH, sW) mm
    test_months: np.ndarray

    @property
    def domain(self) -> Domain:
        return self.training.domain


def make_world(
    cache: Path,
    *,
    seed: int = 0,
    spread: PointSpread | None = None,
    signal: float = 1.0,
    noise: float = 8.0,
    climate_from: int | None = None,
    held_out: tuple[Box, ...] = (),
    constant_map: bool = False,
    reference: bool = False,
) -> KnownWorld:
    """Storage = signal × (soil × memory of P over 6 months + memory of P − ET over 24 months) + smooth noise, observed through H.

    Args:
        cache: folder for arrays.
        seed: of the world.
        spread: of the product.
        signal: 0 for storage that climate says nothing about.
        noise: standard deviation of the smooth noise, mm, new in each month.
        climate_from: seed of the climate and maps that the domain is given, where not the world's own.
        held_out: blocks of the split.
        constant_map: adds a map that is the same everywhere, and a copy of another.
        reference: gives the truth as the domain's fine target.
    """
    fine = COARSE.refine(FACTOR)
    months = np.arange("2000-01", "2009-01", dtype="datetime64[M]")
    channels, static = _climate(fine, months, seed)
    rng = np.random.default_rng([seed, 9])
    land = np.ones(fine.shape)
    land[:3, :7] = 0.0
    land[3:6, :5] = 0.4
    fast, slow = _memory(channels["precipitation"], 6.0), _memory(channels["net_water_input"], 24.0)
    soil = (static["soil"] - static["soil"].mean()) / static["soil"].std()
    truth = signal * ((1.0 + 0.5 * soil) * fast + 0.8 * slow)
    truth = truth + noise * np.stack([_smooth(rng, fine.shape, 3.0) for _ in months])
    storage_months = np.delete(months[24:], [10, 40])
    kept = np.searchsorted(months, storage_months)
    truth = truth[kept] - truth[kept].mean(axis=0)
    observation = Observation(fine, FACTOR, land, spread or PointSpread())
    storage = observation(truth) + rng.normal(0, 1.0, (len(kept), *COARSE.shape))
    storage[0, 3, 15] = storage[5, 10, 10] = np.nan
    if climate_from is not None:
        channels, static = _climate(fine, months, climate_from)
    if constant_map:
        static |= {"flat": np.full(fine.shape, 3.0, np.float32), "soil_again": static["soil"]}
    calendar, record = Calendar(months, "climate"), Calendar(storage_months, "storage")
    share = fine.block_mean(land, FACTOR).astype(np.float32)
    key = [seed, climate_from, constant_map, signal]
    domain = Domain(
        factor=FACTOR,
        memory=3,
        climate_channels=("precipitation",),
        fine_covariates=(),
        coarse_drivers=Drivers(COARSE, calendar, {}, {}, share, cache, key),
        fine_drivers=Drivers(fine, calendar, channels, static, land.astype(np.float32), cache, key),
        fine_origin=(0, 0),
        calendar=record,
        record=record,
        storage=storage.astype(np.float32),
        fine_target=truth.astype(np.float32) if reference else None,
        fine_target_sigma=None,
        constant_efficiency=0.25,
        point_spread=spread or PointSpread(),
    )
    names = tuple(str(m) for m in storage_months)
    test, validation = names[20:32], names[50:56]
    train = tuple(n for n in names if n not in test + validation)
    split = Split("blocked", "", train, validation, test, held_out, (0.0, 0.0))
    return KnownWorld(Training(domain, split, Config(), RunFolder(cache / "run")), truth, np.array(test, dtype="datetime64[M]"))


def _climate(fine: Grid, months: np.ndarray, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = np.random.default_rng([seed, 1])
    season = np.cos(2 * np.pi * (np.arange(len(months)) % 12 - 6) / 12)
    wet = np.exp(0.4 * _smooth(rng, fine.shape, 2.0))
    rain = np.stack(
        [
            80 * wet * (1 + 0.6 * s) * np.exp(0.4 * _smooth(rng, fine.shape, 6.0) + 0.3 * _smooth(rng, fine.shape, 1.5) - 0.1)
            for s in season
        ]
    )
    heat = np.stack([292 + 8 * s + _smooth(rng, fine.shape, 8.0) for s in season])
    channels = {"precipitation": rain, "net_water_input": rain - 60 - 20 * season[:, None, None], "temperature": heat}
    static = {"elevation": 600 + 300 * _smooth(rng, fine.shape, 3.0), "soil": _smooth(rng, fine.shape, 2.0)}
    return {n: a.astype(np.float32) for n, a in channels.items()}, {n: a.astype(np.float32) for n, a in static.items()}


def _smooth(rng: np.random.Generator, shape: tuple[int, int], cells: float) -> np.ndarray:
    field = ndimage.gaussian_filter(rng.normal(size=shape), cells, mode="wrap")
    return field / field.std()


def _memory(values: np.ndarray, months: float) -> np.ndarray:
    a = np.exp(-1 / months)
    return lfilter([1 - a], [1, -a], values.astype(float), axis=0, zi=(a * values[:12].mean(axis=0))[None])[0]
