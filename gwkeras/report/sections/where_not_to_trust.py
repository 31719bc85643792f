"""Where a method does badly, in sentences: classes of cells, months, places and scales."""

from __future__ import annotations

import numpy as np

from gwkeras.evaluate.findings.calendar_months import NAMES, score_by_calendar_month
from gwkeras.evaluate.findings.places import by_box, by_distance_to_sea
from gwkeras.evaluate.findings.skill import INTERPOLATIONS, skill_of
from gwkeras.evaluate.measures.metrics import known_column
from gwkeras.evaluate.stored.evaluation import ALL, HELD_OUT, Evaluation
from gwkeras.report.plain_percent import change

_NOTABLE = 1.25  # times the error over all
_SMALL_SHARE = 0.05
_NEGLIGIBLE = 0.01


def where_not_to_trust(evaluation: Evaluation, method: str) -> tuple[str, ...]:
    """One sentence for each class of cells, months, places and scales in which the method does badly."""
    row, overall = evaluation.methods.index(method), evaluation.scores[method]["rmse"]
    found = []
    share = judged_share(evaluation, method)
    if share < 1.0 - _NEGLIGIBLE:
        found.append(f"{100 * (1 - share):.0f} % of the region's land could not be scored; no figure on this page covers it.")
    for group in evaluation.groups:
        value = evaluation.scores_of(group)[method]["rmse"]
        skill = skill_of(evaluation, method, group)
        name = group.replace("_", " ")
        if group == ALL or not np.isfinite(value):
            continue
        if skill is not None and skill.ratio > 1 and method not in INTERPOLATIONS:
            found.append(f"In cells of the class “{name}” it is worse than {skill.best} ({change(skill.ratio)}).")
        elif value > _NOTABLE * overall:
            where = "blocks held out of all training" if group == HELD_OUT else f"cells of the class “{name}”"
            found.append(f"In {where} its RMSE is {value:.1f} mm, against {overall:.1f} mm overall.")
    by_month = score_by_calendar_month(evaluation, known_column("rmse"))[row]
    if np.isfinite(by_month).any() and np.nanmax(by_month) > _NOTABLE * overall:
        worst = int(np.nanargmax(by_month))
        found.append(f"In {NAMES[worst]} its RMSE is {by_month[worst]:.1f} mm, the largest of all calendar months.")
    places = [p for p in (*by_distance_to_sea(evaluation), *by_box(evaluation)) if np.isfinite(p.rmse[row])]
    total = float(evaluation.data["land_area_map"].sum())
    large = [p for p in places if p.rmse[row] > _NOTABLE * overall and p.area_km2 > _SMALL_SHARE * total]
    for place in sorted(large, key=lambda p: -p.rmse[row])[:3]:
        where = f"At {place.name}" if "km" in place.name else f"Between {place.name.replace(' to ', ' and ')},"
        found.append(f"{where} its RMSE is {place.rmse[row]:.1f} mm, against {overall:.1f} mm overall.")
    length = noise_below(evaluation, method)
    if length is not None:
        found.append(f"At wavelengths below {length:.0f} km its error has more variance than the truth.")
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


def half_found_above(evaluation: Evaluation, method: str) -> float | None:
    """The wavelength, km, above which the error has less than half the variance of the truth; infinite where it nowhere has.

    None where no power by wavelength is known.

    Args:
        evaluation: as stored.
        method: its name.
    """
    data, row = evaluation.data, evaluation.methods.index(method)
    truth = data["spectrum_truth"].values.sum(axis=0)
    error = data["spectrum_error"].values[row].sum(axis=0)
    known = np.isfinite(truth) & np.isfinite(error) & (truth > 1e-6 * np.nansum(truth))
    if not known.any():
        return None
    shortest = np.inf
    for k in np.flatnonzero(known)[::-1]:  # from the longest on
        if error[k] >= 0.5 * truth[k]:
            break
        shortest = float(data["wavelength_bounds"].values[k, 0])
    return shortest
