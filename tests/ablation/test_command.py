"""`gwkeras ablate`: what it says, and what it refuses before any work."""

from __future__ import annotations

import logging

import pytest

from gwkeras.ablation import study as study_module
from gwkeras.ablation.result import Result
from gwkeras.tensorflow_start import quiet_tensorflow
from tests.tiny import settings

MORE = ("--set", "patches={train: 16, validation: 8, test: 8}", "--set", "training.scale_transfer=false")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--study", "parts"), "--study"),
        (("--seeds", "none"), "--seeds: expected a number of seeds or a list such as 0,1,2, found 'none'; correct it."),
        (("--months", "0"), "--months: expected numbers of months from 1 to 120, such as 1,3,6,12, found '0'; correct it."),
        (("--set", "model.dropot=0"), "unknown key 'model.dropot'; did you mean 'model.dropout'."),
        (("--grid", "none.yaml"), "none.yaml: expected a YAML file, found no such file; check the path given to --grid."),
        (("--study", "memory", "--months", "3"), "expected a variant that differs from 'full', found none"),
    ],
)
def test_bad_options_get_one_sentence_and_touch_nothing(gwkeras_command, tiny_world, tmp_path, arguments, said):
    answer = gwkeras_command("ablate", *settings(tiny_world, "gwsa", "climate"), "--run", tmp_path / "study", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert not (tmp_path / "study").exists()


def test_a_grid_with_an_unknown_key(gwkeras_command, tiny_world, tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text("a: {training.dropout: 0}")
    answer = gwkeras_command("ablate", *settings(tiny_world, "gwsa", "climate"), "--run", tmp_path / "study", "--grid", grid)
    assert (answer.code, len(answer.sentences)) == (2, 1)
    assert f"{grid}, variant 'a': training.dropout: expected a key of section 'training'" in answer.err
    assert "did you mean 'model.dropout'" in answer.err
    assert not (tmp_path / "study").exists()


def test_it_ends_with_tables_and_says_what_it_wrote(gwkeras_command, tiny_world, tmp_path, monkeypatch):
    def score(trial, ground, label, progress):
        progress(f"{label}: training", 1, 1)
        rmse = 3.0 + trial.seed + (0.5 if trial.variant == "without physics" else 0.0)
        return Result("s", "a", "the truth", 4, 10, {"rmse": rmse, "mae": rmse / 2})

    monkeypatch.setattr(study_module, "_train", score)
    monkeypatch.setenv("COLUMNS", "140")
    folder = tmp_path / "study"
    options = [*settings(tiny_world, "gwsa", "climate", "truth"), *MORE, "--set", "loss.physics_weight=0.1"]
    answer = gwkeras_command("ablate", *options, "--run", folder, "--study", "components", "--seeds", "1,2")
    assert (answer.code, answer.sentences) == (0, [])
    assert answer.out.startswith(f"8 trainings in {folder}")
    assert "without physics" in answer.out
    assert "+0.50 ± 0.00" in answer.out
    assert f"Wrote {folder}/ablation.md, {folder}/ablation.csv" in answer.out
    text = (folder / "ablation.md").read_text()
    assert "| without physics | 2 | 5.00 ± 0.71 | 2.50 ± 0.35 |" in text
    assert text.splitlines()[2].startswith("    gwkeras ablate --config ")


def test_what_the_configuration_lacks_already_is_told(gwkeras_command, tiny_world, tmp_path, monkeypatch):
    monkeypatch.setattr(study_module, "_train", lambda *arguments: Result("s", "a", "t", 1, 1, {"rmse": 1.0, "mae": 1.0}))
    options = [*settings(tiny_world, "gwsa", "climate", "truth"), *MORE, "--set", "model.uncertainty_head=false"]
    answer = gwkeras_command("ablate", *options, "--run", tmp_path / "study", "--study", "components", "--seeds", "1")
    assert answer.code == 0
    assert "Note: 'without uncertainty head' is the same as the configuration, and is left out." in answer.out
    assert answer.out.startswith("3 trainings")


def test_graphs_of_one_training_after_the_other_are_not_remarked_upon(caplog):
    quiet_tensorflow()
    log = logging.getLogger("tensorflow")
    log.warning("%s out of the last %s calls to %s triggered tf.function retracing.", 5, 5, "step")
    log.warning("something else")
    assert [record.message for record in caplog.records] == ["something else"]
