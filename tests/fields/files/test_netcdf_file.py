"""Opening: what is no NetCDF is named, what is badly packed is mended."""

import gzip

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.fields.files.netcdf_file import open_netcdf
from tests.fixtures import centres, write_g3p, write_plain

LAT, LON = centres(10.25, 0.5, 20), centres(20.25, 0.5, 30)


def small(path, form="NETCDF4", months=36):
    values = np.random.default_rng(1).normal(size=(months, 20, 30)).astype("f4")
    stamps = np.arange(months) * 30.5
    return write_plain(
        path,
        ("time", "lat", "lon"),
        {"time": stamps, "lat": LAT, "lon": LON},
        {"x": values},
        {"time": {"units": "days since 2002-04-15"}, "x": {"units": "mm"}},
        form=form,
    )


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_64BIT_OFFSET", "NETCDF3_CLASSIC", "NETCDF4_CLASSIC"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated(tmp_path, form, share):
    path = small(tmp_path / "cut.nc", form)
    assert open_netcdf(path)["x"].shape == (36, 20, 30)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(BadInput, match=r"cut\.nc: expected a NetCDF file, found a truncated or damaged one"):
        open_netcdf(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"GRIB\x00\x00", "GRIB; request it as NetCDF"),
        (b"\n<!DOCTYPE html><html>Log in", "a web page; log in at the provider"),
        (gzip.compress(b"CDF", mtime=0), "a gzip file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"month,lat,lon,gwsa\n", "a file that cannot be read"),
    ],
    ids=["empty", "GRIB", "web page", "gzip", "pointer", "text"],
)
def test_what_is_no_netcdf(tmp_path, content, found):
    (tmp_path / "x.nc").write_bytes(content)
    with pytest.raises(BadInput, match=found):
        open_netcdf(tmp_path / "x.nc")


def test_packed_without_fill_value_uses_the_default_of_the_format(tmp_path):
    packed = np.full((2, 20, 30), 100, "i2")
    packed[0, 0, 0] = -32767
    path = write_plain(
        tmp_path / "p.nc",
        ("time", "lat", "lon"),
        {"time": [0.0, 31.0], "lat": LAT, "lon": LON},
        {"x": packed},
        {"x": {"scale_factor": 0.5, "add_offset": 7.0, "Units": " mm "}},
    )
    data = open_netcdf(path)["x"]
    assert np.isnan(data.values[0, 0, 0])
    assert data.values[1, 3, 4] == 57.0
    assert data.attrs["units"] == "mm"


def test_record_is_chunked_by_months(tmp_path):
    months = [f"{y}-{m:02d}" for y in range(2003, 2009) for m in range(1, 13)]
    lat, lon = centres(-44.75, 0.5, 180), centres(-89.75, 0.5, 360)
    write_g3p(tmp_path / "g.nc", months, lat, lon, np.zeros((72, 180, 360), "f4"))
    chunks = open_netcdf(tmp_path / "g.nc")["gwsa"].chunks
    assert chunks[1:] == ((180,), (360,))
    assert max(chunks[0]) <= 32  # 8 MiB of 259 kB maps
    assert len(chunks[0]) > 1
