"""Scores patch by patch: the paper's Table 3 as it is defined, for every method."""

from __future__ import annotations

import numpy as np

from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.document import Section, Table, paragraph
from gwkeras.report.spread import Spread, spread_of, spread_text

_SCORES = ("mae", "rmse", "r2")


def patch_figures(evaluation: Evaluation) -> dict[str, dict[str, Spread | None]]:
    """Method -> score -> mean and standard deviation over the test patches where it is known."""
    columns = {column.key: column for column in evaluation.columns}
    values = {key: evaluation.patch_score(columns[key]) for key in _SCORES}
    values["physics"] = evaluation.physics(by_patch=True)["physics"]
    return {
        method: {key: spread_of(found[row][np.isfinite(found[row])].tolist()) for key, found in values.items()}
        for row, method in enumerate(evaluation.methods)
    }


def patches(evaluation: Evaluation) -> Section:
    """MAE, RMSE, R² and physics loss per patch; nothing where no patches were judged."""
    if not evaluation.has_patches:
        return Section("Test patches", ())
    columns = {column.key: column for column in evaluation.columns}
    headings = ("method", *(columns[key].heading for key in _SCORES), "physics loss")
    decimals = {**{key: columns[key].metric.decimals for key in _SCORES}, "physics": 3}
    rows = (
        (method, *(spread_text(s, decimals[key]) for key, s in found.items()))
        for method, found in patch_figures(evaluation).items()
    )
    said = paragraph(
        f"Scores of each of the {evaluation.data.sizes['patch']} test patches, cells weighted by area: mean ± standard deviation "
        "over patches. Methods predict the whole domain; the patches only select what is scored."
    )
    return Section("Test patches", (said, Table("", headings, tuple(rows))))
