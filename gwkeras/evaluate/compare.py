"""All methods on one footing: the same months, the same cells, the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import nearest_upsample
from gwkeras.core.months import Month
from gwkeras.evaluate.gathering import Gathering
from gwkeras.evaluate.judge import Judge, View
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.evaluate.stored.fields import JudgedFields, keeping_fields
from gwkeras.evaluate.stored.layout import Example, evaluation_of
from gwkeras.methods.method import Method, Prediction


def compare(
    judge: Judge,
    methods: Sequence[Method],
    progress: Callable[[int, int], None] = lambda done, total: None,
    attributes: Mapping[str, str] | None = None,
    fields: Path | None = None,
) -> Evaluation:
    """Scores every method in every month that is held out.

    Args:
        judge: what they are scored against.
        methods: of names that differ.
        progress: called with the number of months done and in all.
        attributes: where the numbers come from, for the head of evaluation.nc.
        fields: file that keeps what was judged, for maps and series; None: they are not kept.
    Raises: BadInput: where two methods share a name.
    """
    names = tuple(method.name for method in methods)
    if len(set(names)) < len(names):
        raise BadInput(
            "methods", expected="a name of its own for each", found=", ".join(names), remedy="name one of them differently"
        )
    digest = judge.digest()
    with ExitStack() as leaving:
        kept = None if fields is None else leaving.enter_context(keeping_fields(fields, judge, names, digest))
        gathered, example = _gathered(judge, methods, names, progress, kept)
    return evaluation_of(gathered, names, example, {**(attributes or {}), "judged_digest": digest})


def _gathered(
    judge: Judge,
    methods: Sequence[Method],
    names: tuple[str, ...],
    progress: Callable[[int, int], None],
    keeping: JudgedFields | None,
) -> tuple[Gathering, Example]:
    gathered = Gathering(judge, names)
    total, done = sum(len(view.months) for view in judge.views), 0
    example: Example | None = None
    for number, view in enumerate(judge.views):
        weights, classes = gathered.weights_of(view), gathered.classes_of(view)
        for month in view.months:
            truth = view.truth(month)
            balance = None if view.physics is None else view.physics.balance(view.domain, month)
            gathered.begin(view, month, truth, balance)
            if keeping is not None:
                keeping.begin(view, month, truth)
            shown = number == 0 and (example is None or np.nanstd(truth) > np.nanstd(example.truth))
            kept = []
            for row, method in enumerate(methods):
                started = time.perf_counter()
                prediction = method.predict(view.domain, month)
                gathered.took(row, month, time.perf_counter() - started)
                gathered.consistent(row, view, month, method, prediction)
                prediction = view.as_judged(method, prediction, month)
                if keeping is not None:
                    keeping.add(row, view, month, prediction)
                gathered.add(row, view, month, prediction, truth, weights, classes, balance)
                if shown:
                    kept.append(prediction)
            if shown:
                example = _example(view, month, truth, kept)
            done += 1
            progress(done, total)
    assert example is not None
    return gathered, example


def _example(view: View, month: Month, truth: np.ndarray, predictions: Sequence[Prediction]) -> Example:
    domain = view.domain
    coarse = np.where(domain.land_fine > 0, nearest_upsample(domain.storage_of(month), domain.factor), np.nan)
    sigmas = (np.full(domain.fine.shape, np.nan) if p.sigma is None else p.sigma for p in predictions)
    means = np.stack([p.mean for p in predictions]).astype(np.float32)
    return Example(month, domain.fine, domain.coarse.lat_step, coarse, truth, means, np.stack(list(sigmas)).astype(np.float32))
