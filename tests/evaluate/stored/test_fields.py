"""evaluation_fields.nc: what was predicted and judged, whole, bounded, and only beside its own evaluation."""

from __future__ import annotations

import resource

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.errors import BadInput, said_of
from gwkeras.evaluate.stored.fields import months_kept, open_fields
from tests.report.small import METHODS, Off, evaluation, truth


def test_fields_are_kept_as_they_were_judged(tmp_path):
    path = tmp_path / "evaluation_fields.nc"
    found = evaluation(fields=path)
    assert [p.name for p in tmp_path.iterdir()] == ["evaluation_fields.nc"]
    with open_fields(path, found.digest) as data:
        assert data["mean"].dims == ("method", "time", "lat", "lon")
        assert list(data["method"].values) == ["nearest", "model"]
        expected = truth(np.datetime64("2003-01"))
        assert data["truth"].values == pytest.approx(np.stack([expected] * 2), rel=1e-4)
        assert data["mean"].values[1] == pytest.approx(np.stack([expected + 1.0] * 2), rel=1e-4)
        assert np.isnan(data["sigma"].values[0]).all()  # no σ is stated
        assert data["sigma"].values[1] == pytest.approx(np.ones((2, 4, 6)), rel=1e-4)
        assert data["product"].values == pytest.approx(np.full((2, 2, 3), 7.0), rel=1e-4)
        assert data["interval_factor"].values[1] == pytest.approx(1.5)
        assert data["interval_probability"].values[1] == 0.9
        assert [str(t)[:7] for t in data["time"].values] == ["2003-01", "2003-02"]
    with netCDF4.Dataset(path) as file:
        assert file["mean"].units == "mm"
        assert file["lat"].units == "degrees_north"
        assert file["lon_product"][:].tolist() == [20.5, 21.5, 22.5]


def test_months_are_spread_evenly_where_there_is_no_room_for_all():
    months = tuple(np.arange(10))
    assert months_kept(months, land_cells=100, methods=2, most=10**9) == months
    assert months_kept(months, land_cells=100, methods=2, most=4 * 500) == (0, 3, 6, 9)
    assert months_kept(months, land_cells=10**9, methods=2, most=1) == (0,)


def test_fields_of_another_evaluation_are_not_shown(tmp_path):
    path = tmp_path / "evaluation_fields.nc"
    evaluation(fields=path)
    assert open_fields(path, "another digest") is None
    assert open_fields(tmp_path / "none.nc", "any") is None
    path.write_bytes(b"something else")
    with pytest.raises(BadInput, match="a file that cannot be read"):
        open_fields(path, "any")


class Failing(Off):
    def predict(self, domain, month, part=None):
        raise MemoryError


def test_a_comparison_that_fails_leaves_the_old_fields(tmp_path):
    path = tmp_path / "evaluation_fields.nc"
    path.write_bytes(b"of yesterday")
    with pytest.raises(MemoryError):
        evaluation((METHODS[0], Failing("failing", 0.0)), fields=path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"of yesterday"]


def test_xarray_reads_them_without_help(tmp_path):
    evaluation(fields=tmp_path / "f.nc")
    with xr.open_dataset(tmp_path / "f.nc") as data:
        assert float(data["mean"].sel({"lat": 10.25, "lon": 20.25, "method": "model"}).isel(time=0)) == pytest.approx(
            1.0, rel=1e-4
        )


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path):
    """No file of this process may grow: what a full disk does, with another word for it."""
    path = tmp_path / "evaluation_fields.nc"
    path.write_bytes(b"of yesterday")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises((BadInput, OSError)) as refused:
            evaluation(fields=path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert said_of(refused.value).exit_code == 2
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"of yesterday"]
