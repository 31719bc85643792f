"""The first thing a reader sees: what was judged by what, how much better than interpolation, and where not to trust it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from gwkeras.evaluate.findings.calendar_months import NAMES, score_by_calendar_month
from gwkeras.evaluate.findings.diagnosis import diagnosis
from gwkeras.evaluate.findings.places import by_box, by_distance_to_sea
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, Skill, skill_of
from gwkeras.evaluate.measures.metric import Column
from gwkeras.evaluate.measures.metrics import column_of
from gwkeras.evaluate.stored.evaluation import ALL, HELD_OUT, Evaluation
from gwkeras.report.document import Section, Text
from gwkeras.report.plain_percent import change

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
_NOTABLE = 1.25  # times the error over all
_SMALL_SHARE = 0.05
_CHANCE = 0.05
_NEGLIGIBLE = 0.01


def plain_words(evaluation: Evaluation, method: str, wells: xr.Dataset | None = None) -> Section:
    """Sentences that need no table.

    Args:
        evaluation: as stored.
        method: that the report is about.
        wells: what wells say, as `gwkeras wells` writes it; None where none have been looked at.
    """
    lines = [
        f"{len(evaluation.methods)} methods were judged by {evaluation.basis}: {evaluation.held_out}, weighted by area of land.",
        *(f"{line}" for line in (_gain(evaluation, method), _pattern(evaluation, method), _bars(evaluation, method)) if line),
        f"{_EVIDENCE[evaluation.evidence]}{' ' + evaluation.caution if evaluation.caution else ''}",
        "No well has been looked at: gwkeras wells compares the record with any table of them."
        if wells is None
        else _wells(wells),
    ]
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
        found.append((change(skill.ratio), f"than {skill.best}, the best interpolation"))
    for column in evaluation.columns:
        value = scores.value(column)
        if column.metric.of_interval and value is not None and column.interval is not None:
            found.append((f"{100 * value:.0f} %", f"of the truth lies in the {100 * column.interval:g} % interval"))
    found.append((str(len(evaluation.months)), "months were judged"))
    return tuple(found)


def where_not_to_trust(evaluation: Evaluation, method: str) -> tuple[str, ...]:
    """One sentence for each class of cells, months, places and scales in which the method does badly."""
    row, overall = evaluation.methods.index(method), evaluation.scores[method]["rmse"]
    found = []
    share = judged_share(evaluation, method)
    if share < 1.0 - _NEGLIGIBLE:
        found.append(f"On {100 * (1 - share):.0f} % of the region's land nothing could be judged; no figure here tells of it.")
    for group in evaluation.groups:
        value = evaluation.scores_of(group)[method]["rmse"]
        skill = skill_of(evaluation, method, group)
        name = group.replace("_", " ")
        if group == ALL or not np.isfinite(value):
            continue
        if skill is not None and skill.ratio > 1 and method not in INTERPOLATIONS:
            found.append(f"In cells of the class “{name}” it is worse than {skill.best} ({change(skill.ratio)}).")
        elif value > _NOTABLE * overall:
            where = "blocks that no training had as a target" if group == HELD_OUT else f"cells of the class “{name}”"
            found.append(f"In {where} its RMSE is {value:.1f} mm, against {overall:.1f} mm over all.")
    by_month = score_by_calendar_month(evaluation, _column("rmse"))[row]
    if np.isfinite(by_month).any() and np.nanmax(by_month) > _NOTABLE * overall:
        worst = int(np.nanargmax(by_month))
        found.append(f"In {NAMES[worst]} its RMSE is {by_month[worst]:.1f} mm, the largest of all calendar months.")
    places = [p for p in (*by_distance_to_sea(evaluation), *by_box(evaluation)) if np.isfinite(p.rmse[row])]
    total = float(evaluation.data["land_area_map"].sum())
    large = [p for p in places if p.rmse[row] > _NOTABLE * overall and p.area_km2 > _SMALL_SHARE * total]
    for place in sorted(large, key=lambda p: -p.rmse[row])[:3]:
        found.append(
            f"At {place.name} its RMSE is {place.rmse[row]:.1f} mm." if "km" in place.name else _box(place.name, place.rmse[row])
        )
    length = noise_below(evaluation, method)
    if length is not None:
        found.append(f"What it shows at wavelengths below {length:.0f} km is wrong by more than there is to be seen there.")
    return tuple(found)


def judged_share(evaluation: Evaluation, method: str) -> float:
    """Share of the region's land that was judged in any month."""
    land = evaluation.data["land_area_map"].values
    judged = evaluation.data["months_map"].values[evaluation.methods.index(method)] > 0
    return float(land[judged].sum() / land.sum())


def noise_below(evaluation: Evaluation, method: str) -> float | None:
    """The wavelength, km, below which the error has more variance than the truth; None where it never has."""
    data, row = evaluation.data, evaluation.methods.index(method)
    truth = data["spectrum_truth"].values.sum(axis=0)
    error = data["spectrum_error"].values[row].sum(axis=0)
    known = np.isfinite(truth) & np.isfinite(error) & (truth > 1e-9 * np.nansum(truth))
    worse = known & (error > truth)
    if not worse.any() or (worse | ~known).all():
        return None
    first_good = int(np.flatnonzero(known & ~worse)[0])
    return float(data["wavelength_bounds"].values[first_good, 0]) if worse[:first_good].any() else None


def _gain(evaluation: Evaluation, method: str) -> str:
    skill = skill_of(evaluation, method)
    rmse = evaluation.scores[method]["rmse"]
    if skill is None or method in INTERPOLATIONS:
        return f"The RMSE of “{method}” is {rmse:.2f} mm." + (
            "" if skill is not None else " No interpolation was judged beside it."
        )
    between = ""
    if np.isfinite(skill.low):
        between = f" With other months it would likely lie between {change(skill.low)} and {change(skill.high)}."
    return (
        f"The method “{method}” has an RMSE of {rmse:.2f} mm. Against the best interpolation, {skill.best}, that is "
        f"{change(skill.ratio)}; it is nearer in {100 * skill.months_better:.0f} % of the months.{between} {_chance(skill)}"
    )


def _chance(skill: Skill) -> str:
    if not np.isfinite(skill.p_value):
        return "There are too few months to say whether that could be chance."
    if skill.p_value < _CHANCE:
        return f"By a paired test that is not chance (p = {max(skill.p_value, 1e-4):.2g})."
    return f"By a paired test that could be chance (p = {skill.p_value:.2g})."


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
    if ratio > 1.2:
        return f"{said}: errors are {ratio:.1f} times as large as it says. Do not rely on its error bars."
    if ratio < 0.8:
        return f"{said}: its error bars are wider than they need be (errors are {ratio:.1f} times as large as it says)."
    return f"{said}, and errors are as large as it says (root mean square of error over σ {ratio:.2f})."


def _box(name: str, rmse: float) -> str:
    return f"Between {name.replace(' to ', ' and ')}, its RMSE is {rmse:.1f} mm."


def _column(key: str) -> Column:
    found = column_of(key)
    assert found is not None
    return found
