"""`gwkeras calibrate` and `gwkeras zonal` on a run of kriging alone."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import xarray as xr

CONFIGURATION = """
name: small
sample: {months: 3, factor: 2}
split: {block_cells: 4, block_share: 0.0}
methods: [{prior: none, update: kriging}, {name: smooth, prior: none, update: interpolation}]
"""


@pytest.fixture(scope="module")
def evaluated(tiny_world, tmp_path_factory):
    """A run whose methods are fitted and judged."""
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("calibrate")
    (folder / "small.yaml").write_text(CONFIGURATION)
    files = {"gwsa": [tiny_world["gwsa"]], "climate": [tiny_world["climate"]], "static": [tiny_world["static"]]}
    config = with_files(load_config(folder / "small.yaml"), **files, truth=tiny_world["truth"])
    experiment = Experiment(config, RunFolder(folder / "run"))
    experiment.settle()
    experiment.evaluate()
    return folder / "run"


@pytest.fixture
def run(evaluated, tmp_path):
    shutil.copytree(evaluated, tmp_path / "run")
    return tmp_path / "run"


def kept(run):
    return json.loads(next(run.glob("methods/kriging-*/calibration.json")).read_text())


def test_other_groups_and_another_probability(run, gwkeras_command):
    before = kept(run)
    assert before["interval"] == 0.9
    assert before["groups"] > 9  # three years and more of a dozen blocks of 2°
    answer = gwkeras_command("calibrate", run, "--probability", 0.8, "--block-degrees", 4)
    assert answer.code == 0, answer.err
    after = kept(run)
    assert after["interval"] == 0.8
    assert 4 <= after["groups"] < before["groups"]
    assert after["interval_factor"] < before["interval_factor"]
    assert "80 % intervals are mean ±" in answer.out
    assert f"from {after['groups']} groups" in answer.out


def test_too_few_groups_are_refused_and_nothing_changes(run, gwkeras_command):
    before = kept(run)
    answer = gwkeras_command("calibrate", run, "--probability", 0.99, "--block-degrees", 90)
    assert answer.code == 2
    assert "expected at least 99 groups of months and cells for intervals of 99 %, found 4; ask for at most 80 %" in answer.err
    assert kept(run) == before


def test_what_has_no_error_bars_is_said(run, gwkeras_command, tmp_path):
    answer = gwkeras_command("calibrate", run, "--method", "smooth")
    assert answer.code == 2
    assert "smooth: expected a method of prior and kriging on a product" in answer.err
    answer = gwkeras_command("calibrate", tmp_path / "nowhere")
    assert answer.code == 2
    assert "expected a run folder with config.yaml" in answer.err


def test_basins_have_error_bars_of_their_own(run, gwkeras_command, tmp_path):
    """The mean over 3° × 4° is known better than its cells; halves of it less well."""

    def zone(name, west, east):
        ring = [[west, 21.0], [east, 21.0], [east, 24.0], [west, 24.0], [west, 21.0]]
        return {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}

    features = [zone("all", 82.0, 86.0), zone("west", 82.0, 84.0)]
    (tmp_path / "basins.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    answer = gwkeras_command("zonal", tmp_path / "basins.geojson", "--run", run, "--draws", 40, "--last-month", "2003-06")
    assert answer.code == 0, answer.err
    assert "all: " in answer.out
    assert "mm a year" in answer.out
    with xr.open_dataset(run / "zonal.nc") as found:
        assert found["zone"].values.tolist() == ["all", "west"]
        assert found["gwsa"].attrs["units"] == "mm"
        whole, half = found["gwsa_sigma"].values
        assert (0 < whole).all()
        assert whole.mean() < half.mean()
        inside = (found["gwsa_lower"] < found["gwsa"]) & (found["gwsa"] < found["gwsa_upper"])
        assert bool(inside.all())
        assert np.isfinite(found["gwsa_trend_sigma"].values).all()
    again = gwkeras_command("zonal", tmp_path / "basins.geojson", "--run", run)
    assert again.code == 2
    assert "expected a name that is free, found a file" in again.err


def test_zones_of_a_method_without_error_bars(run, gwkeras_command, tmp_path):
    (tmp_path / "z.geojson").write_text(
        json.dumps({"type": "Polygon", "coordinates": [[[82, 21], [84, 21], [84, 23], [82, 23], [82, 21]]]})
    )
    answer = gwkeras_command("zonal", tmp_path / "z.geojson", "--run", run, "--method", "smooth")
    assert answer.code == 2
    assert "a method of prior and kriging with calibrated error bars, found 'smooth'" in answer.err


def test_draws_of_the_record_are_written(run, gwkeras_command):
    """Of 40 draws, σ is known to 11 % in a cell, and much better over all of them."""
    some = "--run", run, "--last-month", "2003-03", "--overwrite"
    answer = gwkeras_command("downscale", *some, "--draws", 40)
    assert answer.code == 0, answer.err
    assert "gwsa_fine_draws.nc (40 draws of " in answer.out
    with xr.open_dataset(run / "gwsa_fine.nc") as record, xr.open_dataset(run / "gwsa_fine_draws.nc") as found:
        assert found["gwsa"].dims == ("draw", "time", "lat", "lon")
        assert found["gwsa"].attrs["units"] == "mm"
        assert found["draw"].attrs["standard_name"] == "realization"
        assert found["time"].equals(record["time"])
        known = np.isfinite(record["gwsa"].values)
        np.testing.assert_array_equal(np.isfinite(found["gwsa"].values).all(axis=0), known)
        spread = found["gwsa"].std("draw", ddof=1).values[known] / record["gwsa_sigma"].values[known]
        assert np.sqrt((spread**2).mean()) == pytest.approx(1.0, abs=0.06)
        away = (found["gwsa"].mean("draw") - record["gwsa"]).values[known] / record["gwsa_sigma"].values[known]
        assert np.sqrt((away**2).mean()) == pytest.approx(1 / np.sqrt(40), rel=0.3)
    (run / "gwsa_fine.nc").unlink()
    again = gwkeras_command("downscale", *some[:-1], "--draws", 4)
    assert again.code == 2
    assert "gwsa_fine_draws.nc: expected a name that is free" in again.err
    appended = gwkeras_command("downscale", "--run", run, "--draws", 4, "--append")
    assert appended.code == 2
    assert "--draws: expected a record that is written whole, found --append" in appended.err
    other = gwkeras_command("downscale", *some, "--draws", 4, "--method", "smooth")
    assert other.code == 2
    assert "--draws: expected a method of prior and kriging with calibrated error bars, found 'smooth'" in other.err


def test_the_product_itself_tells_whether_error_bars_hold(run):
    """The tiny world's kriging, in its held-out months, cell by cell; nothing of it is looked at when σ is made."""
    from gwkeras.evaluate.findings.product_scale import product_scale_of
    from gwkeras.evaluate.stored.store import read_evaluation

    figures = product_scale_of(read_evaluation(run / "evaluation.nc"), "kriging")["held_out_months"]
    assert 0.75 < figures["coverage_at_90"] < 0.99
    assert figures["crps"] > 0
    assert "At the product's own scale" in (run / "report.md").read_text()
