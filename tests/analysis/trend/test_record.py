"""Trends of a whole record: what is significant, where the hotspots are, how much water they lose."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gwkeras.analysis.trend.hotspots import fast_rate, hotspots
from gwkeras.analysis.trend.record import TrendOptions, record_trend
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.report.pictures.trend_map import draw_trend
from gwkeras.report.sections.trend import hotspot_table, mean_sentence

MONTHS = np.arange("2002-04", "2012-04", dtype="datetime64[M]").astype("datetime64[ns]")


def record(shape=(6, 8)):
    """Noise everywhere, −24 mm a year in a corner of four cells, one cell with too few months, one without data."""
    rng = np.random.default_rng(1)
    years = np.arange(MONTHS.size) / 12
    values = rng.normal(size=(MONTHS.size, *shape)) * 5
    values += 20 * np.sin(2 * np.pi * years)[:, None, None]
    values[:, :2, :2] -= 24 * years[:, None, None]
    values[30:, 5, 7] = np.nan
    values[:, 5, 0] = np.nan
    lat, lon = 10.25 + 0.5 * np.arange(shape[0]), 70.25 + 0.5 * np.arange(shape[1])
    return xr.DataArray(values.astype(np.float32), coords={"time": MONTHS, "lat": lat, "lon": lon}, dims=("time", "lat", "lon"))


def test_a_corner_that_falls_is_the_hotspot(tmp_path):
    field = record()
    found = record_trend(field, TrendOptions(hotspot_rate=5.0))
    data = found.data
    assert data["trend"].values[:2, :2] == pytest.approx(-24.0, abs=1.5)
    assert (data["trend_lower"] <= data["trend"]).sum() == (data["trend"] <= data["trend_upper"]).sum() == 46
    assert data["significant"].values[:2, :2].all()
    assert np.nansum(data["significant"].values) <= 6  # 4 and hardly any by chance
    assert np.isnan(data["trend"].values[[5, 5], [7, 0]]).all()
    assert len(found.hotspots) == 1
    spot = found.hotspots[0]
    area = Grid(10.0, 70.0, 0.5, 0.5, 6, 8).area[:2, :2].sum()
    assert (spot.cells, spot.area) == (4, pytest.approx(area))
    assert spot.volume == pytest.approx(spot.rate * area * 1e-6)
    assert (spot.lat, spot.lon) == pytest.approx((10.5, 70.5), abs=0.01)
    assert any("1 cells have fewer than 80 %" in note for note in found.notes)
    draw_trend(data, tmp_path / "trend.png")
    assert (tmp_path / "trend.png").read_bytes()[:4] == b"\x89PNG"
    assert hotspot_table(found.hotspots).rows[0][0] == "1: 10.5°N 70.5°E"
    assert "mm a year" in mean_sentence(data)


def test_hotspots_close_around_the_globe_and_are_ranked_by_water():
    grid = Grid(0.0, -180.0, 10.0, 10.0, 3, 36)
    slope = np.zeros(grid.shape)
    slope[1, [35, 0]] = -5.0  # one region across the dateline
    slope[0:2, 10:12] = 8.0
    slope[2, 20] = -50.0  # alone
    found, numbers = hotspots(slope, slope != 0, grid, grid.area, 4.0)
    assert [(spot.cells, round(spot.rate, 3)) for spot in found] == [(4, 8.0), (2, -5.0)]
    assert numbers[1, 0] == numbers[1, 35] == 2
    assert found[1].lon == pytest.approx(-180.0, abs=1e-6) or found[1].lon == pytest.approx(180.0, abs=1e-6)


def test_the_fast_rate_is_a_share_of_land():
    slope, weights = np.array([[1.0, -2.0, 3.0, -4.0]]), np.array([[1.0, 1.0, 1.0, 1.0]])
    assert fast_rate(slope, slope != 0, weights, 0.25) == 4.0
    assert fast_rate(slope, slope != 0, weights, 0.5) == 3.0
    assert fast_rate(slope, np.zeros_like(slope, bool), weights, 0.5) == np.inf


def test_a_short_record_is_refused():
    with pytest.raises(BadInput, match="at least 10 months"):
        record_trend(record().isel(time=slice(0, 8)))
