"""The first thing a reader sees: what was judged by what, how much better than interpolation, and where not to trust it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.evaluate.findings.diagnosis import diagnosis
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, Skill, best_interpolation, skill_of
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Text
from gwkeras.report.plain_percent import between, change
from gwkeras.report.sections.where_not_to_trust import half_found_above, where_not_to_trust

_EVIDENCE = {
    "truth": (
        "The evidence is a fine truth: such a score says whether the detail is real. Only a synthetic world has one that is "
        "complete; where a model's field was given for the truth, the score is agreement with that model."
    ),
    "reference": (
        "The evidence is a reference that the methods also learned from in other months. The score says how well its detail is "
        "foretold, and nothing of whether the reference is right."
    ),
    "product": (
        "The evidence is the product itself, one scale up. The score says how well a method undoes a coarsening of the product. "
        "It is no evidence of the detail within the product's own cells."
    ),
    "interpolation": (
        "The evidence is an interpolation of the methods' own input. Any smooth interpolation comes near it, and a score says "
        "nothing of real detail."
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
        wells: what wells say, as `gwkeras wells` writes it; None where none have been looked at.
    """
    lines = [
        f"{len(evaluation.methods)} methods were judged by {evaluation.basis}: {evaluation.held_out}, weighted by area of land. "
        f"This page is about “{method}”; the others stand beside it in every table.",
        *(said(evaluation, method) for said in (_gain, _detail, _pattern, _bars)),
        f"{_EVIDENCE[evaluation.evidence]}{' ' + evaluation.caution if evaluation.caution else ''}",
        "No well has been looked at: gwkeras wells compares the record with any table of them."
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
        return f"{data.sizes['well']} wells were looked at; they say nothing of what downscaling gains."
    k = int(compared[-1])
    low, high, inside = (float(data[name][k]) for name in ("median_gain_lower", "median_gain_upper", "within_cell_correlation"))
    bounds = f" ({low:+.3f} to {high:+.3f})" if np.isfinite(low) else ""
    said = (
        f"{data.sizes['well']} wells were looked at: with “{data['field'].values[k]}” their median correlation is "
        f"{float(data['median_correlation'][k]):.2f}, {gains[k]:+.3f} against the product{bounds}."
    )
    if np.isfinite(inside):
        said += f" Differences between wells of one product cell follow those of the field by {inside:.2f}; "
        said += "0 would be no real detail."
    return said


def key_figures(evaluation: Evaluation, method: str) -> tuple[tuple[str, str], ...]:
    """(figure, what it is), for the head of a page."""
    scores = evaluation.scores[method]
    found = [(f"{scores['rmse']:.1f} mm", f"RMSE of {method}")]
    skill = skill_of(evaluation, method)
    if skill is not None and method != skill.best:
        said = change(skill.ratio)
        link = "as" if said.startswith("the same") else "of" if "times" in said else "than"
        found.append((said, f"{link} {skill.best}, the best interpolation"))
    for column in evaluation.columns:
        value = scores.value(column)
        if column.metric.of_interval and value is not None and column.interval is not None:
            found.append((f"{100 * value:.0f} %", f"of the truth lies in the {100 * column.interval:g} % interval"))
    found.append((str(len(evaluation.months)), "months were judged"))
    return tuple(found)


def _gain(evaluation: Evaluation, method: str) -> str:
    skill = skill_of(evaluation, method)
    scores = evaluation.scores[method]
    said = f"The method “{method}” has a root mean square error (RMSE) of {scores['rmse']:.2f} mm"
    spread = _deviation(scores)
    said += f", where storage itself departs from its mean by {spread:.0f} mm." if spread > 0 else "."
    if skill is None or method in INTERPOLATIONS:
        return said if skill is not None else f"{said} No interpolation was judged beside it."
    likely = f" ({between(skill.low, skill.high)} would be likely with other months)" if np.isfinite(skill.low) else ""
    return (
        f"{said} Against the best interpolation, {skill.best}, that is {change(skill.ratio)}{likely}; it is nearer in "
        f"{_months(skill, len(evaluation.months))}. {_chance(skill)}"
    )


def _deviation(scores: Scores) -> float:
    """Standard deviation of what is judged by over its cells and months, mm."""
    sums = scores.sums
    return float(np.sqrt(max(sums["truth_squared"] / sums["weight"] - (sums["truth"] / sums["weight"]) ** 2, 0.0)))


def _months(skill: Skill, count: int) -> str:
    better = round(skill.months_better * count)
    return "every month" if better == count else "no month" if better == 0 else f"{better} of {count} months"


def _chance(skill: Skill) -> str:
    if not np.isfinite(skill.p_value):
        return "There are too few months to say whether that could be chance."
    p = f"p < {_LEAST_P:g}" if skill.p_value < _LEAST_P else f"p = {skill.p_value:.2g}"
    return f"By a paired test that {'is not' if skill.p_value < _CHANCE else 'could be'} chance ({p})."


def _detail(evaluation: Evaluation, method: str) -> str:
    """How fine the detail is that was found; empty where what it is judged by has none of its own."""
    if evaluation.evidence not in ("truth", "reference") or method in INTERPOLATIONS:
        return ""
    ours, best = half_found_above(evaluation, method), best_interpolation(evaluation)
    theirs = None if best is None else half_found_above(evaluation, best)
    if ours is None:
        return ""
    if not np.isfinite(ours):
        return "At no wavelength does it find half of the variance that is there."
    said = f"It finds more than half of the variance that is there at wavelengths above {ours:.0f} km"
    if theirs is not None:
        said += f"; interpolation {f'above {theirs:.0f} km' if np.isfinite(theirs) else 'at none'}"
    return f"{said}. Of what is finer than that, more is missed than found."


def _pattern(evaluation: Evaluation, method: str) -> str:
    """What a target that is an interpolation makes of the scores; empty for other targets."""
    if evaluation.evidence != "interpolation" or "nearest" not in evaluation.methods:
        return ""
    scores = evaluation.scores
    said = f"Even the nearest cell's value reaches an R² of {scores['nearest']['r2']:.4f} here"
    if "bilinear" in scores and method not in INTERPOLATIONS:
        ratio = scores[method]["mae"] / scores["bilinear"]["mae"]
        word = "beats" if ratio > 1 else "does not beat"
        errors = f"MAE {scores['bilinear']['mae']:.2f} against {scores[method]['mae']:.2f} mm"
        said += f", and bilinear interpolation {word} {method} ({errors})"
    return said + ": a target made by interpolation rewards interpolation, so an R² near 1 is no sign of skill."


def _bars(evaluation: Evaluation, method: str) -> str:
    found = diagnosis(evaluation, method)
    if found is None:
        return f"“{method}” states no standard deviation, so it says nothing of how far off it may be."
    ratio, coverage = found.figures["standardised_error"], found.figures["coverage_at_90"]
    said = f"Its 90 % intervals hold {100 * coverage:.0f} % of what it was judged by"
    if ratio > 1 + _FAR:
        return f"{said}: errors are {ratio:.1f} times as large as it says. Do not rely on its error bars."
    if ratio < 1 - _FAR:
        return f"{said}: its error bars are wider than they need be (errors are {ratio:.1f} times as large as it says)."
    if abs(ratio - 1) <= _NEAR:
        return f"{said}, and errors are as large as it says (root mean square of error over σ: {ratio:.2f})."
    return f"{said}; errors are {100 * abs(ratio - 1):.0f} % {'larger' if ratio > 1 else 'smaller'} than it says."
