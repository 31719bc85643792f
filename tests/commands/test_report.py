"""`gwkeras report`, `gwkeras plot` and the Python interface on a run that was made from files."""

from __future__ import annotations

import shutil
import struct

import netCDF4
import numpy as np
import pytest

import gwkeras
from gwkeras.core.errors import BadInput

CONFIGURATION = """
name: small
sample: {months: 3, factor: 2}
split: {block_cells: 4, block_share: 0.0}
methods: [{name: smooth, prior: none, update: {kind: interpolation, kernel: bicubic, conserving: true}}]
"""


@pytest.fixture(scope="module")
def run(tiny_world, tmp_path_factory):
    """A run of an interpolation, judged and downscaled."""
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("report")
    (folder / "small.yaml").write_text(CONFIGURATION)
    files = {"gwsa": [tiny_world["gwsa"]], "climate": [tiny_world["climate"]], "static": [tiny_world["static"]]}
    config = with_files(load_config(folder / "small.yaml"), **files, truth=tiny_world["truth"])
    experiment = Experiment(config, RunFolder(folder / "run"))
    experiment.settle()
    experiment.evaluate()
    experiment.downscale()
    return folder / "run"


@pytest.mark.slow
def test_the_report_of_a_run(run, gwkeras_command):
    answer = gwkeras_command("report", run)
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"Wrote {run}/report.html (")
    page = (run / "report.md").read_text(encoding="utf-8")
    assert "scored against the fine truth at 0.25°" in page
    assert "figures/figure_1.png" in page  # 42 months are enough for a trend
    assert "No network was trained for this run." in page
    assert "| physics loss |" in page  # for every method, interpolations too
    assert "km from the sea" in page
    assert f"{run.name}" not in page.splitlines()[0]


def test_what_was_measured_stands_in_the_file(run):
    data = gwkeras.open_run(run).evaluation.data
    by_name = data["consistency"].values[list(data["method"].values).index("smooth")]
    assert np.nanmax(by_name) < 1e-3  # an unfiltered product, whose block means are kept
    assert (data["predict_seconds"].values > 0).all()
    assert "smooth" in data.attrs["fit_seconds"]
    assert "core" in data.attrs["hardware"]


def test_python_gives_what_the_files_hold(run):
    opened = gwkeras.open_run(run)
    assert opened.config.name == "small"
    assert opened.scores.loc["smooth", "rmse"] == pytest.approx(opened.evaluation.scores["smooth"]["rmse"])
    with opened.record as record, opened.judged_fields as fields:
        assert record["gwsa"].dims == ("time", "lat", "lon")
        month = fields["time"].values[3]
        ours = fields["mean"].sel({"method": "smooth", "time": month}).values
        assert record["gwsa"].sel(time=month).values == pytest.approx(ours, rel=1e-3, abs=0.01, nan_ok=True)
    assert "configuration, evaluation, record" in repr(opened)


def test_downscale_gives_xarray(run):
    found = gwkeras.downscale(run, south=22.0, north=24.0, first_month="2003-01", last_month="2003-03")
    assert found["gwsa"].sizes == {"time": 3, "lat": 8, "lon": 32}
    with gwkeras.open_run(run).record as record:
        same = record["gwsa"].sel(time=found["time"], lat=found["lat"])
        assert found["gwsa"].values == pytest.approx(same.values, rel=1e-5, abs=1e-4, nan_ok=True)


def test_python_says_what_is_missing(tmp_path, run):
    with pytest.raises(BadInput, match=r"expected a run folder with config\.yaml, found none"):
        gwkeras.open_run(tmp_path)
    shutil.copy(run / "config.yaml", tmp_path)
    with pytest.raises(BadInput, match="expected a downscaled record, found none"):
        _ = gwkeras.open_run(tmp_path).record
    with pytest.raises(AttributeError, match="has no attribute 'upscale'"):
        _ = gwkeras.upscale


def size_of(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


def test_maps_and_series(run, tmp_path, gwkeras_command):
    answer = gwkeras_command("plot", run, "--month", "2003-05", "--output", tmp_path / "map.png")
    assert (answer.code, answer.out) == (0, f"Wrote {tmp_path}/map.png: gwsa, 2003-05\n")
    assert min(size_of(tmp_path / "map.png")) > 300
    answer = gwkeras_command("plot", run / "gwsa_fine.nc", "--at", "23.1,84.2", "--output", tmp_path / "series.png")
    assert (answer.code, answer.out) == (0, f"Wrote {tmp_path}/series.png: gwsa at 23.125° N, 84.125° E\n")
    assert (tmp_path / "map.png").read_bytes() != (tmp_path / "series.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--month", "1999-01"), "expected the month 1999-01, found 2002-04 to 2005-09, not all of them; choose another month."),
        (("--month", "May"), "--month: expected a month such as 2010-05, found 'May'; correct it."),
        (("--at", "60,10"), "--at: expected a place in 0.25° cells"),
        (("--at", "here"), "--at: expected latitude and longitude such as 23.5,88.1, found 'here'; correct it."),
        (("--variable", "rain"), "expected a variable rain, found gwsa"),
        (("--at", "23,84", "--month", "2003-01"), "expected --month for a map or --at for a series, found both; leave one out."),
    ],
)
def test_what_cannot_be_drawn(run, gwkeras_command, options, said):
    answer = gwkeras_command("plot", run, *options)
    assert answer.code == 2
    assert len(answer.sentences) == 1
    assert said in answer.sentences[0]


def test_a_truth_of_another_place_is_refused(run, tiny_world, tmp_path, gwkeras_command):
    """A truth that does not cover the field: one sentence, and what was there before stays."""
    from tests.tiny import edited

    def away(file):
        file["lat"][:] = file["lat"][:] - 40.0

    shutil.copytree(run, tmp_path / "run")
    before = (tmp_path / "run" / "evaluation.nc").read_bytes()
    truth = edited(tiny_world["truth"], tmp_path / "elsewhere.nc", away)
    answer = gwkeras_command("evaluate", "--run", tmp_path / "run", "--set", f"data.truth={{path: '{truth}'}}")
    assert answer.code == 2
    assert len(answer.sentences) == 1
    assert answer.sentences[0].startswith(
        "gwkeras: elsewhere.nc, gwsa: expected cells in the region 20…26°N 80…88°E, found cells from"
    )
    assert (tmp_path / "run" / "evaluation.nc").read_bytes() == before


def test_an_evaluation_of_yesterday_is_refused(run, tmp_path, gwkeras_command):
    shutil.copytree(run, tmp_path / "run")
    with netCDF4.Dataset(tmp_path / "run" / "evaluation.nc", "r+") as file:
        file.layout_version = 2
    answer = gwkeras_command("report", tmp_path / "run")
    assert answer.code == 2
    assert "expected an evaluation of version 3, found version 2; run gwkeras evaluate again." in answer.sentences[0]
