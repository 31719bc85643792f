"""Order, wrapping and months of canonical fields, against hand-made arrays."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.config.tree import RegionConfig
from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.fields.canonical import canonical, clip_region, grid_of


def value_at(lat, lon):
    """A value that tells its place; longitude counted in [-180, 180)."""
    lon = (np.asarray(lon) + 180) % 360 - 180  # 180 counts as -180
    return np.asarray(lat)[..., :, None] * 1000 + lon


def globe(lat, lon, lat_name="lat", lon_name="lon"):
    return xr.DataArray(value_at(lat, lon), dims=(lat_name, lon_name), coords={lat_name: lat, lon_name: lon})


def check_places(field):
    np.testing.assert_allclose(field.values, value_at(field["lat"].values, field["lon"].values), rtol=1e-6)


def test_era5_globe_of_points_is_turned_and_rolled():
    """0…359.9 from 90 to -90 in float32, as ERA5-Land has them (here 1°)."""
    field = canonical(
        globe(np.arange(90, -91, -1, dtype="f4"), np.arange(0, 360, 1, dtype="f4"), lat_name="latitude", lon_name="longitude")
    )
    assert field.dims == ("lat", "lon")
    np.testing.assert_array_equal(field["lat"], np.arange(-90, 91))
    np.testing.assert_array_equal(field["lon"], np.arange(-180, 180))
    check_places(field)
    assert grid_of(field).is_periodic
    assert field.dtype == np.float32


def test_grace_longitudes_are_rolled():
    field = canonical(globe(np.arange(-89.75, 90, 0.5), np.arange(0.25, 360, 0.5)))
    assert field["lon"].values[0] == -179.75
    assert field["lon"].values[-1] == 179.75
    check_places(field)


@pytest.mark.parametrize("lon", [np.arange(0, 361, 2.0), np.arange(-180, 181, 2.0)])
def test_cyclic_column_is_dropped(lon):
    field = canonical(globe(np.arange(-10.0, 11, 2), lon))
    np.testing.assert_array_equal(field["lon"], np.arange(-180, 180, 2))
    check_places(field)


def test_region_over_greenwich_in_0_360():
    field = canonical(globe(np.arange(40.0, 50), np.r_[np.arange(350.0, 360), np.arange(0.0, 10)]))
    np.testing.assert_array_equal(field["lon"], np.arange(-10, 10))
    check_places(field)


def test_region_across_the_dateline_is_refused():
    with pytest.raises(GridMismatch, match="does not cross the dateline"):
        canonical(globe(np.arange(0.0, 10), np.arange(170.0, 190)))


def test_any_order_of_dimensions_and_extra_ones():
    lat, lon = np.array([1.0, 2.0, 3.0]), np.array([10.0, 11.0])
    values = value_at(lat, lon).T[:, None, :, None, None] * np.ones((1, 1, 1, 2, 1))
    data = xr.DataArray(
        values,
        dims=("x", "height", "y", "time", "number"),
        coords={"x": lon, "y": lat, "height": [2.0], "time": np.array(["2002-04-16", "2002-05-16"], "M8[ns]")},
    )
    field = canonical(data)
    assert field.dims == ("time", "lat", "lon")
    assert set(field.coords) == {"time", "lat", "lon"}
    check_places(field[0])
    np.testing.assert_array_equal(field["time"].values.astype("M8[D]").astype(str), ["2002-04-01", "2002-05-01"])


def test_nameless_dimensions_with_named_coordinates():
    data = xr.DataArray(np.zeros((2, 3)), dims=("nlat", "nlon"), coords={"lat": ("nlat", [5.0, 6]), "lon": ("nlon", [1.0, 2, 3])})
    assert canonical(data).sizes == {"lat": 2, "lon": 3}


def test_longer_extra_dimension_is_refused():
    data = xr.DataArray(np.zeros((2, 2, 2)), dims=("level", "lat", "lon"), coords={"lat": [1.0, 2], "lon": [1.0, 2]})
    with pytest.raises(BadInput, match="also level: 2"):
        canonical(data)
    with pytest.raises(BadInput, match="latitude and longitude"):
        canonical(xr.DataArray(np.zeros((2, 2)), dims=("station", "level")))


def test_two_solutions_of_a_month_are_averaged_where_they_exist():
    stamps = np.array(["2015-05-12", "2015-04-27", "2015-04-02", "2015-07-16"], "M8[ns]")
    values = np.array([[[5.0, 5]], [[4.0, np.nan]], [[2.0, 6]], [[7.0, np.nan]]])
    for data in (values, xr.DataArray(values, dims=("time", "lat", "lon")).chunk(time=1).data):
        field = canonical(
            xr.DataArray(data, dims=("time", "lat", "lon"), coords={"time": stamps, "lat": [1.0], "lon": [3.0, 4.0]})
        )
        np.testing.assert_array_equal(field["time"].values.astype("M8[M]").astype(str), ["2015-04", "2015-05", "2015-07"])
        np.testing.assert_array_equal(field.values[:, 0], [[3, 6], [5, 5], [7, np.nan]])


def test_float32_coordinates_are_snapped():
    lat = np.arange(100, dtype="f4") * np.float32(0.1) + np.float32(20.05)
    field = canonical(globe(lat, lat + np.float32(50)))
    np.testing.assert_array_equal(field["lat"].values, np.round(20.05 + 0.1 * np.arange(100), 9))


@given(st.integers(0, 359), st.integers(2, 40), st.booleans(), st.booleans())
def test_every_value_keeps_its_place(start, width, descending, wrapped):
    lon = start + np.arange(width, dtype=float)
    if not wrapped:
        lon = (lon + 180) % 360 - 180
        if np.any(np.diff(lon) < 0):
            return
    elif lon[0] < 180 < lon[-1] or lon[0] < 540 <= lon[-1]:
        with pytest.raises(GridMismatch):
            canonical(globe(np.arange(3.0), lon))
        return
    lat = np.arange(-5.0, 5) if not descending else np.arange(-5.0, 5)[::-1]
    field = canonical(globe(lat, lon))
    assert np.all(np.diff(field["lat"]) > 0)
    assert np.all(np.diff(field["lon"]) > 0)
    assert field["lon"].min() >= -180
    assert field["lon"].max() <= 180
    check_places(field)


def test_clip_takes_cells_whose_centres_lie_inside():
    field = canonical(globe(np.arange(-9.75, 10, 0.5), np.arange(0.25, 20, 0.5)))
    clipped = clip_region(field, RegionConfig(south=0, north=2, west=5, east=6))
    np.testing.assert_array_equal(clipped["lat"], [0.25, 0.75, 1.25, 1.75])
    np.testing.assert_array_equal(clipped["lon"], [5.25, 5.75])
    wider = clip_region(field, RegionConfig(south=0, north=2, west=0, east=1), margin_cells=1)
    np.testing.assert_array_equal(wider["lat"], np.arange(-0.25, 2.5, 0.5))
    np.testing.assert_array_equal(wider["lon"], [0.25, 0.75, 1.25])


def test_clip_refuses_what_is_not_there():
    field = canonical(globe(np.arange(-9.75, 10, 0.5), np.arange(0.25, 20, 0.5)))
    with pytest.raises(GridMismatch, match=r"cells from -9\.75 to 9\.75°N"):
        clip_region(field, RegionConfig(south=40, north=50, west=0, east=10))
    with pytest.raises(GridMismatch, match="dateline"):
        clip_region(field, RegionConfig(south=0, north=5, west=170, east=-170))
    with pytest.raises(BadInput, match="only missing values"):
        clip_region(field * np.nan, RegionConfig(south=0, north=5, west=0, east=5))


def test_uneven_grid_has_no_grid():
    with pytest.raises(GridMismatch, match="evenly spaced"):
        grid_of(canonical(globe(np.array([0.0, 1, 3]), np.arange(3.0))))
