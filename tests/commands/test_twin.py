"""`gwkeras twin`: what it writes can be read, and what cannot be is said in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.tree import PointSpreadConfig
from gwkeras.fields.readers.point_spread import product_point_spread
from tests.bad_input.refusal import refused

SMALL = ("--south", 20, "--north", 23, "--west", 2, "--east", 5, "--factor", 2)
SHORT = ("--climate-first-month", "2001-01", "--first-month", "2002-04", "--last-month", "2004-03")


def spread_of(folder):
    (path,) = folder.glob("gwsa_*.nc")
    with xr.open_dataset(path) as file:
        file.encoding["source"] = path.name
        return product_point_spread([(file, "GWSA")], PointSpreadConfig())


@pytest.mark.parametrize(
    ("options", "radius", "known"),
    [
        ((), 250.0, True),
        (("--gaussian-km", 0), 0.0, True),
        (("--stated-km", 287.5), 287.5, True),
        (("--stated-km", 0), 0.0, False),
    ],
)
def test_the_filter_is_g3ps_by_default_and_named_as_asked(gwkeras_command, tmp_path, options, radius, known):
    answer = gwkeras_command("twin", "--output", tmp_path, "--world", "arid-plain", *SMALL, *SHORT, *options)
    assert answer.code == 0, answer.err
    found = spread_of(tmp_path)
    assert (found.spread.half_weight_km, found.is_known) == (radius, known)


def test_noise_is_as_strong_as_asked_and_stated_as_before(gwkeras_command, tmp_path):
    """Three times the noise: what differs from the world without noise is three times as great, cell by cell."""
    seen = {}
    for name, options in {"none": ("--noise-times", 0), "once": (), "thrice": ("--noise-times", 3)}.items():
        asked = ("--world", "arid-plain", "--hydrology", "linear", "--noise", 5, *SMALL, *SHORT, *options)
        assert gwkeras_command("twin", "--output", tmp_path / name, *asked).code == 0
        (path,) = (tmp_path / name).glob("gwsa_*.nc")
        seen[name] = xr.load_dataset(path)
    once, thrice = (seen[name]["GWSA"] - seen["none"]["GWSA"] for name in ("once", "thrice"))
    np.testing.assert_allclose(thrice, 3 * once, atol=1e-3)
    xr.testing.assert_equal(seen["once"]["uncertainty"], seen["thrice"]["uncertainty"])
    assert 2 < float(seen["once"]["uncertainty"].mean()) < 10


def test_an_unknown_world_is_refused(gwkeras_command, tmp_path):
    answer = gwkeras_command("twin", "--output", tmp_path / "w", "--world", "arid-plane")
    refused(answer, "twin.world", "'arid-plane'", "such as arid-plain")
    assert not (tmp_path / "w").exists()


def test_an_unknown_hydrology_is_refused(gwkeras_command, tmp_path):
    refused(gwkeras_command("twin", "--output", tmp_path / "w", "--hydrology", "vic"), "twin.hydrology", "infiltration")


def test_climate_is_not_looked_for_in_a_storage_file(gwkeras_command, tiny_world, tmp_path):
    refused(gwkeras_command("twin", "--output", tmp_path / "w", "--climate", tiny_world["truth"]), "climate variable")


def test_a_climate_that_is_too_short_or_elsewhere_is_refused(gwkeras_command, tiny_world, tmp_path):
    climate = tiny_world["climate"]  # 20 … 26°N 80 … 88°E, 2001-06 … 2005-09
    short = gwkeras_command("twin", "--output", tmp_path / "w", "--climate", climate, "--first-month", "2005-01")
    refused(short, "era5_land.nc", "2001-06 to 2005-09", "24 months")
    away = gwkeras_command("twin", "--output", tmp_path / "w", "--climate", climate, "--south", 10)
    refused(away, "era5_land.nc", "10…26°N", "choose another region")
    assert not (tmp_path / "w").exists()


def test_a_world_driven_by_a_climate_file(gwkeras_command, tiny_world, tmp_path):
    answer = gwkeras_command("twin", "--output", tmp_path, "--climate", tiny_world["climate"], "--factor", 2, "--seed", 6)
    assert answer.code == 0, answer.err
    assert "(yours)" in answer.out
    assert not (tmp_path / "era5_land.nc").exists()
    with xr.open_dataset(tmp_path / "truth.nc") as truth, xr.open_dataset(tiny_world["climate"]) as climate:
        assert str(truth["time"].values[-1])[:7] == "2005-09"
        assert "era5_land.nc" in truth.attrs["source"]
        sea = climate["t2m"].isel(valid_time=0).interp(latitude=truth["lat"], longitude=truth["lon"], method="nearest").isnull()
        there = truth["gwsa"].isel(time=0).isnull()
        assert float((sea == there).mean()) > 0.93  # coasts are drawn finer than the climate's


@pytest.mark.real
def test_a_world_of_real_climate(gwkeras_command, real_data, tmp_path):
    """ERA5 from the Andes to the Amazon: the Pacific is sea, the Altiplano is high, and monthly rain is what ERA5 has."""
    file = real_data / "peru" / "era5_monthly_0p25deg_1998_2020.nc"
    box = ("--south", -18, "--north", -10, "--west", -79, "--east", -69)
    asked = ("--climate", file, *box, "--factor", 1, "--hydrology", "infiltration", "--seed", 6)
    answer = gwkeras_command("twin", "--output", tmp_path, *asked)
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "static.nc") as maps, xr.open_dataset(tmp_path / "truth.nc") as truth:
        assert bool(maps["elevation"].sel(lat=-16.25, lon=-77.75).isnull())
        assert float(maps["elevation"].sel(lat=-15.25, lon=-70.25)) > 3500
        assert 150 < float(maps["elevation"].sel(lat=-11.25, lon=-69.75)) < 500
        assert str(truth["time"].values[[0, -1]].astype("M8[M]")) == "['2002-04' '2020-12']"
        assert 3 < float(truth["gwsa"].std()) < 200
