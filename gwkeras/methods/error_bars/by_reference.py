"""Intervals of methods that have a fine field to be calibrated on: spans of years that are left out by turns.

Months within a year are alike, and years differ: a method that was taught on some years is more wrong in others than in a few
validation months between them. So it is taught again without each span of years, and judged there. A network is not taught again:
its validation months stand alone. Errors are exchanged in groups, a year of a block of cells
(`gwkeras.core.error_bars.group_quantile`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from gwkeras.core.config.tree import MethodConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.groups import SPAN_MONTHS, blocks_of, counted, spans_of
from gwkeras.core.errors import GwkerasError
from gwkeras.core.months import Month, month_number
from gwkeras.core.progress import Progress
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split
from gwkeras.methods.composition import Composition
from gwkeras.methods.method import Prediction
from gwkeras.methods.training import Training

_CELLS_A_MONTH = 20_000  # enough to know a quantile, few enough for any number of months
_MOST_SPANS = 4
_FEWEST_MONTHS = 24  # that are left to learn from

Predict = Callable[[Domain, Month], Prediction]
"""The fine field of a month of a domain, with σ."""


def calibrate_on_target(method: Composition, recipe: MethodConfig, training: Training, progress: Progress) -> Calibration:
    """A calibration at the fine target of the domain, outside what is withheld.

    Args:
        method: fitted to the training.
        recipe: of it; fitted again without each span of years where a reference is what it was taught on.
        training: whose domain may hold a target.
        progress: told of every span.
    Returns: factors of one, errors taken for Normal, where the domain holds no target or σ is not stated.
    """
    interval = training.config.downscale.interval
    if not training.domain.knows_fine_storage:
        return Calibration.of(np.zeros(0), interval, "")
    judged: list[tuple[Predict, Sequence[Month]]] = []
    if training.config.target.kind == "reference" and not recipe.prior.needs_shards:
        judged = list(_left_out(recipe, training, progress))
    whose = f"{len(judged)} spans of years left out by turns"
    if len(judged) < 2:  # beside these, validation months are too near to what is learned from
        judged, whose = [(method.predict, training.validation_months)], "validation months"
    groups = _groups(judged, training)
    told = f"{sum(map(len, groups))} cells in {counted(len(groups))} of the {whose}"
    return Calibration.of_groups(groups, interval, told, strict=False)


def _left_out(recipe: MethodConfig, training: Training, progress: Progress) -> Iterator[tuple[Predict, Sequence[Month]]]:
    """The method fitted without each span of years, and the months of that span."""
    months = training.months
    spans = _spans(months, training.split)
    for number in range(spans.max(initial=-1) + 1):
        inside = [month for month, span in zip(months, spans, strict=True) if span == number]
        if len(months) - len(inside) < _FEWEST_MONTHS:
            continue
        absent = {int(month_number(month)) for month in inside}
        split = training.split
        kept = zip(split.train_months, split.months_of("train"), strict=True)
        part = replace(training, split=replace(split, train_months=tuple(name for name, month in kept if month not in absent)))
        told = f"calibrating without span {number + 1} of {spans.max() + 1}"
        try:
            prior = part.prior(recipe.prior, lambda label, *done, told=told: progress(f"{told}: {label}", *done))
            update = recipe.update.fit(prior, part, lambda label, *done, told=told: progress(f"{told}: {label}", *done))
        except GwkerasError:  # too little is left to learn from
            continue
        yield Composition("", prior, update).predict, inside


def _spans(months: Sequence[Month], split: Split) -> np.ndarray:
    """(M,) number of each month's span: as long as what the split holds out, so that as far is gone from what is learned."""
    if not months:
        return np.zeros(0, int)
    numbers = np.array([int(month_number(month)) for month in months])
    whole = int(numbers[-1] - numbers[0]) + 1
    length = max(SPAN_MONTHS, _longest(split.months_of("test")))
    return spans_of(np.asarray(months), -(-whole // min(max(2, round(whole / length)), _MOST_SPANS)))


def _longest(months: Sequence[int]) -> int:
    """Months of the longest run, gaps of up to a year counted in."""
    found = first = last = None
    for month in sorted(months):
        if last is None or month - last > SPAN_MONTHS:
            first = month
        assert first is not None
        found, last = max(found or 0, month - first + 1), month
    return found or 0


def _groups(judged: Sequence[tuple[Predict, Sequence[Month]]], training: Training) -> list[np.ndarray]:
    """|error| / σ by year and block of cells; none where σ is not stated."""
    domain, rng = training.domain, np.random.default_rng(training.seed)
    lat, lon = np.meshgrid(domain.fine.lat, domain.fine.lon, indexing="ij")
    side = training.config.split.block_cells * domain.coarse.lat_step
    blocks = blocks_of(lat.ravel(), lon.ravel(), side).reshape(lat.shape)
    found: dict[tuple[int, int, int], list[np.ndarray]] = defaultdict(list)
    for number, (predict, months) in enumerate(judged):
        for month, span in zip(months, spans_of(np.asarray(months)), strict=True):
            prediction = predict(domain, month)
            if prediction.sigma is None:
                return []
            error = np.abs(domain.target(month, 0, 0, *domain.coarse.shape)[..., 0] - prediction.mean)
            known = np.isfinite(error) & (prediction.sigma > 0) & (domain.land_fine > 0) & ~training.withheld
            chosen = rng.permutation(np.flatnonzero(known))[:_CELLS_A_MONTH]
            ratio, label = (error.ravel()[chosen] / prediction.sigma.ravel()[chosen]), blocks.ravel()[chosen]
            for block in np.unique(label):
                found[number, int(span), int(block)].append(ratio[label == block])
    return [np.concatenate(parts) for parts in found.values()]
