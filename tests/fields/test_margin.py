"""What is read around a region for its filter's sake, on a product of 0.5° cells; a degree of latitude is 111.195 km."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.core.config.tree import DataConfig, RegionConfig, SourceConfig
from gwkeras.core.grid import Grid
from gwkeras.fields.margin import with_margin
from gwkeras.fields.record import read_fields
from gwkeras.fields.sources import Sources
from gwkeras.observation.point_spread import PointSpread
from tests.fields.in_memory import make_fields
from tests.fields.test_region import product, sources
from tests.fixtures import write_g3p

REGION = RegionConfig(-4.0, 4.0, 20.0, 30.0)
FILTER = PointSpread.gaussian(250.0)  # 2.5 × 250 km are 5.62° of latitude: twelve cells


def margin(gwsa, spread=FILTER, region=REGION, climate=None, **data) -> RegionConfig | None:
    around = sources(gwsa, **climate).climate if climate else {}
    opened = Sources(SimpleNamespace(gwsa=gwsa, point_spread=spread), around, {}, ())
    return with_margin(opened, DataConfig(region=region, **data))


def test_as_far_as_the_filter_reaches():
    assert margin(product()) == RegionConfig(-10.0, 10.0, 14.0, 36.0)


def test_meridians_run_together():
    """At 60°N half as many kilometres: 2.5 × 250 km are 11.24° of longitude, 23 cells, and the product ends at 60°N."""
    assert margin(product(), region=RegionConfig(50.0, 60.0, 0.0, 10.0)) == RegionConfig(44.0, 60.0, -11.5, 21.5)


def test_no_farther_than_product_and_climate_reach():
    """Climate from 16.75° to 33.25° east holds the cells from 17° to 33°."""
    climate = {"precipitation": (np.arange(-60.0, 60.0, 0.5), np.arange(17.0, 33.1, 0.5))}
    assert margin(product(south=-7.0), climate=climate) == RegionConfig(-7.0, 10.0, 17.0, 33.0)


def test_nothing_is_read_across_the_dateline():
    assert margin(product(), region=RegionConfig(0.0, 4.0, -179.0, -170.0)).west == -180.0


@pytest.mark.parametrize("given", [{"spread": PointSpread()}, {"margin_km": 0.0}, {"region": None}])
def test_no_margin(given):
    assert margin(product(), **given) == given.get("region", REGION)


def test_a_width_of_one_s_own():
    assert margin(product(), PointSpread(), margin_km=112.0) == RegionConfig(-5.5, 5.5, 18.5, 31.5)


def test_whole_blocks_of_a_coarsened_product():
    """Blocks of 2° in a region of whole blocks: three on each side; where they are not whole there is no margin."""
    assert margin(product(), region=RegionConfig(-4.0, 4.0, 20.0, 30.0), coarsen_product=4) == RegionConfig(
        -10.0, 10.0, 14.0, 36.0
    )
    ragged = RegionConfig(-4.0, 4.0, 20.0, 30.5)
    assert margin(product(), region=ragged, coarsen_product=4) == ragged


def test_files_are_read_with_the_margin_and_the_truth_without(tmp_path):
    """G3P's file names its filter; months of a product on 30° × 30°, a truth beside it, a region of 6° × 8° within."""
    lat, lon = np.arange(-14.75, 15.0, 0.5), np.arange(5.25, 35.0, 0.5)
    values = np.random.default_rng(0).normal(size=(2, lat.size, lon.size))
    months, name = ["2004-01", "2004-02"], "gwsa_g3p_200401_200402_monthly_05_degree_250km_gauss_filtered_gravis.nc"
    data = DataConfig(
        gwsa=SourceConfig(path=(str(write_g3p(tmp_path / name, months, lat, lon, values)),)),
        truth=SourceConfig(path=(str(write_g3p(tmp_path / "truth.nc", months, lat, lon, values)),)),
        region=RegionConfig(-3.0, 3.0, 16.0, 24.0),
    )
    fields = read_fields(data)
    assert fields.spread_by_files
    assert fields.grid == Grid.covering(-9, 9, 10, 30, 0.5)
    assert fields.part == (slice(12, 24), slice(12, 28))
    np.testing.assert_allclose(fields.gwsa.values[:, 12:24, 12:28], values[:, 24:36, 22:38], rtol=1e-6)
    assert fields.truth is not None
    assert fields.truth.shape == (2, 12, 16)
    alone = read_fields(replace(data, margin_km=0.0))
    assert (alone.grid.shape, alone.part) == ((12, 16), None)
    assert alone.fingerprint != fields.fingerprint


def test_the_part_that_is_written():
    grid = Grid.covering(0, 10, 60, 72, 0.5)
    assert make_fields(grid).part is None
    assert make_fields(grid, box=RegionConfig(2.0, 9.0, 61.0, 70.5)).part == (slice(4, 18), slice(2, 21))
    assert make_fields(grid, box=RegionConfig(-5.0, 9.0, 61.0, 80.0)).part == (slice(0, 18), slice(2, 24))
    assert make_fields(grid, box=RegionConfig(-5.0, 10.0, 60.0, 80.0)).part is None
