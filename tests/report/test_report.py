"""The table, the page, the picture and the figures for other programs."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest

from gwkeras.data.manifest import Source
from gwkeras.domain.split import Box
from gwkeras.evaluate.measures import metrics
from gwkeras.evaluate.measures.error_bars import ERROR_BARS
from gwkeras.evaluate.measures.metric import Integrand, Metric
from gwkeras.evaluate.stored.store import read_evaluation, write_evaluation
from gwkeras.report.markdown import table
from gwkeras.report.page import report_of, write_report
from gwkeras.report.pictures.one_month import draw_example
from gwkeras.report.sections.scores import brief_table
from gwkeras.report.stored.told import Told
from gwkeras.report.summary import peak_memory_mib, summary, write_summary
from tests.report.small import METHODS, Off, evaluation, truth

WEST = Box(south=10.0, north=12.0, west=20.0, east=21.0)
CAUTION = "This score is one scale up; on a product that is smoothed (Gaussian, 250 km) it measures smoothness, not detail."


class Nowhere(Off):
    """A method without a value."""

    def predict(self, domain, month, part=None):
        prediction = super().predict(domain, month)
        prediction.mean[:] = np.nan
        return prediction


def test_rows_say_what_was_scored():
    shown = brief_table(evaluation())
    assert shown.title == "2 held-out months (2003-01 … 2003-02), scored against the fine truth at 0.5°"
    assert shown.rows == (
        ("nearest", "2.00", "2.00", "0.6250", "2.00", "–"),
        ("model", "1.00", "1.00", "0.9062", "0.60", "1.000"),  # CRPS one σ off: 2Φ(1) − 1 + 2φ(1) − 1/√π = 0.6024
    )
    lines = table(shown.untitled).splitlines()
    assert lines[0] == "| method | RMSE mm | MAE mm | R² | CRPS mm | 90 % coverage |"
    assert lines[1].count("---") == 6
    assert lines[3] == "| model | 1.00 | 1.00 | 0.9062 | 0.60 | 1.000 |"


def test_the_heading_names_the_interval_that_was_judged():
    half = brief_table(evaluation((Off("nearest", 2.0), Off("model", 1.0, 0.5, interval=0.5))))
    assert half.headings[-1] == "50 % coverage"
    assert [row[-1] for row in half.rows] == ["–", "0.000"]
    both = brief_table(evaluation((Off("a", 1.0, 0.5, interval=0.5), Off("b", 1.0, 1.5, interval=0.9))))
    assert both.headings[-2:] == ("50 % coverage", "90 % coverage")
    assert [row[-2:] for row in both.rows] == [("0.000", "–"), ("–", "1.000")]


def test_summary_rounds_and_has_no_nan(tmp_path):
    found = evaluation((*METHODS, Nowhere("empty", 0.0)), blocks=(WEST,), caution=CAUTION)
    assert math.isnan(found.scores["empty"]["rmse"])
    given = {"conservation_max_mm": 1e-5, "seconds": {"build": 1.23456}, "test_months": ("2003-01",), "training": {"epochs": 2}}
    content = summary(found, **given)
    write_summary(tmp_path / "summary.json", content)
    read = json.loads((tmp_path / "summary.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    nearest = read["methods"]["nearest"]
    kept = {"rmse": 2.0, "mae": 2.0, "bias": 2.0, "r2": 0.625, "crps": 2.0, "coverage_90": None}
    assert {key: nearest[key] for key in kept} == kept
    assert set(nearest) - set(kept) - {metric.key for metric in ERROR_BARS} == {"correlation", "kge"}
    assert read["methods"]["empty"] == dict.fromkeys(nearest)
    assert read["methods_in_held_out_blocks"]["model"]["rmse"] == 1.0
    assert read["methods_in_held_out_blocks"]["model"]["r2"] is None  # the truth of the west never varies
    assert read["unit"] == "mm"
    assert read["caution"] == CAUTION
    assert read["held_out"] == "2 held-out months (2003-01 … 2003-02)"
    assert read["seconds"] == {"build": 1.23}
    assert read["conservation_max_mm"] == 1e-5
    assert read["test_months"] == ["2003-01"]
    assert "facts" not in read
    assert summary(found, **given, facts={"exported model": "1"})["facts"] == {"exported model": "1"}
    assert 20 < read["peak_memory_mib"] <= peak_memory_mib() + 1
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_memory_is_what_the_kernel_says():
    """VmHWM of this process, unless one that it started was larger."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    assert peak_memory_mib() >= 0.99 * float(status["VmHWM"].split()[0]) / 1024


def test_the_page_tells_what_a_reader_must_know(tmp_path):
    report = report_of(
        evaluation(blocks=(WEST,), caution=CAUTION),
        Told(
            "valley",
            "coarsen",
            split="2 months to test, in spans; 1 block.",
            notes=("gwsa.nc: two solutions in a month",),
            facts={"samples": "3 train"},
            sources=(Source("gwsa.nc", 1234567, "ab" * 32),),
        ),
        picture=tmp_path / "downscaled.png",
    )
    write_report(report, tmp_path / "report.md")
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    for words in (
        "# valley\n",
        "`coarsen`",
        "the fine truth at 0.5°",
        "2 held-out months",
        "(2003-01 … 2003-02)",
        f"\n\n{CAUTION}\n\n",
        "| model |",
        "In the blocks held out of all training:\n\n| method |",
        "| model | 1.00 | 1.00 | – | 0.60 | 1.000 |",
        "![coarse field, truth, model and error](downscaled.png)",
        "## All scores\n\n| method | RMSE mm | MAE mm | bias mm |",
        "## Error bars\n\nCoverage of the 50",
        "| model | 0.000 | 1.000 | 1.000 | 1.000 | 1.00 | 1.000 | – | – | – | – | ",  # one σ off everywhere
        "By class, model:\n\n| cells or months |",
        "| held out blocks | 1.000 | 1.000 | – |",
        "| DJF | 1.000 |",
        "| model | 1.0 / 1.0 | 1.0 / 1.0 | 1.0 / 1.0 | 1.0 / 1.0 |",
        "## The run\n\n- samples: 3 train",
        "in spans; 1 block.",
        "two solutions in a month",
        "`gwsa.nc`, 1,234,567 bytes",
    ):
        assert words in page
    assert "Test patches" not in page
    assert "Physics" not in page
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_a_report_needs_the_file_alone(tmp_path):
    """What was stored and read again makes the same page and the same picture, byte for byte."""
    found = evaluation(blocks=(WEST,))
    write_evaluation(found, tmp_path / "evaluation.nc")
    read = read_evaluation(tmp_path / "evaluation.nc")
    for name, source in (("a", found), ("b", read)):
        write_report(report_of(source, Told("valley", "coarsen")), tmp_path / f"{name}.md")
        draw_example(source, "model", tmp_path / f"{name}.png")
    assert (tmp_path / "a.md").read_bytes() == (tmp_path / "b.md").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_new_score_is_one_entry(tmp_path, monkeypatch):
    """Mean of error⁴: no other line of the code knows of it."""
    fourth = Integrand("fourth_power", "mm4", lambda cells: cells.error**4)
    entry = Metric("l4", "L⁴", "mm4", 1, "mean fourth power of the error", (fourth,), lambda s: s["fourth_power"] / s["weight"])
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, entry))
    found = evaluation(blocks=(WEST,))
    assert found.scores["nearest"]["l4"] == pytest.approx(16.0)
    write_evaluation(found, tmp_path / "evaluation.nc")
    read = read_evaluation(tmp_path / "evaluation.nc")
    assert read.data["l4"].sel({"method": "nearest"}).values == pytest.approx([16.0, 16.0])
    assert read.data["l4"].attrs == {"long_name": "mean fourth power of the error", "units": "mm4"}
    assert read.data["l4_in_held_out_blocks"].sel({"method": "model"}).values == pytest.approx([1.0, 1.0])
    assert brief_table(read).headings[-1] == "L⁴ mm4"
    assert brief_table(read).rows[0][-1] == "16.0"
    write_report(report_of(read, Told("valley", "coarsen")), tmp_path / "report.md")
    assert "L⁴ mm4 |" in (tmp_path / "report.md").read_text(encoding="utf-8")
    content = summary(read, conservation_max_mm=0.0, seconds={}, test_months=(), training={})
    assert content["methods"]["nearest"]["l4"] == 16.0


def test_patches_have_a_table_of_their_own():
    """Errors by patch: 2 everywhere for the one, so no spread; the truth of a patch of two columns is 0 and 4 mm, or 4 and 8."""
    months = tuple(np.array(["2003-01", "2003-02"], "datetime64[M]").astype("datetime64[ns]"))
    both = (slice(0, 4), slice(1, 3)), (slice(0, 4), slice(3, 5))
    found = evaluation(patches={months[0]: both, months[1]: both[:1]})
    assert found.held_out == "3 test patches in 2 months, drawn at random"
    from gwkeras.report.sections.patches import patches

    said, shown = patches(found).blocks
    assert "Scores of each of the 3 test patches" in said.lines[0]
    assert shown.headings == ("method", "MAE mm", "RMSE mm", "R²", "physics loss")
    assert shown.rows == (
        ("nearest", "2.00 ± 0.00", "2.00 ± 0.00", "0.0000 ± 0.0000", "–"),  # 1 − 4 / 4
        ("model", "1.00 ± 0.00", "1.00 ± 0.00", "0.7500 ± 0.0000", "–"),
    )
    content = summary(found, conservation_max_mm=0.0, seconds={}, test_months=(), training={})
    assert content["methods_by_patch"]["model"]["r2"] == {"mean": 0.75, "sd": 0.0}
    assert content["methods"]["model"]["mae"] == 1.0


def varying(month: np.datetime64) -> np.ndarray:
    field = truth(month)
    field[0, 0] -= 9.0 * (str(month)[:7] == "2003-02")
    return field


def test_the_picture_shows_the_month_that_varies_most(tmp_path):
    stamp = draw_example(evaluation(of=varying), "model", tmp_path / "downscaled.png")
    assert str(stamp)[:7] == "2003-02"
    data = (tmp_path / "downscaled.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width == 11 * 110
    assert 300 < height < width
    assert [p.name for p in tmp_path.iterdir()] == ["downscaled.png"]


def test_a_picture_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "downscaled.png"
    path.write_bytes(b"old")

    def full(figure, partial, **options):
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(OSError, match="No space"):
        draw_example(evaluation(), "model", path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]
