"""`gwkeras inspect`: what is in a file, and whether it fits; figures are those that the fixtures were written with."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, DataConfig, PointSpreadConfig, RegionConfig, SampleConfig
from gwkeras.core.config.yaml_file import load_config
from gwkeras.core.finding import differences
from gwkeras.inspection import inspect_path
from tests.fixtures import (
    centres,
    write_era5_new,
    write_era5_split,
    write_g3p,
    write_g3p_yearly,
    write_gldas_monthly,
    write_grace_jpl,
    write_plain,
    write_zip,
)
from tests.tiny import settings

LAT, LON = centres(10.25, 0.5, 12), centres(70.25, 0.5, 16)
MONTHS = [f"{y}-{m:02d}" for y in (2002, 2003) for m in range(1, 13) if f"{y}-{m:02d}" not in ("2002-06", "2002-07", "2003-06")]
VALUES = np.random.default_rng(1).normal(size=(len(MONTHS), 12, 16)).astype("f4")


def config(**changes: object) -> Config:
    region = RegionConfig(south=11, north=15, west=71, east=77)
    return Config(data=DataConfig(**{"region": region, **changes}), sample=SampleConfig(months=6, factor=2))


@pytest.fixture(scope="module")
def g3p(tmp_path_factory) -> Path:
    return write_g3p(
        tmp_path_factory.mktemp("g3p") / "any.nc", MONTHS, LAT, LON, VALUES, VALUES, name="GWSA", lat_descending=True
    )


def only(path: object, wanted: Config | None = None):
    findings = inspect_path(str(path), wanted)
    assert len(findings) == 1, [f.what for f in findings]
    return findings[0]


def test_a_storage_record(g3p):
    finding = only(g3p)
    assert finding.what == "storage"
    assert finding.fits is None
    storage = finding.facts["storage"]
    assert storage["period"] == "2002-01 to 2003-12, 21 months"
    assert storage["gaps"] == "3 months absent: 2002-06 to 2002-07, 2003-06"
    assert storage["grid"] == "0.5° cells, 12 × 16, 10…16°N 70…78°E"
    assert storage["uncertainty"] == "yes"
    assert storage["point spread"] == "not stated"
    assert "(g3p)" in finding.facts["recognised as"]
    assert finding.facts["latitudes"] == "12 from 15.75 to 10.25, as stored"
    middle = VALUES[len(MONTHS) // 2]
    assert storage[f"values in {MONTHS[len(MONTHS) // 2]}"] == f"{middle.min():.4g} to {middle.max():.4g} in 100 % of the cells"
    assert finding.facts["variables"]["GWSA"].startswith("time 21 × lat 12 × lon 16; mm; ")


def test_what_the_product_sees_and_where_its_files_contradict_one_another(tmp_path):
    folder = write_g3p_yearly(tmp_path / "yearly", MONTHS, LAT, LON, VALUES, VALUES)
    finding = only(folder)
    assert finding.facts["storage"]["point spread"] == "Gaussian, half weight at 250 km, over land"
    assert any("from the file's name (GWSA_2002_" in note for note in finding.notes)
    (folder / "GWSA_2003_Ano_0.5_degree_Gauss_250km_land_masked_GravIS.nc").rename(folder / "GWSA_2003_Gauss_200km.nc")
    finding = only(folder)
    assert finding.facts.get("storage") is None
    assert (
        "250 km in the file's name (GWSA_2002_Ano_0.5_degree_Gauss_250km_land_masked_GravIS.nc) and 200 km" in finding.faults[0]
    )
    settled = only(folder, config(point_spread=PointSpreadConfig("gaussian", 225.0)))
    assert settled.facts["storage"]["point spread"] == "Gaussian, half weight at 225 km, over land"
    assert settled.fits


def test_a_folder_of_years_is_one_record_and_a_broken_file_in_it_is_told(tmp_path):
    folder = write_g3p_yearly(tmp_path / "years", MONTHS, LAT, LON, VALUES, VALUES)
    assert only(folder).facts["storage"]["period"] == "2002-01 to 2003-12, 21 months"
    (folder / "GWSA_2004.nc").write_text("<html>log in</html>")
    (folder / "GWSA_2005.nc").write_bytes(b"")
    whole, page, empty = inspect_path(str(folder))
    assert whole.what == "storage"
    assert not whole.faults
    assert "a web page" in page.faults[0]
    assert "an empty file" in empty.faults[0]


def test_a_zip_of_step_types_is_one_climate_record(tmp_path):
    lat, lon = np.arange(16, 9.95, -0.1), np.arange(70, 78.05, 0.1)
    months = [f"2002-{m:02d}" for m in range(1, 13)]
    fields = {"tp": np.full((12, lat.size, lon.size), 0.002), "t2m": np.full((12, lat.size, lon.size), 290.0)}
    finding = only(write_zip(tmp_path / "download.nc", write_era5_split(tmp_path / "parts", months, lat, lon, fields)))
    assert finding.what == "climate"
    assert "(era5)" in finding.facts["recognised as"]
    assert "1 of them ZIP" in finding.facts["files"]
    rain = finding.facts["climate"]["precipitation"]
    assert rain["unit"] == "mm month-1, as read"
    assert rain["values in 2002-07"] == "62 to 62 in 100 % of the cells"  # 2 mm a day, 31 days


def test_files_of_several_kinds_and_grids_are_told_apart(tmp_path, g3p):
    shutil.copy(g3p, tmp_path / "a.nc")
    write_g3p(tmp_path / "b.nc", MONTHS, centres(10.125, 0.25, 8), centres(70.125, 0.25, 8), VALUES[:, :8, :8])
    write_grace_jpl(tmp_path / "c.nc", [("2002-04-01", "2002-05-01")], LAT, LON, VALUES[:1], VALUES[:1])
    write_gldas_monthly(tmp_path, ["2002-01"], LAT, LON, {"SoilMoi0_10cm_inst": np.full((1, 12, 16), 30.0)})
    found = inspect_path(str(tmp_path))
    assert [f.what for f in found] == ["climate and maps", "storage", "storage", "storage and maps"]
    assert found[0].facts["climate"]["soil_moisture"]["values in 2002-01"].startswith("0.3 to 0.3")
    assert not any(f.faults for f in found)


def test_a_file_without_units_or_without_known_names_says_so(tmp_path):
    coordinates = {"time": np.array([0.0, 31.0]), "lat": LAT, "lon": LON}
    times = {"time": {"units": "days since 2002-01-01"}}
    bare = write_plain(tmp_path / "bare.nc", ("time", "lat", "lon"), coordinates, {"gwsa": VALUES[:2]}, times)
    assert "expected a units attribute convertible to mm, found none" in only(bare).faults[0]
    strange = write_plain(tmp_path / "x.nc", ("time", "lat", "lon"), coordinates, {"albedo": VALUES[:2]}, times)
    assert "albedo" in only(strange).faults[0]
    mapped = Config(
        data=DataConfig(gwsa=load_config(None, ["data.gwsa={path: '" + str(bare) + "', units: {gwsa: cm}}"]).data.gwsa)
    )
    assert only(bare, mapped).fits


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"first_month": "2005-01"}, "have none of 2005-01 to the end"),
        ({"region": RegionConfig(south=-10, north=-5, west=71, east=77)}, "choose a region inside the data"),
        ({"region": RegionConfig(south=11.1, north=15, west=71, east=77)}, "data.region.south is 11.1"),
        ({"region": RegionConfig(south=11, north=12, west=71, east=72)}, "too few"),
    ],
)
def test_why_a_storage_record_does_not_fit(g3p, changes, words):
    finding = only(g3p, config(**changes))
    assert finding.fits == (words is None)
    assert words is None or any(words in reason for reason in finding.reasons), finding.reasons


def test_why_a_climate_record_does_not_fit(tmp_path):
    months = [f"2002-{m:02d}" for m in range(1, 13)]
    lat, lon = np.arange(16, 9.95, -0.1), np.arange(70, 78.05, 0.1)
    file = write_era5_new(tmp_path / "tp.nc", months, lat, lon, {"tp": np.ones((12, lat.size, lon.size))})
    assert only(file, config(first_month="2002-06")).fits
    assert "6 months in a row" in only(file, config(last_month="2002-05")).reasons[0]
    assert "leaves out" in only(file, config(region=RegionConfig(south=11, north=25, west=71, east=77))).reasons[0]
    asked = Config(sample=SampleConfig(climate=("temperature",)))
    assert "sample.climate asks for temperature" in only(file, asked).reasons[0]


@pytest.mark.slow
def test_shards_and_run(tiny_world, tmp_path, gwkeras_command):
    run = tmp_path / "run"
    assert gwkeras_command("build-tfrecords", "--run", run, *settings(tiny_world, "gwsa", "climate", "static")).code == 0
    given = load_config(tiny_world["config"])
    finding = only(run)
    assert finding.what == "a run"
    assert finding.facts["network trained"] == "none yet"
    shards = only(run / "shards")
    assert shards.facts["samples"] == finding.facts["shards"]
    assert "elevation" in shards.facts["covariates"]
    own = load_config(run / "config.yaml")
    assert only(run / "shards", own).fits
    assert only(run, own).fits
    from dataclasses import replace

    sharper = replace(own, data=replace(own.data, point_spread=PointSpreadConfig("none")))
    assert only(run / "shards", sharper).fits  # no sample depends on it
    assert only(run, sharper).reasons == ("data.point_spread.kind is auto there, none in the configuration",)
    other = replace(own, sample=replace(given.sample, months=4))
    assert only(run, other).reasons == ("sample.months is 3 there, 4 in the configuration",)
    shard = next((run / "shards").glob("train*.tfrecord"))
    shard.write_bytes(shard.read_bytes()[:-1])
    assert shard.name in only(run / "shards").faults[0]
    (run / "shards" / "manifest.json").write_text("{")
    assert "build the shards again" in only(run / "shards").faults[0]
    assert "build the shards again" in only(run).faults[0]
    (run / "config.yaml").write_text("sample: {moths: 3}")
    assert "moths" in only(run).faults[0]


def test_a_saved_model_by_what_it_says_of_itself(tmp_path):
    version = tmp_path / "model" / "3"
    (version / "assets").mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"graph")
    info = {
        "schema_version": 1,
        "name": "tiny",
        "version": "0.1",
        "config_hash": "0" * 16,
        "kind": "default",
        "months": 3,
        "factor": 2,
        "divisor": 8,
        "inputs": ["climate", "gwsa", "land"],
        "climate": ["precipitation"],
        "climate_units": ["mm month-1"],
        "covariates": [],
        "covariate_units": [],
        "grid_step": [0.5, 0.5],
        "sigma_scale": 1.2,
        "interval": 0.9,
        "interval_factor": 1.7,
        "calibrated": True,
        "network": "{}",
        "weights": "0123456789abcdef",
    }
    path = version / "assets" / "model_info.json"
    path.write_text(json.dumps(info))
    finding = only(tmp_path / "model")
    assert finding.facts["climate"] == ["precipitation [mm month-1]"]
    assert finding.facts["weights"] == "0123456789abcdef"
    assert finding.facts["gives"] == "mean, stddev, lower, upper, mm"
    assert only(version, Config(sample=SampleConfig(months=3, factor=2))).fits
    assert only(version, Config(sample=SampleConfig(months=6, factor=2))).reasons == (
        "sample.months is 3 there, 6 in the configuration",
    )
    for text in ("{", "[]", json.dumps({**info, "months": "three"}), json.dumps({**info, "schema_version": 99})):
        path.write_text(text)
        assert len(only(version).faults) == 1
    (version / "saved_model.pb").write_bytes(b"")
    assert "whole SavedModel" in only(version).faults[0]


def test_the_command(g3p, tmp_path, gwkeras_command):
    answer = gwkeras_command("inspect", g3p)
    assert answer.code == 0
    assert "2002-01 to 2003-12, 21 months" in answer.out
    answer = gwkeras_command("inspect", g3p, tmp_path / "nope.nc", "--json")
    assert answer.code == 2
    whole, absent = json.loads(answer.out)
    assert whole["facts"]["storage"]["uncertainty"] == "yes"
    assert absent["faults"]
    answer = gwkeras_command("inspect", g3p, "--set", "data.first_month=2010-01")
    assert answer.code == 2
    assert "does not fit" in answer.out


def test_a_long_record_is_not_read_through(tmp_path):
    months = [str(np.datetime64("1990-01", "M") + k) for k in range(396)]
    values = np.zeros((396, 180, 360), "f4")
    file = write_g3p(tmp_path / "long.nc", months, centres(-89.5, 1, 180), centres(-179.5, 1, 360), values)
    started = time.process_time()
    assert only(file).facts["storage"]["grid"].endswith("around the globe")
    assert time.process_time() - started < 2.0


def test_paths_may_differ_between_configurations():
    there, wanted = {"data": {"gwsa": {"path": ["a"], "kind": "g3p"}}}, {"data": {"gwsa": {"path": ["b"], "kind": "grace"}}}
    assert differences(there, wanted, ("data", "sample")) == ("data.gwsa.kind is g3p there, grace in the configuration",)
