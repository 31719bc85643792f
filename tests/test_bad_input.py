"""Bad input gets one sentence and exit code 2, and nothing that was there is lost."""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from gwkeras.core.configuration import load_config
from gwkeras.core.folder_lock import folder_lock
from tests.tiny import Answer, contents, edited, options


def refused(answer: Answer, *words: str) -> None:
    """One sentence that says what was expected, what was found and what to do; no traceback."""
    assert answer.code == 2, answer.err
    assert len(answer.sentences) == 1, answer.err
    sentence = answer.sentences[0]
    assert sentence.startswith("gwkeras: ")
    assert sentence.endswith(".")
    for word in ("expected ", "found ", "; ", *words):
        assert word in sentence


@pytest.fixture
def run(gwkeras_command, tiny_world, tmp_path):
    """`gwkeras run` on the world's files, some of them replaced."""

    def call(*more: object, output: Path | None = None, config: Path | None = None, **files: Path) -> Answer:
        given = {**{name: tiny_world[name] for name in ("gwsa", "climate")}, **files}
        return gwkeras_command("run", *options(given, *given), "--config", config or tiny_world["config"], "--output",
                               output or tmp_path / "out", *more)  # fmt: skip

    return call


@pytest.fixture(scope="module")
def built(tiny_world, tmp_path_factory) -> Path:
    """A run folder with its shards."""
    from gwkeras.pipeline import Experiment, with_files
    from gwkeras.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("built") / "run"
    config = with_files(load_config(tiny_world["config"]), gwsa=[tiny_world["gwsa"]], climate=[tiny_world["climate"]],
                        static=[tiny_world["static"]], truth=tiny_world["truth"])  # fmt: skip
    Experiment(config, RunFolder(folder)).build()
    return folder


@pytest.fixture(scope="module")
def trained(built, tmp_path_factory) -> Path:
    """The same with a model; how well it is trained is of no matter here."""
    from gwkeras.pipeline import Experiment
    from gwkeras.training.calibration import Calibration
    from gwkeras.training.fit import Samples, new_model
    from gwkeras.training.train import save_network

    folder = tmp_path_factory.mktemp("trained") / "run"
    shutil.copytree(built, folder)
    experiment = Experiment.open(folder)
    model = new_model(Samples(experiment.run.shards, experiment.manifest, experiment.config), seed=0)
    save_network(model.network, experiment.run.model)
    Calibration(basis="nothing").write(experiment.run.calibration)
    return folder


@pytest.fixture
def copy_of(tmp_path):
    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copy"))

    return copy


def rename_variable(old: str, new: str):
    return lambda file: file.renameVariable(old, new)


def shift_years(dimension: str, years: int):
    def change(file: netCDF4.Dataset) -> None:
        seconds = "seconds" in file[dimension].units
        file[dimension][:] = file[dimension][:] + round(years * 365.25) * (86400 if seconds else 1)

    return change


# Sources


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
    refused(run(gwsa=tiny_world["climate"]), "era5_land.nc", "storage variable", "tp(", "variables: {gwsa: name}")
    refused(run(climate=tiny_world["truth"]), "truth.nc", "climate variable", "gwsa(")
    refused(run(static=tiny_world["truth"]), "truth.nc", "maps with latitude and longitude", "gwsa(")


def test_no_units(run, tiny_world, tmp_path):
    bare = edited(tiny_world["gwsa"], tmp_path / "bare.nc", lambda file: file["GWSA"].delncattr("units"))
    refused(run(gwsa=bare), "bare.nc, variable GWSA", "units attribute", "found none", "units: {name: unit}")


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
    refused(run(climate=west), "west.nc, precipitation", "cover the product", "leaves out 42 %")


def test_a_static_file_that_covers_half_the_region(run, tiny_world, tmp_path):
    def move(file: netCDF4.Dataset) -> None:
        file["lon"][:] = file["lon"][:] - 4
        for name in ("elevation", "soil_index", "irrigated_share"):
            file[name][:] = 1.0

    refused(run(static=edited(tiny_world["static"], tmp_path / "half.nc", move)), "cover", "elevation")


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


# Configuration and options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training: {epoch: 3}", ("training.epoch", "epochs")),
        ("sampel: {factor: 2}", ("sampel", "sample")),
        ("training: {epochs: many}", ("training.epochs", "a whole number", "'many'")),
        ("sample: {factor: 1.5}", ("sample.factor", "a whole number")),
        ("split: {test_share: 1.5}", ("split.test_share", "1.5")),
        ("target: {kind: cubic}", ("target.kind", "bicubic")),
        ("training: [1, 2]", ("training", "a section")),
        ("training: {epochs: 3", ("YAML",)),
        ("- a\n- b", ("mapping",)),
    ],
)
def test_a_wrong_configuration(run, tmp_path, text, words):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    refused(run(config=file), "wrong.yaml", *words)
    assert not (tmp_path / "out").exists()


def test_wrong_settings(run, tmp_path):
    refused(run("--set", "training.epochs"), "key.path=value")
    refused(run("--set", "training.eposch=3"), "training.eposch", "epochs")
    refused(run(config=tmp_path / "no.yaml"), "no.yaml", "no such file")


@pytest.mark.parametrize(
    "arguments",
    [("run",), ("run", "--output", "x", "--target", "cubic"), ("run", "--outptu", "x"), ("no-such-command",),
     ("build-tfrecords", "--workers", "0"), ("twin", "--output", "x", "--seed", "-1"), ("demo", "--seed", "a")],
)  # fmt: skip
def test_wrong_usage(gwkeras_command, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = gwkeras_command(*arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert not list(tmp_path.iterdir())


def test_a_twin_off_its_grid(gwkeras_command, tmp_path):
    refused(gwkeras_command("twin", "--output", tmp_path / "w", "--south", "15.2"), "region", "0.5° cells")


# Run folders


@pytest.mark.parametrize("stage", ["train", "evaluate", "export", "downscale"])
def test_no_run_there(gwkeras_command, tmp_path, stage, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(gwkeras_command(stage), "runs/gwkeras", "config.yaml", "gwkeras build-tfrecords")
    refused(gwkeras_command(stage, "--run", tmp_path / "nowhere"), "nowhere")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["evaluate", "export", "downscale"])
def test_an_untrained_run(gwkeras_command, built, copy_of, stage, tmp_path):
    run = copy_of(built)
    before = contents(run)
    output = () if stage == "evaluate" else ("--output", tmp_path / "x")
    refused(gwkeras_command(stage, "--run", run, *output), "model.keras", "gwkeras train")
    assert {name: data for name, data in contents(run).items() if not name.startswith("cache")} == before
    assert not (tmp_path / "x").exists()


def test_a_run_without_shards(gwkeras_command, built, copy_of):
    run = copy_of(built)
    shutil.rmtree(run / "shards")
    refused(gwkeras_command("train", "--run", run), "shards", "gwkeras build-tfrecords")


@pytest.mark.parametrize("damage", ["cut", "noise", "other"])
@pytest.mark.parametrize("stage", ["export", "downscale"])
def test_a_damaged_model(gwkeras_command, trained, copy_of, tmp_path, damage, stage):
    run = copy_of(trained)
    model = run / "model.keras"
    whole = bytearray(model.read_bytes())
    if damage == "cut":
        del whole[len(whole) // 2 :]
    elif damage == "noise":
        middle = len(whole) // 2
        whole[middle : middle + 2000] = bytes(2000)
    else:
        whole = bytearray(b"no model")
    model.write_bytes(whole)
    refused(gwkeras_command(stage, "--run", run, "--output", tmp_path / "x"), "model.keras", "train again")
    assert not (tmp_path / "x" / "1").exists()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"sigma": 1}', '{"sigma_scale": "a", "interval_factor": 1, "interval": 0.9, "basis": ""}', "null",
             '{"sigma_scale": NaN, "interval_factor": 1, "interval": 0.9, "basis": ""}'],
)  # fmt: skip
def test_a_damaged_calibration(gwkeras_command, trained, copy_of, tmp_path, text):
    run = copy_of(trained)
    (run / "calibration.json").write_text(text)
    refused(gwkeras_command("downscale", "--run", run, "--output", tmp_path / "x.nc"), "calibration.json", "train again")
    assert not (tmp_path / "x.nc").exists()


def test_a_damaged_manifest(gwkeras_command, built, copy_of):
    run = copy_of(built)
    manifest = run / "shards" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(manifest.read_text()[:-40])
    refused(gwkeras_command("train", "--run", run), "manifest.json", "build")
    del content["statistics"]
    manifest.write_text(json.dumps(content))
    refused(gwkeras_command("train", "--run", run), "manifest.json", "build")


# Keras' CSVLogger leaves its file to the collector where training fails
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "gone"])
def test_a_damaged_shard_is_named_and_written_anew(gwkeras_command, tiny_world, built, copy_of, damage):
    run = copy_of(built)
    whole = contents(run / "shards")
    shard = run / "shards" / next(name for name in whole if name.startswith("train-00001"))
    if damage == "truncated":
        os.truncate(shard, shard.stat().st_size - 100)
    elif damage == "bit flipped":
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 1
        shard.write_bytes(data)
    else:
        shard.unlink()
    train = gwkeras_command("train", "--run", run, "--set", "training.scale_transfer=false", "--set", "training.epochs=1")
    refused(train, shard.name, "gwkeras build-tfrecords")
    assert not (run / "model.keras").exists()
    again = gwkeras_command("build-tfrecords", "--run", run, "--config", run / "config.yaml")
    assert again.code == 0, again.err
    assert contents(run / "shards") == whole
    gc.collect()


def test_a_build_of_another_configuration_is_not_replaced(gwkeras_command, built, copy_of):
    run = copy_of(built)
    before = contents(run)
    build = ("build-tfrecords", "--run", run, "--config", run / "config.yaml", "--set", "sample.months=4")
    refused(gwkeras_command(*build), "a build of others", "--overwrite")
    assert contents(run) == before
    done = gwkeras_command(*build, "--overwrite")
    assert done.code == 0, done.err
    assert "sample:\n  months: 4" in (run / "config.yaml").read_text()


def test_a_run_in_use(gwkeras_command, run, built, copy_of, tmp_path):
    folder = copy_of(built)
    with folder_lock(folder / "checkpoints"):
        refused(gwkeras_command("train", "--run", folder), f"process {os.getpid()}", "wait for it to end")
    with folder_lock(folder / "shards"):
        refused(gwkeras_command("build-tfrecords", "--run", folder, "--config", folder / "config.yaml"), f"process {os.getpid()}")
    with folder_lock(tmp_path / "out"):
        refused(run(), f"process {os.getpid()}")


def test_an_output_that_cannot_be_written(gwkeras_command, run, trained, copy_of, tmp_path):
    (tmp_path / "file").write_text("kept")
    folder = copy_of(trained)
    refused(run(output=tmp_path / "file"), "file")
    refused(gwkeras_command("downscale", "--run", folder, "--output", tmp_path / "file" / "x.nc"), "file")
    refused(gwkeras_command("export", "--run", folder, "--output", tmp_path / "file"), "file")
    refused(gwkeras_command("twin", "--output", tmp_path / "file"), "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_an_error_of_our_own_is_one_sentence_and_its_traceback_is_in_the_log(gwkeras_command, trained, copy_of, monkeypatch):
    folder = copy_of(trained)
    monkeypatch.setattr("gwkeras.pipeline.load_network", lambda run: 1 / 0)
    answer = gwkeras_command("export", "--run", folder)
    assert answer.code == 1
    said = "gwkeras: failed, ZeroDivisionError: division by zero; the same command with --debug shows where."
    assert answer.sentences == [said]
    assert "Traceback" in (folder / "gwkeras.log").read_text()


# A full disk


@pytest.fixture
def largest_file():
    """Lets no file of this process grow beyond so many bytes: what a full disk does, with another word for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1_000, 20_000, 200_000])
def test_a_disk_full_during_a_build(run, built, largest_file, tmp_path, tiny_world, gwkeras_command, size):
    """The build that stands stays; another one says what to do, and is done by the same command when there is room."""
    folder = tmp_path / "run"
    shutil.copytree(built / "shards", folder / "shards")
    shutil.copy(built / "config.yaml", folder)
    before = contents(folder)
    build = ("build-tfrecords", "--run", folder, "--config", built / "config.yaml", "--set", "sample.months=4", "--overwrite")
    largest_file(size)
    refused(gwkeras_command(*build), "a full disk", "free some space")
    left = contents(folder)
    assert {name: left[name] for name in before} == before
    assert not [name for name in left if name.endswith(".partial")]
    largest_file(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    done = gwkeras_command(*build)
    assert done.code == 0, done.err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("stage", ["evaluate", "export", "downscale"])
def test_a_disk_full_during_a_stage(trained, copy_of, largest_file, gwkeras_command, stage):
    folder = copy_of(trained)
    (folder / "gwsa_fine.nc").write_bytes(b"the record of yesterday")
    (folder / "saved_model" / "1").mkdir(parents=True)
    (folder / "evaluation.nc").write_bytes(b"the scores of yesterday")
    before = contents(folder)
    output = ("--output", folder / "saved_model") if stage == "export" else ()
    largest_file(3_000)
    answer = gwkeras_command(stage, "--run", folder, *output)
    largest_file(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    refused(answer)
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "partial" in name or name.endswith(".tmp")]
    assert not (folder / "saved_model" / "2").exists()
    gc.collect()
