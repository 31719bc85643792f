"""summary.json: the figures of a run for other programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.process.memory import peak_of_children, peak_of_this_process
from gwkeras.evaluate.measures.scores import Scores
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.sections.patches import patch_figures


def summary(
    evaluation: Evaluation,
    *,
    conservation_max_mm: float,
    seconds: dict[str, float],
    test_months: tuple[str, ...],
    training: dict[str, Any],
    facts: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Scores by method (mm), the largest conservation error (mm), time by stage (s) and the largest memory (MiB).

    Args:
        evaluation: of the run.
        conservation_max_mm: largest difference of a block mean of the record from the product.
        seconds: by stage.
        test_months: those that the split holds out.
        training: facts about the training.
        facts: name -> value, for reports that are made later.
    """
    result = {
        "methods": _figures(evaluation.scores),
        "unit": "mm",
        "judged_by": evaluation.basis,
        "held_out": evaluation.held_out,
        "test_months": list(test_months),
        "conservation_max_mm": conservation_max_mm,
        "seconds": {stage: round(s, 2) for stage, s in seconds.items()},
        "peak_memory_mib": round(peak_memory_mib(), 1),
        "training": training,
    }
    if facts:
        result["facts"] = dict(facts)
    if evaluation.held_out_blocks:
        result["methods_in_held_out_blocks"] = _figures(evaluation.held_out_blocks)
    if evaluation.has_patches:
        result["methods_by_patch"] = {
            method: {
                key: None if s is None else {"mean": round(s.mean, 5), "sd": _rounded(s.deviation)} for key, s in found.items()
            }
            for method, found in patch_figures(evaluation).items()
        }
    if evaluation.caution:
        result["caution"] = evaluation.caution
    return result


def write_summary(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON, whole or not at all."""
    write_atomically(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def peak_memory_mib() -> float:
    """Largest resident memory of this process and of the largest process it started, MiB."""
    return max(peak_of_this_process(), peak_of_children()) / 2**20


def _figures(scores: dict[str, Scores]) -> dict[str, dict[str, float | None]]:
    return {name: {key: _rounded(value) for key, value in s.as_dict().items()} for name, s in scores.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 5)
