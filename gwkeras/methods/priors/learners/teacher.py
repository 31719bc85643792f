"""Teaching a learner through H, and believing it as far as it predicts product that was left out.

Rows are cells of the product (`Teaching`), features are H of the fine features, the target is the product. The regression is
then applied to fine features, which is no more than an assumption for one that is not linear; so what counts is H of the fine
field it makes, against held-out product in the metric of kriging: that settles how much of it is believed, if any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gwkeras.core.progress import Progress
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard
from gwkeras.methods.priors.learners.features import Features
from gwkeras.methods.priors.learners.fitted import FittedLearner, Regression, whole_fields
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.teaching.belief import is_believed, standard_error
from gwkeras.methods.priors.teaching.product import Teaching
from gwkeras.methods.priors.teaching.reference_teaching import taught_on
from gwkeras.methods.training import Training

Learn = Callable[[Sample, float, int], Regression]
"""What may be learned from, a setting, a seed -> a regression."""

_PARTS = 4  # spans of months, and groups of tiles, that are left out together
_ROW_BYTES = 2**28  # of all rows at once
_MONTHS = 6  # of each part, in which H of the fine field is looked at


@dataclass(frozen=True)
class _Lesson:
    """Rows of all months and cells, and the parts that are left out.

    Args:
        teaching: cells, values and metric.
        months: (M,) datetime64[M], some of the training months.
        rows: (M, k, p).
        values: (M, k) mm.
        known: (M, k) bool.
        span: (M,) number of the part that a month belongs to.
        group: (k,) likewise of a cell.
        memories: how many of the features are memories.
    """

    teaching: Teaching
    months: np.ndarray
    rows: np.ndarray
    values: np.ndarray
    known: np.ndarray
    span: np.ndarray
    group: np.ndarray
    memories: int

    @property
    def parts(self) -> list[tuple[int, int]]:
        """Span and group of each part."""
        spans, groups = int(self.span.max()) + 1, int(self.group.max()) + 1
        return [(part % spans, part % groups) for part in range(max(spans, groups))]

    def others(self, span: int, group: int) -> np.ndarray:
        """(M, k) what may be learned from while a part is left out: other months in other cells."""
        apart = self.group != group if self.group.max() > 0 else np.ones(self.group.shape, bool)
        return self.known & (self.span != span)[:, None] & apart

    def compare(self, expected: np.ndarray, months: np.ndarray, group: int) -> tuple[float, float, float]:
        """Σ g², Σ g e, Σ e² in the metric, over a group's cells; both as anomalies over the months.

        Args:
            expected: (m, k) mm.
            months: (m,) positions.
            group: whose cells.
        """
        inside = self.group == group
        known = self.known[months]
        whole = known.all(axis=0)
        white = []
        for fields in (self.values[months], expected):
            fields = np.where(whole, fields - fields.mean(axis=0), 0.0)
            white.append(self.teaching.metric.whiten(fields.astype(np.float32))[:, inside].astype(np.float64))
        g, e = white
        return float((g * g).sum()), float((g * e).sum()), float((e * e).sum())


def teach(
    kind: str,
    training: Training,
    time_constants: tuple[float, ...],
    settings: tuple[float, ...],
    learn: Learn,
    draft: Learn,
    progress: Progress,
    located: bool = False,
) -> FittedLearner:
    """A learner, taught and judged.

    Args:
        kind: the recipe's name.
        training: storage of other months than the training's, and of held-out blocks, is never looked at.
        time_constants: of the memories, months.
        settings: of which one is chosen by the parts left out.
        learn: fits the regression.
        draft: fits a cheaper one of its kind, to be judged on the parts left out.
        progress: called once a fit.
        located: whether it sees where and when a row is.
    Raises: MissingMonths: where there are too few training months, or the climate does not reach them.
    """
    climate, all_months = FineClimate.of(training.domain), np.array(training.months, dtype="datetime64[M]")
    if not Channels(climate).names:
        note = f"{kind}: 0 everywhere, since no climate channel is finer than the product"
        nothing = Features(time_constants, (), Standard((), np.array([]), np.array([])))
        return FittedLearner(kind, nothing, None, 0.0, all_months, (note,))
    climate.require(all_months, f"{kind} prior")
    features = Features.of(climate, time_constants, located)
    lesson = _lesson(features, climate, taught_on(training))
    total = len(settings) * len(lesson.parts) + 1
    told = f"teaching the {kind} prior, fits"

    regressions: dict[tuple[float, int], Regression] = {}
    errors = dict.fromkeys(settings, 0.0)
    for setting in settings:
        for number, part in enumerate(lesson.parts):
            found = _learned(lesson, lesson.others(*part), draft, setting, [training.seed, number])
            regressions[setting, number] = found
            months = np.flatnonzero(lesson.span == part[0])
            cells = np.flatnonzero(lesson.group == part[1])
            expected = np.zeros((len(months), len(lesson.group)))
            rows = lesson.rows[np.ix_(months, cells)]
            expected[:, cells] = found(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:2])
            power, cross, own = lesson.compare(expected, months, part[1])
            errors[setting] += (power - 2 * cross + own) / max(power, 1e-12)
            progress(told, len(regressions), total)
    setting = min(errors, key=lambda candidate: errors[candidate])
    share, gain, error = _believed(lesson, features, climate, [regressions[setting, n] for n in range(len(lesson.parts))])
    said = f"{gain:.3f} ± {error:.3f} of the held-out product's variance explained"
    if not is_believed(gain, error):
        note = f"{kind}: 0 everywhere, since climate and maps do not predict held-out product ({said})"
        return FittedLearner(kind, features, None, 0.0, all_months, (note,))
    final = _learned(lesson, lesson.known, learn, setting, [training.seed, len(lesson.parts)])
    progress(told, total, total)
    note = f"{kind}: {features.count} features, setting {setting:g}, scaled by {share:.2f}, {said}"
    return FittedLearner(kind, features, final, share, all_months, (note,))


def _lesson(features: Features, climate: FineClimate, teaching: Teaching) -> _Lesson:
    bytes_a_month = 4 * len(teaching.cells) * features.count
    every = max(1, -(-bytes_a_month * len(teaching.months) // _ROW_BYTES))
    taken = np.arange(len(teaching.months))[::every]
    months = teaching.months[taken]
    spans, groups = min(_PARTS, len(taken)), min(_PARTS, len(teaching.tiles))
    ends = np.cumsum([0, *teaching.tiles])
    group = np.empty(ends[-1], dtype=int)
    for number, tiles in enumerate(np.array_split(np.arange(len(teaching.tiles)), groups)):
        for begin, end in (list(pairwise(ends.tolist()))[tile] for tile in tiles):
            group[begin:end] = number
    known = np.repeat(teaching.known[taken], teaching.tiles, axis=1)
    span = np.arange(len(taken)) * spans // len(taken)
    rows = features.taught(climate, teaching, months)
    return _Lesson(teaching, months, rows, teaching.values[taken], known, span, group, features.memories)


def _learned(lesson: _Lesson, use: np.ndarray, learn: Learn, setting: float, seed: list[int]) -> Regression:
    teaching = lesson.teaching
    sample = Sample(lesson.rows, lesson.values, use, teaching.tiles, teaching.metric.whiteners, lesson.memories)
    return learn(sample, setting, int(np.random.default_rng(seed).integers(2**31)))


def _believed(
    lesson: _Lesson, features: Features, climate: FineClimate, regressions: list[Regression]
) -> tuple[float, float, float]:
    """The share of the regression that explains most of the parts left out, what it explains of them, and its standard error."""
    chosen: dict[int, int] = {}  # position of a month -> part
    for number, (span, _) in enumerate(lesson.parts):
        inside = np.flatnonzero(lesson.span == span)
        chosen |= {int(p): number for p in inside[np.unique(np.linspace(0, len(inside) - 1, _MONTHS).astype(int))]}
    positions = np.array(sorted(chosen))
    part_of = [chosen[int(p)] for p in positions]
    fields = whole_fields(features, climate, lesson.months[positions], lambda index: regressions[part_of[index]])
    s, sums = lesson.teaching.factor, []
    for number, (_, group) in enumerate(lesson.parts):
        own = np.flatnonzero(np.array(part_of) == number)
        blocks = np.nan_to_num(climate.grid.block_mean(fields[own], s, climate.land)) if s > 1 else fields[own]
        sums.append(lesson.compare(lesson.teaching.see(blocks), positions[own], group))
    power, cross, own_power = (np.array(part) for part in zip(*sums, strict=True))
    scale = np.maximum(power, 1e-12)
    share = float(np.clip((cross / scale).sum() / max(float((own_power / scale).sum()), 1e-12), 0.0, 1.0))
    gains = (2 * share * cross - share**2 * own_power) / scale
    return share, float(gains.mean()), standard_error(gains)
