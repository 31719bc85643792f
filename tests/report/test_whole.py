"""`gwkeras report`: one page that needs nothing, the words at its head, several runs, and what it refuses."""

from __future__ import annotations

import hashlib
import re
import struct
from importlib.resources import files

import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.evaluate.findings.skill import skill_of
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.report.plain_percent import change
from gwkeras.report.sections.plain_words import key_figures, plain_words
from gwkeras.report.sections.where_not_to_trust import half_found_above
from gwkeras.report.stored.run import read_run
from gwkeras.report.writing import named_apart, write_whole_report
from tests.evaluate.many_months import evaluation_of_errors
from tests.report.small import Off, evaluation, truth
from tests.report.stored import METHODS, write_run


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "valley"
    write_run(folder)
    return folder, write_whole_report([folder], folder)


def test_the_page_needs_no_other_file(reported):
    page = reported[1].page.read_text(encoding="utf-8")
    library = r'<script type="text/plain" id="plotly">.*?</script>'  # its own code names addresses that it never asks
    ours = re.sub(library, "", page, flags=re.DOTALL)
    assert len(page) - len(ours) > 1e6
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", ours)
    assert "@import" not in ours
    assert "url(" not in ours
    assert 'id="map-data"' in ours
    assert "Rain has &lt;gaps&gt; &amp; more." in ours
    assert "<gaps>" not in ours
    assert reported[1].bytes == len(page.encode()) < 15e6


def test_what_is_beside_the_page(reported):
    folder, written = reported
    pictures = {p.name for p in (folder / "figures").glob("*.png")}
    assert {"figure_2.png", "figure_3.png", "figure_4.png", "figure_5.png", "figure_7.png"} == pictures
    assert {p.stem for p in (folder / "figures").glob("*.pdf")} == {name.removesuffix(".png") for name in pictures}
    assert written.figures == len(pictures)
    width, height = struct.unpack(">II", (folder / "figures" / "figure_3.png").read_bytes()[16:24])
    assert 600 < width < 3000
    assert 200 < height < 3000
    tables = {p.stem for p in (folder / "tables").glob("*.csv")}
    assert {"scores", "skill", "table_1", "table_2", "table_3", "table_4", "table_8", "calendar_months", "boxes"} <= tables
    page = written.document.read_text(encoding="utf-8")
    assert "](figures/figure_3.png)" in page
    assert "The interactive map is in report.html." in page
    assert all(f"Table {n}:" in page and f"Table {n} as the paper prints it" in page for n in range(1, 9))
    assert all(f"Figure {n}:" in page and f"Figure {n} in the paper" in page for n in range(1, 8))
    assert "| nearest neighbour | 2.21 ± 1.25 | – | – |" in page


def test_the_library_is_what_its_authors_published():
    """plotly.js-cartesian-dist-min 4.1.1 of npm, whose licence stands beside it and in its head."""
    library = files("gwkeras.report.html") / "plotly-cartesian.min.js"
    content = library.read_bytes()
    assert hashlib.sha256(content).hexdigest() == "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"
    assert b"Licensed under the MIT license" in content[:300]
    assert "MIT License" in (files("gwkeras.report.html") / "plotly-LICENSE.txt").read_text(encoding="utf-8")
    assert b"</script" not in content.lower()


@pytest.mark.slow
def test_the_same_run_makes_the_same_page(reported, tmp_path):
    folder, written = reported
    again = write_whole_report([folder], tmp_path / "again")
    assert again.page.read_bytes() == written.page.read_bytes()
    for picture in (folder / "figures").iterdir():
        assert (tmp_path / "again" / "figures" / picture.name).read_bytes() == picture.read_bytes()


def words_of(found: Evaluation, method: str = "model") -> str:
    return " ".join(line for block in plain_words(found, method).blocks for line in block.lines)


def test_words_say_by_what_how_much_and_how_surely():
    errors = [0.9, 1.1] * 24
    said = words_of(evaluation_of_errors(errors, [2.0] * 48, sigma=1.0))
    assert "2 methods were scored against the fine truth at 0.5°: 48 held-out months" in said
    assert "This page is about “model”; every table also has the others." in said
    assert "The method “model” has a root mean square error (RMSE) of 1.00 mm; the standard deviation of storage itself" in said
    assert "That is 50 % less error than the best interpolation, bicubic (90 % confidence interval: " in said
    assert "It is better in every month. The difference is significant in a paired test (p < 0.001)." in said
    assert "The evidence is a fine truth" in said
    assert "errors are as large as σ (root mean square of error over σ: 1.00)" in said
    assert "The record was not compared with wells" in said


def test_how_fine_the_detail_is_that_was_found():
    """Classes 10–14, 14–20 and 20–28 km: the method misses 0.8, 0.4 and 0.1 of the variance, interpolation 0.9, 0.9 and 0.2."""
    found = evaluation()
    classes = np.flatnonzero(np.isin(found.data["wavelength_bounds"].values[:, 0].round(), (10, 14, 20)))
    assert len(classes) == 3
    for name in ("spectrum_truth", "spectrum_error"):
        found.data[name][:] = np.nan
    found.data["spectrum_truth"][:, classes] = 1.0
    for row, missed in enumerate(([0.9, 0.9, 0.2], [0.8, 0.4, 0.1])):
        found.data["spectrum_error"][row][:, classes] = missed
    assert half_found_above(found, "model") == pytest.approx(14, abs=0.5)
    said = words_of(found)
    assert (
        "more than half of the true variance at wavelengths above 14 km; the best interpolation does so above 20 km. Of" in said
    )
    found.data["spectrum_error"][1][:, classes] = 0.6
    assert half_found_above(found, "model") == np.inf
    assert "It explains less than half of the true variance at every wavelength." in words_of(found)
    assert half_found_above(evaluation_of_errors([1.0] * 4), "model") is None


def test_wells_that_were_looked_at_speak():
    data = xr.Dataset(
        {
            "field": ("field", np.array(["product", "fine"], dtype=object)),
            "well": ("well", np.arange(40)),
            **{
                name: ("field", np.array(values))
                for name, values in {
                    "median_correlation": [0.5, 0.56],
                    "median_gain": [np.nan, 0.06],
                    "median_gain_lower": [np.nan, 0.01],
                    "median_gain_upper": [np.nan, 0.11],
                    "within_cell_correlation": [np.nan, 0.2],
                }.items()
            },
        }
    )
    (said, *_) = plain_words(evaluation(), "model", data).blocks
    assert (
        "At 40 wells the median correlation with “fine” is 0.56, +0.060 compared with the product (+0.010 to +0.110). "
        "Differences between wells in one product cell correlate with those of the field at 0.20; 0 would mean no real detail."
        in said.lines
    )


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("reference", "a reference that the methods also learned from"),
        ("product", "no evidence of detail within the product's own cells"),
        ("interpolation", "says nothing about real detail"),
    ],
)
def test_the_kind_of_evidence_is_named(evidence, words):
    assert words in words_of(evaluation(evidence=evidence))


def test_error_bars_that_lie_are_called_so():
    said = words_of(evaluation_of_errors([3.0] * 12, sigma=1.0))
    assert (
        "Its 90 % intervals contain 0 % of the values that it was scored against. Errors are 3.0 times as large as σ. Do not rely"
        in said
    )
    assert "contain 75 % of the values that it was scored against. Errors are 14 % larger than σ." in words_of(
        evaluation_of_errors([0.87, 0.87, 0.87, 1.69] * 6, sigma=0.993)
    )
    assert "wider than necessary" in words_of(evaluation_of_errors([1.0] * 12, sigma=4.0))
    assert "gives no standard deviation" in words_of(evaluation_of_errors([1.0] * 12))


def test_a_target_made_by_interpolation_rewards_interpolation():
    """The paper's pattern: bilinear beats the network, and the nearest cell has an R² near 1."""
    methods = (Off("nearest", 0.1), Off("bilinear", 0.02), Off("model", 0.06))
    said = words_of(evaluation(methods, evidence="interpolation"))
    r2 = 1 - 0.01 / (32 / 3)  # the truth is 0, 4 and 8 mm
    assert f"Even nearest-neighbour interpolation reaches an R² of {r2:.4f} here" in said
    assert "bilinear interpolation beats model (MAE 0.02 against 0.06 mm)" in said
    assert "That is 3.0 times the error of the best interpolation, bilinear" in said
    assert "an R² near 1 is no sign of skill" in said


def test_where_a_month_is_bad_it_is_named():
    errors = [1.0] * 24
    errors[6] = errors[18] = 4.0
    assert "In July its RMSE is 4.0 mm, the largest of all calendar months." in words_of(evaluation_of_errors(errors))


def half_known(month):
    field = truth(month)
    field[:2] = np.nan
    return field


def test_land_that_nobody_judged_is_told():
    """The southern half of the land, which is a little larger: sin 11° − sin 10° of sin 12° − sin 10°."""
    share = (np.sin(np.deg2rad(11)) - np.sin(np.deg2rad(10))) / (np.sin(np.deg2rad(12)) - np.sin(np.deg2rad(10)))
    assert f"{100 * share:.0f} % of the region's land could not be scored" in words_of(evaluation(of=half_known))
    assert "could not be scored" not in words_of(evaluation())


def test_key_figures():
    assert {b: a for a, b in key_figures(evaluation_of_errors([1.0] * 8, [2.0] * 8), "model")} == {
        "RMSE of model": "1.0 mm",
        "than bicubic, the best interpolation": "50 % less error",
        "months were scored": "8",
    }
    skill = skill_of(evaluation(METHODS), "model")
    assert change(skill.ratio) == "20 % less error"


@pytest.mark.slow
def test_several_runs_judged_alike_stand_together(tmp_path):
    write_run(tmp_path / "a", "first")
    write_run(tmp_path / "b", "second", (*METHODS[:3], Off("model", 0.5, 1.0)))
    written = write_whole_report([tmp_path / "a", tmp_path / "b"], tmp_path / "both")
    page = written.document.read_text(encoding="utf-8")
    assert "# first and second\n" in page
    assert "| first: model | 1.00 | – | – |" in page  # table 6
    assert "| second: model | 0.50 | -50.0 % | – |" in page
    assert page.count("| bicubic | 1.25 | – | – |") == 1


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for variant in ("full", "no_physics"):
        write_run(tmp_path / variant / "seed-0", "tiny")
    runs = [read_run(tmp_path / variant / "seed-0") for variant in ("full", "no_physics")]
    assert [run.names for run in named_apart(runs)] == [("full/seed-0",), ("no_physics/seed-0",)]


def other_world(month):
    return 2.0 * truth(month)


def test_runs_judged_unlike_are_refused_unless_only_shares_are_compared(tmp_path, gwkeras_command):
    write_run(tmp_path / "a", "first")
    write_run(tmp_path / "b", "second", of=other_world)
    answer = gwkeras_command("report", tmp_path / "a", tmp_path / "b", "--output", tmp_path / "both")
    assert answer.code == 2
    assert answer.sentences == [
        "gwkeras: run 'second': expected a run scored on the same months, cells and true values, as 'first' is, found others; "
        "report each by itself; such scores cannot be compared."
    ]
    answer = gwkeras_command("report", tmp_path / "a", tmp_path / "b", "--output", tmp_path / "both", "--worlds")
    assert answer.code == 0, answer.err
    page = (tmp_path / "both" / "report.md").read_text(encoding="utf-8")
    assert "Across worlds" in page
    assert "| model | " in page


def test_a_run_without_an_evaluation_is_refused(tmp_path, gwkeras_command):
    (tmp_path / "run").mkdir()
    answer = gwkeras_command("report", tmp_path / "run")
    assert (answer.code, answer.sentences) == (
        2,
        [f"gwkeras: {tmp_path}/run/evaluation.nc: expected an evaluation, found none; run gwkeras evaluate first."],
    )
    answer = gwkeras_command("report", tmp_path / "nowhere")
    assert answer.code == 2
    assert "expected a run folder, found none" in answer.sentences[0]
    assert not (tmp_path / "nowhere").exists()


def test_a_newer_version_is_named(tmp_path, gwkeras_command):
    write_run(tmp_path / "run")
    with netCDF4.Dataset(tmp_path / "run" / "evaluation.nc", "r+") as file:
        file.layout_version = 99
    answer = gwkeras_command("report", tmp_path / "run")
    assert answer.code == 2
    assert answer.sentences[0].endswith("found version 99; update gwkeras.")
    assert not (tmp_path / "run" / "report.html").exists()


def test_an_evaluation_of_nothing_is_refused(tmp_path, gwkeras_command):
    write_run(tmp_path / "run")
    with netCDF4.Dataset(tmp_path / "run" / "evaluation.nc", "r+") as file:
        file["sum_weight"][:] = 0.0
    answer = gwkeras_command("report", tmp_path / "run")
    assert answer.code == 2
    assert "expected months with scores, found none; hold out months or blocks" in answer.sentences[0]


def test_a_run_named_twice_is_refused(tmp_path, gwkeras_command):
    write_run(tmp_path / "run")
    answer = gwkeras_command("report", tmp_path / "run", tmp_path / "run")
    assert (answer.code, answer.sentences) == (
        2,
        ["gwkeras: gwkeras report: expected each run once, found one twice; name it once."],
    )


@pytest.mark.slow
def test_without_fields_there_is_a_page_without_a_map(tmp_path):
    write_run(tmp_path / "run")
    (tmp_path / "run" / "evaluation_fields.nc").unlink()
    written = write_whole_report([tmp_path / "run"], tmp_path / "run")
    page = written.page.read_text(encoding="utf-8")
    assert "Run gwkeras evaluate again to get a map" in page
    assert 'id="map-data"' not in page
    assert read_run(tmp_path / "run").fields is None
