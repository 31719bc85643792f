"""The table, the page, the picture and the figures for other programs."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.core.config.tree import Config
from gwkeras.core.grid import Grid
from gwkeras.data.manifest import Source
from gwkeras.evaluate.compare import Judge
from gwkeras.evaluate.metrics import Scores
from gwkeras.methods.method import Prediction
from gwkeras.report.page import write_report
from gwkeras.report.picture import draw_month
from gwkeras.report.summary import peak_memory_mib, summary, write_summary
from gwkeras.report.table import markdown, rows

COARSE = Grid(10.0, 20.0, 1.0, 1.0, 2, 3)


@dataclass(frozen=True)
class SmallDomain:
    coarse = COARSE
    fine = COARSE.refine(2)
    factor = 2
    months = np.array(["2003-01", "2003-02"], dtype="datetime64[M]").astype("datetime64[ns]")
    land_fine = np.ones((4, 6))

    def storage_of(self, month: np.datetime64) -> np.ndarray:
        return np.full((2, 3), 7.0)


class Model:
    name = "model"

    def predict(self, domain, month: np.datetime64) -> Prediction:
        return Prediction(np.full(domain.fine.shape, 7.0))


def truth(month: np.datetime64) -> np.ndarray:
    field = np.full((4, 6), 7.0)
    field[0, 0] += 3.0 * (month == SmallDomain.months[1])  # the second month varies more
    return field


JUDGE = Judge(SmallDomain(), truth, tuple(SmallDomain.months), "the fine truth at 0.5°")


def scored(error: float, half: float | None = None) -> Scores:
    scores, y = Scores(), np.array([0.0, 4.0, 8.0])
    bounds = (None, None) if half is None else (y + error - half, y + error + half)
    scores.add(y + error, y, np.ones(3), *bounds, sigma=None if half is None else np.ones(3))
    return scores


@pytest.fixture
def comparison():
    return SimpleNamespace(judge=JUDGE, scores={"nearest": scored(2.0), "model": scored(1.0, 1.5)}, held_out_blocks={})


def test_rows_say_what_was_scored(comparison):
    assert rows(comparison.scores) == [
        ("nearest", "2.00", "2.00", "0.6250", "2.00", "–"),
        ("model", "1.00", "1.00", "0.9062", "0.60", "1.000"),  # CRPS one σ off: 2Φ(1) − 1 + 2φ(1) − 1/√π = 0.6024
    ]
    lines = markdown(comparison.scores).splitlines()
    assert lines[0] == "| method | RMSE mm | MAE mm | R² | CRPS mm | 90 % coverage |"
    assert lines[1].count("---") == 6
    assert lines[3] == "| model | 1.00 | 1.00 | 0.9062 | 0.60 | 1.000 |"


def test_summary_rounds_and_has_no_nan(comparison, tmp_path):
    empty = Scores()
    comparison.scores["empty"] = empty
    assert math.isnan(empty.rmse)
    comparison.held_out_blocks = {"model": scored(0.5)}
    given = {"conservation_max_mm": 1e-5, "seconds": {"build": 1.23456}, "test_months": ("2003-01",), "training": {"epochs": 2}}
    content = summary(comparison, **given)
    write_summary(tmp_path / "summary.json", content)
    read = json.loads((tmp_path / "summary.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    assert read["methods"]["nearest"] == {"rmse": 2.0, "mae": 2.0, "bias": 2.0, "r2": 0.625, "crps": 2.0, "coverage_90": None}
    assert read["methods"]["empty"] == dict.fromkeys(read["methods"]["nearest"])
    assert read["methods_in_held_out_blocks"]["model"]["rmse"] == 0.5
    assert read["unit"] == "mm"
    assert read["seconds"] == {"build": 1.23}
    assert read["conservation_max_mm"] == 1e-5
    assert read["test_months"] == ["2003-01"]
    assert 20 < read["peak_memory_mib"] <= peak_memory_mib() + 1
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_memory_is_what_the_kernel_says():
    """VmHWM of this process, unless one that it started was larger."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    assert peak_memory_mib() >= 0.99 * float(status["VmHWM"].split()[0]) / 1024


def test_the_page_tells_what_a_reader_must_know(comparison, tmp_path):
    split = SimpleNamespace(description="2 months to test, in spans; 1 block.")
    manifest = SimpleNamespace(
        test_months=("2003-01", "2003-02", "2010-05"), split=split, sources=(Source("gwsa.nc", 1234567, "ab" * 32),)
    )
    comparison.held_out_blocks = {"model": scored(3.0)}
    write_report(
        tmp_path / "report.md",
        config=Config(name="valley"),
        manifest=manifest,
        comparison=comparison,
        picture=tmp_path / "downscaled.png",
        notes=("gwsa.nc: two solutions in a month",),
        facts={"samples": "3 train"},
    )
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    for words in (
        "# valley",
        "`coarsen`",
        "the fine truth at 0.5°",
        "2 held-out months",
        "2003-01 … 2003-02, 2010-05",
        "| model |",
        "spatial blocks that training never had",
        "| model | 3.00",
        "![coarse field, truth, model and error](downscaled.png)",
        "- samples: 3 train",
        "in spans; 1 block.",
        "two solutions in a month",
        "`gwsa.nc`, 1,234,567 bytes",
    ):
        assert words in page
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_the_picture_shows_the_month_that_varies_most(tmp_path):
    stamp = draw_month(JUDGE, Model(), tmp_path / "downscaled.png")
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
        draw_month(JUDGE, Model(), path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]
