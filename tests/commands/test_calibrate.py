"""`gwkeras calibrate` on a run of kriging alone."""

from __future__ import annotations

import json
import shutil

import pytest

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
