"""Channels: anomalies from the record's mean, whatever the climate files hold."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.water_balance import WaterBalance


def climate(names, months=30, first="2001-03"):
    rng = np.random.default_rng(0)
    grid = Grid(20.0, 70.0, 0.25, 0.25, 4, 6)
    stamps = np.arange(np.datetime64(first, "M"), np.datetime64(first, "M") + months)
    season = np.cos(2 * np.pi * np.arange(months) / 12)[:, None, None]
    held = {
        "precipitation": 80 + 40 * season + 10 * rng.uniform(size=(months, *grid.shape)),
        "net_water_input": 20 + 50 * season + 10 * rng.normal(size=(months, *grid.shape)),
        "soil_moisture": 0.3 + 0.1 * season + 0.01 * rng.normal(size=(months, *grid.shape)),
        "temperature": 290 - 15 * season + rng.normal(size=(months, *grid.shape)),
    }
    channels = {name: held[name].astype(np.float32) for name in names}
    return FineClimate(grid, stamps, channels, {}, np.ones(grid.shape))


def test_calendar_means_of_the_anomalies_cancel_over_the_year_and_match_the_record():
    channels = Channels(climate(("precipitation", "net_water_input", "soil_moisture", "temperature")))
    record = np.stack([values.copy() for values in channels])
    assert channels.climatology.mean(axis=0) == pytest.approx(np.zeros(record.shape[1:]), abs=2e-3)
    april = record[1::12].mean(axis=0)  # the record begins in March
    assert april == pytest.approx(channels.climatology[3], abs=1e-3)


def test_products_are_formed_before_means_are_taken():
    source = climate(("net_water_input", "soil_moisture"))
    channels = Channels(source)
    assert channels.names == ("net_water_input", "soil_moisture", "net_water_gain", "moist_gain", "time")
    gain = np.maximum(source.channels["net_water_input"], 0) * source.channels["soil_moisture"]
    ours = np.stack([values[3].copy() for values in channels])
    assert ours - ours[0] == pytest.approx(gain - gain[0], abs=1e-4)


def test_what_cannot_be_had_is_absent():
    assert "snow" not in Channels(climate(("precipitation",))).names
    assert "deficit" in Channels(climate(("precipitation", "temperature"))).names
    assert Channels(climate(())).names == ()


def test_a_band_of_rows_has_the_same_channels_as_the_whole():
    source = climate(("precipitation", "temperature"))
    whole = np.stack([values.copy() for values in Channels(source)])
    band = np.stack([values.copy() for values in Channels(source.band(slice(1, 3)))])
    assert band == pytest.approx(whole[:, :, 1:3], abs=1e-3)


def test_a_water_balance_that_is_kept_is_the_one_that_is_computed(tmp_path, monkeypatch):
    source = climate(("precipitation", "temperature"))
    computed = np.stack(list(Channels(source).themselves()))
    kept = replace(source, cache=tmp_path, key="climate")
    assert np.array_equal(np.stack(list(Channels(kept).themselves())), computed)
    monkeypatch.setattr(WaterBalance, "advance", None)  # not asked again
    again = replace(kept, _files={})
    assert np.array_equal(np.stack(list(Channels(again).themselves())), computed)
    part = np.stack(list(Channels(again.part(slice(1, 3), slice(2, 6))).themselves()))
    assert np.array_equal(part, computed[:, :, 1:3, 2:6])


def test_a_record_of_half_a_year_is_no_reason_to_stop():
    channels = Channels(climate(("precipitation", "temperature"), months=6))
    assert np.isfinite(np.stack([values.copy() for values in channels])).all()
    assert np.isfinite(channels.climatology).all()
