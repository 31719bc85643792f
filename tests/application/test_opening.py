"""Runs that are applied where they were not trained, or continued by another network: right, or one sentence."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.training.run_folder import RunFolder
from tests.tiny import edited, options, write_tiny_world
from tests.untrained import draw_weights, untrained_run

pytestmark = pytest.mark.slow
MONTHS = ("--first-month", "2004-01", "--last-month", "2004-02")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory) -> dict[str, Path]:
    """A world far from where the runs were trained, and hotter than any month there."""
    files = write_tiny_world(tmp_path_factory.mktemp("elsewhere"), seed=11, south=2, north=8, west=20, east=28)

    def heat(climate: netCDF4.Dataset) -> None:
        climate["t2m"][:] = climate["t2m"][:] + 15.0

    return {**files, "climate": edited(files["climate"], files["climate"].with_name("hot.nc"), heat)}


def made(world, folder, target):
    config = load_config(world["config"], ("training.scale_transfer=false",))
    given = {name: [world[name]] for name in ("gwsa", "climate", "static")} | {"truth": world["truth"]}
    if target == "reference":
        given |= {"reference": world["truth"], "target": "reference"}
    return untrained_run(folder, with_files(config, **given))


@pytest.fixture(scope="module")
def coarsened(tiny_world, tmp_path_factory):
    return made(tiny_world, tmp_path_factory.mktemp("coarsened"), "coarsen")


@pytest.fixture(scope="module")
def referenced(tiny_world, tmp_path_factory):
    return made(tiny_world, tmp_path_factory.mktemp("referenced"), "reference")


@pytest.mark.parametrize("target", ["coarsened", "referenced"])
def test_another_region_with_its_own_files(request, target, elsewhere, gwkeras_command, tmp_path):
    run = request.getfixturevalue(target)
    edges = ("--south", "3", "--north", "6", "--west", "21", "--east", "26")
    files = options(elsewhere, "gwsa", "climate", "static")
    answer = gwkeras_command("downscale", "--run", run, *files, *edges, *MONTHS, "--output", tmp_path / "fine.nc")
    assert answer.code == 0, answer.err
    assert "beyond the training range" in answer.out
    with xr.open_dataset(tmp_path / "fine.nc") as found, xr.open_dataset(elsewhere["gwsa"]) as product:
        assert (found["lat"].size, found["lon"].size, found["time"].size) == (12, 20, 2)
        assert float(found["lat_bounds"].min()) == 3
        assert float(found["lon_bounds"].max()) == 26
        typed = shlex.join(
            ["gwkeras", "downscale", "--run", *map(str, (run, *files, *edges, *MONTHS, "--output", tmp_path / "fine.nc"))]
        )
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ {re.escape(typed)}", found.attrs["history"])
        known = np.isfinite(found["gwsa"].values)
        assert known.any()
        assert ((found["gwsa_quality"].values[known].astype(int) & 2) > 0).all()
        name = next(n for n in product.data_vars if n.lower() == "gwsa")
        coarse = product[name].sel(time="2004-01").squeeze()
        assert np.nanstd(found["gwsa"][0]) == pytest.approx(float(coarse.std()), rel=2)


def test_without_other_files_a_region_beyond_the_run_is_refused(coarsened, gwkeras_command, tmp_path):
    edges = ("--south", "3", "--north", "6", "--west", "21", "--east", "26")
    answer = gwkeras_command("downscale", "--run", coarsened, *edges, *MONTHS, "--output", tmp_path / "fine.nc")
    assert (answer.code, len(answer.sentences)) == (2, 1)
    assert "expected cells in the region 3…6°N 21…26°E" in answer.err
    assert "choose a region inside the data, or a file that covers the region" in answer.err


def test_another_grid_step_than_trained_is_refused(coarsened, gwkeras_command, tmp_path):
    arguments = ("downscale", "--run", coarsened, *MONTHS, "--output", tmp_path / "fine.nc")
    answer = gwkeras_command(*arguments, "--set", "data.coarsen_product=2")
    assert (answer.code, len(answer.sentences)) == (2, 1)
    assert "expected the cells that the network was trained for, 0.5° × 0.5°, found 1° × 1°" in answer.err
    assert not (tmp_path / "fine.nc").exists()


def test_months_of_another_network_are_not_appended(tiny_world, tmp_path, gwkeras_command):
    run = made(tiny_world, tmp_path / "run", "coarsen")
    Experiment.open(run).export(tmp_path / "versions")
    fine = tmp_path / "fine.nc"

    def downscale(month, *arguments):
        period = ("--first-month", month, "--last-month", month)
        return gwkeras_command("downscale", "--run", run, *period, "--output", fine, *arguments)

    assert downscale("2004-01").code == 0
    with netCDF4.Dataset(fine) as file:
        first = file.getncattr("network_hash")
    assert len(first) == 16
    assert downscale("2004-02", "--append", "--model", tmp_path / "versions").code == 0  # the same network by another way
    for change in (
        lambda: draw_weights(run, 2),
        lambda: (draw_weights(run, 1), RunFolder(run).calibration.write_text(json.dumps(calibration(1.5)))),
    ):
        change()
        before = fine.read_bytes()
        answer = downscale("2004-03", "--append")
        assert (answer.code, len(answer.sentences)) == (2, 1)
        assert f"found {first}; write the whole record anew with --overwrite" in answer.err
        assert "expected network_hash " in answer.err
        assert fine.read_bytes() == before
    RunFolder(run).calibration.unlink()
    assert downscale("2004-03", "--append").code == 0
    with netCDF4.Dataset(fine, "a") as file:
        assert file["time"].size == 3
        file.delncattr("network_hash")  # as in files written before there was one
    answer = downscale("2004-04", "--append")
    assert "found none; write the whole record anew" in answer.err


def calibration(sigma_scale: float) -> dict[str, object]:
    return {"sigma_scale": sigma_scale, "interval_factor": 1.7, "interval": 0.9, "basis": "by hand"}


def half_width(path: Path) -> tuple[float, float, str]:
    """Largest and smallest (upper − mean) / σ of a written record, and what it says of its bounds."""
    with xr.open_dataset(path) as found:
        ratio = (found["gwsa_upper"] - found["gwsa"]).values / found["gwsa_sigma"].values
        return float(np.nanmax(ratio)), float(np.nanmin(ratio)), found["gwsa_upper"].attrs["long_name"]


def test_the_interval_that_is_asked_for_is_the_one_that_is_written(coarsened, gwkeras_command, tmp_path):
    """Factors by hand: 0.6 σ hold 50 %, 1.7 σ 90 %; bounds that are said to hold 50 % are those of 50 %."""
    stored = RunFolder(coarsened).calibration
    arguments = ("downscale", "--run", coarsened, *MONTHS, "--overwrite", "--output", tmp_path / "fine.nc")
    try:
        stored.write_text(json.dumps({**calibration(1.2), "quantiles": {"0.5": 0.6, "0.9": 1.7, "0.99": 3.0}}))
        for interval, factor in (("0.5", 0.6), ("0.9", 1.7), ("0.7", 1.15)):
            answer = gwkeras_command(*arguments, "--set", f"downscale.interval={interval}")
            assert answer.code == 0, answer.err
            assert f"with {interval[2:]}0 % intervals" in answer.out
            most, least, said = half_width(tmp_path / "fine.nc")
            assert (most, least) == pytest.approx((factor, factor), rel=1e-3)
            assert f"of the {interval[2:]}0 % interval" in said
        before = (tmp_path / "fine.nc").read_bytes()
        stored.write_text(json.dumps(calibration(1.2)))  # as earlier versions wrote it
        answer = gwkeras_command(*arguments, "--set", "downscale.interval=0.5")
        assert (answer.code, len(answer.sentences)) == (2, 1)
        assert "downscale.interval: expected 0.9, which this run's calibration.json holds a factor for, found 0.5" in answer.err
        assert (tmp_path / "fine.nc").read_bytes() == before
        assert gwkeras_command(*arguments).code == 0
    finally:
        stored.unlink()


def test_an_exported_model_keeps_its_interval(coarsened, gwkeras_command, tmp_path):
    stored = RunFolder(coarsened).calibration
    try:
        stored.write_text(json.dumps({**calibration(1.2), "quantiles": {"0.5": 0.6, "0.9": 1.7}}))
        experiment = Experiment.open(coarsened)
        experiment.config = load_config(experiment.run.config, ("downscale.interval=0.5",))
        version = experiment.export(tmp_path / "versions")
    finally:
        stored.unlink()
    described = json.loads((version / "assets" / "model_info.json").read_text())
    assert (described["interval"], described["interval_factor"]) == (0.5, 0.6)
    fine = tmp_path / "fine.nc"
    answer = gwkeras_command("downscale", "--run", coarsened, *MONTHS, "--model", tmp_path / "versions", "--output", fine)
    assert answer.code == 0, answer.err
    assert "The exported model was made with 50 % intervals, which are written" in answer.out
    most, least, said = half_width(fine)
    assert (most, least) == pytest.approx((0.6, 0.6), rel=1e-3)
    assert "of the 50 % interval" in said
