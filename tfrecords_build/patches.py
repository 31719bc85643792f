"""Where patches lie: a lattice that covers the domain to its edges, or positions drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gwkeras.core.config.tree import Config, PatchConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.months import month_number
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split

ENTRY = np.dtype([("month", "i4"), ("domain", "i4"), ("row", "i4"), ("col", "i4")])
"""One sample to write: month since 2002-01, index of the domain, south-west coarse cell, which may be negative."""


def lattice(size: int, patch: int, stride: int) -> np.ndarray:
    """First cells of the patches along one axis; the last patch ends at the domain's edge.

    A domain smaller than a patch has one position, with the padding shared between both sides.
    """
    if size <= patch:
        return np.array([-((patch - size) // 2)])
    return np.unique(np.append(np.arange(0, size - patch, stride), size - patch))


def everywhere(size: int, patch: int) -> np.ndarray:
    """All first cells at which a patch lies within the domain, or, where the domain is the smaller, holds all of it."""
    return np.arange(min(0, size - patch), max(0, size - patch) + 1)


def land_share(weights: np.ndarray, rows: np.ndarray, cols: np.ndarray, height: int, width: int) -> np.ndarray:
    """(rows, cols) mean of `weights` (n_lat, n_lon) over that part of each patch that lies in the domain."""
    summed = np.zeros((weights.shape[0] + 1, weights.shape[1] + 1))
    summed[1:, 1:] = weights.astype(np.float64).cumsum(0).cumsum(1)
    top, bottom = (np.clip(rows + d, 0, weights.shape[0]) for d in (0, height))
    left, right = (np.clip(cols + d, 0, weights.shape[1]) for d in (0, width))
    total = summed[np.ix_(bottom, right)] - summed[np.ix_(top, right)] - summed[np.ix_(bottom, left)] + summed[np.ix_(top, left)]
    return total / ((bottom - top)[:, None] * (right - left)[None, :])


def positions(domain: Domain, config: Config, weights: np.ndarray) -> np.ndarray:
    """(n, 2) rows and columns of patches that hold at least `patches.minimum_land` of `weights` (land that counts)."""
    height, width, patches = config.sample.height, config.sample.width, config.patches
    if patches.layout == "lattice":
        rows, cols = (
            lattice(n, p, patches.stride or max(1, p - p // 4)) for n, p in zip(domain.coarse.shape, (height, width), strict=True)
        )
    else:
        rows, cols = (everywhere(n, p) for n, p in zip(domain.coarse.shape, (height, width), strict=True))
    share = land_share(weights, rows, cols, height, width)
    chosen = np.argwhere((share >= patches.minimum_land) & (share > 1e-9))
    return np.stack([rows[chosen[:, 0]], cols[chosen[:, 1]]], axis=1)


def entries(domains: Sequence[Domain], split: Split, config: Config) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The samples of "train", "validation" and "test" as sorted arrays of `ENTRY`, and notes for the manifest.

    Raises: BadInput: where no patch of the training part holds enough land.
    """
    if split.kind == "random":
        pool = _Pool.of(domains, split, config, "test")
        parts, notes = _deal(pool, config)
    else:
        pools = {part: _Pool.of(domains, split, config, part) for part in ("train", "validation", "test")}
        parts, notes = _draw(pools, config.patches)
    if not len(parts["train"]):
        raise BadInput(
            "patches",
            expected=f"patches of {config.sample.height} × {config.sample.width} cells with at least "
            f"{config.patches.minimum_land:.0%} land",
            found="none",
            remedy="lower patches.minimum_land or the patch's size",
        )
    return parts, notes


def coarser_entries(domains: Sequence[Domain], split: Split, config: Config) -> np.ndarray:
    """Samples of the part "coarser", at most `patches.train`."""
    pool = _Pool.of(domains, split, config, "coarser")
    return pool.take(_subset(pool, config.patches.train, config.patches.seed, 4))


class _Pool:
    """Every (month, domain, row, col) that a part may hold, numbered and never written out: the globe has 10⁸."""

    def __init__(self, months: list[np.ndarray], places: list[np.ndarray]) -> None:
        self.months, self.places = months, places
        self.ends = np.cumsum([len(m) * len(p) for m, p in zip(months, places, strict=True)], dtype=np.int64)

    @classmethod
    def of(cls, domains: Sequence[Domain], split: Split, config: Config, part: str) -> _Pool:
        months, places = [], []
        for domain in domains:
            weights = domain.land
            if part != "test":
                f = domain.factor
                trained = ~split.untrained(domain.fine).reshape(domain.coarse.n_lat, f, domain.coarse.n_lon, f)
                weights = weights * trained.mean(axis=(1, 3))
            months.append(np.intersect1d(month_number(domain.months), split.months_of(part)))
            places.append(positions(domain, config, weights))
        return cls(months, places)

    @property
    def size(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Members by number, sorted by month, so that the samples of a shard share their neighbouring months."""
        taken = np.zeros(len(numbers), ENTRY)
        domain = np.searchsorted(self.ends, numbers, side="right")
        for s in np.unique(domain):
            chosen = domain == s
            month, place = np.divmod(numbers[chosen] - (self.ends[s - 1] if s else 0), len(self.places[s]))
            taken["domain"][chosen], taken["month"][chosen] = s, self.months[s][month]
            taken["row"][chosen], taken["col"][chosen] = self.places[s][place].T
        return np.sort(taken, order=["month", "domain", "row", "col"])


def _draw(pools: dict[str, _Pool], patches: PatchConfig) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Patches in the numbers of the configuration, drawn at random from the lattice or from all positions."""
    wanted = {"train": patches.train, "validation": patches.validation, "test": patches.test}
    parts = {part: pool.take(_subset(pool, wanted[part], patches.seed, k)) for k, (part, pool) in enumerate(pools.items())}
    notes = tuple(
        f"{wanted[p]} {p} patches were asked for and {len(e)} different ones exist."
        for p, e in parts.items()
        if patches.layout == "random" and len(e) < wanted[p]
    )
    return parts, notes


def _deal(pool: _Pool, config: Config) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The paper's way: patches of all months are dealt out at random; no patch is in two parts."""
    patches, shares = config.patches, config.split
    rng = np.random.default_rng([config.split.seed, 3])
    if patches.layout == "random":
        wanted = np.array([patches.train, patches.validation, patches.test])
        order = rng.choice(pool.size, min(pool.size, int(wanted.sum())), replace=False)
        counts = np.floor(wanted * len(order) / max(1, wanted.sum())).astype(int)
    else:
        order = rng.permutation(pool.size)
        counts = np.floor(
            np.array([1 - shares.validation_share - shares.test_share, shares.validation_share, shares.test_share]) * pool.size
        )
        counts = counts.astype(int)
    ends = np.cumsum(counts)
    parts = {
        part: pool.take(chosen) for part, chosen in zip(("train", "validation", "test"), np.split(order, ends)[:3], strict=True)
    }
    notes = ("Patches are drawn at random: training and test patches overlap, so test scores are too optimistic.",)
    return parts, notes


def _subset(pool: _Pool, wanted: int, seed: int, stream: int) -> np.ndarray:
    return (
        np.random.default_rng([seed, stream]).choice(pool.size, min(pool.size, wanted), replace=False)
        if pool.size
        else np.arange(0)
    )
