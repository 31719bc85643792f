"""The arithmetic of the table, by hand."""

from __future__ import annotations

import csv
import io
import math

import pytest

from gwkeras.ablation.result import Result
from gwkeras.ablation.spread import Spread, paired, spread_of
from gwkeras.ablation.table import Report, cells_differ
from gwkeras.ablation.variants import Suite, Variant

SUITE = Suite("Parts", (Variant("full"), Variant("without x"), Variant("without y")))


def result(mae: float, rmse: float, cells: int = 100, **more: float) -> Result:
    return Result("s", "a", "the truth", 4, cells, {"rmse": rmse, "mae": mae, **more}, {"bicubic": {"rmse": 4.0, "mae": 3.0}})


def report(**changes: object) -> Report:
    """Differences of the MAE by seed: 0.5 and 0.1, mean 0.3, standard deviation √(2 · 0.2²) = 0.28284; 25 % and 4 %."""
    results = {
        "full": {0: result(2.0, 3.0), 1: result(2.5, 3.2), 2: result(9.0, 9.0)},
        "without x": {0: result(2.5, 3.5), 1: result(2.6, 3.7)},
        "without y": {0: result(2.2, 3.1)},
    }
    return Report((SUITE,), **({"results": results} | changes))  # type: ignore[arg-type]


def test_mean_and_standard_deviation():
    assert spread_of([1.0, 2.0, 6.0]) == Spread(3.0, math.sqrt(((-2) ** 2 + (-1) ** 2 + 3**2) / 2), 3)
    assert spread_of([]) is None


def test_one_seed_has_no_spread():
    assert spread_of([2.0]) == Spread(2.0, None, 1)
    assert Spread(2.0, None, 1).text(2) == "2.00"
    assert Spread(2.0, None, 1).text(1, "+") == "+2.0"
    assert Spread(-1e-6, 0.0, 2).text(2, "+") == "+0.00 ± 0.00"


def test_differences_are_paired_by_seed():
    """Seed 2 of the reference has no partner. Means alone would differ by 1.0 and hide that x is always better."""
    found = paired({0: 1.0, 1: 2.0}, {0: 1.5, 1: 2.4, 2: 50.0})
    assert found is not None
    assert (found.mean, found.deviation) == (pytest.approx(-0.45), pytest.approx(math.sqrt(2 * 0.05**2)))
    assert found.count == 2
    assert paired({3: 1.0}, {4: 1.0}) is None


def test_the_table_of_values():
    table = report().values(SUITE)
    assert table.headings == ("variant", "seeds", "RMSE mm", "MAE mm")
    assert table.rows == (
        ("bicubic", "", "4.00", "3.00"),
        ("full", "3", "5.07 ± 3.41", "4.50 ± 3.91"),
        ("without x", "2", "3.60 ± 0.14", "2.55 ± 0.07"),
        ("without y", "1", "3.10", "2.20"),
    )


def test_the_table_of_differences():
    table = report().differences(SUITE)
    assert table.headings == ("variant − full", "seeds", "RMSE mm", "MAE mm", "MAE %")
    assert table.rows == (
        ("without x", "2", "+0.50 ± 0.00", "+0.30 ± 0.28", "+14.5 ± 14.8"),
        ("without y", "1", "+0.10", "+0.20", "+10.0"),
    )


def test_the_short_table_has_both():
    assert report().short(SUITE).rows[2] == ("without x", "2", "3.60 ± 0.14", "+0.50 ± 0.00", "2.55 ± 0.07", "+0.30 ± 0.28")


def test_metrics_that_a_variant_lacks_are_blank():
    results = {"full": {0: result(2.0, 3.0, coverage_90=0.9)}, "without x": {0: result(2.0, 3.0)}}
    rows = report(results=results).values(SUITE).rows
    assert [row[-1] for row in rows] == ["–", "0.900", "–", "–"]


def test_markdown_says_command_notes_and_ground():
    text = report(command="gwkeras ablate --seeds 3", notes=("without y, seed 1, failed: no number",)).markdown()
    assert "    gwkeras ablate --seeds 3\n" in text
    assert "- without y, seed 1, failed: no number\n" in text
    assert "Scored against the truth, 4 held-out months, 100 fine cells" in text
    assert "| without x | 2 | 3.60 ± 0.14 | 2.55 ± 0.07 |\n" in text
    assert "No training is finished yet" in report(results={}).markdown()


def test_the_csv_file_holds_one_number_a_line():
    rows = list(csv.DictReader(io.StringIO(report().csv())))
    assert rows[0] == {"kind": "interpolation", "variant": "bicubic", "seed": "", "metric": "rmse", "value": "4"}
    assert {"kind": "network", "variant": "without x", "seed": "1", "metric": "mae", "value": "2.6"} in rows
    assert len(rows) == 2 + 2 * 6


def test_other_cells_are_told():
    assert cells_differ({"full": {0: result(1, 1)}, "x": {0: result(1, 1, cells=99)}, "y": {0: result(1, 1)}}) == ["x"]
