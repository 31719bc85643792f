"""The region that is worked on, on a product of 0.5° cells from 60°S to 60°N around the globe, unless another is made."""

from types import SimpleNamespace

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.box import Edges
from gwkeras.core.config.tree import DataConfig, RegionConfig, SourceConfig
from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.fields.readers import read_static
from gwkeras.fields.record import read_fields
from gwkeras.fields.region import cut_to, note_of, settled_region, working_region
from gwkeras.fields.sources import Sources
from tests.fixtures import write_era5_new, write_g3p
from tests.tiny import edited

PERU = (np.arange(2.0, -20.1, -0.25), np.arange(-85.0, -64.9, 0.25))  # ERA5's points as the store delivers a box


def field(lat, lon, name="field", months=1):
    lat = np.sort(lat)
    values = np.zeros((months, lat.size, lon.size), np.float32)
    times = (np.datetime64("2004-01", "M") + np.arange(months)).astype("M8[ns]")
    return xr.DataArray(values, dims=("time", "lat", "lon"), coords={"time": times, "lat": lat, "lon": lon}, name=name)


def product(south=-60.0, north=60.0, west=-180.0, east=180.0):
    return field(np.arange(south + 0.25, north, 0.5), np.arange(west + 0.25, east, 0.5), "gwsa")


def sources(gwsa, **climate):
    of = {name: (SourceConfig(), field(*grid, name).assign_attrs(source=f"{name}.nc")) for name, grid in climate.items()}
    return Sources(SimpleNamespace(gwsa=gwsa), of, {}, ())


def region(gwsa, asked=Edges(), smallest=2, **climate):
    return working_region(sources(gwsa, **climate), DataConfig(), asked, smallest)


def test_a_box_of_climate_makes_the_region():
    """Points every 0.25° stand for cells of 0.25°: 2.125°N … 20.125°S hold the 0.5° cells from 2°N to 20°S."""
    box, said = region(product(), precipitation=PERU)
    assert box == RegionConfig(south=-20.0, north=2.0, west=-85.0, east=-65.0)
    assert said == "Working on 2°N … 20°S, 85°W … 65°W: the part that all files cover."


def test_cells_are_whole():
    """Points every 0.1° from 10.0 to 19.8 and 30.2 to 44.9 cover 9.95 … 19.85 and 30.15 … 44.95."""
    box, _ = region(product(), precipitation=(np.arange(10.0, 19.81, 0.1), np.arange(30.2, 44.91, 0.1)))
    assert box == RegionConfig(south=10.0, north=19.5, west=30.5, east=44.5)


def test_the_box_is_what_all_have_in_common():
    wide, tall = (
        (np.arange(-5.0, 5.1, 0.5), np.arange(-90.0, 0.0, 0.5)),
        (np.arange(-40.0, 40.1, 0.5), np.arange(-85.0, -60.0, 0.5)),
    )
    box, _ = region(product(), precipitation=wide, temperature=tall)
    # Cells of 0.5° around -5 … 5 and -90 … -0.5: edges at -5.25 … 5.25, -90.25 … -0.25; and -85.25 … -60.25.
    assert box == RegionConfig(south=-5.0, north=5.0, west=-85.0, east=-60.5)


def test_climate_around_the_globe_leaves_the_product_whole():
    globe = (np.arange(-90.0, 90.1, 1.0), np.arange(-180.0, 180.0, 1.0))
    assert region(product(), precipitation=globe) == (None, "")


def test_climate_that_ends_a_strip_short_leaves_the_product_whole():
    gwsa = product(8.0, 23.5, 101.0, 111.0)
    strip_short = (np.arange(8.125, 23.2, 0.25), np.arange(101.125, 111.0, 0.25))  # less than a tenth of the area
    assert region(gwsa, precipitation=strip_short) == (None, "")


def test_the_edges_asked_for_are_widened_to_cells():
    box, said = region(product(), Edges(south=-10.1, north=-0.5, west=-80.3, east=-70.0), precipitation=PERU)
    assert box == RegionConfig(south=-10.5, north=-0.5, west=-80.5, east=-70.0)
    assert said == "Working on 0.5°S … 10.5°S, 80.5°W … 70°W."


def test_edges_that_are_not_asked_for_are_those_that_the_files_cover():
    box, said = region(product(), Edges(south=-10.0), precipitation=PERU)
    assert box == RegionConfig(south=-10.0, north=2.0, west=-85.0, east=-65.0)
    assert said.endswith(": the part that all files cover.")


def test_files_without_a_common_part_are_refused_with_both_extents():
    vietnam = product(8.0, 23.5, 101.5, 110.5)
    with pytest.raises(GridMismatch) as refused:
        region(vietnam, precipitation=PERU)
    assert str(refused.value) == (
        "precipitation.nc, precipitation: expected 2 × 2 cells or more of the product in common with the other files, which "
        "share 23.5°N … 8°N, 101.5°E … 110.5°E, found 2.125°N … 20.125°S, 85.125°W … 64.875°W; give files of one region."
    )


def test_too_small_a_region_is_refused_with_the_product_s_extent():
    with pytest.raises(GridMismatch) as refused:
        region(product(), Edges(-10.0, -9.0, -80.0, -75.0), smallest=8)
    assert str(refused.value) == (
        "region: expected 8 × 8 cells or more of the product, in 60°N … 60°S, 180°W … 180°E, found 2 × 10 cells for south -10, "
        "north -9, west -80, east -75; choose a larger region, or one inside."
    )


def test_a_region_of_the_configuration_stays_without_a_look_at_the_files():
    data = DataConfig(gwsa=SourceConfig(path=("nowhere.nc",)), region=RegionConfig(0.0, 10.0, 20.0, 30.0))
    assert settled_region(data) == (data, "")


def test_the_note_stands_where_the_region_is_the_common_part():
    given = sources(product(), precipitation=PERU)
    common, other = RegionConfig(-20.0, 2.0, -85.0, -65.0), RegionConfig(-20.0, 1.0, -85.0, -65.0)
    assert note_of(given, DataConfig(region=common)) == ["Working on 2°N … 20°S, 85°W … 65°W: the part that all files cover."]
    assert note_of(given, DataConfig(region=other)) == []


def test_a_field_is_cut_to_the_cells_that_a_box_touches():
    inside, notes = cut_to(field(*PERU), Edges(south=-10.1, north=5.0, west=-80.0))
    # Cells around -10.0 reach down to -10.125; those around 2.0 are the last; -80 lies in the cell around -80.
    assert (inside["lat"].values[[0, -1]].tolist(), inside["lon"].values[[0, -1]].tolist()) == ([-10.0, 2.0], [-80.0, -65.0])
    assert notes == ["it does not fill the region: northern edge 2.125, not 5"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A product of 20 × 20 cells with a value of its own in each; climate over a part of it, with geopotential in every month."""
    folder = tmp_path_factory.mktemp("region")
    lat, lon = np.arange(0.25, 10.0, 0.5), np.arange(20.25, 30.0, 0.5)
    months = [f"2004-{month:02d}" for month in range(1, 13)]
    gwsa = np.arange(12 * 400, dtype="f4").reshape(12, 20, 20)
    write_g3p(folder / "gwsa.nc", months, lat, lon, gwsa)
    part = (np.arange(8.9, 1.95, -0.1), np.arange(22.1, 27.0, 0.1))
    t2m = np.full((12, part[0].size, part[1].size), 290.0, "f4")
    write_era5_new(folder / "climate.nc", months, *part, {"t2m": t2m, "tp": t2m * 1e-5})
    with netCDF4.Dataset(folder / "climate.nc", "a") as file:
        z = file.createVariable("z", "f4", ("valid_time", "latitude", "longitude"))
        z.setncatts({"units": "m**2 s**-2", "long_name": "Geopotential"})
        z[:] = np.broadcast_to(np.arange(part[1].size, dtype="f4"), t2m.shape)
    return folder, gwsa


def test_read_fields_works_on_the_common_part_and_says_so(files):
    folder, gwsa = files
    named = {
        "gwsa": SourceConfig(path=(str(folder / "gwsa.nc"),)),
        "climate": (SourceConfig(path=(str(folder / "climate.nc"),)),),
    }
    fields = read_fields(DataConfig(**named))
    # Climate over 1.95 … 8.95 and 22.05 … 26.95: the product's cells 2 … 8.5 and 22.5 … 26.5, its rows 4 … 16 and columns 5 … 12.
    np.testing.assert_array_equal(fields.gwsa.values, gwsa[:, 4:17, 5:13])
    assert fields.notes[0] == "Working on 8.5°N … 2°N, 22.5°E … 26.5°E: the part that all files cover."
    told = [note for note in fields.notes if "'z' does not change with time" in note]
    assert told == ["climate.nc: 'z' does not change with time, and is used where the file is given with --static, too"]
    pinned = read_fields(DataConfig(**named, region=RegionConfig(2.0, 8.5, 22.5, 26.5)))
    assert (pinned.fingerprint, pinned.notes) == (fields.fingerprint, fields.notes)


def test_a_map_that_every_month_repeats_serves_as_a_map(files):
    folder, _ = files
    climate = SourceConfig(path=(str(folder / "climate.nc"),))
    data = DataConfig(gwsa=SourceConfig(path=(str(folder / "gwsa.nc"),)), climate=(climate,), static=(climate,))
    static = read_fields(data).static
    assert list(static) == ["z"]
    np.testing.assert_allclose(np.diff(static["z"].values, axis=1), 1.0)


def test_a_geopotential_that_changes_is_no_map(files, tmp_path):
    def raise_last(file):
        file["z"][-1] = file["z"][-1] + 1.0

    changed = edited(files[0] / "climate.nc", tmp_path / "changed.nc", raise_last)
    with pytest.raises(BadInput, match="expected maps with latitude and longitude, without time"):
        read_static(SourceConfig(path=(str(changed),)))


@pytest.mark.real
def test_global_grace_with_the_climate_of_peru(real_data):
    def source(name):
        return SourceConfig(path=(str(real_data / name),))

    climate = source("peru/era5_monthly_0p25deg_1998_2020.nc")
    data = DataConfig(gwsa=source("global/grace_twsa_jpl_l2_0p5deg.nc"), climate=(climate,), static=(climate,))
    settled, said = settled_region(data)
    assert settled.region == RegionConfig(-20.0, 2.0, -85.0, -65.0)
    assert said == "Working on 2°N … 20°S, 85°W … 65°W: the part that all files cover."
    fields = read_fields(settled)
    assert (fields.gwsa.shape[1:], list(fields.static)) == ((44, 40), ["z"])
