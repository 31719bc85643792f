"""One cell of the table: a method fitted on the files of a case and judged by its truth, in a process of its own.

python -m benchmarks.skill.cell ORDER.json RESULT.json
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Timed:
    """A method whose predictions are timed."""

    inner: Any
    seconds: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.inner.name

    def predict(self, domain: Any, month: Any, part: Any = None) -> Any:
        started = time.perf_counter()
        found = self.inner.predict(domain, month, part)
        self.seconds.append(time.perf_counter() - started)
        return found


def judged(order: dict[str, Any]) -> dict[str, Any]:
    """Scores of the method and of the interpolations beside it, seconds and memory.

    Args:
        order: configuration (a tree), run (a folder) and method (its name in the table).
    """
    from gwkeras.core.config.yaml_file import from_dict
    from gwkeras.evaluate.compare import compare
    from gwkeras.methods.baselines import BASELINES
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.training.run_folder import RunFolder

    experiment = Experiment(from_dict(order["configuration"], "the table's configuration"), RunFolder(Path(order["run"])))
    started = time.perf_counter()
    if experiment.names_network:
        experiment.build()
        experiment.train_once()
    trained = time.perf_counter()
    judge = experiment.judge()
    opened = time.perf_counter()
    method = Timed(experiment.fit(experiment.config.methods[0], judge.domain))
    fitted = time.perf_counter()
    evaluation = compare(judge, [*BASELINES, method])
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    scores = {name: of.as_dict() for name, of in evaluation.scores.items()}
    return {
        "scores": {order["method"] if name == method.name else name: values for name, values in scores.items()},
        "basis": evaluation.basis,
        "held_out": evaluation.held_out,
        "seconds": {
            "train": trained - started,
            "open": opened - trained,
            "fit": fitted - opened,
            "month": sum(method.seconds) / max(len(method.seconds), 1),
        },
        "cpu_seconds": time.process_time(),
        "peak_gib": max(peaks) * (1 if sys.platform == "darwin" else 1024) / 2**30,
    }


def main() -> None:
    from gwkeras.core.files.whole_file import write_atomically

    order = json.loads(Path(sys.argv[1]).read_text())
    write_atomically(Path(sys.argv[2]), json.dumps(judged(order), indent=1).encode())


if __name__ == "__main__":
    main()
