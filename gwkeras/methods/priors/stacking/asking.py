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
from gwkeras.methods.priors.teaching import Teaching
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
        parts, known = self._parts, np.repeat(teaching.known, teaching.tiles, axis=1)
        learned = np.setdiff1d(np.arange(len(teaching.months)), fold.months)
        counted = known[learned].sum(axis=0)
        level = np.where(known[learned], teaching.values[learned], 0.0).sum(axis=0) / np.maximum(counted, 1)
        tiles = fold.tiles or tuple(range(len(parts)))
        sums = _Sums(len(priors))
        months = self.training.months
        for done, (position, span) in enumerate(zip(fold.months, fold.spans, strict=True), start=1):
            seen = [self._seen(prior.predict(domain, months[position]).mean) for prior in priors]
            white = teaching.metric.whiten(np.stack([teaching.values[position] - level, *seen]).astype(np.float32))
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
            if used.any():
                sums.add((int(span), int(span)), detail[:, used].astype(np.float64) * mass[used])
            told(done, len(fold.months))
        return sums.held_out()


def together(found: Sequence[HeldOut]) -> HeldOut:
    """The parts of all folds, each fold under a number of its own."""
    numbered = [replace(each, fold=np.full(len(each.power), number)) for number, each in enumerate(found)]
    return HeldOut(*(np.concatenate([getattr(each, name) for each in numbered]) for name in HeldOut.__dataclass_fields__))


class _Sums:
    """Adds month by month, apart for each part."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.parts: dict[tuple[int, int], np.ndarray] = {}

    def add(self, part: tuple[int, int], white: np.ndarray) -> None:
        """Takes in values and predictions (1 + n, cells) of one month."""
        nothing = np.zeros((1 + self.count, 1 + self.count))
        self.parts[part] = self.parts.get(part, nothing) + white @ white.T

    def held_out(self) -> HeldOut:
        keys = sorted(key for key, product in self.parts.items() if product[0, 0] > 0)
        products = np.array([self.parts[key] for key in keys]).reshape(len(keys), 1 + self.count, 1 + self.count)
        place = np.array([place for _, place in keys], dtype=int)
        return HeldOut(products[:, 1:, 1:], products[:, 0, 1:], products[:, 0, 0], np.zeros(len(keys), dtype=int), place)
