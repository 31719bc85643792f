"""The trained network as a method: a whole region by tiles that leave no trace, conservative as a mosaic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve
from gwkeras.methods.method import Prediction
from gwkeras.methods.network.tiles import Axis, Tile, best_tiles, tiles

Predict = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""A batch of inputs, by name, to {"mean", "variance"}, both (batch, sH, sW, 1). It takes the inputs that it needs."""

_MOST_TILES_A_BATCH = 16


@dataclass(frozen=True)
class Network:
    """A network behind the interface of all methods.

    A tile's halo holds all that its core depends on (`reach`), so that tiles give what one pass over the domain gives. With a
    smaller halo, asked for by name, neighbours differ at their border, and are blended over the halo on both of its sides.

    Args:
        run: the network.
        divisor: the coarse sizes that the network accepts are multiples of this, its stride.
        reach: coarse cells beyond a tile that its result depends on.
        tile: side of a tile without its halo, coarse cells; 0: the tiling with the least to compute.
        halo: coarse cells around a tile; None: `reach`.
        cells_at_once: coarse cells, halos included, that one call of `run` is given at most (but at least one tile).
        sigma_scale: what calibration multiplies the predicted standard deviation by.
        interval_factor: half width of the interval between `lower` and `upper`, in calibrated standard deviations.
        interval: probability of that interval, for which the factor was found.
        conservation: "inside": the network conserves, σ is that of its conservative mean, and only what blending has moved is
            put right; "after": the mean is made to average to the coarse field here, and σ loses the share that this takes away;
            "none".
        part: rows and columns of the coarse domain that are wanted; None: all. The rest is left missing.
    """

    run: Predict
    divisor: int
    reach: int
    tile: int = 0
    halo: int | None = None
    cells_at_once: int = 2**16
    sigma_scale: float = 1.0
    interval_factor: float = NormalDist().inv_cdf(0.95)
    interval: float = 0.9
    conservation: Literal["none", "inside", "after"] = "inside"
    part: tuple[slice, slice] | None = None
    name: str = "model"

    def predict(self, domain: Domain, month: Month) -> Prediction:
        """The mosaic of all tiles with land; see `Method.predict`."""
        coarse = domain.storage_of(month)
        wanted = self._wanted(domain, coarse)
        mean, sigma = self._mosaic(domain, month, wanted)
        known = (domain.land_fine > 0) & nearest_upsample(wanted, domain.factor)
        mean, sigma = np.where(known, mean, np.nan), np.where(known, self.sigma_scale * sigma, np.nan)
        if self.conservation != "none":
            mean = conserve(
                mean, np.where(wanted, coarse, np.nan).astype(np.float64), domain.fine, domain.factor, domain.land_fine
            )
        if self.conservation == "after":
            sigma = conserved_sigma(sigma, domain.fine, domain.factor, domain.land_fine)
        half = self.interval_factor * sigma
        return Prediction(mean, sigma, mean - half, mean + half, self.interval)

    def tiles(self, domain: Domain, wanted: np.ndarray) -> list[Tile]:
        """The tiles that are computed where the cells `wanted` (n_lat, n_lon) are."""
        halo = self.reach if self.halo is None else self.halo
        if self.tile:
            return tiles(_axes(domain), wanted, self.tile, halo, self.divisor)
        return best_tiles(_axes(domain), wanted, halo, self.divisor, self.cells_at_once)

    def _wanted(self, domain: Domain, coarse: np.ndarray) -> np.ndarray:
        wanted = np.isfinite(coarse) & (domain.land > 0)
        if self.part is None:
            return wanted
        inside = np.zeros_like(wanted)
        inside[self.part] = True
        return wanted & inside

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
            outputs = self.run({name: np.stack([sample[name] for sample in samples]) for name in samples[0]})
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


def conserved_sigma(sigma: np.ndarray, grid: Grid, factor: int, land: np.ndarray) -> np.ndarray:
    """Standard error of ŷ + nearest(g − blockmean(ŷ)), given that of ŷ.

    The error that is left is e − Σ w e over the block, w the cells' shares of its land area: with independent errors a
    variance of (1 − 2w) σ² + Σ w² σ². Errors that go together within a block lose more, so that this is not too small.

    Args:
        sigma: (s n_lat, s n_lon) mm, NaN where unknown. land: the same shape, land fractions.
    """
    weight = np.where(np.isfinite(sigma), grid.area * land, 0.0)
    blocks = (grid.n_lat // factor, factor, grid.n_lon // factor, factor)
    total = nearest_upsample(weight.reshape(blocks).sum(axis=(1, 3)), factor)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    variance = np.square(np.nan_to_num(sigma).astype(np.float64))
    mixed = nearest_upsample((share**2 * variance).reshape(blocks).sum(axis=(1, 3)), factor)
    return np.where(np.isfinite(sigma), np.sqrt(np.maximum((1 - 2 * share) * variance + mixed, 0.0)), np.nan)


def _axes(domain: Domain) -> tuple[Axis, Axis]:
    return Axis(domain.coarse.n_lat), Axis(domain.coarse.n_lon, domain.coarse.is_periodic)
