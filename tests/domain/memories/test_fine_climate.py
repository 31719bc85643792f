"""A climate in windows: all land once, the same numbers as the whole, and nothing kept of the sea."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.domain.memories import fine_climate
from gwkeras.domain.memories.channels import Channels
from gwkeras.domain.memories.fine_climate import FineClimate


def climate(tmp_path, n_lat=12, n_lon=20, months=26):
    rng = np.random.default_rng(0)
    grid = Grid(20.0, 70.0, 0.25, 0.25, n_lat, n_lon)
    stamps = np.arange(np.datetime64("2001-03", "M"), np.datetime64("2001-03", "M") + months)
    rain = rng.gamma(2.0, 40.0, size=(months, *grid.shape)).astype(np.float32)
    warmth = rng.normal(285.0, 8.0, size=(months, *grid.shape)).astype(np.float32)
    land = np.zeros(grid.shape)
    land[1:5, 2:9] = 1.0
    land[9, 15] = 0.3
    static = {"elevation": rng.uniform(0, 900, size=grid.shape).astype(np.float32)}
    return FineClimate(grid, stamps, {"precipitation": rain, "temperature": warmth}, static, land, tmp_path, "a")


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(fine_climate, "_ONE_WINDOW", 100)
    monkeypatch.setattr(fine_climate, "_WINDOW", (4, 6))


def test_a_small_climate_is_one_window(tmp_path):
    assert climate(tmp_path).windows() == [(slice(0, 12), slice(0, 20))]


def test_windows_hold_all_land_once_and_no_sea_alone(tmp_path, small_windows):
    whole = climate(tmp_path)
    count = np.zeros(whole.grid.shape, int)
    for rows, columns in whole.windows(2):
        assert (rows.start % 2, columns.start % 2) == (0, 0)
        assert (whole.land[rows, columns] > 0).any()
        count[rows, columns] += 1
    assert count.max() == 1
    assert count[whole.land > 0].min() == 1
    # Rows 0–4 and 4–8 with columns 0–6 and 6–12, rows 8–12 with columns 12–18.
    assert len(whole.windows()) == 5
    assert whole.windows(5)[0] == (slice(0, 5), slice(0, 5))  # a multiple larger than a window is a window


def test_channels_in_windows_are_those_of_the_whole(tmp_path, monkeypatch):
    source = climate(tmp_path / "whole")
    whole = [np.array(values) for values in Channels(source)]
    usual, means = Channels(source).climatology, Channels(source).means
    monkeypatch.setattr(fine_climate, "_ONE_WINDOW", 100)
    monkeypatch.setattr(fine_climate, "_WINDOW", (4, 6))
    divided = replace(source, cache=tmp_path / "windows", key="b", _files={})
    for rows, columns in divided.windows():
        part = divided.part(rows, columns)
        land = part.land > 0  # at sea nothing is kept, and nothing asked for
        found = [np.array(values) for values in Channels(part)]
        np.testing.assert_array_equal(np.stack(found)[..., land], np.stack(whole)[:, :, rows, columns][..., land])
        np.testing.assert_array_equal(Channels(part).climatology[..., land], usual[:, :, rows, columns][..., land])
        np.testing.assert_array_equal(Channels(part).means["temperature"][land], means["temperature"][rows, columns][land])
        alone = Channels.of_land(part)
        assert alone.cells.shape == (land.sum(),)
        np.testing.assert_array_equal(np.stack([np.array(values) for values in alone]), np.stack(found)[..., land])
        np.testing.assert_array_equal(alone.climatology, usual[:, :, rows, columns][..., land])
        back = alone.cells.on_grid(np.stack(list(alone.themselves())))
        np.testing.assert_array_equal(back[..., land], np.stack(list(Channels(part).themselves()))[..., land])
        assert not back[..., ~land].any()
        inner = part.part(slice(1, 3), slice(2, 4))  # a part of a part
        there = (slice(rows.start + 1, rows.start + 3), slice(columns.start + 2, columns.start + 4))
        np.testing.assert_array_equal(inner.static["elevation"], source.static["elevation"][there])
        land = inner.land > 0
        np.testing.assert_array_equal(Channels(inner).means["precipitation"][land], means["precipitation"][there][land])


def test_what_is_kept_for_sea_alone_is_0_and_is_not_computed(tmp_path, small_windows):
    source, asked = climate(tmp_path), []

    def compute(part):
        asked.append(part.grid.shape)
        return np.stack([part.channels["precipitation"][0], part.channels["precipitation"][1]])

    found = source.kept("rain", 2, compute)[:]
    assert asked == [(4, 6)] * 5
    np.testing.assert_array_equal(found[1][source.land > 0], source.channels["precipitation"][1][source.land > 0])
    assert not found[:, 9:, :12].any()


def test_memory_does_not_grow_with_the_sea(tmp_path, small_windows):
    """The same land in a grid nine times as large: what iterating over its windows allocates stays."""

    def most_held(n_lat, n_lon, folder):
        source = climate(tmp_path / folder, n_lat, n_lon, months=14)
        source.kept("x", 1, lambda part: np.zeros((1, *part.grid.shape)))
        _ = Channels(source).climatology  # filed
        places = [Channels(source.part(*window)) for window in source.windows()]
        tracemalloc.start()
        for months in zip(*places, strict=True):
            del months
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert most_held(36, 60, "large") < 1.2 * most_held(12, 20, "small")


def test_a_coarser_climate_holds_means_of_its_cells_in_windows_too(tmp_path, small_windows):
    whole = climate(tmp_path)
    coarser = whole.coarser(2)
    assert (coarser.grid.shape, coarser.parts) == ((6, 10), 2)
    assert coarser.is_large  # as the whole is, for what is taught at it
    rain = whole.channels["precipitation"][3]
    by_hand = (rain[4, 6] + rain[4, 7] + rain[5, 6] + rain[5, 7]) / 4
    assert coarser.channels["precipitation"][3][2, 3] == pytest.approx(by_hand, rel=1e-6)
    assert coarser.land[4, 7] == pytest.approx(0.3 / 4, rel=1e-2)  # one coast cell of four, by area
    part = coarser.part(slice(1, 4), slice(2, 8)).part(slice(1, 3), slice(0, 2))
    np.testing.assert_array_equal(part.channels["temperature"][5], coarser.channels["temperature"][5][2:4, 2:4])
    np.testing.assert_array_equal(part.channels["temperature"][2:4], coarser.channels["temperature"][2:4][:, 2:4, 2:4])
    found = [values.copy() for values in Channels(coarser)]  # filed apart from those of the whole
    assert Channels(whole).climatology.shape[-2:] == (12, 20)
    assert found[0].shape[-2:] == (6, 10)
    assert whole.coarser(1) is whole
