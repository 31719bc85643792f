"""evaluation.nc: whole, read back as written, understood without gwkeras."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from gwkeras.core.errors import BadInput
from gwkeras.domain.split import Box
from gwkeras.evaluate.measures.metric import Cells
from gwkeras.evaluate.measures.pit import BINS, pit_bins, pit_histogram
from gwkeras.evaluate.stored.store import read_evaluation, write_evaluation
from tests.report.small import METHODS, evaluation

WEST = Box(south=10.0, north=12.0, west=20.0, east=21.0)


@pytest.fixture
def stored(tmp_path):
    found = evaluation(blocks=(WEST,), caution="Beware.")
    write_evaluation(found, tmp_path / "evaluation.nc")
    return found, tmp_path / "evaluation.nc"


def test_what_is_read_is_what_was_written(stored):
    found, path = stored
    read = read_evaluation(path)
    xr.testing.assert_identical(read.data.drop_attrs(), found.data.drop_attrs())
    assert (read.basis, read.held_out, read.caution, read.methods, read.groups, read.intervals) == (
        found.basis,
        found.held_out,
        found.caution,
        found.methods,
        found.groups,
        found.intervals,
    )
    for name, scores in found.scores.items():
        assert read.scores[name].as_dict() == scores.as_dict()
        assert read.held_out_blocks[name].as_dict() == found.held_out_blocks[name].as_dict()
    assert [p.name for p in path.parent.iterdir()] == ["evaluation.nc"]


def test_scores_by_month_and_by_cell(stored):
    """The model is 1 mm too high everywhere, within ± 1.5 mm."""
    data = stored[0].data
    assert data["rmse"].dims == ("method", "time")
    assert data["rmse"].values == pytest.approx(np.array([[2.0, 2.0], [1.0, 1.0]]))
    assert data["bias_map"].values == pytest.approx(np.repeat([2.0, 1.0], 24).reshape(2, 4, 6))
    assert data["coverage_90_map"].values[1] == pytest.approx(np.ones((4, 6)))
    assert np.isnan(data["coverage_90_map"].values[0]).all()
    assert (data["months_map"].values == 2).all()
    assert data["sum_cells"].sel(cells="held_out_blocks").values.tolist() == [[8, 8], [8, 8]]


def test_any_aggregate_follows_from_the_sums(stored):
    found = stored[0]
    first = found.scores_of("held_out_blocks", months=[0])["model"]
    assert first.cells == 8
    assert first["rmse"] == pytest.approx(1.0)


def test_the_file_follows_cf(stored):
    with netCDF4.Dataset(stored[1]) as file:
        assert file.Conventions == "CF-1.11"
        assert file["time"].units == "days since 2002-01-01"
        assert file["time"].standard_name == "time"
        assert file["time"][:].tolist() == [365, 396]
        assert file["lat"].units == "degrees_north"
        assert file[file["lat"].bounds][0].tolist() == [10.0, 10.5]
        assert file["pit_bin"].bounds == "pit_bounds"
        assert file["sum_squared"].units == "mm2 km2"
        assert file["rmse"].units == "mm"
        for name, variable in file.variables.items():
            axis_bounds = name.endswith("_bounds")
            assert axis_bounds or name == "crs" or variable.long_name, name
            assert (
                axis_bounds or name in ("crs", "time", "method", "cells", "season", "patch", "example_time") or variable.units
            ), name
            for dimension in variable.dimensions:
                assert dimension in file.variables or dimension == "bounds"
            if "grid_mapping" in variable.ncattrs():
                assert file[variable.grid_mapping].grid_mapping_name == "latitude_longitude"


def test_a_file_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "evaluation.nc"
    path.write_bytes(b"of yesterday")

    def full(data, name, **options):
        name.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match="No space"):
        write_evaluation(evaluation(), path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"of yesterday"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.attrs.pop("layout_version"), "found one of an earlier version; run gwkeras evaluate again"),
        (lambda data: data.attrs.update(layout_version=99), "found version 99; update gwkeras"),
        (lambda data: data.__delitem__("sum_squared"), "found one without squared; run gwkeras evaluate again"),
    ],
)
def test_files_of_other_versions_are_refused(stored, tmp_path, change, said):
    data = stored[0].data.copy()
    change(data)
    data.to_netcdf(tmp_path / "other.nc")
    with pytest.raises(BadInput, match=said):
        read_evaluation(tmp_path / "other.nc")


def test_no_file_and_no_netcdf_are_refused(tmp_path):
    with pytest.raises(BadInput, match="found none; run gwkeras evaluate first"):
        read_evaluation(tmp_path / "evaluation.nc")
    (tmp_path / "evaluation.nc").write_bytes(b"something else")
    with pytest.raises(BadInput, match="a file that cannot be read"):
        read_evaluation(tmp_path / "evaluation.nc")


def test_pit_bins_are_those_of_the_normal():
    rng = np.random.default_rng(1)
    y, sigma = rng.normal(0, 3, 5000), rng.uniform(0.5, 4, 5000)
    cells = Cells(np.zeros(5000), y, sigma)
    expected, _ = np.histogram(stats.norm(0, sigma).cdf(y), bins=np.linspace(0, 1, BINS + 1))
    assert pit_histogram(pit_bins(cells)).tolist() == expected.tolist()
    assert pit_histogram(pit_bins(cells), np.full(5000, 0.5)).tolist() == (0.5 * expected).tolist()
    assert pit_bins(Cells(np.zeros(2), np.ones(2))) is None
    odd = Cells(np.zeros(4), np.array([0.0, 1e9, -1e9, 1.0]), np.array([1.0, 1.0, 1.0, 0.0]))
    assert pit_bins(odd).tolist() == [BINS // 2, BINS - 1, 0, -1]


def test_pit_of_a_constant_error_stands_in_one_bin(stored):
    """Φ(−1) = 0.159 lies in the fourth bin of twenty; interpolation has none."""
    counts = stored[0].data["pit_count"].sel(cells="all").values
    assert counts[0].sum() == 0
    assert counts[1].sum(axis=0).tolist() == [0, 0, 0, 48, *[0] * 16]
    weights = stored[0].data["pit_weight"].sel(cells="all").values[1].sum()
    assert weights == pytest.approx(2 * np.sum(stored[0].data["sum_weight"].values[0, 1]) / 2)


def test_two_methods_of_one_name_are_refused():
    with pytest.raises(BadInput, match="methods: expected a name of its own for each"):
        evaluation((METHODS[0], METHODS[0]))
