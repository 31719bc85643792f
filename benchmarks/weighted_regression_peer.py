"""One fit of the package `gnnwr`, in the Python that has it; it knows nothing of gwkeras. See weighted_regression.py."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

COLUMNS = ("u", "v", "x1", "x2", "x3", "y")
HIDDEN, BATCH = (64, 32), 256
_VALIDATION = 0.1  # of the rows; the last of them


def measured(path: Path, fit: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> dict[str, float]:
    """Seconds of a fit with its prediction, peak memory of the process, and R² on the validation rows."""
    with np.load(path) as kept:
        rows = np.stack([kept[name] for name in COLUMNS], axis=1)
    held_out = round(_VALIDATION * len(rows))
    train, validation = rows[:-held_out], rows[-held_out:]
    start = time.perf_counter()
    found = fit(train, validation)
    seconds = time.perf_counter() - start
    values = validation[:, -1]
    r2 = 1 - float(((values - found) ** 2).sum() / ((values - values.mean()) ** 2).sum())
    return {"seconds": seconds, "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "r2": r2}


def peer(train: np.ndarray, validation: np.ndarray, epochs: int) -> np.ndarray:
    import pandas as pd
    from gnnwr import datasets, models

    named = [pd.DataFrame(part, columns=list(COLUMNS)) for part in (train, validation)]
    for number, part in enumerate(named):
        part["id"] = np.arange(len(part)) + number * 10**7
    parts = datasets.init_dataset_split(
        named[0],
        named[1],
        named[1].copy(),
        list(COLUMNS[2:5]),
        ["y"],
        spatial_column=["u", "v"],
        id_column=["id"],
        batch_size=BATCH,
    )
    model = models.GNNWR(*parts, dense_layers=list(HIDDEN), use_gpu=False)
    model.run(epochs)
    own = datasets.init_predict_dataset(named[1].copy(), parts[0], list(COLUMNS[2:5]), spatial_column=["u", "v"])
    return model.predict(own)["pred_result"].to_numpy()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    source, count = Path(sys.argv[1]).absolute(), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # it writes logs and models where it stands
        print(json.dumps(measured(source, lambda train, validation: peer(train, validation, count))))
