"""The first thing a reader sees: what scores are measured against, the gain over interpolation, and where not to trust it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.evaluate.findings.diagnosis import diagnosis
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, Skill, best_interpolation, skill_of
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Text
from gwkeras.report.plain_percent import between, change, link
from gwkeras.report.sections.where_not_to_trust import half_found_above, where_not_to_trust

_EVIDENCE = {
    "truth": (
        "The evidence is a fine truth, which shows whether the detail is real. Only a synthetic world has a complete truth. "
        "If a model's field was given as the truth, the score measures agreement with that model."
    ),
    "reference": (
        "The evidence is a reference that the methods also learned from in other months. The score says how well they predict "
        "its detail, not whether the reference is right."
    ),
    "product": (
        "The evidence is the product itself, one scale up. The score says how well a method restores a coarsened product. "
        "It is no evidence of detail within the product's own cells."
    ),
    "interpolation": (
        "The evidence is an interpolation of the methods' own input. Any smooth interpolation comes close to it, so the score "
        "says nothing about real detail."
    ),
}
_CHANCE = 0.05
_LEAST_P = 0.001
_NEAR = 0.1  # of 1: error over σ that is as it should be
_FAR = 0.2


def plain_words(evaluation: Evaluation, method: str, wells: xr.Dataset | None = None) -> Section:
    """Sentences that need no table.

    Args:
        evaluation: as stored.
        method: that the report is about.
        wells: as `gwkeras wells` writes it; None where no wells were compared.
    """
    lines = [
        f"{len(evaluation.methods)} methods were scored against {evaluation.basis}: {evaluation.held_out}, weighted by land "
        f"area. This page is about “{method}”; every table also has the others.",
        *(said(evaluation, method) for said in (_gain, _detail, _pattern, _bars)),
        f"{_EVIDENCE[evaluation.evidence]}{' ' + evaluation.caution if evaluation.caution else ''}",
        "The record was not compared with wells; gwkeras wells does this for any table of well records."
        if wells is None
        else _wells(wells),
    ]
    lines = [line for line in lines if line]
    doubts = where_not_to_trust(evaluation, method)
    if doubts:
        lines.append("Where to trust it less:")
        return Section("In plain words", (Text(tuple(lines)), Text(doubts, "list")))
    return Section("In plain words", (Text(tuple(lines)),))


def _wells(data: xr.Dataset) -> str:
    """What wells say of the last field that they were compared with beside the product."""
    gains = data["median_gain"].values
    compared = np.flatnonzero(np.isfinite(gains))
    if not compared.size:
        return f"The record was compared with {data.sizes['well']} wells, which cannot show a gain from downscaling."
    k = int(compared[-1])
    low, high, inside = (float(data[name][k]) for name in ("median_gain_lower", "median_gain_upper", "within_cell_correlation"))
    bounds = f" ({low:+.3f} to {high:+.3f})" if np.isfinite(low) else ""
    said = (
        f"At {data.sizes['well']} wells the median correlation with “{data['field'].values[k]}” is "
        f"{float(data['median_correlation'][k]):.2f}, {gains[k]:+.3f} compared with the product{bounds}."
    )
    if np.isfinite(inside):
        said += f" Differences between wells in one product cell correlate with those of the field at {inside:.2f}; "
        said += "0 would mean no real detail."
    return said


def key_figures(evaluation: Evaluation, method: str) -> tuple[tuple[str, str], ...]:
    """(figure, what it is), for the head of a page."""
    scores = evaluation.scores[method]
    found = [(f"{scores['rmse']:.1f} mm", f"RMSE of {method}")]
    skill = skill_of(evaluation, method)
    if skill is not None and method != skill.best:
        found.append((change(skill.ratio), f"{link(skill.ratio)} {skill.best}, the best interpolation"))
    for column in evaluation.columns:
        value = scores.value(column)
        if column.metric.of_interval and value is not None and column.interval is not None:
            found.append((f"{100 * value:.0f} %", f"of the truth lies in the {100 * column.interval:g} % interval"))
    found.append((str(len(evaluation.months)), "months were scored"))
    return tuple(found)


def _gain(evaluation: Evaluation, method: str) -> str:
    skill = skill_of(evaluation, method)
    scores = evaluation.scores[method]
    said = f"The method “{method}” has a root mean square error (RMSE) of {scores['rmse']:.2f} mm"
    spread = scores.truth_deviation
    said += f"; the standard deviation of storage itself is {spread:.0f} mm." if spread > 0 else "."
    if skill is None or method in INTERPOLATIONS:
        return said if skill is not None else f"{said} No interpolation was scored for comparison."
    likely = f" (90 % confidence interval: {between(skill.low, skill.high)})" if np.isfinite(skill.low) else ""
    return (
        f"{said} That is {change(skill.ratio)} {link(skill.ratio)} the best interpolation, {skill.best}{likely}. It is better in "
        f"{_months(skill, len(evaluation.months))}. {_chance(skill)}"
    )


def _months(skill: Skill, count: int) -> str:
    better = round(skill.months_better * count)
    return "every month" if better == count else "no month" if better == 0 else f"{better} of {count} months"


def _chance(skill: Skill) -> str:
    if not np.isfinite(skill.p_value):
        return "There are too few months for a significance test."
    p = f"p < {_LEAST_P:g}" if skill.p_value < _LEAST_P else f"p = {skill.p_value:.2g}"
    return f"The difference is {'' if skill.p_value < _CHANCE else 'not '}significant in a paired test ({p})."


def _detail(evaluation: Evaluation, method: str) -> str:
    """The resolution of the detail that was found; empty where the truth has no detail of its own."""
    if evaluation.evidence not in ("truth", "reference") or method in INTERPOLATIONS:
        return ""
    ours, best = half_found_above(evaluation, method), best_interpolation(evaluation)
    theirs = None if best is None else half_found_above(evaluation, best)
    if ours is None:
        return ""
    if not np.isfinite(ours):
        return "It explains less than half of the true variance at every wavelength."
    said = f"It explains more than half of the true variance at wavelengths above {ours:.0f} km"
    if theirs is not None:
        said += f"; the best interpolation does so {f'above {theirs:.0f} km' if np.isfinite(theirs) else 'at no wavelength'}"
    return f"{said}. Of finer detail it misses more than it finds."


def _pattern(evaluation: Evaluation, method: str) -> str:
    """What a target that is an interpolation makes of the scores; empty for other targets."""
    if evaluation.evidence != "interpolation" or "nearest" not in evaluation.methods:
        return ""
    scores = evaluation.scores
    said = f"Even nearest-neighbour interpolation reaches an R² of {scores['nearest']['r2']:.4f} here"
    if "bilinear" in scores and method not in INTERPOLATIONS:
        ratio = scores[method]["mae"] / scores["bilinear"]["mae"]
        word = "beats" if ratio > 1 else "does not beat"
        errors = f"MAE {scores['bilinear']['mae']:.2f} against {scores[method]['mae']:.2f} mm"
        said += f", and bilinear interpolation {word} {method} ({errors})"
    return said + ": a target made by interpolation rewards interpolation, so an R² near 1 is no sign of skill."


def _bars(evaluation: Evaluation, method: str) -> str:
    found = diagnosis(evaluation, method)
    if found is None:
        return f"“{method}” gives no standard deviation, so the size of its errors is unknown."
    ratio, coverage = found.figures["standardised_error"], found.figures["coverage_at_90"]
    said = f"Its 90 % intervals contain {100 * coverage:.0f} % of the values that it was scored against"
    if ratio > 1 + _FAR:
        return f"{said}. Errors are {ratio:.1f} times as large as σ. Do not rely on its error bars."
    if ratio < 1 - _FAR:
        return f"{said}. Its error bars are wider than necessary: errors are {ratio:.1f} times as large as σ."
    if abs(ratio - 1) <= _NEAR:
        return f"{said}, and errors are as large as σ (root mean square of error over σ: {ratio:.2f})."
    return f"{said}. Errors are {100 * abs(ratio - 1):.0f} % {'larger' if ratio > 1 else 'smaller'} than σ."
