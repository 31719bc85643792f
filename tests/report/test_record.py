"""The record on the report's map: where no truth exists the page shows what was written, with the product beside it."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.tree import Config, DataConfig, SampleConfig, SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid
from gwkeras.fields.writing.writer import FieldWriter
from gwkeras.report.html.map_data import map_data, unpack
from gwkeras.report.stored.record import record_fields
from gwkeras.report.stored.run import field_of, months_of

COARSE = Grid(10.0, 20.0, 1.0, 1.0, 4, 5)
FINE = COARSE.refine(2)
MONTHS = np.arange("2003-01", "2005-07", dtype="datetime64[M]")


def storage(month: int) -> np.ndarray:
    """A plane, in mm, that rises to the north and with time."""
    return np.broadcast_to(np.arange(8.0)[:, None], FINE.shape) + month


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "gwsa_fine.nc"
    with FieldWriter(path, FINE) as writer:
        for number, month in enumerate(MONTHS):
            mean, sigma = storage(number).copy(), np.full(FINE.shape, 20.0)
            mean[0, 0] = np.nan
            writer.append(month, mean, sigma, mean - 33.0, mean + 33.0, interval=0.9)
    return path


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "product.nc"
    values = np.stack([COARSE_PLANE + number for number in range(len(MONTHS))])
    product = xr.DataArray(
        values,
        {"time": MONTHS.astype("datetime64[ns]"), "lat": COARSE.lat, "lon": COARSE.lon},
        ("time", "lat", "lon"),
        name="gwsa",
    )
    product.attrs["units"] = "mm"
    product.to_netcdf(path)
    return replace(Config(), data=DataConfig(gwsa=SourceConfig((str(path),))), sample=SampleConfig(factor=2))


COARSE_PLANE = np.broadcast_to(0.5 + 2.0 * np.arange(4.0)[:, None], COARSE.shape)
"""Means of the plane's cells: its bicubic interpolation is the plane again, away from the edges."""


def test_the_record_stands_beside_the_product_and_its_interpolation(record, config):
    fields = record_fields(record, "stack + kriging", config)
    assert list(fields["method"].values) == ["stack + kriging", "bicubic"]
    assert field_of(fields, "mean", 7, "stack + kriging")[1:] == pytest.approx(storage(7)[1:])
    assert field_of(fields, "product", 7) == pytest.approx(COARSE_PLANE + 7)
    assert field_of(fields, "mean", 7, "bicubic")[3:5] == pytest.approx(storage(7)[3:5], abs=1e-5)
    assert float(fields["interval_factor"][0]) == pytest.approx(33 / 20)
    assert float(fields["interval_probability"][0]) == 0.9
    each = list(months_of(fields, "mean", "stack + kriging"))
    assert len(each) == len(MONTHS)
    assert each[-1][1:] == pytest.approx(storage(29)[1:])


def test_its_map_has_no_truth_and_a_step_that_suits_its_sigma(record, config):
    data = map_data(record_fields(record, "stack + kriging", config), "stack + kriging", "the product", "record", 10**7)
    assert data.head["truth"] is None
    assert data.head["detailOf"] == "bicubic"
    assert data.head["methods"][1]["sigma"] is None
    assert {layer["step"] for layer in data.head["layers"]} == {2.0}  # a tenth of σ
    assert data.head["monthsInAll"] == len(data.head["months"]) == 30
    land = np.ones(FINE.shape, bool)
    land[0, 0] = False
    shown = unpack(base64.b64decode(data.first[f"{data.head['methods'][0]['mean']}-0"]), land, 2.0)
    assert shown[1:] == pytest.approx(storage(0)[1:], abs=1.01)


def test_where_there_is_little_room_the_latest_months_stay_fine():
    grid = COARSE.refine(10)
    noise = 30 * np.random.default_rng(0).normal(size=(1, 30, *grid.shape))
    fields = xr.Dataset(
        {
            "mean": (("method", "time", "lat", "lon"), noise),
            "sigma": (("method", "time", "lat", "lon"), np.full(noise.shape, 20.0)),
            "land_fraction": (("lat", "lon"), np.ones(grid.shape)),
            "interval_factor": ("method", [np.nan]),
            "interval_probability": ("method", [np.nan]),
        },
        {"method": ["m"], "time": MONTHS.astype("datetime64[ns]"), "lat": grid.lat, "lon": grid.lon},
    )
    head = map_data(fields, "m", "the product", "record", 60_000).head
    assert 12 <= len(head["months"]) < 30
    assert head["months"][-1] == "2005-06"
    assert head["monthsInAll"] == 30
    assert head["layers"][head["methods"][0]["mean"]]["block"] == 1


def test_without_the_products_files_the_record_stands_alone(record, config, tmp_path):
    (tmp_path / "product.nc").unlink()
    fields = record_fields(record, "m", config)
    assert list(fields["method"].values) == ["m"]
    assert "product" not in fields
    head = map_data(fields, "m", "the product", "record", 10**7).head
    assert head["product"] is None
    assert head["truth"] is None


def test_a_product_of_other_cells_is_not_shown(record, config):
    other = replace(config, sample=SampleConfig(factor=4))
    assert "product" not in record_fields(record, "m", other)


def test_a_file_that_is_no_record(tmp_path, config):
    (tmp_path / "x.nc").write_bytes(b"no NetCDF")
    with pytest.raises(BadInput, match="a record that gwkeras downscale wrote"):
        record_fields(tmp_path / "x.nc", "m", config)
