"""Zones on a grid by hand, and files that are none."""

from __future__ import annotations

import json
import sys
import zipfile

import numpy as np
import pytest
import shapefile
import xarray as xr

from gwkeras.analysis.zones import crosses_itself, polygon_share, read_zones
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid

GRID = Grid(10.0, 70.0, 0.5, 0.5, 6, 8)


def square(south, north, west, east):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def written(folder, *zones, kind="Polygon"):
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind, "coordinates": rings}}
        for name, rings in zones
    ]
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return folder / "zones.geojson"


def test_shares_of_cells_by_hand(tmp_path):
    """A square over a cell and a half along each side, with a hole of one cell."""
    ring, hole = square(10.5, 12.0, 70.5, 71.75), square(11.0, 11.5, 71.0, 71.5)
    found = read_zones(written(tmp_path, ("basin", [ring, hole])), GRID)
    expected = np.zeros(GRID.shape)
    expected[1:4, 1:3] = 1.0
    expected[1:4, 3] = 0.4  # 2 or 3 of 5 points: the edge lies on the third
    expected[2, 2] = 0.0
    assert found.names == ("basin",)
    np.testing.assert_allclose(found.shares[0], expected, atol=0.21)
    np.testing.assert_allclose(found.shares[0][:, :3], expected[:, :3])


def test_longitudes_of_either_kind():
    outline = np.array(square(10.5, 12.0, 70.5, 72.0))
    there = polygon_share(outline, GRID)
    np.testing.assert_array_equal(polygon_share(outline + np.array([360.0, 0.0]), GRID), there)
    assert there.sum() == 9.0


def test_labels_of_a_map(tmp_path):
    labels = np.zeros(GRID.shape, np.int32)
    labels[:2], labels[4:, 3:] = 7, 12
    field = xr.DataArray(labels, dims=("lat", "lon"), coords={"lat": GRID.lat, "lon": GRID.lon}, name="basin")
    field.to_dataset().to_netcdf(tmp_path / "basins.nc")
    fine = GRID.refine(2)
    found = read_zones(tmp_path / "basins.nc", fine)
    assert found.names == ("zone 7", "zone 12")
    np.testing.assert_array_equal(found.shares[0], np.repeat(np.repeat(labels == 7, 2, 0), 2, 1))
    assert found.shares[1].sum() == 4 * 10


def test_rings_that_cross():
    bow = np.array([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0.0]])
    assert crosses_itself(bow)
    assert not crosses_itself(np.array(square(0, 1, 0, 1), float))


def test_what_is_wrong_with_zones_is_said(tmp_path):
    for zone, words in (
        (("far", [square(40, 42, 70, 72)]), "found 'far', which lies outside"),
        (("dot", [square(10.5, 10.9, 70.5, 70.9)]), "zones of at least one cell.*'dot', which covers 0.64 of one"),
        (("bow", [[[70, 10], [72, 12], [72, 10], [70, 12], [70, 10]]]), "found 'bow', which does"),
    ):
        with pytest.raises(BadInput, match=words):
            read_zones(written(tmp_path, zone), GRID)
    with pytest.raises(BadInput, match="expected polygons, found a Point"):
        read_zones(written(tmp_path, ("well", [70, 10]), kind="Point"), GRID)
    with pytest.raises(BadInput, match="at least one polygon, found none"):
        read_zones(written(tmp_path), GRID)
    (tmp_path / "zones.geojson").write_text("[")
    with pytest.raises(BadInput, match="GeoJSON with polygons, found something else"):
        read_zones(tmp_path / "zones.geojson", GRID)
    with pytest.raises(BadInput, match="found none; correct it"):
        read_zones(tmp_path / "nothing.geojson", GRID)


def test_a_shapefile_is_read_as_its_geojson(tmp_path):
    """With a hole, which shapefiles tell by the direction of the ring; beside its files and in a ZIP with them."""
    ring, hole = square(10.5, 12.0, 70.5, 71.75)[::-1], square(11.0, 11.5, 71.0, 71.5)
    with shapefile.Writer(str(tmp_path / "basins.shp"), shapeType=shapefile.POLYGON) as writer:
        writer.field("HYBAS_ID", "N", 10)
        writer.poly([ring, hole])
        writer.record(4061)
    with zipfile.ZipFile(tmp_path / "basins.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf"):
            archive.write(tmp_path / f"basins.{suffix}", f"basins.{suffix}")
    expected = read_zones(written(tmp_path, ("4061", [ring, hole])), GRID)
    for name in ("basins.shp", "basins.zip"):
        found = read_zones(tmp_path / name, GRID)
        assert found.names == ("4061",)
        np.testing.assert_array_equal(found.shares, expected.shares)


def test_what_is_wrong_with_a_shapefile_is_said(tmp_path):
    for name, content in (("damaged.shp", b"abc" * 50), ("damaged.zip", b"abc" * 50), ("short.shp", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            BadInput, match=r"a shapefile with its \.shx and \.dbf beside it, or a ZIP with these, found something"
        ):
            read_zones(tmp_path / name, GRID)
    with shapefile.Writer(str(tmp_path / "metres.shp"), shapeType=shapefile.POLYGON) as writer:
        writer.field("name", "C", 10)
        writer.poly([square(1_100_000, 1_200_000, 700_000, 800_000)[::-1]])
        writer.record("far")
    with pytest.raises(BadInput, match=r"coordinates in degrees \(WGS 84\), found 700000 … 800000 east"):
        read_zones(tmp_path / "metres.shp", GRID)


def test_a_shapefile_without_its_package(tmp_path, monkeypatch):
    (tmp_path / "basins.shp").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "shapefile", None)
    with pytest.raises(BadInput, match=r"the package pyshp, to read a shapefile, found none; install it with pip install"):
        read_zones(tmp_path / "basins.shp", GRID)
