"""Covariates by name, and their values against pandas."""

import numpy as np
import pandas as pd
import pytest

from gwkeras.core.errors import ConfigError
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number, month_number
from gwkeras.domain.array_cache import cached_array
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.covariates import Covariate, automatic, unit_of
from gwkeras.domain.drivers import Drivers

CHANNELS = ("precipitation", "temperature")


def test_names():
    parse = lambda name: Covariate.parse(name, ("elevation", "soil_2"), CHANNELS)  # noqa: E731
    assert parse("elevation") == Covariate("elevation", "elevation", "static")
    assert parse("soil_2").kind == "static"
    assert parse("precipitation") == Covariate("precipitation", "precipitation", "mean", 1)
    assert parse("precipitation_mean_6") == Covariate("precipitation_mean_6", "precipitation", "mean", 6)
    assert parse("precipitation_memory_12") == Covariate("precipitation_memory_12", "precipitation", "memory", 12)
    assert parse("temperature_anomaly_24") == Covariate("temperature_anomaly_24", "temperature", "anomaly", 24)


@pytest.mark.parametrize(
    "name", ["slope", "precipitation_mean_0", "precipitation_mean", "precipitation_sum_3", "elevation_mean_3", "runoff", ""]
)
def test_unknown_names_are_refused(name):
    with pytest.raises(ConfigError, match=r"sample\.covariates: .*elevation.*precipitation, temperature.*found '" + name + "'"):
        Covariate.parse(name, ("elevation",), CHANNELS)


def test_automatic_covariates_are_those_whose_channels_are_there():
    assert automatic(("elevation",), ()) == ("elevation",)
    names = automatic(("elevation",), ("temperature", "surface_pressure"))
    assert names == ("elevation", "temperature_anomaly_1", "temperature_anomaly_6", "temperature_anomaly_12")


def test_units():
    assert unit_of(Covariate("elevation", "elevation", "static"), {"elevation": "m"}) == "m"
    assert unit_of(Covariate("ndvi", "ndvi", "static"), {}) == "1"
    assert unit_of(Covariate("temperature_mean_3", "temperature", "mean", 3), {}) == "K"
    assert unit_of(Covariate("net_water_input", "net_water_input", "mean", 1), {}) == "mm month-1"


@pytest.mark.parametrize("n_months", [7, 30])
def test_memories_against_pandas(tmp_path, n_months):
    """Rolling means of a record that is preceded by its own calendar means (by its own mean where it lacks the month)."""
    rng = np.random.default_rng(0)
    values = rng.gamma(2.0, 40.0, (n_months, 2, 3)).astype(np.float32)
    grid = Grid(10.0, 20.0, 0.5, 0.5, 2, 3)
    record = cached_array(tmp_path, "rain", values.shape, lambda part: values[part])
    stamps = from_month_number(5 + np.arange(n_months))
    drivers = Drivers(grid, Calendar(stamps), {"precipitation": record}, {}, np.ones(grid.shape, np.float32), tmp_path, "key")
    names = ["precipitation", *(f"precipitation_{kind}_{n}" for kind in ("mean", "anomaly") for n in (1, 3, 12, 48))]
    wanted = tuple(Covariate.parse(name, (), ("precipitation",)) for name in names)
    drivers.prepare(wanted)

    frame = pd.DataFrame(values.reshape(n_months, -1).astype(float), index=pd.DatetimeIndex(stamps))
    before = pd.date_range(end=frame.index[0] - pd.offsets.MonthBegin(), periods=60, freq="MS")
    usual = frame.groupby(frame.index.month).mean().reindex(range(1, 13)).fillna(frame.mean())
    long = pd.concat([usual.loc[before.month].set_index(before), frame])
    for month in (0, 1, 6, n_months - 1):
        found = drivers.covariates(wanted, stamps[month])
        for covariate, values_found in zip(wanted, found, strict=True):
            expected = long.rolling(covariate.months).mean().loc[stamps[month]]
            if covariate.kind == "anomaly":
                expected = expected - frame.mean()
            np.testing.assert_allclose(values_found.ravel(), expected, rtol=1e-5, atol=1e-4, err_msg=f"{covariate.name} {month}")


@pytest.mark.parametrize("n_months", [7, 30])
def test_exponential_memories_against_pandas(tmp_path, n_months):
    """A store that has been filled by the calendar's means for a thousand years before the record."""
    values = np.random.default_rng(1).gamma(2.0, 40.0, (n_months, 2, 3)).astype(np.float32)
    grid = Grid(10.0, 20.0, 0.5, 0.5, 2, 3)
    record = cached_array(tmp_path, "rain", values.shape, lambda part: values[part])
    stamps = from_month_number(5 + np.arange(n_months))
    drivers = Drivers(grid, Calendar(stamps), {"precipitation": record}, {}, np.ones(grid.shape, np.float32), tmp_path, "key")
    wanted = tuple(Covariate.parse(f"precipitation_memory_{n}", (), ("precipitation",)) for n in (1, 6, 48))
    drivers.prepare(wanted)

    frame = pd.DataFrame(values.reshape(n_months, -1).astype(float), index=month_number(stamps))
    usual = frame.groupby(frame.index % 12).mean().reindex(range(12)).fillna(frame.mean())
    before = np.arange(5 - 12000, 5)
    long = pd.concat([usual.loc[before % 12].set_index(before), frame])
    for month in (0, 6, n_months - 1):
        for covariate, found in zip(wanted, drivers.covariates(wanted, stamps[month]), strict=True):
            kept = long.ewm(alpha=1 - np.exp(-1 / covariate.months), adjust=False).mean().loc[5 + month]
            np.testing.assert_allclose(
                found.ravel(), kept - frame.mean(), rtol=1e-4, atol=1e-3, err_msg=f"{covariate.name} {month}"
            )
