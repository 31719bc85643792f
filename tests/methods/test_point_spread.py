from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.domain.split import Split
from gwkeras.methods.point_spread import FoundSpread, with_kept_point_spread, with_point_spread
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.selection.radius import RadiusProfile
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from gwkeras.training.run_folder import RunFolder
from tests.fields.in_memory import make_fields, record
from tests.methods.updates.kriging.worlds import chords

GRID = Grid.covering(10, 22, 70, 82, 1.0)
MONTHS = 48
NAMES = tuple(f"{2002 + n // 12}-{n % 12 + 1:02d}" for n in range(MONTHS))
SPLIT = Split("blocked", "", NAMES[:40], (), NAMES[40:])


@cache
def storage(radius: float) -> np.ndarray:
    """Months of a Gaussian storage seen through a filter, with white noise of 1 % of its variance."""
    rng = np.random.default_rng(3)
    count = GRID.n_lat * GRID.n_lon
    root = np.linalg.cholesky(Covariance(400.0, 0.3)(chords(GRID)) + 1e-8 * np.eye(count))
    spread = PointSpread.gaussian(radius) if radius else PointSpread()
    seen = Observation(GRID, 1, np.ones(GRID.shape), spread)(
        (rng.standard_normal((MONTHS, count)) @ root.T).reshape(-1, *GRID.shape)
    )
    return seen + 0.1 * seen.std() * rng.standard_normal(seen.shape)


def fields(radius: float, **replaced):
    values = storage(radius)
    return make_fields(GRID, gwsa=record(GRID, range(MONTHS), values), spread_is_known=False, **replaced)


def test_an_unnamed_filter_is_found_once_and_kept(tmp_path):
    run = RunFolder(tmp_path)
    found = with_point_spread(fields(200.0), SPLIT, run)
    kept = FoundSpread.read(run.point_spread)
    assert kept.lower_km <= 200.0 <= kept.upper_km < 300.0
    assert found.point_spread == kept.spread
    assert found.point_spread.half_weight_km == pytest.approx(200.0, rel=0.15)
    assert found.spread_is_known
    assert found.notes[-1].startswith(
        f"point spread: Gaussian, half weight at {kept.spread.half_weight_km:g} km, over land, estimated from the product"
    )
    assert f"90 % interval {kept.lower_km:.0f} to {kept.upper_km:.0f} km, from 40 training months" in found.notes[-1]
    # What is kept is what holds, also for other files of the same run.
    told = json.loads(run.point_spread.read_text())
    run.point_spread.write_text(json.dumps({**told, "spread": {"kind": "gaussian", "half_weight_km": 123.0, "over": "land"}}))
    assert with_point_spread(fields(200.0), SPLIT, run).point_spread.half_weight_km == 123.0
    assert with_kept_point_spread(make_fields(spread_is_known=False), run).point_spread.half_weight_km == 123.0
    assert with_kept_point_spread(make_fields(), run).point_spread == PointSpread()
    # Other training months: found anew.
    other = with_point_spread(fields(200.0), replace(SPLIT, train_months=NAMES[:36], test_months=NAMES[36:]), run)
    assert other.point_spread.half_weight_km != 123.0


@pytest.mark.slow
def test_held_out_months_are_not_looked_at(tmp_path):
    spoiled = fields(200.0)
    values = spoiled.gwsa.values.copy()
    values[40:] = 1e6
    spoiled = replace(spoiled, gwsa=spoiled.gwsa.copy(data=values))
    one = with_point_spread(fields(200.0), SPLIT, RunFolder(tmp_path / "a"))
    other = with_point_spread(spoiled, SPLIT, RunFolder(tmp_path / "b"))
    assert one.point_spread == other.point_spread


@pytest.mark.slow
def test_no_filter_comes_out_as_none(tmp_path):
    found = with_point_spread(fields(0.0), SPLIT, RunFolder(tmp_path))
    assert found.point_spread == PointSpread()
    assert found.notes[-1].startswith("point spread: no filter wider than a cell, estimated from the product")


@pytest.mark.parametrize(("stated", "contradicted"), [(PointSpread(), True), (PointSpread.gaussian(200.0), False)])
def test_a_stated_filter_stands_and_is_contradicted_aloud(tmp_path, stated, contradicted):
    given = replace(fields(200.0), spread_is_known=True, point_spread=stated)
    found = with_point_spread(given, SPLIT, RunFolder(tmp_path))
    assert found.point_spread == stated
    said = [note for note in found.notes if "contradict the stated filter" in note]
    assert len(said) == contradicted
    if said:
        assert said[0].startswith(
            "point spread: the data contradict the stated filter (none) and suggest a half-weight radius of "
        )
        assert said[0].endswith("check data.point_spread")


def profile_of(best: float, lower: float, upper: float, noise: float) -> RadiusProfile:
    return RadiusProfile((0.0, best), (-9.0, 0.0), (0.3, 0.3), (0.1, noise), best, lower, upper)


@pytest.mark.parametrize(
    ("stated", "interval", "noise", "taken"),
    [
        (287.5, (211.0, 198.0, 233.0), 0.01, 233.0),  # 15 % too wide: moved as far as the interval's end
        (250.0, (211.0, 198.0, 233.0), 0.01, None),  # within 10 % of it
        (212.5, (236.0, 224.0, 250.0), 0.01, None),
        (400.0, (250.0, 240.0, 260.0), 0.01, None),  # farther off than a slip
        (250.0, (111.0, 80.0, 124.0), 0.1, None),
        (250.0, (202.0, 191.0, 212.0), 0.05, None),  # five times as noisy as the product says
        (250.0, (63.0, 0.0, 167.0), 0.01, None),
    ],
)
def test_data_that_contradict_what_the_files_state(tmp_path, monkeypatch, stated, interval, noise, taken):
    monkeypatch.setattr("gwkeras.methods.point_spread.radius_profile", lambda *given: profile_of(*interval, noise))
    values = fields(200.0).gwsa
    uncertainty = values.copy(data=np.full(values.shape, 0.1 * np.sqrt(np.square(values.values[:40]).mean())))  # 1 % of its power
    told = {"spread_is_known": True, "point_spread": PointSpread.gaussian(stated), "uncertainty": uncertainty}
    run = RunFolder(tmp_path)
    found = with_point_spread(replace(fields(200.0), **told, spread_by_files=True), SPLIT, run)
    assert found.point_spread.half_weight_km == (taken or stated)
    said = [note for note in found.notes if f"{taken or 0:.0f} km is used" in note]
    assert len(said) == (taken is not None)
    # The newest months' files state the same, and what was found for the run holds for them.
    later = make_fields(point_spread=PointSpread.gaussian(stated), spread_by_files=True)
    assert with_kept_point_spread(later, run).point_spread == found.point_spread
    # By the configuration it stands.
    assert (
        with_point_spread(replace(fields(200.0), **told), SPLIT, RunFolder(tmp_path / "b")).point_spread.half_weight_km == stated
    )


@pytest.mark.parametrize(
    ("interval", "noise", "taken"),
    [
        ((104.0, 95.0, 110.0), 0.01, 150.0 - 40.0),  # the full width, then moved to the interval's end as 150 km would be
        ((140.0, 120.0, 160.0), 0.01, 150.0),
        ((230.0, 210.0, 250.0), 0.01, 250.0),  # the radius, and a slip
        ((182.0, 130.0, 235.0), 0.01, 150.0),  # 300 km left out, and nearer to the half
        ((230.0, 140.0, 250.0), 0.01, 250.0),  # nearer to the whole
        ((140.0, 120.0, 310.0), 0.01, 300.0),  # may be either
        ((140.0, 120.0, 160.0), 0.1, 300.0),  # noisier than the product says
        ((140.0, 0.0, 160.0), 0.01, 300.0),
    ],
)
def test_a_number_that_may_be_the_full_width(tmp_path, monkeypatch, interval, noise, taken):
    """ "a 300 km Gaussian" is 300 km to one and 150 km to another: the data show which, if anything does."""
    monkeypatch.setattr("gwkeras.methods.point_spread.radius_profile", lambda *given: profile_of(*interval, noise))
    values = fields(200.0).gwsa
    uncertainty = values.copy(data=np.full(values.shape, 0.1 * np.sqrt(np.square(values.values[:40]).mean())))
    told = {"spread_is_known": True, "point_spread": PointSpread.gaussian(300.0), "uncertainty": uncertainty}
    given = replace(fields(200.0), **told, spread_by_files=True, spread_maybe_full_width=True)
    found = with_point_spread(given, SPLIT, RunFolder(tmp_path))
    assert found.point_spread.half_weight_km == taken
    assert len([note for note in found.notes if "is taken as the full width" in note]) == (taken in (110.0, 150.0))


def test_no_filter_is_found_where_detail_between_cells_lasts(tmp_path, monkeypatch):
    """Block means suggest 250 km, but neighbouring cells differ, month after month, by the same."""
    monkeypatch.setattr("gwkeras.methods.point_spread.radius_profile", lambda *given: profile_of(250.0, 230.0, 270.0, 0.01))
    pattern = np.random.default_rng(5).standard_normal(GRID.shape)
    values = pattern * np.sin(np.arange(MONTHS) / 6)[:, None, None]
    sharp = make_fields(GRID, gwsa=record(GRID, range(MONTHS), values), spread_is_known=False)
    found = with_point_spread(sharp, SPLIT, RunFolder(tmp_path))
    assert found.point_spread == PointSpread()
    assert found.notes[-1].startswith(
        "point spread: no filter assumed, although block means suggest a half-weight radius of 250 km (90 % interval"
    )


def test_too_little_to_find_it_from(tmp_path):
    run = RunFolder(tmp_path)
    found = with_point_spread(make_fields(spread_is_known=False), replace(SPLIT, train_months=("2002-01",)), run)
    assert found.point_spread == PointSpread()
    assert found.notes[-1] == (
        "point spread: no filter assumed, since the product is too small to estimate one (in training months: 1, blocks: 9)"
    )
    assert FoundSpread.read(run.point_spread).lower_km is None


def test_a_region_smaller_than_its_filter(tmp_path):
    """4° × 4.5° at 12°N are 445 km × 489 km; 250 km make a filter of 500 km."""
    given = make_fields(point_spread=PointSpread.gaussian(250.0))
    found = with_point_spread(given, replace(SPLIT, train_months=("2002-01",)), RunFolder(tmp_path))
    assert found.point_spread == PointSpread.gaussian(250.0)
    assert found.notes[-1].startswith("point spread: the region of 445 km × 489 km is smaller than the product's filter (500 km")


@pytest.mark.slow
def test_what_is_damaged_is_found_again(tmp_path):
    run = RunFolder(tmp_path)
    one = with_point_spread(fields(0.0), SPLIT, run)
    run.point_spread.write_text("{")
    assert FoundSpread.read(run.point_spread) is None
    assert with_point_spread(fields(0.0), SPLIT, run).notes == one.notes


@pytest.mark.parametrize(("lower", "best", "kind"), [(72.0, 82.0, "none"), (140.0, 150.0, "gaussian")])
def test_a_filter_narrower_than_a_cell_is_not_believed(tmp_path, monkeypatch, lower, best, kind):
    """Cells of 1°, 111 km: a land model's block means, smooth by themselves, suggest 72 to 84 km where there is no filter."""
    profile = RadiusProfile((0.0,), (0.0,), (0.3,), (0.01,), best, lower, best + 2.0)
    monkeypatch.setattr("gwkeras.methods.point_spread.radius_profile", lambda *given: profile)
    found = with_point_spread(fields(0.0), SPLIT, RunFolder(tmp_path))
    assert found.point_spread.kind == kind
