"""From files to a downscaled record by one command, on a world whose truth is known; every number checked from outside."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.yaml_file import load_config
from tests.tiny import contents, options, settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
COMMAND = (sys.executable, "-c", "from gwkeras.cli import main; main()")
STAGES = ("build", "train", "evaluate", "export", "downscale", "report")
METHODS = ("nearest", "bilinear", "bicubic", "bicubic + conservation", "model")


@pytest.fixture(scope="module")
def finished(tiny_world, tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    """`gwkeras run` on the world's files, in a process of its own and from another folder."""
    folder = tmp_path_factory.mktemp("finished")
    given = options(tiny_world, "gwsa", "climate", "static", "truth", "config")
    done = subprocess.run(
        [*COMMAND, "run", *given, "--output", "runs/a"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "runs" / "a", done


@pytest.fixture(scope="module")
def record(finished):
    with xr.open_dataset(finished[0] / "gwsa_fine.nc") as data:
        yield data.load()


def run_in_process(
    files: dict[str, Path], folder: Path, target: str, overrides: tuple[str, ...] = ("training.epochs=1",), **given: object
):
    """`gwkeras run` with one epoch of training."""
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.pipeline.whole import run_all
    from gwkeras.training.run_folder import RunFolder

    config = load_config(files["config"], overrides)
    config = with_files(config, gwsa=[files["gwsa"]], climate=[files["climate"]], target=target, **given)
    return run_all(Experiment(config, RunFolder(folder)))


def test_what_a_run_says_and_leaves(finished):
    folder, done = finished
    for name in METHODS:
        assert name in done.stdout
    for word in ("RMSE mm", "MAE mm", "90 % coverage", "downscaled.png", "gwsa_fine.nc", "report.md", "summary.json"):
        assert word in done.stdout
    noise = [line for line in done.stderr.splitlines() if line.strip() and "━" not in line]
    assert noise == []
    assert (folder / "downscaled.png").read_bytes().startswith(b"\x89PNG")
    report = (folder / "report.md").read_text()
    assert "![coarse field, truth, model and error](downscaled.png)" in report
    assert "| model |" in report
    assert "## Sources" in report
    assert not [p for p in folder.rglob("*") if "partial" in p.name]
    with xr.open_dataset(folder / "evaluation.nc") as by_month:
        assert by_month["rmse"].dims == ("method", "time")
        assert by_month["rmse"].attrs["units"] == "mm"
        assert by_month["method"].values.tolist() == list(METHODS)
        manifest = json.loads((folder / "shards" / "manifest.json").read_text())
        assert by_month.attrs["config_hash"] == manifest["config_hash"]


def test_summary_has_the_form_that_other_programs_rely_on(finished):
    summary = json.loads((finished[0] / "summary.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    assert tuple(summary["methods"]) == METHODS
    for name, scores in summary["methods"].items():
        assert set(scores) >= {
            "rmse",
            "mae",
            "bias",
            "r2",
            "crps",
            "coverage_90",
            "correlation",
            "kge",
            "sigma",
            "coverage_at_50",
        }
        assert 0 < scores["crps"] <= scores["mae"] <= scores["rmse"] < 50
        assert scores["r2"] < 1
        assert (scores["coverage_90"] is None) == (name != "model")
    assert 0.5 < summary["methods"]["model"]["coverage_90"] < 1
    assert summary["unit"] == "mm"
    assert 0 <= summary["conservation_max_mm"] <= 1e-3
    assert set(summary["seconds"]) == set(STAGES)
    assert all(isinstance(s, float) and s >= 0 for s in summary["seconds"].values())
    assert 100 < summary["peak_memory_mib"] < 4096
    assert summary["judged_by"] == "the fine truth at 0.25°"


def test_scores_of_the_summary_follow_from_the_files_alone(finished, record, tiny_world):
    """RMSE and MAE of the model, by hand from the written record and the truth file."""
    summary = json.loads((finished[0] / "summary.json").read_text())
    with xr.open_dataset(tiny_world["truth"]) as truth:
        truth = truth["gwsa"].load()
    months = np.array(summary["test_months"], dtype="datetime64[M]").astype("datetime64[ns]")
    assert len(months) > 3
    weight = np.cos(np.deg2rad(record["lat"])) * xr.ones_like(record["lon"])
    error = record["gwsa"].sel(time=months) - truth.sel(time=months).values
    weights = weight.where(np.isfinite(error), 0.0)
    rmse = float(np.sqrt((error.fillna(0) ** 2 * weights).sum() / weights.sum()))
    mae = float((abs(error).fillna(0) * weights).sum() / weights.sum())
    assert rmse == pytest.approx(summary["methods"]["model"]["rmse"], abs=2e-3)
    assert mae == pytest.approx(summary["methods"]["model"]["mae"], abs=2e-3)
    inside = (record["gwsa_lower"].sel(time=months) <= truth.sel(time=months).values) & (
        truth.sel(time=months).values <= record["gwsa_upper"].sel(time=months)
    )
    coverage = float((inside * weights).sum() / weights.sum())
    assert coverage == pytest.approx(summary["methods"]["model"]["coverage_90"], abs=2e-3)


def test_the_record_conserves_mass_on_every_land_cell(finished, record, tiny_world):
    with netCDF4.Dataset(tiny_world["gwsa"]) as file:
        coarse = file["GWSA"][:].filled(np.nan).astype(float)
        order = np.argsort(file["lat"][:])
    coarse = coarse[:, order]
    edges = np.deg2rad(np.append(record["lat"].values - 0.125, record["lat"].values[-1] + 0.125))
    area = np.diff(np.sin(edges))[:, None] * np.ones(record.sizes["lon"])
    fine = record["gwsa"].values.astype(float)
    assert fine.shape == (coarse.shape[0], 2 * coarse.shape[1], 2 * coarse.shape[2])
    weight = np.where(np.isfinite(fine), area, 0.0)

    def blocks(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), coarse.shape[1], 2, coarse.shape[2], 2).sum((2, 4))

    known = np.isfinite(coarse)
    total = blocks(weight)
    assert np.array_equal(total > 0, known), "every cell with storage is downscaled, and no other"
    gap = np.abs(blocks(np.nan_to_num(fine) * weight)[known] / total[known] - coarse[known])
    assert gap.max() <= 1e-3
    assert gap.max() <= json.loads((finished[0] / "summary.json").read_text())["conservation_max_mm"] + 1e-4


def test_the_record_tells_the_command_that_made_it(record, tiny_world):
    given = options(tiny_world, "gwsa", "climate", "static", "truth", "config")
    written, _, command = record.attrs["history"].partition(" ")
    assert shlex.split(command) == ["gwkeras", "run", *given, "--output", "runs/a"]
    np.datetime64(written.removesuffix("Z"))


def test_the_record_is_cf_with_units_bounds_and_all_months(record, tiny_world):
    with xr.open_dataset(tiny_world["gwsa"]) as product:
        months = product["time"].values.astype("datetime64[M]")
    assert np.array_equal(record["time"].values.astype("datetime64[M]"), months)
    assert {"gwsa", "gwsa_sigma", "gwsa_lower", "gwsa_upper"} <= set(record.data_vars)
    for name in ("gwsa", "gwsa_sigma", "gwsa_lower", "gwsa_upper"):
        assert record[name].attrs["units"] == "mm"
    assert record.attrs["Conventions"].startswith("CF-1.")
    for axis, first, step in (("lat", 20.0, 0.25), ("lon", 80.0, 0.25)):
        bounds = record[record[axis].attrs.get("bounds", f"{axis}_bounds")].values
        assert bounds[0] == pytest.approx([first, first + step])
        assert np.allclose(bounds[1:, 0], bounds[:-1, 1])
    known = np.isfinite(record["gwsa"].values)
    sigma = record["gwsa_sigma"].values[known]
    assert (sigma > 0).all()
    assert (record["gwsa_lower"].values[known] < record["gwsa"].values[known]).all()
    assert (record["gwsa_upper"].values[known] > record["gwsa"].values[known]).all()
    assert str(record.attrs["input_hashes"]).count("=") == 3  # not the truth: no result depends on it


def test_plain_tensorflow_reads_what_was_exported(finished, record):
    import tensorflow as tf

    from gwkeras.domain.opening import open_domain
    from gwkeras.methods.network.trained import load_network
    from gwkeras.pipeline.experiment import Experiment

    experiment = Experiment.open(finished[0])
    domain = open_domain(experiment.fields, experiment.config, experiment.run.cache, experiment.manifest.split)
    sample = domain.sample(domain.months[5], 0, 0, 12, 16)
    serve = tf.saved_model.load(str(finished[0] / "saved_model" / "1")).signatures["serving_default"]
    names = serve.structured_input_signature[1]
    served = serve(**{name: tf.constant(sample[name][None]) for name in names})
    network = load_network(experiment.run)
    own = network.predict_on_batch({t.name: sample[t.name][None] for t in network.inputs})
    assert served["mean"].shape == (1, 24, 32, 1)
    assert np.allclose(served["mean"], own["mean"], atol=1e-3)
    calibration = json.loads((finished[0] / "calibration.json").read_text())
    assert np.allclose(served["stddev"], calibration["sigma_scale"] * np.sqrt(own["variance"]), rtol=1e-4)
    written = record["gwsa"].sel(time=domain.months[5]).values
    known = np.isfinite(written)
    assert np.allclose(np.asarray(served["mean"])[0, ..., 0][known], written[known], atol=2e-2)


def test_the_same_command_again_goes_on_from_what_is_there(finished, gwkeras_command):
    """Build and evaluation alone, with the very figures of the first time; the next export is a version of its own."""
    folder, _ = finished
    before = contents(folder / "shards")
    again = gwkeras_command("build-tfrecords", "--run", folder, "--config", folder / "config.yaml")
    assert again.code == 0, again.err
    assert f"Next: gwkeras train --run {folder}" in again.out
    assert contents(folder / "shards") == before
    figures = (folder / "evaluation.nc").read_bytes()
    judged = gwkeras_command("evaluate", "--run", folder)
    assert judged.code == 0, judged.err
    with netCDF4.Dataset("figures", memory=figures) as old, netCDF4.Dataset(folder / "evaluation.nc") as new:
        assert np.allclose(old["rmse"][:], new["rmse"][:], atol=1e-4)
    exported = gwkeras_command("export", "--run", folder, "--output", folder / "saved_model")
    assert exported.code == 0, exported.err
    assert (folder / "saved_model" / "2" / "saved_model.pb").exists()


def test_a_reference_is_learned_and_the_same_seed_gives_the_same_numbers(tiny_world, tmp_path):
    given = {"static": [tiny_world["static"]], "truth": tiny_world["truth"]}
    one, two = (run_in_process(tiny_world, tmp_path / name, "reference", **given) for name in ("one", "two"))
    for name, scores in one.scores.items():
        assert scores.as_dict() == two.scores[name].as_dict()
    with xr.open_dataset(tmp_path / "one" / "gwsa_fine.nc") as a, xr.open_dataset(tmp_path / "two" / "gwsa_fine.nc") as b:
        assert np.array_equal(a["gwsa"].values, b["gwsa"].values, equal_nan=True)
    assert math.isfinite(one.scores["model"]["rmse"])
    assert json.loads((tmp_path / "one" / "summary.json").read_text())["training"] == {"epochs": 1.0, "transfer_rmse_mm": []}


def test_the_papers_target_is_learned(tiny_world, tmp_path):
    evaluation = run_in_process(tiny_world, tmp_path, "bicubic")
    assert evaluation.basis == "the bicubic interpolation of the product, which is no evidence of detail"
    assert evaluation.scores["bicubic"]["rmse"] == pytest.approx(0, abs=1e-3)
    assert evaluation.scores["nearest"]["rmse"] > evaluation.scores["bilinear"]["rmse"] > 0.1


def test_a_random_split_is_judged_in_its_test_patches_alone(tiny_world, tmp_path):
    """The paper's way of dealing: no more cells are scored than the test patches hold, and the report says how."""
    settings_of_paper = (
        "training.epochs=1",
        "split.kind=random",
        "patches.layout=random",
        "sample.height=4",
        "sample.width=4",
    )
    evaluation = run_in_process(tiny_world, tmp_path, "bicubic", overrides=settings_of_paper)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert evaluation.data.sizes["patch"] == 20
    assert set(summary["methods_by_patch"]["model"]) == {"mae", "rmse", "r2", "physics"}
    for name in METHODS:
        assert evaluation.scores[name].cells <= 20 * (2 * 4) ** 2
        assert summary["methods_by_patch"][name]["physics"]["mean"] > 0
    assert "20 test patches" in summary["held_out"]
    report = (tmp_path / "report.md").read_text()
    assert "## Test patches" in report
    assert " ± " in report
    assert "test scores are too optimistic" in report


def test_what_was_exported_before_is_not_exported_again(tiny_world, tmp_path):
    def versions() -> list[str]:
        return sorted(path.name for path in (tmp_path / "saved_model").iterdir())

    run_in_process(tiny_world, tmp_path, "bicubic")
    assert "- exported model: saved_model/1\n" in (tmp_path / "report.md").read_text()
    run_in_process(tiny_world, tmp_path, "bicubic")
    assert versions() == ["1"]
    assert "- exported model: saved_model/1, exported before\n" in (tmp_path / "report.md").read_text()
    (tmp_path / "saved_model" / "1" / "saved_model.pb").unlink()
    run_in_process(tiny_world, tmp_path, "bicubic")
    assert versions() == ["1", "2"]


def test_a_killed_build_is_finished_by_the_same_command_with_the_same_bytes(tiny_world, tmp_path, gwkeras_command):
    def build(folder: Path) -> list[str]:
        return ["build-tfrecords", "--run", str(folder), *settings(tiny_world, "gwsa", "climate"), "--set", "shards.samples=1"]

    whole = gwkeras_command(*build(tmp_path / "whole"))
    assert whole.code == 0, whole.err
    killed = tmp_path / "killed"
    process = subprocess.Popen([*COMMAND, *build(killed)], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(list((killed / "shards" / ".partial").glob("*.tfrecord"))) >= 3, process)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert not (killed / "shards" / "manifest.json").exists()
    again = gwkeras_command(*build(killed))
    assert again.code == 0, again.err
    assert contents(killed / "shards") == contents(tmp_path / "whole" / "shards")


def test_ctrl_c_during_training(tiny_world, tmp_path, gwkeras_command):
    run = tmp_path / "run"
    built = gwkeras_command("build-tfrecords", "--run", run, *settings(tiny_world, "gwsa", "climate"))
    assert built.code == 0, built.err
    before = contents(run)
    endless = ("training.epochs=100000", "training.stopping_patience=100000", "training.scale_transfer=false")
    arguments = ["train", "--run", str(run), *(part for s in endless for part in ("--set", s))]
    process = subprocess.Popen([*COMMAND, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: (run / "history.csv").exists() and len((run / "history.csv").read_text().splitlines()) > 2, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    said = [line for line in err.splitlines() if line.startswith("gwkeras: ")]
    assert said == [
        "gwkeras: interrupted; finished epochs are kept, and the same command with --resume restarts the one that was running."
    ]
    assert "Traceback" not in err
    assert not (run / "model.keras").exists()
    after = contents(run)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "partial" in name]


def until(condition, process: subprocess.Popen, seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the process ended before its time"
        assert time.monotonic() < deadline
        time.sleep(0.005)
