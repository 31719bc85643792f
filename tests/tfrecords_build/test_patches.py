"""Patches: the lattice covers the domain to its edges; random patches are distinct, on land, in the numbers asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.config.tree import Config, PatchConfig, SampleConfig, SplitConfig
from gwkeras.core.errors import BadInput
from gwkeras.domain.split import divide
from tests.tfrecords_build.fake_domain import FakeDomain
from tfrecords_build.patches import entries, everywhere, land_share, lattice

CONFIG = Config(
    sample=SampleConfig(months=3, height=8, width=8, factor=2),
    patches=PatchConfig(minimum_land=0.3),
    split=SplitConfig(test_months=("2002-07:2003-01",), validation_months=("2003-02:2003-04",)),
)


def plan(domains, config):
    split = divide(domains[0].months, domains[0].coarse, domains[0].land, config.split)
    return split, *entries(domains, split, config)


@given(size=st.integers(1, 200), patch=st.integers(1, 64), stride=st.integers(1, 64))
def test_lattice_covers_every_cell(size, patch, stride):
    starts = lattice(size, patch, min(stride, patch))
    covered = np.zeros(size, bool)
    for start in starts:
        covered[max(start, 0) : max(start + patch, 0)] = True
    assert covered.all()
    assert len(set(starts)) == len(starts)
    if size >= patch:
        assert starts[0] == 0
        assert starts[-1] == size - patch


def test_a_small_domain_is_padded_on_both_sides():
    assert lattice(5, 8, 4).tolist() == [-1]  # one cell of padding in front, two behind
    assert everywhere(5, 8).tolist() == [-3, -2, -1, 0]
    assert everywhere(10, 8).tolist() == [0, 1, 2]


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9), st.integers(0, 5))
def test_land_share_is_the_mean_inside_the_domain(n_lat, n_lon, patch, seed):
    weights = np.random.default_rng(seed).random((n_lat, n_lon))
    rows, cols = everywhere(n_lat, patch), everywhere(n_lon, patch)
    share = land_share(weights, rows, cols, patch, patch)
    for i, r in enumerate(rows):
        for j, c in enumerate(cols):
            assert share[i, j] == pytest.approx(weights[max(r, 0) : max(r + patch, 0), max(c, 0) : max(c + patch, 0)].mean())


def test_lattice_samples_are_all_months_at_all_places_with_land():
    domain = FakeDomain()
    split, parts, _ = plan([domain], CONFIG)
    places = {(0, 0), (0, 6), (0, 12), (4, 0), (4, 6), (4, 12)}  # 12 × 20 cells, patches of 8, stride 6: 0, 6, 12 and 0, 4
    for part, found in parts.items():
        assert {(int(e["row"]), int(e["col"])) for e in found} == places
        assert sorted(set(found["month"].tolist())) == list(split.months_of(part))
        assert len(found) == len(places) * len(split.months_of(part))
    assert 7 not in parts["test"]["month"]  # the missing month


def test_random_patches_are_distinct_on_land_and_as_many_as_asked_for():
    config = replace(CONFIG, patches=PatchConfig(layout="random", train=300, validation=40, test=30, minimum_land=0.7))
    domain = FakeDomain()
    split, parts, notes = plan([domain, FakeDomain(n_lat=10)], config)
    assert {p: len(e) for p, e in parts.items()} == {"train": 300, "validation": 40, "test": 30}
    assert notes == ()
    for part, found in parts.items():
        assert len(np.unique(found)) == len(found)
        assert set(found["month"].tolist()) <= set(split.months_of(part))
        assert set(found["domain"].tolist()) == {0, 1}
        for e in found[found["domain"] == 0]:
            assert domain.land[e["row"] : e["row"] + 8, e["col"] : e["col"] + 8].mean() >= 0.7
    # corners are reached
    assert parts["train"]["row"].min() == 0
    assert parts["train"][parts["train"]["domain"] == 0]["row"].max() == 4


def test_more_patches_than_exist_are_said():
    config = replace(CONFIG, patches=PatchConfig(layout="random", train=10**6, validation=1, test=1))
    _, parts, notes = plan([FakeDomain()], config)
    assert len(np.unique(parts["train"])) == len(parts["train"]) < 10**6
    assert notes == (f"1000000 train patches were asked for and {len(parts['train'])} different ones exist.",)


@pytest.mark.parametrize("layout", ["random", "lattice"])
def test_a_random_split_deals_out_each_patch_once(layout):
    config = replace(
        CONFIG, split=SplitConfig(kind="random"), patches=PatchConfig(layout=layout, train=80, validation=20, test=10)
    )
    _, parts, notes = plan([FakeDomain()], config)
    together = np.concatenate(list(parts.values()))
    assert len(np.unique(together)) == len(together)
    assert "drawn at random" in notes[0]
    expected = {"train": 80, "validation": 20, "test": 10} if layout == "random" else {"train": 126, "validation": 18, "test": 36}
    assert {p: len(e) for p, e in parts.items()} == pytest.approx(expected, abs=1)


def test_places_that_are_held_out_in_full_are_not_trained_on():
    config = replace(CONFIG, split=replace(CONFIG.split, block_share=0.6, block_cells=8, buffer_cells=0))
    split, parts, _ = plan([FakeDomain()], config)
    held = split.untrained(FakeDomain().coarse)
    for e in parts["train"]:
        window = (slice(e["row"], e["row"] + 8), slice(e["col"], e["col"] + 8))
        assert (FakeDomain().land[window] * ~held[window]).mean() >= 0.3
    assert len(np.unique(parts["test"][["row", "col"]])) == 6


def test_no_land_is_a_sentence():
    with pytest.raises(BadInput, match="patches: expected patches of 12 × 8 cells with at least 100% land"):
        plan([FakeDomain()], replace(CONFIG, sample=replace(CONFIG.sample, height=12), patches=PatchConfig(minimum_land=1.0)))
