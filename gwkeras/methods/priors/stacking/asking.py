"""What left-out months ask of priors: the product through H in the metric, or the reference's detail; sums of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gwkeras.methods.method import Prediction
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.priors.stacking.folds import Fold, folds_of
from gwkeras.methods.priors.stacking.weights import HeldOut
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.training import Training
from gwkeras.methods.updates.interpolation import Interpolation

Told = Callable[[int, int], None]
"""Called with the number of months done and in all."""


@dataclass(frozen=True)
class Product:
    """The product of left-out months in left-out tiles, seen through H and whitened.

    Args:
        training: whose months and tiles are left out by turns.
        teaching: the product's values in them, and the metric.
    """

    training: Training
    teaching: Teaching

    basis = "held-out months and blocks of the product"

    def folds(self, count: int) -> tuple[Fold, ...]:
        """Months and tiles left out together."""
        return folds_of(self.training, count, self.teaching.grid, [self.teaching.cells[p] for p in self._parts])

    def ask(self, priors: Sequence[FittedPrior], fold: Fold, told: Told) -> HeldOut:
        """Sums over the fold's months and tiles: a part for each span and tile.

        Args:
            priors: fitted without the fold.
            fold: what is asked for.
            told: of the months.
        """
        teaching, domain = self.teaching, self.training.domain
        parts = self._parts
        tiles = fold.tiles or tuple(range(len(parts)))
        sums = _Sums(len(priors))
        months = self.training.months
        for done, (position, span) in enumerate(zip(fold.months, fold.spans, strict=True), start=1):
            seen = [self._seen(prior.predict(domain, months[position]).mean) for prior in priors]
            white = teaching.metric.whiten(np.stack([teaching.values[position], *seen]).astype(np.float32))
            for tile in tiles:
                if teaching.known[position, tile]:
                    sums.add((int(span), tile), white[:, parts[tile]].astype(np.float64))
            told(done, len(fold.months))
        return sums.held_out()

    @property
    def _parts(self) -> list[slice]:
        return [slice(int(a), int(b)) for a, b in pairwise(np.cumsum([0, *self.teaching.tiles]))]

    def _seen(self, mean: np.ndarray) -> np.ndarray:
        observation = self.training.domain.observation
        blocks = observation.fine.block_mean(np.nan_to_num(mean), self.teaching.factor, observation.land)
        return self.teaching.see(np.nan_to_num(blocks))


@dataclass(frozen=True)
class Reference:
    """Detail of a fine reference in left-out months: what bicubic interpolation with conservation cannot tell.

    Args:
        training: whose months are left out by turns, and whose domain holds the reference.
    """

    training: Training

    basis = "held-out months of the reference"

    def folds(self, count: int) -> tuple[Fold, ...]:
        """Spans of months: the same places in other months are what a held-out month will have."""
        return folds_of(self.training, count)

    def ask(self, priors: Sequence[FittedPrior], fold: Fold, told: Told) -> HeldOut:
        """Sums over the fold's months: a part for each span. See `Product.ask`."""
        domain, months = self.training.domain, self.training.months
        update, withheld = Interpolation("bicubic", conserving=True), self.training.withheld
        mass = np.sqrt(domain.fine.area * domain.land_fine)
        sums = _Sums(len(priors))
        for done, (position, span) in enumerate(zip(fold.months, fold.spans, strict=True), start=1):
            month = months[position]
            base = update.apply(Prediction(np.zeros(domain.fine.shape, np.float32)), domain, month).mean
            fields = [domain.target(month, 0, 0, *domain.coarse.shape)[..., 0]]
            for prior in priors:
                expected = Prediction(np.nan_to_num(np.asarray(prior.predict(domain, month).mean)))
                fields.append(update.apply(expected, domain, month).mean)
            detail = np.stack(fields) - base
            used = np.isfinite(detail).all(axis=0) & ~withheld
            sums.add((int(span), 0), np.where(used, detail * mass, 0.0).reshape(len(detail), -1), used.ravel())
            told(done, len(fold.months))
        return sums.held_out()


def together(found: Sequence[HeldOut]) -> HeldOut:
    """The parts of all folds, each fold under a number of its own."""
    numbered = [replace(each, fold=np.full(len(each.power), number)) for number, each in enumerate(found)]
    return HeldOut(*(np.concatenate([getattr(each, name) for each in numbered]) for name in HeldOut.__dataclass_fields__))


class _Sums:
    """Adds month by month, apart for each span and place, anomalies from each place's mean over all months that are asked for.

    So a prior whose mean over the training months is not 0 is not blamed for it, nor is the product for its own.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.products: dict[tuple[int, int], np.ndarray] = {}
        self.totals: dict[tuple[int, int], np.ndarray] = {}
        self.months: dict[tuple[int, int], np.ndarray] = {}

    def add(self, part: tuple[int, int], white: np.ndarray, used: np.ndarray | None = None) -> None:
        """Takes in values and predictions (1 + n, cells) of one month; 0 in cells that are not `used`."""
        used = np.ones(white.shape[1], bool) if used is None else used
        if part not in self.products:
            self.products[part] = np.zeros((len(white), len(white)))
            self.totals[part], self.months[part] = np.zeros(white.shape), np.zeros(len(used))
        self.products[part] += white @ white.T
        self.totals[part] += white
        self.months[part] += used

    def held_out(self) -> HeldOut:
        """Σ (x − m)(x − m)ᵀ = Σ x xᵀ − m sᵀ − s mᵀ + n m mᵀ in each part, with s the part's sum and m the place's mean."""
        found: dict[tuple[int, int], np.ndarray] = {}
        for part, product in self.products.items():
            same = [other for other in self.products if other[1] == part[1]]
            months = sum((self.months[other] for other in same), np.zeros_like(self.months[part]))
            mean = sum((self.totals[other] for other in same), np.zeros_like(self.totals[part])) / np.maximum(months, 1)
            cross = mean @ self.totals[part].T
            found[part] = product - cross - cross.T + (mean * self.months[part]) @ mean.T
        keys = sorted(key for key, product in found.items() if product[0, 0] > 0)
        products = np.array([found[key] for key in keys]).reshape(len(keys), 1 + self.count, 1 + self.count)
        place = np.array([place for _, place in keys], dtype=int)
        return HeldOut(products[:, 1:, 1:], products[:, 0, 1:], products[:, 0, 0], np.zeros(len(keys), dtype=int), place)
