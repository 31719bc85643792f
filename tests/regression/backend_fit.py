"""Trains small networks on this process's backend and keeps their answers: `python -m tests.regression.backend_fit FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def main(folder: Path) -> None:
    from gwkeras.models.weighted_regression import Design
    from gwkeras.regression.descent import Schedule
    from gwkeras.regression.ssvaer import SSVAER
    from gwkeras.regression.training import train

    rng = np.random.default_rng(0)
    x, where = np.column_stack([rng.normal(size=(40, 6, 2)).reshape(-1, 2), np.ones(240)]), rng.uniform(size=(240, 3))
    y = (1 + where[:, 0] * where[:, 2]) * x[:, 0] - x[:, 1] + 0.3
    design = Design(
        where[:9],
        ((0, 1), (2,)),
        np.full(2, 0.5),
        np.full(2, 0.3),
        np.array([1.0, -1.0, 0.3]),
        np.ones(3),
        members=2,
        hidden=(8,),
        dropout=0.0,
    )
    schedule = Schedule(epochs=3, batch_size=32, rate=3e-3, decay=1e-3, patience=3)
    whole = train(design, (x, where), y, schedule, np.random.default_rng(1))
    months = [values.reshape(40, 6, -1) for values in (x, where)]
    metric = train(design, months, y.reshape(40, 6), schedule, np.random.default_rng(1), whiteners=[2 * np.eye(4), np.eye(2)])
    half = np.where(np.arange(240) < 120, y, np.nan)
    guess = SSVAER(members=1, hidden=8, epochs=60, random_state=0).fit(np.column_stack([x[:, :2], where]), half)
    found = {"table": whole(x, where), "months": metric(x, where), "ssvaer": [guess.score(np.column_stack([x[:, :2], where]), y)]}
    np.savez(folder / "found.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
