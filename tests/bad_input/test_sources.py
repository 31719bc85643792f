"""Files and fields that a run cannot use: one sentence, and nothing that was there is lost."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest

from tests.bad_input.refusal import refused
from tests.tiny import edited


def rename_variable(old: str, new: str):
    return lambda file: file.renameVariable(old, new)


def shift_years(dimension: str, years: int):
    def change(file: netCDF4.Dataset) -> None:
        seconds = "seconds" in file[dimension].units
        file[dimension][:] = file[dimension][:] + round(years * 365.25) * (86400 if seconds else 1)

    return change


@pytest.mark.parametrize("which", ["gwsa", "climate", "static", "truth", "reference"])
def test_missing_file(run, tiny_world, tmp_path, which):
    wrong = tiny_world["gwsa"].with_name("era5_lnd.nc")
    refused(run(**{which: wrong}), "era5_lnd.nc", "nothing of that name", "did you mean 'era5_land.nc'")
    assert not (tmp_path / "out" / "shards").exists()


def test_a_file_that_is_no_netcdf(run, tmp_path):
    page = tmp_path / "gwsa.nc"
    page.write_text("<html>log in</html>")
    refused(run(gwsa=page), "gwsa.nc", "a web page")


def test_a_truncated_file(run, tiny_world, tmp_path):
    short = tmp_path / "climate.nc"
    short.write_bytes(tiny_world["climate"].read_bytes()[:200_000])
    refused(run(climate=short), "climate.nc", "truncated or damaged")


def test_wrong_variable(run, tiny_world):
    refused(
        run(gwsa=tiny_world["climate"]), "era5_land.nc", "storage variable", "tp(", "--set data.gwsa.variables='{gwsa: NAME}'"
    )
    refused(run(climate=tiny_world["truth"]), "truth.nc", "climate variable", "gwsa(")
    refused(run(static=tiny_world["truth"]), "truth.nc", "maps with latitude and longitude", "gwsa(")


def test_no_units(run, tiny_world, tmp_path):
    bare = edited(tiny_world["gwsa"], tmp_path / "bare.nc", lambda file: file["GWSA"].delncattr("units"))
    refused(run(gwsa=bare), "bare.nc, variable GWSA", "units attribute", "found none", "--set data.gwsa.units='{gwsa: cm}'")


def test_unknown_units(run, tiny_world, tmp_path):
    odd = edited(tiny_world["climate"], tmp_path / "odd.nc", lambda file: file["t2m"].setncattr("units", "furlong"))
    refused(run(climate=odd), "odd.nc, variable t2m", "convertible to K", "'furlong'")


def test_an_uneven_grid(run, tiny_world, tmp_path):
    def bend(file: netCDF4.Dataset) -> None:
        file["lat"][:] = file["lat"][:] ** 1.2

    refused(run(gwsa=edited(tiny_world["gwsa"], tmp_path / "bent.nc", bend)), "bent.nc", "evenly spaced")


def test_grids_that_do_not_nest(run):
    refused(run("--set", "data.region={south: 20.2, north: 25.9, west: 80, east: 88}"), "data.region", "20.2")


def test_a_region_outside_the_file(run):
    refused(run("--set", "data.region={south: -40, north: -30, west: 80, east: 88}"), "cells in the region -40…-30°N")


def test_climate_of_another_region(run, tiny_world, tmp_path):
    def move(file: netCDF4.Dataset) -> None:
        file["latitude"][:] = file["latitude"][:] - 40

    refused(run(climate=edited(tiny_world["climate"], tmp_path / "south.nc", move)), "south.nc", "region")


def test_climate_that_covers_half_the_region(run, tiny_world, tmp_path):
    def move(file: netCDF4.Dataset) -> None:
        file["longitude"][:] = file["longitude"][:] - 4

    west = edited(tiny_world["climate"], tmp_path / "west.nc", move)
    whole = "data.region={south: 20, north: 26, west: 80, east: 88}"  # without it, the half would be worked on
    refused(run("--set", whole, climate=west), "west.nc, precipitation", "cover the product", "leaves out 42 %")


def test_a_static_file_that_covers_half_the_region(run, tiny_world, tmp_path):
    def move(file: netCDF4.Dataset) -> None:
        file["lon"][:] = file["lon"][:] - 4
        for name in ("elevation", "soil_index", "irrigated_share"):
            file[name][:] = 1.0

    whole = "data.region={south: 20, north: 26, west: 80, east: 88}"
    refused(run("--set", whole, static=edited(tiny_world["static"], tmp_path / "half.nc", move)), "cover", "elevation")


def test_a_map_without_data(run, tiny_world, tmp_path):
    def empty(file: netCDF4.Dataset) -> None:
        file["soil_index"][:] = np.nan

    bare = edited(tiny_world["static"], tmp_path / "bare.nc", empty)
    refused(run(static=bare), "bare.nc, soil_index", "a map with data", "only missing values", "leave the variable out")


def test_no_common_months(run, tiny_world, tmp_path):
    early = edited(tiny_world["climate"], tmp_path / "early.nc", shift_years("valid_time", -20))
    refused(run(climate=early), "early.nc", "2002-04 to 2005-09", "overlap in time")


def test_a_missing_month_of_climate(run, tiny_world, tmp_path):
    def tear(file: netCDF4.Dataset) -> None:
        file["valid_time"][:10] = file["valid_time"][:10] - 61 * 86400

    refused(run(climate=edited(tiny_world["climate"], tmp_path / "torn.nc", tear)), "every month", "no 2002-0")


def test_nothing_but_missing_values(run, tiny_world, tmp_path):
    def blank(file: netCDF4.Dataset) -> None:
        file["GWSA"][:] = np.nan

    refused(run(gwsa=edited(tiny_world["gwsa"], tmp_path / "blank.nc", blank)), "blank.nc", "only missing values")


def test_climate_shorter_than_its_memory(run):
    refused(run("--set", "sample.months=60"), "60 consecutive months", "sample.months")


def test_a_reference_coarser_than_the_target(run, tiny_world):
    refused(run("--target", "reference", reference=tiny_world["gwsa"]), "data.reference", "at most 0.25°", "0.5° cells")


def test_a_truth_coarser_than_the_target_is_told_before_training(run, tiny_world, tmp_path):
    refused(run(truth=tiny_world["gwsa"]), "truth", "at most 0.25°", "0.5° cells")
    assert not (tmp_path / "out" / "history.csv").exists()


def test_a_truth_of_other_years_is_told_before_training(run, tiny_world, tmp_path):
    later = edited(tiny_world["truth"], tmp_path / "later.nc", shift_years("time", 10))
    refused(run(truth=later), "held-out months")
    assert not (tmp_path / "out" / "history.csv").exists()


def test_a_truth_of_another_region(run, tiny_world, tmp_path):
    def move(file: netCDF4.Dataset) -> None:
        file["lat"][:] = file["lat"][:] - 40

    refused(run(truth=edited(tiny_world["truth"], tmp_path / "far.nc", move)), "region")


def test_a_region_too_small_to_coarsen(run):
    refused(run("--set", "sample.factor=8"), "16 × 16 product cells", "12 × 16")


def test_a_reference_is_needed(run):
    refused(run("--target", "reference"), "data.reference", "a fine field")
