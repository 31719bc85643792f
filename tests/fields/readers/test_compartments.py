"""Columns of water in soil, snow and canopy, as models deliver them."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput, UnknownUnits
from gwkeras.fields.readers.compartments import read_compartment

MONTHS = np.array(["2004-01", "2004-02"], "datetime64[M]").astype("datetime64[ns]")


def write(path, **variables):
    coordinates = {
        "time": MONTHS,
        "latitude": ("latitude", [1.0, 2.0], {"units": "degrees_north"}),
        "longitude": ("longitude", [5.0, 6.0, 7.0], {"units": "degrees_east"}),
    }
    dims = ("time", "latitude", "longitude")
    fields = {
        name: (dims, np.full((2, 2, 3), value), {"units": unit} if unit else {}) for name, (value, unit) in variables.items()
    }
    xr.Dataset(fields, coordinates).to_netcdf(path)
    return SourceConfig(path=(str(path),))


def test_layers_of_era5_count_by_their_thickness(tmp_path):
    source = write(
        tmp_path / "era5.nc",
        swvl1=(0.1, "m**3 m**-3"),
        swvl2=(0.2, "m**3 m**-3"),
        swvl3=(0.3, "m**3 m**-3"),
        swvl4=(0.4, "m**3 m**-3"),
        sd=(0.05, "m of water equivalent"),
        src=(0.0002, "m of water equivalent"),
    )
    soil = read_compartment(source, "soil")
    np.testing.assert_allclose(soil.values, 7.0 + 42.0 + 216.0 + 756.0, rtol=1e-5)  # 7, 21, 72 and 189 cm
    assert soil.made_of == ("swvl1", "swvl2", "swvl3", "swvl4")
    np.testing.assert_allclose(read_compartment(source, "snow").values, 50.0, rtol=1e-5)
    np.testing.assert_allclose(read_compartment(source, "canopy").values, 0.2, rtol=1e-5)
    with pytest.raises(BadInput, match="compartment 'glacier'"):
        read_compartment(source, "glacier")


def test_a_column_by_name_with_its_error(tmp_path):
    source = write(tmp_path / "own.nc", smroot=(3.0, "cm"), smroot_std=(5.0, "mm"))
    named = SourceConfig(path=source.path, variables={"soil": "smroot"})
    found = read_compartment(named, "soil")
    np.testing.assert_allclose(found.values, 30.0, rtol=1e-6)
    np.testing.assert_allclose(found.sigma, 5.0, rtol=1e-6)


def test_a_column_without_a_unit_is_refused(tmp_path):
    with pytest.raises(UnknownUnits):
        read_compartment(write(tmp_path / "own.nc", swe=(3.0, "")), "snow").values.compute()


def test_layers_of_gldas_are_added(tmp_path):
    layers = {"0_10cm": 20.0, "10_40cm": 60.0, "40_100cm": 120.0, "100_200cm": 210.0}
    source = write(tmp_path / "noah.nc", **{f"SoilMoi{name}_inst": (value, "kg m-2") for name, value in layers.items()})
    np.testing.assert_allclose(read_compartment(source, "soil").values, 410.0, rtol=1e-6)


@pytest.mark.real
def test_a_real_gldas_file_with_two_of_four_layers_is_refused(real_data):
    source = SourceConfig(path=(str(real_data / "formats/GLDAS_NOAH025_3H.A20160101.0300.021.nc4"),))
    with pytest.raises(BadInput, match="all 4 layers of soil water, found no soilmoi40_100cm, soilmoi100_200cm"):
        read_compartment(source, "soil")
    named = SourceConfig(path=source.path, variables={"soil": "SoilMoi0_10cm_inst"})
    found = read_compartment(named, "soil").values.isel(time=0).values
    with netCDF4.Dataset(source.path[0]) as file:
        expected = file["SoilMoi0_10cm_inst"][0]
    known = np.isfinite(found)
    np.testing.assert_array_equal(known, ~np.ma.getmaskarray(expected))
    np.testing.assert_allclose(found[known], expected.filled(np.nan)[known], rtol=1e-6)
