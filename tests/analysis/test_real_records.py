"""The analyses on real records of several makers, with the quirks that they have."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from tests.bad_input.refusal import refused

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def storage(real_data):
    """Three products of total storage: mascons of one centre, spherical harmonics of another, a mean of three mascons."""
    return {
        "CSR": real_data / "bangladesh" / "csr_twsa_0p25deg.nc",  # mm, and no units attribute
        "JPL": real_data / "global" / "grace_twsa_jpl_l2_0p5deg.nc",
        "mean": real_data / "india" / "grace_tws_reconstructed_0p5deg.nc",  # cm
    }


BOX = ("--south", 21, "--north", 26.5, "--west", 87.5, "--east", 92.5)


def test_three_real_products_have_errors(gwkeras_command, storage, tmp_path):
    names = [f"{name}={path}" for name, path in storage.items()]
    refused(gwkeras_command("tch", *names, *BOX, "--output", tmp_path / "t.nc"), "csr_twsa_0p25deg.nc", "--unit")
    refused(gwkeras_command("tch", *names, *BOX, "--unit", "GSFC=mm", "--output", tmp_path / "t.nc"), "one of CSR, JPL, mean")
    answer = gwkeras_command("tch", *names, *BOX, "--unit", "CSR=mm", "--output", tmp_path / "t.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "t.nc") as data:
        assert data.sizes == {"product": 3, "lat": 11, "lon": 10, "time": 114}
        # Over Bangladesh storage swings by hundreds of mm; GRACE's errors at one cell are some tens.
        assert ((data["sigma_cells"] > 10) & (data["sigma_cells"] < 80)).all()
        known = np.isfinite(data["weight"].sum("product", skipna=False))
        np.testing.assert_allclose(data["weight"].sum("product").values[known.values], 1.0, rtol=1e-6)
        assert "negative variance" in data.attrs["notes"]


def test_a_balance_of_two_real_records_of_other_grids_and_units(gwkeras_command, storage, real_data, tmp_path):
    """Total storage in mm at 0.25° less a land model's water in m on 26 × 24 cells: neither file says its unit."""
    model = real_data / "bangladesh" / "gldas_clsm_gwsa_0p25deg.nc"
    given = ("--tws", storage["CSR"], "--unit", "mm", "--soil", model, "--name", f"soil={_name_of(model)}")
    refused(gwkeras_command("gwsa", *given, "--output", tmp_path / "g.nc"), "gldas_clsm_gwsa", "unit")
    answer = gwkeras_command("gwsa", *given, "--compartment-unit", "soil=m", "--output", tmp_path / "g.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "g.nc") as found, xr.open_dataset(storage["CSR"]) as total, xr.open_dataset(model) as part:
        known = found["gwsa"].notnull().any("time")
        row, col = np.argwhere(known.values)[len(np.argwhere(known.values)) // 2]
        lat, lon = float(found["lat"][row]), float(found["lon"][col])
        months = found["time"].values.astype("datetime64[M]")
        expected = _monthly(total, lat, lon, months) - 1000.0 * _monthly(part, lat, lon, months)
        base = (months >= np.datetime64("2004-01")) & (months <= np.datetime64("2009-12"))
        own = found["gwsa"].values[:, row, col]
        both = np.isfinite(own) & np.isfinite(expected)
        assert both.sum() > 90
        np.testing.assert_allclose((own - expected)[both], (own - expected)[both].mean(), atol=0.01)
        assert np.nanmean(own[base]) == pytest.approx(0.0, abs=0.01)


def test_half_a_column_of_a_real_file_is_refused(gwkeras_command, storage, real_data, tmp_path):
    """This GLDAS file was cut to two of Noah's four layers."""
    model = real_data / "formats" / "GLDAS_NOAH025_3H.A20160101.0300.021.nc4"
    answer = gwkeras_command("gwsa", "--tws", storage["JPL"], "--land-model", model, *BOX, "--output", tmp_path / "g.nc")
    refused(answer, "all 4 layers", "soilmoi40_100cm")


def test_trends_of_a_real_record(gwkeras_command, storage, tmp_path):
    """North-western India loses groundwater by pumping: some 4 cm a year (Rodell et al. 2009, 10.1038/nature08238)."""
    box = ("--south", 27, "--north", 32, "--west", 73, "--east", 79)
    answer = gwkeras_command("trend", storage["mean"], *box, "--output", tmp_path / "t.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "t.nc") as data:
        assert -45 < float(data["mean_trend"]) < -5
        assert data["significant"].mean() > 0.7


def test_every_cell_of_a_real_record_is_taken_apart_in_seconds(gwkeras_command, storage, tmp_path):
    answer = gwkeras_command("decompose", storage["JPL"], "--cells", *BOX, "--output", tmp_path / "d.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "d.nc") as data:
        whole = data["trend"] + data["season"] + data["remainder"]
        np.testing.assert_allclose(whole.values, data["gwsa"].values, atol=1e-2)
        assert float(data["season_strength"].median()) > 0.8  # the monsoon


def _name_of(path) -> str:
    with xr.open_dataset(path) as data:
        return next(str(name) for name, value in data.data_vars.items() if value.ndim == 3)


def _monthly(data: xr.Dataset, lat: float, lon: float, months: np.ndarray) -> np.ndarray:
    """A file's own values at a cell, in months."""
    name = next(name for name, value in data.data_vars.items() if value.ndim == 3)
    axes = {a: next(d for d in data[name].dims if d.lower().startswith(a)) for a in ("lat", "lon", "time")}
    series = data[name].sel({axes["lat"]: lat, axes["lon"]: lon}, method="nearest")
    own = data[axes["time"]].values.astype("datetime64[M]")
    found = np.full(months.size, np.nan)
    _, there, here = np.intersect1d(months, own, return_indices=True)
    found[there] = series.values[here]
    return found
