"""A method added by a test alone is fitted, judged, ablated, written and reported with no line of gwkeras changed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from tests.tiny import settings

OWN = (
    "methods=[{prior: {kind: 'tests.methods.own:ConstantPrior', level: 7.0}, update: {kind: 'tests.methods.own:NearestUpdate'}}]"
)
NAME = "constant + nearest residual"


@pytest.fixture
def run(tiny_world, gwkeras_command, tmp_path):
    folder = tmp_path / "run"
    files = settings(tiny_world, "gwsa", "climate", "static", "truth")
    answer = gwkeras_command("evaluate", "--run", folder, *files, "--set", OWN)
    assert answer.code == 0, answer.err
    assert NAME in answer.out
    return folder


def test_it_is_judged_beside_the_interpolations(run):
    """It is nearest neighbour by another way, so its scores are nearest's."""
    folder = run
    with xr.open_dataset(folder / "evaluation.nc") as found:
        rmse = found["rmse"].values
        names = found["method"].values.tolist()
    np.testing.assert_allclose(rmse[names.index(NAME)], rmse[names.index("nearest")], rtol=1e-5)
    assert f"| {NAME} |" in (folder / "report.md").read_text()
    assert not (folder / "shards").exists()


def test_it_is_written(run, gwkeras_command):
    folder = run
    answer = gwkeras_command("downscale", "--run", folder)
    assert answer.code == 0, answer.err
    with xr.open_dataset(folder / "gwsa_fine.nc") as found:
        assert np.isfinite(found["gwsa"]).any()
        assert np.nanmax(np.abs(found["gwsa_sigma"] - 2.0)) < 1e-6
    named = gwkeras_command("downscale", "--run", folder, "--method", "ridge", "--overwrite")
    assert named.code == 2
    assert f"--method: expected one of {NAME}, found 'ridge'" in named.sentences[0]


@pytest.mark.slow
def test_it_is_ablated(tiny_world, gwkeras_command, tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text("own: {" + OWN.replace("=", ": ", 1) + "}\n")
    files = settings(tiny_world, "gwsa", "climate", "static", "truth")
    bicubic = "methods=[{prior: none, update: {kind: interpolation, kernel: bicubic}, name: plain}]"
    answer = gwkeras_command("ablate", "--run", tmp_path / "study", "--grid", grid, "--seeds", "1", *files, "--set", bicubic)
    assert answer.code == 0, answer.err
    assert " own " in answer.out
    found, full = (json.loads((tmp_path / "study" / name / "seed-0" / "scores.json").read_text()) for name in ("own", "full"))
    assert found["network"]["rmse"] == pytest.approx(found["interpolations"]["nearest"]["rmse"], rel=1e-5)
    assert full["network"]["rmse"] == pytest.approx(full["interpolations"]["bicubic"]["rmse"], rel=1e-5)
    assert "own" in (tmp_path / "study" / "ablation.csv").read_text()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[{prior: {kind: forrest}}]", "expected a kind of prior"),
        ("[{prior: {kind: 'tests.methods.own:Absent'}}]", "expected a prior that can be imported"),
        ("[{prior: {kind: 'subprocess:Popen', args: 'touch x'}}]", "expected a prior: a dataclass with a method fit"),
        ("[{prior: {kind: 'tests.methods.own:ConstantPrior', spread: -1}}]", "expected a number above 0"),
        ("[{prior: {kind: 'tests.methods.own:ConstantPrior', sprad: 1}}]", "unknown key 'methods.0.prior.sprad'"),
        ("[{update: {kernel: bicubic}}]", "expected a kind of update"),
    ],
)
def test_what_is_no_method_is_refused_in_one_sentence(gwkeras_command, tiny_world, tmp_path, value, said):
    answer = gwkeras_command("evaluate", "--run", tmp_path / "x", "--config", tiny_world["config"], "--set", f"methods={value}")
    assert answer.code == 2
    assert len(answer.sentences) == 1
    assert said in answer.sentences[0]


def test_the_method_of_the_documentation_works(tiny_world, gwkeras_command, tmp_path, monkeypatch, project_root):
    """docs/methods.md, word by word: a module in a folder that Python searches, named in the configuration."""
    page = (project_root / "docs" / "methods.md").read_text(encoding="utf-8")
    section = page.split("## A method of your own")[1]
    code = section.split("```python\n")[1].split("```")[0]
    named = section.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "my_module.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    config = tmp_path / "own.yaml"
    without = tiny_world["config"].read_text().replace("methods: [{prior: network}]\n", "")
    config.write_text(without + named, encoding="utf-8")
    files = [part for part in settings(tiny_world, "gwsa", "climate", "static", "truth") if part != str(tiny_world["config"])]
    answer = gwkeras_command("evaluate", "--run", tmp_path / "run", *files[:1], config, *files[1:])
    assert answer.code == 0, answer.err
    assert "wetness + bicubic + conservation" in answer.out
