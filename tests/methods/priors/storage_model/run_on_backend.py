"""`python -m tests.methods.priors.storage_model.run_on_backend FILE.npz`: storage and its gradient on the running backend."""

from __future__ import annotations

import sys

import numpy as np
from keras import ops

from gwkeras.methods.priors.storage_model.parameters import PARAMETERS, Weights, bounded
from gwkeras.methods.priors.storage_model.run import run_keras
from gwkeras.methods.priors.storage_model.weather import Weather
from tests.gradients import gradient

CELLS = 6


def weather() -> Weather:
    """Three years from a wet and warm to a dry and cold cell."""
    rng = np.random.default_rng(3)
    months = np.arange("2001-03", "2004-03", dtype="datetime64[M]")
    season = np.cos(2 * np.pi * np.arange(36) / 12)[:, None]
    rain = rng.gamma(2.0, 30.0, (36, CELLS)) * np.linspace(1.5, 0.3, CELLS)
    return Weather.of(months, rain, 282 - 12 * season + np.linspace(10, -14, CELLS), np.linspace(5.0, 60.0, CELLS), 0.0)


def raw() -> np.ndarray:
    """(parameter, cell) around the textbook's."""
    start = Weights.textbook(0, 0).raw(np.zeros((0, CELLS), np.float32), np.zeros((0, CELLS), np.float32))
    return (start + np.random.default_rng(4).normal(0, 0.7, start.shape)).astype(np.float32)


IRRIGATED = np.linspace(0.1, 0.6, CELLS).astype(np.float32)
WEIGHTS = np.random.default_rng(5).normal(0, 0.01, (36, CELLS)).astype(np.float32)


def total(given):
    """A sum of storages, each with a weight of its own, so that every month counts in the gradient."""
    return ops.sum(run_keras(weather(), bounded(ops, given, ops.convert_to_tensor(IRRIGATED))) * ops.convert_to_tensor(WEIGHTS))


if __name__ == "__main__":
    storage = run_keras(weather(), bounded(ops, ops.convert_to_tensor(raw()), ops.convert_to_tensor(IRRIGATED)))
    slope = gradient(total, raw())
    assert slope.shape == (len(PARAMETERS), CELLS)
    np.savez(sys.argv[1], storage=ops.convert_to_numpy(storage), gradient=slope)
