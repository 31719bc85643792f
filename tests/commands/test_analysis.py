"""The commands of analysis, from files to files, and what they refuse."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import xarray as xr

from gwkeras.fields.canonical import grid_of
from tests.bad_input.refusal import refused
from tests.fixtures import write_g3p

MONTHS = [f"{year}-{month:02d}" for year in range(2004, 2010) for month in range(1, 13)]
LAT, LON = 10.25 + 0.5 * np.arange(4), 70.25 + 0.5 * np.arange(5)
YEARS = np.arange(len(MONTHS)) / 12


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Storage that falls by 24 mm a year in two columns; three products of it; the compartments of a land model."""
    folder = tmp_path_factory.mktemp("analysis")
    rng = np.random.default_rng(0)
    season = 20 * np.sin(2 * np.pi * YEARS)
    truth = season[:, None, None] + 5 * rng.normal(size=(len(MONTHS), 4, 5))
    truth[:, :, :2] -= 24 * YEARS[:, None, None]
    paths = {"gwsa": write_g3p(folder / "gwsa.nc", MONTHS, LAT, LON, truth)}
    for name, size in (("a", 5.0), ("b", 10.0), ("c", 15.0)):
        noisy = truth + size * rng.normal(size=truth.shape)
        paths[name] = write_g3p(folder / f"{name}.nc", MONTHS, LAT, LON, noisy, np.full(truth.shape, size))
    months = np.array(MONTHS, "datetime64[M]").astype("datetime64[ns]")
    layers = {
        f"SoilMoi{layer}_inst": 100 + 3 * rng.normal(size=truth.shape) for layer in ("0_10cm", "10_40cm", "40_100cm", "100_200cm")
    }
    fields = layers | {"SWE_inst": np.maximum(season[:, None, None], 0) + 0 * truth, "CanopInt_inst": 0.1 + 0 * truth}
    model = xr.Dataset({name: (("time", "lat", "lon"), values, {"units": "kg m-2"}) for name, values in fields.items()})
    model = model.assign_coords(
        time=months, lat=("lat", LAT, {"units": "degrees_north"}), lon=("lon", LON, {"units": "degrees_east"})
    )
    model.to_netcdf(folder / "gldas.nc")
    total = truth + sum(values - values.mean(axis=0) for values in fields.values()) + 7.0
    paths["total"] = write_g3p(folder / "total.nc", MONTHS[:30] + MONTHS[33:], LAT, LON, np.delete(total, [30, 31, 32], axis=0))
    rain = xr.Dataset(
        {"precipitation": (("time", "lat", "lon"), 50 + season[:, None, None] + 0 * truth, {"units": "mm month-1"})}
    )
    rain.assign_coords(model.coords).to_netcdf(folder / "rain.nc")
    return paths | {"model": folder / "gldas.nc", "rain": folder / "rain.nc", "truth": truth}


def test_trend(gwkeras_command, files, tmp_path):
    answer = gwkeras_command("trend", files["gwsa"], "--hotspot-rate", 5, "--output", tmp_path / "t.nc")
    assert answer.code == 0, answer.err
    assert "70.5°E" in answer.out
    with (tmp_path / "t_hotspots.csv").open() as file:
        (spot,) = csv.DictReader(file)
    assert float(spot["mean_mm_per_year"]) == pytest.approx(-24.0, abs=1.5)
    assert (tmp_path / "t.png").is_file()
    refused(gwkeras_command("trend", files["gwsa"], "--output", tmp_path / "t.nc"), "--overwrite")
    refused(
        gwkeras_command("trend", files["gwsa"], "--last-month", "2004-06", "--output", tmp_path / "u.nc"), "at least 10 months"
    )
    refused(gwkeras_command("trend", files["gwsa"], "--first-month", "soon", "--output", tmp_path / "u.nc"), "--first-month")
    refused(
        gwkeras_command("trend", files["gwsa"], "--first-month", "2015-01", "--output", tmp_path / "u.nc"), "2004-01 to 2009-12"
    )


def test_decompose(gwkeras_command, files, tmp_path):
    answer = gwkeras_command("decompose", files["total"], "--climate", files["rain"], "--output", tmp_path / "d.nc")
    assert answer.code == 0, answer.err
    assert "3 missing months of a series were filled for the fit alone" in answer.out.replace("\n", " ")
    with xr.open_dataset(tmp_path / "d.nc") as data:
        assert float(data["driver_correlation"].sel(driver="precipitation", part="season", series="region")) > 0.95
        assert int(np.isnan(data["trend"].values).sum()) == 3
    refused(gwkeras_command("decompose", files["gwsa"], "--seasonal", 8, "--output", tmp_path / "e.nc"), "--seasonal", "odd")
    refused(
        gwkeras_command("decompose", files["gwsa"], "--cells", "--climate", files["rain"], "--output", tmp_path / "e.nc"),
        "--cells",
    )
    answer = gwkeras_command("decompose", files["gwsa"], "--cells", "--east", 71, "--output", tmp_path / "cells.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "cells.nc") as data:
        assert data["season"].shape == (72, 4, 2)


def test_gwsa_is_what_was_put_in(gwkeras_command, files, tmp_path):
    """The land model in two files after one option, as a shell expands GLDAS/*.nc4."""
    with xr.open_dataset(files["model"]) as data:
        data.isel(time=slice(0, 40)).to_netcdf(tmp_path / "earlier.nc")
        data.isel(time=slice(40, None)).to_netcdf(tmp_path / "later.nc")
    answer = gwkeras_command(
        "gwsa", "--tws", files["total"], "--land-model", tmp_path / "earlier.nc", tmp_path / "later.nc",
        "--sigma", "soil=3", "--sigma", "total=4", "--fill", "--baseline", "2004-01:2006-06", "--output", tmp_path / "g.nc",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    said = answer.out.replace("\n", " ")
    assert "had another baseline" in said
    assert "No error is known for snow, canopy" in said
    assert "3 missing months are filled" in said
    with xr.open_dataset(tmp_path / "g.nc") as data:
        expected = files["truth"] - files["truth"][:30].mean(axis=0)
        known = data["filled"].values == 0
        np.testing.assert_allclose(data["gwsa"].values[known], expected[known], atol=1e-3)
        np.testing.assert_allclose(data["gwsa_sigma"].values[known], 5.0, atol=1e-5)
        assert (data["gwsa_sigma"].values[~known] > 5.0).all()
        assert data["filled"].values.sum() == 3


def test_gwsa_refuses(gwkeras_command, files, tmp_path):
    def asked(*more):
        return gwkeras_command("gwsa", "--tws", files["total"], *more, "--output", tmp_path / "g.nc")

    refused(asked(), "nothing")
    refused(asked("--land-model", files["model"], "--baseline", "2004"), "--baseline")
    refused(asked("--land-model", files["model"], "--baseline", "1990-01:1995-12"), "baseline 1990-01 to 1995-12")
    refused(asked("--land-model", files["model"], "--sigma", "soil=x"), "--sigma")
    refused(asked("--glacier", files["model"]), "glacier")
    assert not (tmp_path / "g.nc").exists()


def test_half_a_column_of_soil_is_refused(gwkeras_command, files, tmp_path):
    with xr.open_dataset(files["model"]) as data:
        data.drop_vars("SoilMoi40_100cm_inst").to_netcdf(tmp_path / "half.nc")
    answer = gwkeras_command("gwsa", "--tws", files["total"], "--soil", tmp_path / "half.nc", "--output", tmp_path / "g.nc")
    refused(answer, "all 4 layers", "soilmoi40_100cm")


def test_tch(gwkeras_command, files, tmp_path):
    names = [f"{name}={files[name]}" for name in "abc"]
    answer = gwkeras_command("tch", *names, "--best", 2, "--output", tmp_path / "h.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "h.nc") as data:
        assert data["sigma_cells"].values == pytest.approx([5.0, 10.0, 15.0], rel=0.15)
        assert data["tws"].dims == ("time", "lat", "lon")
        assert grid_of(data["tws"]).shape == (4, 5)
    refused(gwkeras_command("tch", *names[:2], "--output", tmp_path / "i.nc"), "at least 3 products", "a, b")


def test_wells(gwkeras_command, files, tmp_path):
    table = tmp_path / "wells.csv"
    rows = ["well,lat,lon,date,storage (mm)"]
    for k, (row, col) in enumerate([(0, 0), (1, 2), (3, 4)]):
        rows += [f"w{k},{LAT[row]},{LON[col]},{m},{files['truth'][i, row, col]:.3f}" for i, m in enumerate(MONTHS)]
    table.write_text("\n".join([*rows, "far,-40,70,2004-01,1"]))
    answer = gwkeras_command(
        "wells", table, "--product", files["c"], "--field", f"truth={files['gwsa']}", "--output", tmp_path / "w.nc"
    )
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "w.nc") as data:
        assert float(data["median_correlation"].sel(field="truth")) == pytest.approx(1.0, abs=1e-4)
        assert (data["well_gain"].sel(field="truth") > 0).all()
        assert (data["well_slope"].sel(field="truth") - 1 < 1e-3).all()
    assert (tmp_path / "w.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "w_left_out.csv").read_text().splitlines()[1].startswith("far,-40.0,70.0,outside the grid")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("a product (--product FILE) or a run",)),
        (("--product", "x.nc", "--set", "colums.well=a"), ("colums", "columns")),
        (("--product", "x.nc", "--set", "quality.least_months=2"), ("quality.least_months", "at least 6")),
        (("--product", "x.nc", "--field", "=x"), ("--field", "NAME=FILE")),
        (("--product", "x.nc"), ("x.nc",)),
    ],
)
def test_wells_refuses(gwkeras_command, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("well,lat,lon,date,head (m)\na,1,2,2004-01,3\n")
    refused(gwkeras_command("wells", "t.csv", *arguments), *words)
    assert not (tmp_path / "wells.nc").exists()
