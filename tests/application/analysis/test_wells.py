"""Wells against files: a world whose detail is known, with wells of every fault in it."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import xarray as xr

from gwkeras.analysis.wells.settings import QualityConfig, WellsConfig
from gwkeras.application.analysis.wells import PRODUCT, judge_files, write_wells
from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.report.document import Report
from gwkeras.report.markdown import render
from gwkeras.report.pictures.wells_map import draw_wells
from gwkeras.report.sections.wells import wells as wells_section
from tests.fixtures import write_g3p

MONTHS = [f"{year}-{month:02d}" for year in range(2005, 2010) for month in range(1, 13)]
COARSE = Grid(10.0, 70.0, 0.5, 0.5, 4, 4)
FINE = COARSE.refine(4)
YIELD = 0.1


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Truth = cell's own series + detail, the product is its block mean; `louder` is the product times 1 or 2, without detail."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(0)
    shared = 40 * rng.normal(size=(len(MONTHS), 4, 4))
    detail = 25 * rng.normal(size=(len(MONTHS), 16, 16))
    truth = nearest_upsample(shared, 4) + detail
    product = FINE.block_mean(truth, 4)
    product[:, 3, 3] = np.nan
    louder = nearest_upsample(product, 4) * rng.choice([1.0, 2.0], size=(16, 16))
    paths = {
        PRODUCT: write_g3p(folder / "product.nc", MONTHS, COARSE.lat, COARSE.lon, product),
        "truth": write_g3p(folder / "truth.nc", MONTHS, FINE.lat, FINE.lon, truth),
        "louder": write_g3p(folder / "louder.nc", MONTHS, FINE.lat, FINE.lon, louder),
    }
    rows, places = [], rng.permutation(12 * 16)  # not in the rows of the cell without data
    for number in range(120):
        row, col = divmod(places[number], 16)
        level = truth[:, row, col] / (1000 * YIELD)
        lat, lon = FINE.lat[row], FINE.lon[col]
        if number == 3:
            lat, lon = lon, lat
        if number == 4:
            lat = -40.0
        if number == 5:
            level = np.full(len(MONTHS), 2.0)
        if number == 6:
            level = np.where(np.arange(len(MONTHS)) < 5, level, np.nan)
        if number == 7:
            lat, lon = COARSE.lat[3], COARSE.lon[3]
        depth = 12.0 - level  # to water
        kind = "sand" if number % 2 else "rock"
        rows.append([f"w{number}", lat, lon, kind, 5.0 * number + 15, *("" if np.isnan(d) else f"{d:.4f}" for d in depth)])
    table = folder / "wells.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["well", "lat", "lon", "aquifer", "well depth", *MONTHS], *rows])
    return table, paths


def judge(world, **config):
    table, paths = world
    fields = {name: SourceConfig(path=(str(paths[name]),)) for name in ("truth", "louder")}
    settled = WellsConfig(table=str(table), **{"quantity": "depth", "unit": "m", "specific_yield": YIELD, "draws": 300, **config})
    return judge_files(settled, SourceConfig(path=(str(paths[PRODUCT]),)), fields)


def test_detail_gains_and_amplitude_does_not(world):
    result = judge(world)
    data = result.data
    assert data["field"].values.tolist() == [PRODUCT, "truth", "louder"]
    truth, louder = data.sel(field="truth"), data.sel(field="louder")
    assert float(truth["median_correlation"]) == pytest.approx(1.0, abs=1e-4)
    for score, value in (("slope", 1.0), ("nse", 1.0), ("apparent_specific_yield", YIELD)):
        np.testing.assert_allclose(truth[f"well_{score}"].values, value, rtol=1e-2)
    assert np.nanmax(truth["well_rmse"].values) < 0.1
    assert float(truth["share_improved"]) == 1.0
    assert float(truth["median_gain_lower"]) > 0.05
    assert float(truth["within_cell_correlation"]) == pytest.approx(1.0, abs=1e-4)
    assert float(louder["median_gain"]) == pytest.approx(0.0, abs=1e-6)  # another amplitude, the same course
    assert float(louder["within_cell_pairs"]) == 0
    assert float(louder["within_cell_without_detail"]) == float(truth["within_cell_pairs"]) > 100


def test_every_well_that_is_left_out_has_its_reason(world):
    result = judge(world)
    reasons = {entry.name: entry.reason for entry in result.judged.dropped}
    assert reasons == {
        "w3": "latitude and longitude look exchanged",
        "w4": "outside the grid",
        "w5": "constant",
        "w6": "too short",
        "w7": "no data of product in its cell",
    }
    assert result.data.sizes["well"] + len(reasons) == 120
    assert result.data["wells_left_out"].values.sum() == 5


def test_classes_of_wells(world):
    data = judge(world).data
    names = data["class"].values.tolist()
    assert "aquifer: sand" in names
    assert "well depth: 0 to 20 m" in names
    sizes = {name: int(count) for name, count in zip(names, data["class_wells"].values, strict=True)}
    assert sizes["aquifer: sand"] + sizes["aquifer: rock"] == data.sizes["well"]
    assert sum(size for name, size in sizes.items() if name.startswith("well depth")) == data.sizes["well"]
    assert any(note.startswith("Coastal leakage: 115 of 115 wells") for note in str(data.attrs["notes"]).splitlines())


def test_a_bias_against_a_baseline(world):
    data = judge(world, baseline="2005-01:2006-12").data
    assert np.abs(data["well_bias"].values[1]).max() < 0.1
    assert np.abs(data["well_bias"].values[0]).max() > 1.0


def test_quarters(world):
    data = judge(world, step="quarter", quality=QualityConfig(least_months=12)).data
    assert data["time"].values.astype("datetime64[M]").astype(str)[:3].tolist() == ["2005-01", "2005-04", "2005-07"]
    assert data.sizes["time"] == 20
    whole = judge(world).data
    expected = whole["gwsa"].values[1, 0].reshape(20, 3).mean(axis=1)
    np.testing.assert_allclose(data["gwsa"].values[1, 0], expected, rtol=1e-5)


def test_what_is_written_reads_back_and_makes_a_section(world, tmp_path):
    result = judge(world)
    paths = write_wells(result, tmp_path / "out" / "wells.nc")
    with xr.open_dataset(paths[0]) as data:
        assert data.attrs["featureType"] == "timeSeries"
        np.testing.assert_allclose(data["well_correlation"].values, result.data["well_correlation"].values)
        page = render(Report("R", (wells_section(data),)))
    assert "115 wells" in page
    assert "| truth | 1.000" in page
    assert "latitude and longitude look exchanged" in page
    with paths[1].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 115
    assert float(rows[0]["correlation truth"]) == pytest.approx(1.0, abs=1e-4)
    with paths[2].open() as file:
        assert {row["well"] for row in csv.DictReader(file)} == {"w3", "w4", "w5", "w6", "w7"}


def test_the_map_shows_each_field_s_gain_at_its_wells(world, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "gwkeras.report.pictures.wells_map._draw", lambda axes, lon, lat, values, limit: drawn.append((values, limit))
    )
    data = judge(world).data
    draw_wells(data, tmp_path / "w.png")
    assert len(drawn) == 3
    np.testing.assert_array_equal(drawn[0][0], data["well_correlation"].values[0])
    np.testing.assert_array_equal(drawn[1][0], data["well_gain"].values[1])
    assert drawn[1][1] == pytest.approx(np.quantile(np.abs(data["well_gain"].values[1:]), 0.95))


def test_records_of_other_years(world, tmp_path):
    table, paths = world
    other = tmp_path / "other.csv"
    head, *rest = table.read_text().splitlines()
    other.write_text("\n".join([head.replace("20", "19"), *rest]))
    with pytest.raises(BadInput, match="months of product, 2005-01 to 2009-12"):
        judge((other, paths))
