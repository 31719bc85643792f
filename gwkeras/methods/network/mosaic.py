"""A network over a whole region, by tiles that leave no trace, conservative as a mosaic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve
from gwkeras.methods.method import Part, Prediction
from gwkeras.methods.network.tiles import Axis, Tile, best_tiles, tiles

PredictBatch = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""A batch of inputs, by name, to {"mean", "variance"}, both (batch, sH, sW, 1). It takes the inputs that it needs."""

_MOST_TILES_A_BATCH = 16


@dataclass(frozen=True)
class Mosaic:
    """A network's fields over a whole domain, put together from tiles; a fitted prior.

    A tile's halo holds all that its core depends on (`reach`), so that tiles give what one pass over the domain gives. With a
    smaller halo, asked for by name, neighbours differ at their border, and are blended over the halo on both of its sides.

    Args:
        network: a batch of samples to a batch of fields.
        divisor: the coarse sizes that the network accepts are multiples of this, its stride.
        reach: coarse cells beyond a tile that its result depends on.
        tile: side of a tile without its halo, coarse cells; 0: the tiling with the least to compute.
        halo: coarse cells around a tile; None: `reach`.
        cells_at_once: coarse cells, halos included, that one call of `network` is given at most (but at least one tile).
        conserving: whether the network conserves: its σ is that of a conservative mean, and what blending moves is put right.
    """

    network: PredictBatch
    divisor: int
    reach: int
    tile: int = 0
    halo: int | None = None
    cells_at_once: int = 2**16
    conserving: bool = True

    def predict(self, domain: Domain, month: Month, part: Part | None = None) -> Prediction:
        """The mosaic of all tiles with land, σ as the network states it; see `gwkeras.methods.method.Method.predict`."""
        coarse = domain.storage_of(month)
        wanted = _wanted(domain, coarse, part)
        mean, sigma = self._mosaic(domain, month, wanted)
        known = (domain.land_fine > 0) & nearest_upsample(wanted, domain.factor)
        mean, sigma = np.where(known, mean, np.nan), np.where(known, sigma, np.nan)
        if self.conserving:
            observed = np.where(wanted, coarse, np.nan).astype(np.float64)
            mean = conserve(mean, observed, domain.fine, domain.factor, domain.land_fine)
        return Prediction(mean, sigma)

    def tiles(self, domain: Domain, wanted: np.ndarray) -> list[Tile]:
        """The tiles that are computed where the cells `wanted` (n_lat, n_lon) are."""
        halo = self.reach if self.halo is None else self.halo
        if self.tile:
            return tiles(_axes(domain), wanted, self.tile, halo, self.divisor)
        return best_tiles(_axes(domain), wanted, halo, self.divisor, self.cells_at_once)

    def _mosaic(self, domain: Domain, month: Month, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and uncalibrated standard deviation, (s n_lat, s n_lon) mm; 0 where no tile lies.

        Where tiles blend, the standard deviations are blended too, not the variances of independent errors added: tiles see the
        same data, and √Var(Σ w e) ≤ Σ w √Var(e) whatever the correlation of their errors, with equality where it is 1.
        """
        mean, sigma = (np.zeros(domain.fine.shape, np.float32) for _ in range(2))
        halo = -(-(self.reach if self.halo is None else self.halo) // self.divisor) * self.divisor
        blend = 0 if halo >= self.reach else halo
        chosen = self.tiles(domain, wanted)
        many = min(_MOST_TILES_A_BATCH, max(1, self.cells_at_once // chosen[0].cells)) if chosen else 1
        axes = _axes(domain)
        for start in range(0, len(chosen), many):
            batch = chosen[start : start + many]
            samples = [domain.sample(month, *tile.window) for tile in batch]
            outputs = self.network({name: np.stack([sample[name] for sample in samples]) for name in samples[0]})
            fields = [np.asarray(outputs[name])[..., 0] for name in ("mean", "variance")]
            for tile, tile_mean, tile_variance in zip(batch, *fields, strict=True):
                (rows, from_rows, v), (cols, from_cols, h) = (
                    axis.footprint(span, blend, domain.factor) for axis, span in zip(axes, (tile.rows, tile.cols), strict=True)
                )
                weight = np.outer(v, h).astype(np.float32)
                to, source = np.ix_(rows, cols), np.ix_(from_rows, from_cols)
                mean[to] += weight * tile_mean[source]
                sigma[to] += weight * np.sqrt(tile_variance[source])
        if blend and chosen:
            share = self._weights(domain, chosen, blend)
            mean, sigma = mean / share, sigma / share
        return mean, sigma

    def _weights(self, domain: Domain, chosen: list[Tile], blend: int) -> np.ndarray:
        """Summed weights: below one beside a tile that was left out for want of land; 1 where there is no tile at all."""
        total = np.zeros(domain.fine.shape, np.float32)
        for tile in chosen:
            (rows, _, v), (cols, _, h) = (
                axis.footprint(span, blend, domain.factor)
                for axis, span in zip(_axes(domain), (tile.rows, tile.cols), strict=True)
            )
            total[np.ix_(rows, cols)] += np.outer(v, h)
        return np.where(total > 0, total, 1.0)


def _axes(domain: Domain) -> tuple[Axis, Axis]:
    return Axis(domain.coarse.n_lat), Axis(domain.coarse.n_lon, domain.coarse.is_periodic)


def _wanted(domain: Domain, coarse: np.ndarray, part: Part | None) -> np.ndarray:
    """(n_lat, n_lon) bool: the cells of the part that hold storage on land."""
    wanted = np.isfinite(coarse) & (domain.land > 0)
    if part is None:
        return wanted
    inside = np.zeros_like(wanted)
    inside[part] = True
    return wanted & inside
