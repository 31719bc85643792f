"""What one training of a variant gave, as it is kept in its run folder."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.evaluate.stored.evaluation import Evaluation

FILE = "scores.json"

Metrics = dict[str, float]
"""Metric -> value; without those that are unknown."""


@dataclass(frozen=True)
class Result:
    """Scores of a trained variant and of the interpolations.

    Args:
        samples: hash of the build that it was trained on.
        answer: digest of everything that its scores depend on.
        judged_by: which field, at which resolution.
        months: how many were judged.
        cells: how many, in all months together.
        network: metrics of the variant; `held_out_…` in the blocks of cells that training never had as a target.
        interpolations: method -> metrics.
        held_out: what was judged, in a phrase; empty in results of an earlier version.
    """

    samples: str
    answer: str
    judged_by: str
    months: int
    cells: int
    network: Metrics
    interpolations: dict[str, Metrics] = field(default_factory=dict)
    held_out: str = ""

    def write(self, run: Path) -> None:
        """scores.json, whole or not at all."""
        write_atomically(run / FILE, (json.dumps(asdict(self), indent=1, allow_nan=False) + "\n").encode())

    @classmethod
    def read(cls, run: Path) -> Result | None:
        """None where the run has none yet.

        Raises: BadInput: where the file is damaged.
        """
        path = run / FILE
        if not path.exists():
            return None
        try:
            result = cls(**json.loads(path.read_bytes()))
            tables = [result.network, *result.interpolations.values()]
            if not all(isinstance(v, int | float) and math.isfinite(v) for table in tables for v in table.values()):
                raise ValueError("scores that are no numbers")
            return result
        except (ValueError, TypeError, AttributeError) as error:
            raise BadInput(
                path,
                expected="scores of a variant",
                found=f"something else ({error})",
                remedy="delete the file; the same command then scores the variant again",
            ) from error


def result_of(evaluation: Evaluation, method: str, *, samples: str, answer: str, also: Metrics) -> Result:
    """The scores of an evaluation; `also` joins those of the network."""
    table = {name: _finite(scores.as_dict()) for name, scores in evaluation.scores.items()}
    for name, scores in evaluation.held_out_blocks.items():
        table[name] |= {f"held_out_{metric}": value for metric, value in _finite(scores.as_dict()).items()}
    cells = evaluation.scores[method].cells
    network = {**table.pop(method), **_finite(also)}
    return Result(samples, answer, evaluation.basis, len(evaluation.months), cells, network, table, evaluation.held_out)


def physics_of(history: Path, epoch: int) -> Metrics:
    """{"physics": sign + magnitude + regional term of the validation samples} of the weights of an epoch; {} where unknown.

    The terms are logged before their weights, also by a training that does not use them.

    Args:
        history: history.csv.
        epoch: whose weights are kept, from 0.
    """
    if not history.is_file():
        return {}
    with history.open(newline="", encoding="utf-8") as file:
        row: dict[str, str] = next((row for row in csv.DictReader(file) if row["epoch"] == str(epoch)), {})
    terms = [row.get(f"val_{name}") for name in ("sign", "magnitude", "regional")]
    return {} if any(term is None for term in terms) else {"physics": sum(float(term) for term in terms if term is not None)}


def _finite(values: Any) -> Metrics:
    return {name: float(value) for name, value in values.items() if value is not None and math.isfinite(value)}
