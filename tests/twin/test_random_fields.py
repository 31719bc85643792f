import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.twin.random_fields import FractalField, SmoothField, generator

GRID = Grid.covering(-8, 8, -10, 6, 0.25)


def test_streams_are_named_and_repeatable():
    assert generator(3, "a").random() == generator(3, "a").random()
    assert len({generator(3, "a").random(), generator(3, "b").random(), generator(4, "a").random()}) == 3


def test_exponential_covariance_of_slope_three():
    """S ∝ (1 + k²L²)^(−3/2) in two dimensions is the covariance exp(−d/L): Matérn ν = 1/2."""
    fields = np.stack(list(FractalField(GRID, 1.0, 3.0).draws(generator(0, "x"), 400)))
    variance = np.mean(fields**2)
    assert variance == pytest.approx(1.0, rel=0.05)
    for cells in (4, 8):
        correlation = np.mean(fields[:, cells:, :] * fields[:, :-cells, :]) / variance
        assert correlation == pytest.approx(np.exp(-cells * 0.25), abs=0.05)


def test_smooth_fields_have_unit_variance_everywhere_and_the_asked_memory():
    fields = np.stack(list(SmoothField(GRID, 3.0).draws(generator(0, "x"), 4000, 0.6)))
    assert np.std(fields, axis=0) == pytest.approx(1.0, abs=0.12)
    assert np.mean(fields[1:] * fields[:-1]) == pytest.approx(0.6, abs=0.03)
