"""Storage records in the public formats: values, months, units, uncertainty."""

import numpy as np
import pytest

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput, GridMismatch, UnknownUnits
from gwkeras.fields.readers import read_fine, read_storage
from tests.fixtures import centres, write_g3p, write_g3p_yearly, write_grace_csr, write_grace_jpl, write_plain

LAT, LON = centres(8.25, 0.5, 6), centres(-3.75, 0.5, 8)
MONTHS = ["2002-04", "2002-05", "2002-08", "2002-12", "2003-01", "2003-02"]
RNG = np.random.default_rng(3)
GWSA = RNG.normal(0, 60, (6, 6, 8)).astype("f4")
GWSA[:, 0, :2] = np.nan
SIGMA = (40 + RNG.random((6, 6, 8))).astype("f4")


def source(*paths, **more):
    return SourceConfig(path=tuple(str(p) for p in paths), **more)


def months(field):
    return field["time"].values.astype("M8[M]").astype(str).tolist()


@pytest.mark.parametrize("name", ["gwsa", "GWSA"])
@pytest.mark.parametrize("descending", [False, True])
def test_g3p_in_one_file(tmp_path, name, descending):
    record = read_storage(
        source(write_g3p(tmp_path / "any.nc", MONTHS, LAT, LON, GWSA, SIGMA, name=name, lat_descending=descending))
    )
    assert months(record.gwsa) == MONTHS
    assert str(record.gwsa["time"].values[0])[:10] == "2002-04-01"
    assert record.gwsa.dims == ("time", "lat", "lon")
    assert record.gwsa.dtype == np.float32
    assert record.gwsa.chunks is not None
    np.testing.assert_array_equal(record.gwsa["lat"], LAT)
    np.testing.assert_array_equal(record.gwsa["lon"], LON)
    np.testing.assert_array_equal(record.gwsa.values, GWSA)
    np.testing.assert_array_equal(record.uncertainty.values, SIGMA)
    assert record.notes == ("point spread: any.nc states no filter; methods estimate one from the product",)


def test_g3p_by_year_equals_one_file(tmp_path):
    folder = write_g3p_yearly(tmp_path / "yearly", MONTHS, LAT, LON, GWSA, SIGMA)
    assert len(list(folder.iterdir())) == 2
    for path in (folder, folder / "GWSA_*.nc"):
        record = read_storage(source(path))
        assert months(record.gwsa) == MONTHS
        np.testing.assert_array_equal(record.gwsa.values, GWSA)
        np.testing.assert_array_equal(record.uncertainty.values, SIGMA)


def test_groundwater_goes_before_other_compartments_of_a_folder(tmp_path):
    write_g3p(tmp_path / "a_tws.nc", MONTHS, LAT, LON, GWSA + 500, name="tws")
    write_g3p(tmp_path / "b_gwsa.nc", MONTHS, LAT, LON, GWSA)
    np.testing.assert_array_equal(read_storage(source(tmp_path)).gwsa.values, GWSA)


SOLUTIONS = [
    ("2011-10-01", "2011-10-31"),
    ("2011-10-16", "2011-11-15"),
    ("2015-04-12", "2015-05-12"),
    ("2015-04-20", "2015-05-25"),
]


def test_grace_jpl(tmp_path):
    """cm, longitudes from 0 to 360, solutions by the middle of their bounds; two of April are averaged."""
    lon = np.arange(0.25, 360, 0.5)
    lwe = RNG.normal(0, 10, (4, 6, lon.size))
    lwe[:, 2, 3] = np.nan
    lwe[2, 4, 4] = np.nan
    record = read_storage(source(write_grace_jpl(tmp_path / "x.nc", SOLUTIONS, LAT, lon, lwe, np.full(lwe.shape, 1.5))))
    # middles: 10-16, 10-31, 04-27, 05-07.5
    assert months(record.gwsa) == ["2011-10", "2015-04", "2015-05"]
    rolled = np.roll(lwe, 360, axis=2) * 10
    october = rolled[:2].mean(axis=0)
    np.testing.assert_allclose(record.gwsa.values[0], october, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(record.gwsa.values[1:], rolled[2:], rtol=1e-5, atol=1e-4)
    assert record.gwsa["lon"].values[0] == -179.75
    np.testing.assert_allclose(record.uncertainty.values, 15.0)
    assert any("4 solutions in 3 months" in note for note in record.notes)
    assert any("total water storage" in note for note in record.notes)


def test_grace_csr_with_misspelt_attributes_and_unannounced_fill(tmp_path):
    lwe = RNG.normal(0, 10, (3, 6, 8))
    lwe[0, 1, 1] = np.nan
    stamps = ["2002-04-18T12:00", "2002-05-10T00:00", "2002-08-16T12:00"]
    record = read_storage(source(write_grace_csr(tmp_path / "c.nc", stamps, LAT, LON, lwe)))
    assert months(record.gwsa) == ["2002-04", "2002-05", "2002-08"]
    np.testing.assert_allclose(record.gwsa.values, lwe * 10, rtol=1e-5)
    assert record.uncertainty is None


@pytest.mark.parametrize("sentinel", [-9999.0, -99999.0, 9.969209968386869e36, 1e20])
def test_sentinels_without_attribute(tmp_path, sentinel):
    values = GWSA.copy()
    values[0, 3, 3] = sentinel
    path = write_plain(
        tmp_path / "s.nc",
        ("time", "lat", "lon"),
        {"time": np.arange(6) * 31.0, "lat": LAT, "lon": LON},
        {"gwsa": values},
        {"time": {"units": "days since 2002-04-15"}, "gwsa": {"units": "mm w.e."}},
    )
    read = read_storage(source(path)).gwsa.values
    assert np.isnan(read[0, 3, 3])
    assert np.isnan(read).sum() == np.isnan(GWSA).sum() + 1


def without_units(path):
    return write_plain(
        path,
        ("time", "lat", "lon"),
        {"time": np.arange(6) * 31.0, "lat": LAT, "lon": LON},
        {"storage_of_gw": GWSA},
        {"time": {"units": "days since 2002-04-15"}},
    )


def test_no_units_is_refused_unless_the_configuration_states_them(tmp_path):
    path = without_units(tmp_path / "n.nc")
    mapping = {"gwsa": "storage_of_gw"}
    with pytest.raises(
        UnknownUnits, match=r"n\.nc, variable storage_of_gw: expected a units attribute convertible to mm, found none"
    ):
        read_storage(source(path, variables=mapping))
    read = read_storage(source(path, variables=mapping, units={"gwsa": "m"})).gwsa
    np.testing.assert_allclose(read.values, GWSA * 1000, rtol=1e-6)
    with pytest.raises(UnknownUnits, match="found 'K'"):
        read_fine(source(path, variables=mapping, units={"gwsa": "K"}))


def test_wrong_variable_lists_what_there_is(tmp_path):
    path = without_units(tmp_path / "n.nc")
    with pytest.raises(BadInput, match=r"found storage_of_gw\(time, lat, lon\); name the variable in the configuration"):
        read_storage(source(path))
    with pytest.raises(BadInput, match=r"a storage variable \(gws\).*found storage_of_gw"):
        read_storage(source(path, variables={"gwsa": "gws"}))


def test_files_of_two_grids_are_refused(tmp_path):
    write_g3p(tmp_path / "a.nc", MONTHS[:3], LAT, LON, GWSA[:3])
    write_g3p(tmp_path / "b.nc", MONTHS[3:], LAT + 0.25, LON, GWSA[3:])
    with pytest.raises(GridMismatch, match="grid of the other files"):
        read_storage(source(tmp_path))


def test_a_month_in_two_files_is_averaged_and_said(tmp_path):
    write_g3p(tmp_path / "a.nc", MONTHS[:3], LAT, LON, GWSA[:3])
    write_g3p(tmp_path / "b.nc", MONTHS[2:], LAT, LON, GWSA[2:] + 10)
    record = read_storage(source(tmp_path))
    np.testing.assert_allclose(record.gwsa.values[2], GWSA[2] + 5, rtol=1e-5)
    assert any("1 months are in several files" in note for note in record.notes)


def test_land_model_storage_becomes_an_anomaly(tmp_path):
    path = write_plain(
        tmp_path / "c.nc",
        ("time", "lat", "lon"),
        {"time": np.arange(6) * 31.0, "lat": LAT, "lon": LON},
        {"GWS_tavg": GWSA + 900},
        {"time": {"units": "days since 2002-04-15"}, "GWS_tavg": {"units": "mm"}},
    )
    record = read_storage(source(path))
    np.testing.assert_allclose(record.gwsa.values, GWSA - GWSA.mean(axis=0), atol=1e-3)
    assert "absolute storage" in record.notes[0]
