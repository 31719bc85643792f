"""What a prior is taught on: the product in the training months, on cells no finer than its filter lets one see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.domain import Domain
from gwkeras.methods.priors.teaching.metric import Metric, tiles_of
from gwkeras.methods.priors.teaching.nearby import Nearby, nearby
from gwkeras.methods.training import Training
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance, cell_spread_km2, point_spread_km
from gwkeras.observation.open_edges import OpenEdges

_USUALLY = 0.8  # share of the training months in which a cell must be known to be taught on
_TILE_CELLS = 12  # cells along a tile's side, at least
_TILE_REACH = 2.5  # half-weight distances along a tile's side, at least
_FEWEST_TILES = 4  # a small region has smaller tiles, so that some of them can be held out
_FEWEST_MONTHS = 12
_MOST_CELLS, _MOST_VALUES, _ENOUGH_MONTHS = 12_000, 3_000_000, 48  # more tell a few hundred weights nothing new
_MERGED, _MERGED_LARGE = 0.5, 0.75  # half-weight distances along a side of what a filter makes one cell of; in a large region
_SLOPES = (-0.3, 0.0, 0.3, 0.6, 1.0)
_NOISE_FLOOR = 0.005  # of the variance
_BEYOND_EDGES = 64.0  # times the variance: what lies beyond goes with the climate within, so months do not average it out
_OPERATOR_ERROR = 0.05  # of the variance, where the product is filtered: a filter that is 15 % off


@dataclass(frozen=True)
class Teaching:
    """Product values to learn from, in whitened form, and how fine fields are seen in the same form.

    Args:
        grid: the product's grid, or a coarser one where the filter hides the cells.
        factor: fine cells along a side of its cells.
        cells: (k, 2) row and column of the cells taught on, tile after tile; of a large region some of the tiles.
        tiles: cells in each tile.
        months: (M,) datetime64[M] of training; of a large region some of them, evenly taken.
        known: (M, tile) whether all of a tile's cells are known.
        values: (M, k) mm, anomalies from the training months' mean; 0 in tiles that are not known.
        blur: the point spread between blocks of `grid`; None where there is none.
        metric: whitens them.
        variance: of the values, mm².
        slope: of the covariance.
        nearby: what each tile sees, in a large region; empty where fields are seen whole.
    """

    grid: Grid
    factor: int
    cells: np.ndarray
    tiles: tuple[int, ...]
    months: np.ndarray
    known: np.ndarray
    values: np.ndarray
    blur: OpenEdges | None
    metric: Metric
    variance: float
    slope: float
    nearby: tuple[Nearby, ...] = ()

    def see(self, blocks: np.ndarray) -> np.ndarray:
        """H of fields given by their block means.

        The point spread works on block means here, not on fine cells: it is wider than they are, and linear either way.

        Args:
            blocks: (..., n_lat, n_lon) on `grid`, weighted by area × land; anything where there is no land.
        Returns: (..., k).
        """
        if self.nearby:
            flat = blocks.reshape(*blocks.shape[:-2], -1)
            return np.concatenate([tile.see(flat[..., tile.blocks]) for tile in self.nearby], axis=-1).astype(np.float32)
        if self.blur is not None:
            return self.blur.at(self.cells, blocks)
        return blocks[..., self.cells[:, 0], self.cells[:, 1]].astype(np.float32)

    def whitened(self, blocks: np.ndarray) -> np.ndarray:
        """What `see` gives, in the metric: (..., k) float32."""
        if self.blur is None or self.nearby:
            return self.metric.whiten(self.see(blocks))
        return self.blur.at(self.cells, blocks, self.metric.whiten)

    @property
    def needed(self) -> np.ndarray | None:
        """(n_lat, n_lon) which cells of `grid` `see` looks at; None: all."""
        if self.blur is not None:
            return None
        found = np.zeros(self.grid.shape, dtype=bool)
        found[tuple(self.cells.T)] = True
        return found

    def take(self, blocks: np.ndarray) -> np.ndarray:
        """Features of the cells taught on, for a prior that is not linear: as the product would show them, `see`."""
        return self.see(blocks)


def teaching_of(training: Training) -> Teaching:
    """The product in the training months, and a metric to learn in.

    Raises: MissingMonths: where there are too few months, or no cell is known in most of them.
    """
    domain, observation = training.domain, training.domain.observation
    months = np.array(training.months, dtype="datetime64[M]")
    if len(months) < _FEWEST_MONTHS:
        raise MissingMonths(
            "ridge prior",
            expected=f"at least {_FEWEST_MONTHS} training months",
            found=str(len(months)),
            remedy="give a longer record, or hold out less",
        )
    storage = np.stack([domain.storage_of(month) for month in months]).astype(np.float64)
    usual = (np.isfinite(storage).mean(axis=0) >= _USUALLY) & (domain.land > 0) & ~training.split.untrained(domain.coarse)
    if not usual.any():
        raise MissingMonths(
            "ridge prior",
            expected=f"cells whose storage is known in {_USUALLY:.0%} of the training months",
            found="none",
            remedy="give a product with fewer gaps",
        )
    spread = observation.point_spread
    step = domain.coarse.height_km
    filtered = spread.kind == "gaussian" and spread.half_weight_km > step / 2
    merged = merged_cells(domain)
    if filtered and usual.sum() > _MOST_CELLS * merged**2:
        merged = merged_cells(domain, _MERGED_LARGE)
    grid = domain.coarse.coarsen(merged) if merged > 1 else domain.coarse
    share = observation.fine.block_mean(observation.land, observation.factor * merged)
    known_land = np.where(usual, observation.fine.block_mean(observation.land, observation.factor), 0.0)
    averaged = grid_mean(storage, usual, domain.coarse, known_land, merged)
    cells = np.argwhere(grid_mean(np.where(usual, 1.0, np.nan)[None], usual, domain.coarse, known_land, merged)[0] > 0)
    values = averaged[:, cells[:, 0], cells[:, 1]]
    side = max(_TILE_CELLS * step, _TILE_REACH * spread.half_weight_km if filtered else 0.0)
    side = min(side, max(grid.n_lat, grid.n_lon) * step * merged / np.sqrt(_FEWEST_TILES))
    tiles = tiles_of(grid, cells, side)
    tiles = tiles[:: -(-len(cells) // _MOST_CELLS)]  # of a large region some, all over it
    order = np.concatenate(tiles)
    chosen = _enough(len(months), len(order))
    months, cells, values = months[chosen], cells[order], values[chosen][:, order]
    known = np.stack([np.isfinite(values[:, p]).all(axis=1) for p in _parts(tuple(map(len, tiles)))], axis=1)
    whole = np.where(np.repeat(known, [len(t) for t in tiles], axis=1), values, np.nan)
    count = np.isfinite(whole).sum(axis=0)
    anomalies = np.where(np.isfinite(whole), whole - np.nansum(whole, axis=0) / np.maximum(count, 1), 0.0)
    variance = float((anomalies**2).sum() / max(count.sum(), 1))
    noise = _noise(training, usual, known_land, merged, cells, variance, filtered)
    spread_km2 = cell_spread_km2(step * merged) * float(np.sqrt(np.cos(np.deg2rad(grid.lat[cells[:, 0]]))).mean())
    spread_km2 += point_spread_km(spread.half_weight_km) ** 2 if filtered else 0.0
    sizes = tuple(map(len, tiles))
    blur = OpenEdges(grid, np.nan_to_num(share), spread) if filtered else None
    metric, slope = _likeliest(grid, cells, sizes, noise, variance, spread_km2, anomalies, known, blur)
    factor = observation.factor * merged
    around = nearby(grid, [cells[p] for p in _parts(sizes)], blur)
    return Teaching(grid, factor, cells, sizes, months, known, anomalies, blur, metric, variance, slope, around)


def _enough(months: int, cells: int) -> np.ndarray:
    """Positions of as many months as there are values enough in, evenly taken; all of them in most regions."""
    most = max(_ENOUGH_MONTHS, _MOST_VALUES // cells)
    return np.arange(months) if months <= most else np.linspace(0, months - 1, most).astype(int)


def grid_mean(fields: np.ndarray, usual: np.ndarray, product: Grid, share: np.ndarray, merged: int) -> np.ndarray:
    """Means over merged × merged product cells, of those that are usually known; NaN where one of these is not.

    Args:
        fields: (M, n_lat, n_lon).
        usual: (n_lat, n_lon) whether a cell is usually known.
        product: the cells' grid.
        share: (n_lat, n_lon) land share of the usual cells, 0 elsewhere.
        merged: cells along a side.
    Returns: (M, n_lat / merged, n_lon / merged).
    """
    if merged == 1:
        return np.where(usual, fields, np.nan)
    mean = product.block_mean(np.where(usual, fields, np.nan), merged, share)
    gap = product.block_mean((usual & ~np.isfinite(fields)).astype(float), merged) > 0
    return np.where(gap, np.nan, mean)


def merged_cells(domain: Domain, share: float = _MERGED) -> int:
    """Product cells along a side that a filter makes one of: a share of the half-weight distance, as far as the grid divides."""
    product, spread = domain.coarse, domain.observation.point_spread
    reach = spread.half_weight_km / product.height_km
    wanted = max(1, int(share * reach)) if spread.kind == "gaussian" else 1
    return max(m for m in range(1, wanted + 1) if product.n_lat % m == 0 and product.n_lon % m == 0)


def _noise(
    training: Training, usual: np.ndarray, share: np.ndarray, merged: int, cells: np.ndarray, variance: float, filtered: bool
) -> np.ndarray:
    """(k,) mm²: the product's own standard error, which merging does not lessen since it is alike in neighbours, and the rest."""
    stated = [training.domain.uncertainty_of(month) for month in training.months]
    floor = (_OPERATOR_ERROR if filtered else _NOISE_FLOOR) * variance
    if stated[0] is None:
        return np.full(len(cells), 2 * floor)
    squares = np.stack([np.square(u, dtype=np.float64) for u in stated if u is not None])
    seen = np.isfinite(squares)
    typical = np.where(seen, squares, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    merged_noise = grid_mean(typical[None], usual, training.domain.coarse, share, merged)[0]
    return np.nan_to_num(merged_noise[cells[:, 0], cells[:, 1]]) + floor


def _likeliest(
    grid: Grid,
    cells: np.ndarray,
    sizes: tuple[int, ...],
    noise: np.ndarray,
    variance: float,
    spread_km2: float,
    values: np.ndarray,
    known: np.ndarray,
    blur: OpenEdges | None,
) -> tuple[Metric, float]:
    """The slope under which the values within tiles are the likeliest, their variance given; and the metric of it."""
    parts = _parts(sizes)
    beyond = [] if blur is None else [_Beyond.of(blur, cells[p]) for p in parts]
    where, noises = tuple(grid.positions_km(cells[p]) for p in parts), tuple(noise[p] for p in parts)
    best: tuple[float, Metric, float] | None = None
    for slope in _SLOPES:
        unit = Covariance(1.0, slope)
        covariance = replace(unit, variance=variance / float(unit(np.zeros(1), 2.0 * spread_km2)[0]))
        errors = tuple(part.covariance(covariance) for part in beyond)
        metric = Metric.of(where, noises, covariance, spread_km2, errors)
        white = metric.whiten(values.astype(np.float32))
        squares = np.stack([(white[:, p].astype(np.float64) ** 2).sum(axis=1) for p in parts], axis=1)
        likelihood = float((known * (metric.log_volume - squares / 2)).sum())
        if best is None or likelihood > best[0]:
            best = likelihood, metric, slope
    assert best is not None
    return best[1], best[2]


@dataclass(frozen=True)
class _Beyond:
    """What cells of a tile see of land beyond the region's edges.

    Args:
        positions: (p, 3) km from the Earth's centre.
        weights: (cells, p).
        cell_km2: variance along one axis of a cell.
    """

    positions: np.ndarray
    weights: np.ndarray
    cell_km2: float

    @classmethod
    def of(cls, blur: OpenEdges, cells: np.ndarray) -> _Beyond:
        points, weights = blur.beyond(cells)
        side = blur.grid.height_km
        return cls(blur.wide.positions_km(points), weights, cell_spread_km2(side))

    def covariance(self, storage: Covariance) -> np.ndarray:
        """(cells, cells) mm²."""
        squared = ((self.positions[:, None] - self.positions[None]) ** 2).sum(axis=-1)
        return _BEYOND_EDGES * self.weights @ storage(np.sqrt(squared), 2.0 * self.cell_km2) @ self.weights.T


def _parts(sizes: tuple[int, ...]) -> list[slice]:
    ends = np.cumsum([0, *sizes])
    return [slice(int(a), int(b)) for a, b in pairwise(ends)]
