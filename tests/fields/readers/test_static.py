"""Static files: every map under its name, land as a fraction."""

import numpy as np
import pytest

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.fields.readers import read_static
from tests.fixtures import centres, write_plain

LAT, LON = centres(10.0, -0.25, 4), centres(20.0, 0.25, 3)
HEIGHT = np.arange(12, dtype="f4").reshape(4, 3)


def source(path, **more):
    return SourceConfig(path=(str(path),), **more)


def maps(path, variables, attributes=None, dims=("time", "lat", "lon"), steps=1):
    axes = {"time": np.arange(steps), "lat": LAT, "lon": LON}
    return write_plain(path, dims, {d: axes[d] for d in dims}, variables, attributes)


def test_every_map_of_a_file_and_no_other_variable(tmp_path):
    variables = {"dem": HEIGHT[None], "slope": HEIGHT * 2, "soil_class": HEIGHT.astype("i2"), "row": LAT * 0, "crs": np.int32(0)}
    static = read_static(
        source(maps(tmp_path / "s.nc", {k: v for k, v in variables.items() if k != "row"}, {"dem": {"units": "m"}}))
    )
    assert set(static) == {"dem", "slope", "soil_class"}
    np.testing.assert_array_equal(static["dem"].values, HEIGHT[::-1])
    np.testing.assert_array_equal(static["soil_class"].values, HEIGHT[::-1])
    assert static["dem"].dims == ("lat", "lon")
    assert static["dem"].attrs["units"] == "m"


@pytest.mark.parametrize(
    ("name", "attributes", "stored", "expected"),
    [
        ("lsm", {}, [0, 0.25, 1], [0, 0.25, 1]),
        ("GLDAS_mask", {"units": "0 = water; 1 = land"}, [0, 1, 1], [0, 1, 1]),
        ("sftlf", {"units": "%"}, [0, 0.5, 1], [0, 0.005, 0.01]),
        ("sftlf", {}, [0, 25, 100], [0, 0.25, 1]),
        ("m", {"standard_name": "land_binary_mask"}, [0, 1, 1], [0, 1, 1]),
    ],
)
def test_land_by_name_or_standard_name(tmp_path, name, attributes, stored, expected):
    values = np.tile(np.array(stored, "f4"), (4, 1))
    land = read_static(source(maps(tmp_path / "s.nc", {name: values}, {name: attributes})))["land"]
    np.testing.assert_allclose(land.values[0], expected, rtol=1e-6)


def test_sentinels_and_records(tmp_path):
    height = HEIGHT.copy()
    height[0, 0] = -9999
    static = read_static(source(maps(tmp_path / "s.nc", {"dem": height, "ndvi": np.zeros((2, 4, 3))}, steps=2)))
    assert set(static) == {"dem"}
    assert np.isnan(static["dem"].values[-1, 0])


def test_names_given_by_gdal_or_the_configuration(tmp_path):
    path = maps(tmp_path / "merit_dem.nc", {"Band1": HEIGHT}, dims=("lat", "lon"))
    assert set(read_static(source(path))) == {"merit_dem"}
    assert set(read_static(source(path, variables={"elevation": "Band1"}))) == {"elevation"}


def test_no_map(tmp_path):
    with pytest.raises(BadInput, match=r"maps with latitude and longitude, without time, found ndvi\(time, lat, lon\)"):
        read_static(source(maps(tmp_path / "s.nc", {"ndvi": np.zeros((2, 4, 3))}, steps=2)))
