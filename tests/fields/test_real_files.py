"""Every real file, its numbers taken with netCDF4 alone beside what the readers give."""

import calendar
from datetime import datetime, timedelta

import netCDF4
import numpy as np
import pytest

from gwkeras.core.config.tree import DataConfig, RegionConfig, SourceConfig
from gwkeras.core.errors import UnknownUnits
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.recognise import recognise_dataset
from gwkeras.fields.readers import read_climate, read_static, read_storage
from gwkeras.fields.record import read_fields

pytestmark = pytest.mark.real


def raw(path, name):
    with netCDF4.Dataset(path) as file:
        return np.ma.filled(file[name][...].astype("f8"), np.nan)


def source(*paths, **more):
    return SourceConfig(path=tuple(str(p) for p in paths), **more)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("vietnam/data_stream-moda_stepType-avgua.nc", "era5"),
        ("vietnam/data_stream-moda_stepType-avgad.nc", "era5"),
        ("vietnam/grace_twsa_jpl_l2_0p5deg.nc", "grace"),
        ("india/grace_tws_reconstructed_0p5deg.nc", "grace"),
        ("bangladesh/gldas_clsm_gwsa_0p25deg.nc", "g3p"),
        ("bangladesh/csr_twsa_0p25deg.nc", "grace"),
        ("bangladesh/terraclimate_pr_aet_0p25deg.nc", "netcdf"),
        ("global/grace_twsa_jpl_l2_0p5deg.nc", "grace"),
        ("formats/era5_land_monthly_new_cds.nc", "era5"),
        ("formats/GLDAS_NOAH025_3H.A20160101.0300.021.nc4", "gldas"),
    ],
)
def test_kind(real_data, file, kind):
    for member in members(real_data / file):
        with open_netcdf(member) as data:
            assert recognise_dataset(data).kind == kind


def test_vietnam_era5(real_data):
    accumulated = real_data / "vietnam/data_stream-moda_stepType-avgad.nc"
    means = real_data / "vietnam/data_stream-moda_stepType-avgua.nc"
    climate = read_climate(source(means, accumulated))
    assert set(climate) == {"precipitation", "temperature"}
    days = np.array([calendar.monthrange(y, m)[1] for y in range(2005, 2025) for m in range(1, 13)])
    np.testing.assert_allclose(
        climate["precipitation"].values, np.maximum(raw(accumulated, "tp")[:, ::-1] * 1000 * days[:, None, None], 0), rtol=1e-5
    )
    np.testing.assert_array_equal(climate["temperature"].values, raw(means, "t2m")[:, ::-1].astype("f4"))
    for field in climate.values():
        assert grid_of(field).describe() == "0.25° cells, 63 × 35, 7.875…23.625°N 101.875…110.625°E"
        np.testing.assert_array_equal(field["time"].values.astype("M8[M]"), np.arange("2005-01", "2025-01", dtype="M8[M]"))


@pytest.mark.parametrize(
    ("file", "name", "to_mm"),
    [("vietnam/grace_twsa_jpl_l2_0p5deg.nc", "lwe_thickness", 10.0), ("global/grace_twsa_jpl_l2_0p5deg.nc", "twsa", 1.0)],
)
def test_grace_two_solutions_of_a_month_are_averaged(real_data, file, name, to_mm):
    path = real_data / file
    record = read_storage(source(path))
    with netCDF4.Dataset(path) as data:
        stamps = [datetime(2002, 4, 17, 12) + timedelta(hours=int(h)) for h in data["time"][:]]
        keys = [f"{s.year}-{s.month:02d}" for s in stamps]
        assert len(keys) == 236
        assert record.gwsa["time"].values.astype("M8[M]").astype(str).tolist() == sorted(set(keys))
        assert record.gwsa.sizes["time"] == 234
        for number, month in list(enumerate(sorted(set(keys))))[::20] + [
            (i, m) for i, m in enumerate(sorted(set(keys))) if keys.count(m) > 1
        ]:
            own = np.mean(
                [np.ma.filled(data[name][i].astype("f8"), np.nan) for i, key in enumerate(keys) if key == month], axis=0
            )
            np.testing.assert_allclose(
                record.gwsa.values[number] if record.gwsa.size < 1e6 else record.gwsa[number].values,
                own * to_mm,
                rtol=1e-4,
                atol=0.01,
            )
    assert any("236 solutions in 234 months" in note for note in record.notes)


def test_global_grid_and_land(real_data):
    gwsa = read_storage(source(real_data / "global/grace_twsa_jpl_l2_0p5deg.nc")).gwsa
    assert grid_of(gwsa).is_periodic
    assert int(np.isfinite(gwsa[0].values).sum()) == 61790
    assert max(gwsa.chunks[0]) <= 24


def test_india(real_data):
    path = real_data / "india/grace_tws_reconstructed_0p5deg.nc"
    gwsa = read_storage(source(path)).gwsa
    np.testing.assert_allclose(gwsa.values, raw(path, "lwe_thickness") * 10, rtol=1e-5)
    np.testing.assert_array_equal(gwsa["time"].values.astype("M8[M]"), np.arange("2002-04", "2022-08", dtype="M8[M]"))


GLDAS = "bangladesh/gldas_clsm_gwsa_0p25deg.nc"
TERRACLIMATE = "bangladesh/terraclimate_pr_aet_0p25deg.nc"
MONTHLY = {"precipitation": "mm month-1", "evapotranspiration": "mm month-1"}


def test_bangladesh_needs_its_units_stated(real_data):
    with pytest.raises(UnknownUnits, match=r"gldas_clsm_gwsa_0p25deg\.nc, variable gwsa: .* found none"):
        read_storage(source(real_data / GLDAS))
    with pytest.raises(UnknownUnits, match=r"variable (pr|aet): .* found none"):
        read_climate(source(real_data / TERRACLIMATE))
    twsa = read_storage(source(real_data / "bangladesh/csr_twsa_0p25deg.nc", units={"gwsa": "mm"})).gwsa
    np.testing.assert_array_equal(twsa.values, raw(real_data / "bangladesh/csr_twsa_0p25deg.nc", "twsa").astype("f4"))


def test_bangladesh_record(real_data):
    """GLDAS seen at 1°, its own fine field the reference; blocks weighted by the sines of their edges, in numpy alone."""
    gldas = source(real_data / GLDAS, units={"gwsa": "m"})
    fields = read_fields(
        DataConfig(
            gwsa=gldas,
            climate=(source(real_data / TERRACLIMATE, units=MONTHLY),),
            static=(source(real_data / "bangladesh/merit_dem_0p25deg.nc"),),
            reference=gldas,
            coarsen_product=4,
            region=RegionConfig(south=20.7, north=26.7, west=86.74, east=92.74),
        )
    )
    assert fields.grid.describe() == "1° cells, 6 × 6, 20.7…26.7°N 86.74…92.74°E"
    assert grid_of(fields.reference).is_close(fields.grid.refine(4))
    fine = raw(real_data / GLDAS, "gwsa")[:, :24] * 1000
    assert np.nanstd(raw(real_data / GLDAS, "gwsa")) == pytest.approx(0.138, abs=5e-4)  # metres
    np.testing.assert_allclose(fields.reference.values, fine, rtol=1e-5)
    edges = np.deg2rad(20.7 + 0.25 * np.arange(25))
    area = np.broadcast_to(np.diff(np.sin(edges))[:, None], (24, 24))
    weight = np.where(np.isfinite(fine), area, 0.0).reshape(119, 6, 4, 6, 4).sum((2, 4))
    total = (np.nan_to_num(fine) * area).reshape(119, 6, 4, 6, 4).sum((2, 4))
    share = weight / area.reshape(6, 4, 6, 4).sum((1, 3))
    expected = np.where(share >= 0.5, total / np.maximum(weight, 1e-12), np.nan)
    np.testing.assert_allclose(fields.gwsa.values, expected, rtol=1e-4, atol=1e-3)
    assert np.isfinite(expected).any()
    pr = raw(real_data / TERRACLIMATE, "pr")
    inside = pr[:, :, :23]  # the region and one column of 0.25° more
    notes = " ".join(fields.notes)
    assert f"precipitation is negative in {int((inside < 0).sum())} of {int(np.isfinite(inside).sum())} values" in notes
    assert f"above 3000 mm month-1 in {int((inside > 3000).sum())} of" in notes
    assert "highest 4089 mm month-1 in 2011-08" in notes
    np.testing.assert_array_equal(fields.climate["precipitation"].values, np.maximum(inside, 0).astype("f4"))
    np.testing.assert_allclose(
        fields.static["dem"].values, raw(real_data / "bangladesh/merit_dem_0p25deg.nc", "dem")[0][:, :23], rtol=1e-6
    )


def test_era5_land_as_the_new_store_sends_it(real_data):
    path = real_data / "formats/era5_land_monthly_new_cds.nc"
    climate = read_climate(source(path))
    assert set(climate) == {"precipitation", "temperature"}
    np.testing.assert_allclose(climate["precipitation"].values, raw(path, "tp")[:, ::-1] * 1000 * 31, rtol=1e-6)
    assert str(climate["temperature"]["time"].values[0])[:10] == "2025-01-01"
    assert grid_of(climate["temperature"]).describe() == "0.1° cells, 5 × 6, -2.25…-1.75°N -49.25…-48.65°E"


def test_gldas_three_hourly(real_data):
    path = real_data / "formats/GLDAS_NOAH025_3H.A20160101.0300.021.nc4"
    soil = read_climate(source(path))["soil_moisture"]
    np.testing.assert_allclose(soil.values, raw(path, "SoilMoi0_10cm_inst") / 100, rtol=1e-5)
    assert float(soil.max()) == pytest.approx(0.47596, abs=1e-4)  # vmax of the file, by the layer's 100 mm
    assert grid_of(soil).describe() == "0.25° cells, 600 × 1440, -60…90°N -180…180°E"


def test_static_maps(real_data):
    land = read_static(source(real_data / "formats/GLDASp4_landmask_025d.nc4"))
    assert set(land) == {"land"}
    mask = raw(real_data / "formats/GLDASp4_landmask_025d.nc4", "GLDAS_mask")[0]
    np.testing.assert_array_equal(land["land"].values, mask)
    dem = read_static(source(real_data / "bangladesh/merit_dem_0p25deg.nc"))
    assert set(dem) == {"dem"}
    assert float(dem["dem"].values[-1, -1]) == pytest.approx(81.8937, abs=1e-4)
