"""Comparison on a world of four coarse cells: months, weights and held-out blocks by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.yaml_file import load_config
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.domain.split import Box, Split
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.judge import Judge, View, choose_judge
from gwkeras.fields.record import read_fields
from gwkeras.methods.method import Prediction
from gwkeras.observation.operator import Observation
from gwkeras.pipeline.files import with_files
from tests.tiny import edited

COARSE = Grid(-1.0, 0.0, 1.0, 1.0, 2, 2)  # astride the equator: all cells are alike


@dataclass(frozen=True)
class SmallDomain:
    land_fine: np.ndarray
    coarse = COARSE
    fine = COARSE.refine(2)
    factor = 2
    fine_origin = (0, 0)
    land = np.ones(COARSE.shape)
    fine_drivers = SimpleNamespace(static={}, grid=COARSE.refine(2))
    months = np.array(["2003-01", "2003-02", "2003-03"], dtype="datetime64[M]").astype("datetime64[ns]")

    @property
    def observation(self) -> Observation:
        return Observation(self.fine, 2, self.land_fine)

    def storage_of(self, month: np.datetime64) -> np.ndarray:
        return np.full((2, 2), 5.0)


@dataclass(frozen=True)
class Constant:
    """The truth plus an error that grows with the month, in the western half only; an interval of ± `half`."""

    name: str
    error: float
    half: float | None = None

    def predict(self, domain, month: np.datetime64, part=None) -> Prediction:
        mean = np.full(domain.fine.shape, 5.0)
        mean[:, :2] += self.error * (list(domain.months).index(month) + 1)
        if self.half is None:
            return Prediction(mean)
        return Prediction(mean, np.ones_like(mean), mean - self.half, mean + self.half, 0.9)


def judged(land: np.ndarray, held_out: tuple[Box, ...] = (), months: tuple[int, ...] = (0, 2)):
    domain = SmallDomain(land)
    view = View(domain, lambda month: np.full((4, 4), 5.0), tuple(domain.months[list(months)]))
    judge = Judge((view,), "a truth", blocks=held_out)
    calls = []
    return compare(judge, [Constant("a", 1.0), Constant("b", -2.0, half=4.0)], lambda d, t: calls.append((d, t))), calls


def test_all_cells_of_the_held_out_months():
    comparison, calls = judged(np.ones((4, 4)))
    a, b = comparison.scores["a"], comparison.scores["b"]
    assert a["rmse"] == pytest.approx(math.sqrt((1 + 9) / 4))  # errors 1 and 3 on half of the cells
    assert a["mae"] == pytest.approx((1 + 3) / 4)
    assert a.as_dict()["coverage_90"] is None
    assert b["coverage_90"] == pytest.approx(0.75)  # ± 4 holds an error of 2, not one of 6
    assert comparison.held_out_blocks == {}
    assert calls == [(1, 2), (2, 2)]
    assert comparison.data["rmse"].values == pytest.approx(np.array([[1, 3], [2, 6]]) / math.sqrt(2))
    assert [str(t)[:7] for t in comparison.months] == ["2003-01", "2003-03"]


def test_cells_count_by_their_land():
    land = np.ones((4, 4))
    land[:, :2] = 1 / 3  # a quarter of the land has the error
    assert judged(land)[0].scores["a"]["rmse"] == pytest.approx(math.sqrt(10 / 2 / 4))
    land[:, :2] = 0
    assert judged(land)[0].scores["a"]["rmse"] == 0.0


def test_held_out_blocks_are_scored_alone():
    comparison, _ = judged(np.ones((4, 4)), (Box(south=-1.0, north=0.0, west=0.0, east=1.0),))
    assert comparison.held_out_blocks["a"].cells == 2 * 4
    assert comparison.held_out_blocks["a"]["rmse"] == pytest.approx(math.sqrt(10 / 2))
    assert comparison.scores["a"].cells == 2 * 16
    east, _ = judged(np.ones((4, 4)), (Box(south=-1.0, north=0.0, west=1.0, east=2.0),))
    assert east.held_out_blocks["a"]["rmse"] == 0.0


@pytest.fixture(scope="module")
def opened(tiny_world):
    config = load_config(tiny_world["config"])
    config = with_files(
        config,
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
        truth=tiny_world["truth"],
    )
    return read_fields(config.data), config


def split_of(*months: str):
    return Split("blocked", "", ("2004-01",), (), months)


def test_a_truth_judges_the_held_out_months_at_the_fine_grid(opened, tmp_path):
    fields, config = opened
    judge = choose_judge(fields, config, split_of("2003-04", "2003-06", "2004-02"), tmp_path)
    months = [str(month)[:7] for month in judge.months]
    assert months == ["2003-04", "2004-02"]  # 2003-06 is one of the months that the product lacks
    assert judge.basis == "the fine truth at 0.25°"
    assert judge.domain.fine.lat_step == 0.25
    assert np.array_equal(judge.truth(judge.months[0]), fields.truth.sel(time="2003-04-01").values, equal_nan=True)


def test_without_a_truth_the_product_judges_one_scale_up(opened, tmp_path):
    fields, config = opened
    judge = choose_judge(replace(fields, truth=None), config, split_of("2003-04"), tmp_path)
    assert judge.domain.fine.lat_step == 0.5
    assert judge.domain.coarse.lat_step == 1.0
    assert "one scale up" in judge.basis
    product = fields.gwsa.sel(time="2003-04-01").values
    assert np.allclose(judge.truth(judge.months[0]), product, equal_nan=True)


def test_a_truth_on_a_finer_grid_is_averaged(opened, tmp_path):
    fields, config = opened
    finer = fields.truth.isel(time=slice(12, 13))
    values = np.repeat(np.repeat(finer.values, 2, 1), 2, 2)
    grid = Grid(20.0, 80.0, 0.125, 0.125, 48, 64)
    finer = xr.DataArray(values, dims=("time", "lat", "lon"), coords={"time": finer["time"], "lat": grid.lat, "lon": grid.lon})
    judge = choose_judge(replace(fields, truth=finer), config, split_of("2003-04"), tmp_path)
    assert np.allclose(judge.truth(judge.months[0]), fields.truth.sel(time="2003-04-01").values, atol=1e-4, equal_nan=True)


def test_what_cannot_judge_is_refused(opened, tmp_path):
    fields, config = opened
    with pytest.raises(MissingMonths, match="held-out months"):
        choose_judge(fields, config, split_of("2012-01"), tmp_path)
    with pytest.raises(GridMismatch, match=r"at most 0\.25°"):
        choose_judge(replace(fields, truth=fields.gwsa), config, split_of("2003-04"), tmp_path)
    blank = replace(fields, truth=fields.truth.copy(data=np.full(fields.truth.shape, np.nan, np.float32)))
    judge = choose_judge(blank, config, split_of("2003-04"), tmp_path)
    with pytest.raises(BadInput, match="data in 2003-04, found none"):
        judge.truth(judge.months[0])


def test_climate_of_two_products_on_two_grids_goes_together(tiny_world, tmp_path):
    """Rain of a coarser product is given first: it counts, the finer one's is left out, and the finer temperature stays."""
    import netCDF4

    coarse = tmp_path / "rain.nc"
    with netCDF4.Dataset(tiny_world["climate"]) as source, netCDF4.Dataset(coarse, "w") as file:
        for name, size in (("time", source["valid_time"].size), ("lat", 14), ("lon", 18)):
            file.createDimension(name, size)
        for name, values, unit in (
            ("time", source["valid_time"][:], source["valid_time"].units),
            ("lat", 19.75 + 0.5 * np.arange(14), "degrees_north"),
            ("lon", 79.75 + 0.5 * np.arange(18), "degrees_east"),
        ):
            variable = file.createVariable(name, "f8", (name,))
            variable.units = unit
            variable[:] = values
        rain = file.createVariable("precip", "f4", ("time", "lat", "lon"))
        rain.units = "mm/month"
        rain[:] = 77.0
    config = with_files(load_config(tiny_world["config"]), gwsa=[tiny_world["gwsa"]], climate=[coarse, tiny_world["climate"]])
    fields = read_fields(config.data)
    assert float(fields.climate["precipitation"].mean()) == pytest.approx(77.0)
    assert fields.climate["temperature"].sizes["lat"] > 14
    assert "era5_land.nc: precipitation is left out, an earlier file has it on another grid" in fields.notes
    later = edited(coarse, tmp_path / "later.nc", lambda file: file["time"].setncattr("units", "seconds since 1990-01-01"))
    with pytest.raises(GridMismatch, match="give files of different grids as separate sources"):
        read_fields(with_files(config, climate=[later, tiny_world["climate"]]).data)


def test_yearly_files_are_one_record(tiny_world, tmp_path):
    from gwkeras.twin.observe import write_observations
    from gwkeras.twin.world import TwinConfig, make_world

    world = make_world(
        TwinConfig(
            seed=3,
            south=20,
            north=26,
            west=80,
            east=88,
            fine_step=0.25,
            factor=2,
            sea_share=0.15,
            gaussian_km=0.0,
            climate_first_month="2001-06",
            last_month="2005-09",
        )
    )
    folder = write_observations(world, tmp_path, gwsa_layout="yearly")["gwsa"]
    one = read_fields(with_files(load_config(), gwsa=[tiny_world["gwsa"]]).data)
    for given in ([folder], sorted(folder.iterdir())):
        many = read_fields(with_files(load_config(), gwsa=given).data)
        assert np.array_equal(many.gwsa.values, one.gwsa.values, equal_nan=True)
        assert np.array_equal(many.gwsa["time"].values, one.gwsa["time"].values)
