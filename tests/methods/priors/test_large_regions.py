"""A large region is worked window by window and teaches by a sample; what a window gives is what the whole gives."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from gwkeras.domain.memories import fine_climate
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.exponential import retention
from gwkeras.domain.memories.fine_climate import FineClimate
from gwkeras.domain.memories.maps import Standard, raw_maps
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.priors.filed_months import FiledMonths
from gwkeras.methods.priors.learners.features import Features
from gwkeras.methods.priors.ridge.fewer_cells import fewer_cells
from gwkeras.methods.priors.ridge.recipe import Ridge
from gwkeras.methods.priors.ridge.seen_features import SeenFeatures
from gwkeras.methods.priors.storage_model.recipe import StorageModel
from gwkeras.methods.priors.teaching import product as module
from gwkeras.methods.priors.teaching.product import teaching_of
from gwkeras.observation.point_spread import PointSpread
from tests.methods.priors.domains import make_world


@pytest.fixture(scope="module", params=[None, PointSpread.gaussian(110.0)], ids=["no filter", "filter"])
def world(request, tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("large"), spread=request.param)


def in_windows(monkeypatch):
    monkeypatch.setattr(fine_climate, "_ONE_WINDOW", 100)
    monkeypatch.setattr(fine_climate, "_WINDOW", (9, 21))  # 8 × 20 for blocks of two


def test_features_from_windows_are_those_of_the_whole(world, monkeypatch):
    climate, teaching = FineClimate.of(world.domain), teaching_of(world.training)
    climate = replace(
        climate, channels={name: climate.channels[name] for name in ("precipitation", "net_water_input")}, _files={}
    )
    maps = raw_maps(climate, Channels(climate).means)
    standard = Standard.of(maps, climate.grid.area * climate.land)

    def streamed():
        features = SeenFeatures(Channels(climate), standard(maps), retention((2.0, 12.0)), teaching)
        months = {month.stamp: month.seen.copy() for month in features}
        groups = (np.ones((2, len(features.channels.names)), bool),)
        weights = np.random.default_rng(0).normal(size=(len(features.channels.names), len(features.maps), 2))
        return months, features.deviations, features.parts(weights, groups)

    whole = streamed()
    in_windows(monkeypatch)
    places = climate.windows(teaching.factor)
    assert len(places) == 8
    divided = streamed()
    assert list(divided[0]) == list(teaching.months)
    for month, seen in whole[0].items():
        assert divided[0][month] == pytest.approx(seen, abs=1e-5 * float(np.abs(seen).max()))
    assert divided[1] == pytest.approx(whole[1], rel=1e-6)
    assert divided[2] == pytest.approx(whole[2], abs=1e-5 * float(np.abs(whole[2]).max()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", [Ridge(time_constants=(6.0, 24.0), local=False), StorageModel(regional=False)], ids=["ridge", "storage"]
)
def test_fields_from_windows_are_those_of_the_whole(world, recipe, monkeypatch, tmp_path):
    fitted = recipe.fit(world.training)
    whole = fitted.mean(world.domain, world.domain.months[30])
    assert whole.any()
    in_windows(monkeypatch)
    domain = replace(world.domain, fine_drivers=replace(world.domain.fine_drivers, cache=tmp_path))
    found = replace(fitted, _filed=FiledMonths()).mean(domain, domain.months[30])
    land = domain.land_fine > 0
    assert found[land] == pytest.approx(whole[land], abs=1e-4)


def test_a_large_region_teaches_by_some_of_its_tiles_and_months(world, monkeypatch):
    whole = teaching_of(world.training)
    monkeypatch.setattr(module, "_MOST_CELLS", -(-len(whole.cells) // 2))
    monkeypatch.setattr(module, "_MOST_VALUES", 20 * len(whole.cells))
    monkeypatch.setattr(module, "_ENOUGH_MONTHS", 12)
    some = teaching_of(world.training)
    ends = np.cumsum([0, *whole.tiles])
    expected = np.concatenate([np.arange(a, b) for a, b in zip(ends[:-1:2], ends[1::2], strict=False)])
    if world.domain.point_spread.kind == "none":
        np.testing.assert_array_equal(some.cells, whole.cells[expected])  # every second tile
    months = np.searchsorted(whole.months, some.months)
    assert (months[0], months[-1]) == (0, len(whole.months) - 1)
    assert 20 <= len(months) <= 20 * len(whole.cells) // len(some.cells)
    assert np.ptp(np.diff(months)) <= 1  # evenly
    assert some.values.mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert some.known.shape == (len(months), len(some.tiles))


def test_fields_of_a_prior_are_made_when_looked_at(world):
    asked = []

    class Counting:
        def predict(self, domain, month, part=None):
            asked.append(month)
            return type("Found", (), {"mean": np.array([[1.0, np.nan]])})()

    months = world.domain.months[:3]
    fields = PriorFields(Counting(), world.domain, months)
    assert (len(fields), list(fields)) == (3, list(months))
    assert asked == []
    first = next(iter(fields.values()))
    assert first.tolist() == [[1.0, 0.0]]
    assert asked == [months[0]]


def alike_in_pairs(climate):
    """The same climate, as files of half its resolution would give it."""
    means = climate.coarser(2).channels
    channels = {
        name: np.stack([np.kron(a[month], np.ones((2, 2), np.float32)) for month in range(len(climate.months))])
        for name, a in means.items()
        if name in ("precipitation", "net_water_input")
    }
    return replace(climate, channels=channels, key="alike", _files={})


def test_fewer_cells_teach_the_same_where_the_climate_is_no_finer(tmp_path, monkeypatch):
    world = make_world(tmp_path, spread=PointSpread.gaussian(250.0))  # 2 × 2 product cells are one, of 4 × 4 fine ones
    climate, teaching = alike_in_pairs(FineClimate.of(world.domain)), teaching_of(world.training)
    maps = raw_maps(climate, Channels(climate).means)
    fine = Standard.of(maps, climate.grid.area * climate.land)(maps)

    def streamed(climate, maps, squares):
        features = SeenFeatures(Channels(climate), maps, retention((2.0, 12.0)), teaching, squares)
        return np.stack([month.seen.copy() for month in features]), features.deviations

    assert fewer_cells(climate, fine, teaching.factor)[2] is None  # a small region is taught at all cells
    whole = streamed(climate, fine, None)
    in_windows(monkeypatch)
    few = fewer_cells(climate, fine, teaching.factor)
    assert few[1].shape == (len(fine), 16, 20)
    found = streamed(*few)
    size = whole[0].std(axis=(0, 2), keepdims=True)
    assert np.abs((found[0] - whole[0]) / np.maximum(size, 1e-9)).max() < 2e-2  # area differs by 0.1 % within a pair of rows
    land = climate.land
    full = land.reshape(16, 2, 20, 2).min(axis=(1, 3)) == land.reshape(16, 2, 20, 2).max(axis=(1, 3))
    assert full.mean() > 0.9  # cells of one land share: all are sampled, and the size of a feature is that of its fine fields
    assert found[1] == pytest.approx(whole[1], rel=0.03)
    assert fewer_cells(climate, fine, 2)[2] is None  # nothing to leave of four cells


def test_features_of_trees_are_made_without_a_year_of_fine_fields(tmp_path):
    """A year of all channels is twelve times what a month takes: of a globe it was three gigabytes."""
    world = make_world(tmp_path)
    climate, teaching = FineClimate.of(world.domain), teaching_of(world.training)
    features = Features.of(climate, (6.0,))
    months = teaching.months[:2]
    features.taught(climate, teaching, months)  # what is filed is filed
    year = 12 * len(features.channels) * climate.grid.n_lat * climate.grid.n_lon * 4
    tracemalloc.start()
    found = features.taught(climate, teaching, months)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (2, len(teaching.cells), features.count)
    assert peak < year
