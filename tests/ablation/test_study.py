"""Studies on a small world: the same ground for all, what is done stays, and what fails is told."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gwkeras.ablation import study as study_module
from gwkeras.ablation.ground import prepare, require_same
from gwkeras.ablation.result import Result, physics_of
from gwkeras.ablation.study import Study, run_study, trials_of
from gwkeras.ablation.variants import Suite, Variant, configurations, memory
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import load_config, with_values
from gwkeras.core.errors import BadInput, GwkerasError, Interrupted
from gwkeras.data.pipeline import dataset
from gwkeras.fields.record import read_fields
from gwkeras.training.run_folder import RunFolder
from tests.tiny import contents, settings

QUICK = {
    "training.epochs": 1,
    "training.scale_transfer": False,
    "patches": {"train": 16, "validation": 8, "test": 8},
    "model": {"kind": "paper", "unet_filters": [4, 4]},
}


@pytest.fixture(scope="module")
def config(tiny_world) -> Config:
    options = settings(tiny_world, "gwsa", "climate", "truth")
    return with_values(load_config(options[1], options[3::2]), QUICK, "test")


def samples(folder: Path, split: str) -> list[dict[str, np.ndarray]]:
    """The samples of a build in their order."""
    return [
        {name: value.numpy() for part in batch for name, value in part.items()}
        for batch in dataset(folder, split, batch_size=8, seed=0, repeat=False)
    ]


@pytest.mark.slow
def test_memories_differ_in_nothing_but_the_climate_before(config, tmp_path):
    """Climate begins in 2001-06, so twelve months of it reach up to 2002-05: storage of 2002-04 is left out for all."""
    fields = read_fields(config.data)
    configs = configurations(config, [memory((1, 12), config.sample.months)])
    grounds = {name: prepare(fields, c, tmp_path, 1, lambda done, total: None) for name, c in configs.items()}
    assert {name: g.manifest.sample.months for name, g in grounds.items()} == {"full": 3, "1 month": 1, "12 months": 12}
    for name, ground in grounds.items():
        require_same(grounds["full"], ground, name)
        split = ground.manifest.split
        assert split == grounds["full"].manifest.split
        assert min(split.train_months + split.validation_months + split.test_months) == "2002-05"
        assert ground.answer == grounds["full"].answer
        assert list(ground.judge.months) == list(grounds["full"].judge.months)
        for split_name in ("train", "validation", "test"):
            ours, theirs = samples(grounds["12 months"].shards, split_name), samples(ground.shards, split_name)
            assert len(ours) == len(theirs) > 0
            for long, short in zip(ours, theirs, strict=True):
                length = short["climate"].shape[1]
                np.testing.assert_array_equal(long["climate"][:, -length:], short["climate"])
                for feature in set(long) - {"climate"}:
                    np.testing.assert_array_equal(long[feature], short[feature])
    # Without the rule the shorter memory would have had a month more.
    short = replace(config, sample=replace(config.sample, months=1))
    alone = prepare(fields, short, tmp_path, 1, lambda done, total: None)
    split = alone.manifest.split
    assert min(split.train_months + split.validation_months + split.test_months) == "2002-04"
    with pytest.raises(BadInput, match="variant 'alone': expected the same months to train on"):
        require_same(grounds["full"], alone, "alone")


def test_a_longest_memory_shares_the_build_that_was_made_without_the_rule(config, tmp_path):
    fields = read_fields(config.data)
    longest = configurations(config, [memory((12,), config.sample.months)])["12 months"]
    before = replace(config, sample=replace(config.sample, months=12))
    assert (
        prepare(fields, longest, tmp_path, 1, lambda done, total: None).shards
        == prepare(fields, before, tmp_path, 1, lambda done, total: None).shards
    )


PARTS = Suite("parts", (Variant("full"), Variant("bare", {"model.convlstm_filters": [], "model.uncertainty_head": False})))


@pytest.fixture(scope="module")
def finished(config, tmp_path_factory) -> Study:
    """A study of two variants with two seeds. Its memory of one month never recurs."""
    config = with_values(config, {"sample.months": 1}, "test")
    study = Study(tmp_path_factory.mktemp("study"), config, (PARTS,), (4, 5), "gwkeras ablate …")
    said: list[str] = []
    report = run_study(study, lambda label, done, total: said.append(label))
    assert [len(report.results[name]) for name in ("full", "bare")] == [2, 2]
    assert any(label.startswith("4/4 bare, seed 5: ") for label in said)
    return study


@pytest.mark.slow
def test_the_table_is_that_of_the_scores(finished):
    rows = list(csv.DictReader(finished.figures.read_text().splitlines()))
    of = {(r["variant"], r["seed"], r["metric"]): float(r["value"]) for r in rows}
    for variant in ("full", "bare"):
        for seed in (4, 5):
            scores = json.loads((finished.root / variant / f"seed-{seed}" / "scores.json").read_text())
            assert of[variant, str(seed), "rmse"] == pytest.approx(scores["network"]["rmse"], rel=1e-8)
    assert of["full", "4", "rmse"] != of["full", "5", "rmse"]
    assert ("bicubic", "", "rmse") in of
    assert "still to come" not in finished.table.read_text()


@pytest.mark.slow
def test_a_loss_that_overflows_is_told_in_the_table(finished, tmp_path):
    shutil.copytree(finished.root, tmp_path / "copy")
    suite = Suite("parts", (Variant("full"), Variant("endless", {"loss.smoothness_weight": 1e38})))
    study = replace(finished, root=tmp_path / "copy", suites=(suite,), seeds=(4,))
    report = run_study(study)
    assert [len(report.results[name]) for name in ("full", "endless")] == [1, 0]
    text = study.table.read_text()
    assert re.search("- endless, seed 4, failed: .*finite", text)
    assert "| endless | 0 | – |" in text
    assert "still to come" not in text


@pytest.mark.slow
def test_a_constant_spread_is_the_error_on_validation(finished):
    """Without an uncertainty head σ is one number, which calibration makes the RMSE of the validation samples."""
    from gwkeras.methods.network.trained import run_method

    run = RunFolder(finished.root / "bare" / "seed-4")
    ground = prepare(read_fields(finished.config.data), load_config(run.config), finished.root, 1, lambda done, total: None)
    method = run_method(run, load_config(run.config))
    sigma = method.predict(ground.judge.domain, ground.judge.months[0]).sigma
    error, cells = 0.0, 0
    for batch in dataset(run.shards, "validation", batch_size=8, seed=0, repeat=False):
        inputs, targets = batch
        mean = method.inner.network({name: value.numpy() for name, value in inputs.items()})["mean"]
        known = np.isfinite(targets["target"].numpy()) & (inputs["land_fine"].numpy() > 0)
        error, cells = error + ((mean - targets["target"].numpy())[known] ** 2).sum(), cells + known.sum()
    np.testing.assert_allclose(np.nanmin(sigma), np.nanmax(sigma), rtol=1e-5)
    np.testing.assert_allclose(np.nanmean(sigma), np.sqrt(error / cells), rtol=1e-3)


@pytest.mark.slow
def test_variants_are_ordinary_runs(finished, gwkeras_command, tmp_path):
    run = finished.root / "bare" / "seed-5"
    for command in ("evaluate", "export", "downscale"):
        more = ["--output", tmp_path / "saved"] if command == "export" else []
        answer = gwkeras_command(command, "--run", run, *more)
        assert (answer.code, answer.sentences) == (0, [])
    assert gwkeras_command("inspect", run).code == 0
    from gwkeras.pipeline.experiment import Experiment

    # What evaluate finds in the run folder by itself is what stands in the table.
    again = Experiment.open(run).evaluate().scores["model"].as_dict()
    kept = Result.read(run)
    assert kept is not None
    for metric in ("rmse", "mae", "r2", "coverage_90"):
        assert again[metric] == pytest.approx(kept.network[metric], rel=1e-5)


@pytest.mark.slow
def test_given_again_it_trains_what_is_missing_to_the_same_numbers(finished, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(finished.root, root)
    kept = (root / "full" / "seed-4" / "scores.json").read_bytes()
    shutil.rmtree(root / "full" / "seed-5")
    (root / "full" / "seed-4" / "model.keras").write_bytes(b"not touched")
    study = replace(finished, root=root)
    tables: list[str] = []
    report = run_study(study, lambda label, done, total: tables.append(study.table.read_text()))
    assert any("Trainings still to come: 1." in text and "| bare | 2 |" in text for text in tables)
    assert (root / "full" / "seed-4" / "scores.json").read_bytes() == kept
    assert (root / "full" / "seed-4" / "model.keras").read_bytes() == b"not touched"
    before = Result.read(finished.root / "full" / "seed-5")
    assert before is not None
    for metric in ("rmse", "mae", "r2", "physics"):
        assert report.results["full"][5].network[metric] == pytest.approx(before.network[metric], rel=1e-6)


@pytest.mark.slow
def test_results_of_another_configuration_are_not_mixed_in(finished, tmp_path, monkeypatch):
    root = tmp_path / "copy"
    shutil.copytree(finished.root, root)
    before = contents(root)
    other = replace(finished, root=root, config=with_values(finished.config, {"training.batch_size": 8}, "test"))
    with pytest.raises(BadInput, match="expected a new folder, or trainings of this configuration and these data, found one of"):
        run_study(other)
    assert contents(root) == before
    # Another truth: the same trainings would be judged by something else.
    made = study_module.prepare

    def elsewhere(*arguments):
        return replace(made(*arguments), answer="of another truth")

    monkeypatch.setattr(study_module, "prepare", elsewhere)
    with pytest.raises(BadInput, match="--overwrite"):
        run_study(replace(finished, root=root))
    monkeypatch.undo()
    monkeypatch.setattr(study_module, "_train", lambda *arguments: Result("s", "a", "t", 1, 1, {"rmse": 7.0}))
    report = run_study(other, overwrite=True)
    assert {r.network["rmse"] for by_seed in report.results.values() for r in by_seed.values()} == {7.0}
    assert not (root / "full" / "seed-4" / "model.keras").exists()


def test_ctrl_c_says_what_is_kept(config, tmp_path, monkeypatch):
    def stop(trial, ground, label, progress):
        if trial.seed == 5:
            raise KeyboardInterrupt
        return Result("s", "a", "t", 1, 1, {"rmse": 1.0, "mae": 1.0})

    monkeypatch.setattr(study_module, "_train", stop)
    study = Study(tmp_path, config, (PARTS,), (4, 5))
    with pytest.raises(Interrupted, match=f"interrupted; 2 of 4 trainings are kept in {tmp_path}, and the same command goes on"):
        run_study(study)
    assert "Trainings still to come: 2." in study.table.read_text()
    assert not list(tmp_path.rglob("*.partial"))


def test_seeds_come_after_variants_and_failures_do_not_stop_the_rest(config, tmp_path, monkeypatch):
    def fail(trial, ground, label, progress):
        if trial.variant == "full":
            raise GwkerasError("it diverged.")
        return Result("s", "a", "t", 1, 1, {"rmse": 1.0, "mae": 1.0})

    monkeypatch.setattr(study_module, "_train", fail)
    study = Study(tmp_path, config, (PARTS,), (4, 5))
    assert [(t.variant, t.seed) for t in trials_of(study)] == [("full", 4), ("bare", 4), ("full", 5), ("bare", 5)]
    report = run_study(study)
    assert report.notes[:2] == ("full, seed 4, failed: it diverged.", "full, seed 5, failed: it diverged.")
    assert report.differences(PARTS).rows[0] == ("bare", "0", "–", "–", "–")


def test_a_batch_that_does_not_divide_is_told_before_any_work(config, tmp_path):
    suite = Suite("s", (Variant("full"), Variant("in pieces", {"training.accumulate": 3})))
    with pytest.raises(BadInput, match="expected a multiple of 3"):
        run_study(Study(tmp_path / "study", config, (suite,), (0,)))
    assert not (tmp_path / "study").exists()


def test_a_variant_on_other_ground_is_refused_before_any_training(config, tmp_path, monkeypatch):
    monkeypatch.setattr(study_module, "_train", lambda *arguments: pytest.fail("trained"))
    suite = Suite("s", (Variant("full"), Variant("bicubic", {"target.kind": "bicubic"})))
    blind = with_values(config, {"data": {"truth": None}}, "test")
    with pytest.raises(BadInput, match="variant 'bicubic': expected the same field to score against"):
        run_study(Study(tmp_path, blind, (suite,), (0,)))


def test_scores_are_read_back_or_refused(tmp_path):
    result = Result("s", "a", "the truth", 3, 90, {"rmse": 1.5}, {"bicubic": {"rmse": 2.0}})
    result.write(tmp_path)
    assert Result.read(tmp_path) == result
    odd = json.dumps({**json.loads((tmp_path / "scores.json").read_text()), "network": {"rmse": "x"}})
    for text in ("", "[]", "{}", '{"rmse": 1}', odd):
        (tmp_path / "scores.json").write_text(text)
        with pytest.raises(BadInput, match="delete the file"):
            Result.read(tmp_path)
    assert Result.read(tmp_path / "elsewhere") is None


def test_the_physics_loss_is_the_sum_of_the_terms_of_the_epoch_that_is_kept(tmp_path):
    history = tmp_path / "history.csv"
    assert physics_of(history, 0) == {}
    history.write_text("epoch,val_magnitude,val_regional,val_sign\n0,9,9,9\n1,1.5,0.25,0.5\n2,7,7,7\n")
    assert physics_of(history, 1) == {"physics": 2.25}
    assert physics_of(history, 3) == {}
    history.write_text("epoch,loss\n0,9\n")
    assert physics_of(history, 0) == {}
