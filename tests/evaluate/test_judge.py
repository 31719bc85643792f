"""What is held out is judged, and nothing else: months, blocks, or the patches of a random split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.yaml_file import load_config, with_values
from gwkeras.core.errors import BadInput
from gwkeras.core.months import from_month_number
from gwkeras.domain.split import Box, Split
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.judge import choose_judge, part_of, spans
from gwkeras.fields.record import read_fields
from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.method import Prediction
from gwkeras.observation.point_spread import PointSpread
from gwkeras.pipeline.files import with_files
from tfrecords_build.held_out import held_out_by

NEAREST, _, BICUBIC, _ = BASELINES
BOX = Box(south=22.0, north=24.0, west=82.0, east=85.0)


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


def random_split(config, target: str, height: int = 4):
    return with_values(
        config,
        {
            "target.kind": target,
            "split.kind": "random",
            "sample.height": height,
            "sample.width": height,
            "patches": {"layout": "random", "train": 40, "validation": 10, "test": 12},
        },
        "test",
    )


def test_nothing_held_out_is_not_called_held_out(opened, tmp_path):
    fields, config = opened
    with pytest.raises(BadInput, match=r"split\.test_share: expected months or blocks of cells that training never sees"):
        choose_judge(fields, config, Split("blocked", "", ("2003-04",), (), ()), tmp_path)
    with pytest.raises(BadInput, match=r"patches\.test: expected test patches"):
        choose_judge(fields, config, Split("random", "", ("2003-04",), (), ()), tmp_path)


def test_without_test_months_the_blocks_alone_are_judged(opened, tmp_path):
    """RMSE by hand over the block's cells in every month, and no cell beside them on the map."""
    fields, config = opened
    judge = choose_judge(fields, config, Split("blocked", "", ("2003-04",), (), (), (BOX,)), tmp_path)
    assert len(judge.months) == len(judge.domain.months)
    assert judge.held_out == f"1 held-out blocks of cells in {len(judge.months)} months, none of which is held out"
    found = compare(judge, [BICUBIC])
    rows, cols = part_of(BOX, judge.domain.fine)
    weights = (judge.domain.fine.area * judge.domain.land_fine)[rows, cols]
    squared = total = 0.0
    for month in judge.months:
        error = (BICUBIC.predict(judge.domain, month).mean - judge.truth(month))[rows, cols]
        squared += np.nansum(weights * error**2)
        total += weights[np.isfinite(error)].sum()
    assert found.scores["bicubic"]["rmse"] == pytest.approx(np.sqrt(squared / total))
    assert found.groups[0] == "all"
    assert "held_out_blocks" not in found.groups
    judged = found.data["months_map"].values[0] > 0
    outside = judged.copy()
    outside[rows, cols] = False
    assert judged.any()
    assert not outside.any()


@pytest.mark.parametrize("target", ["bicubic", "coarsen"])
@pytest.mark.parametrize("with_truth", [True, False])
def test_a_random_split_is_judged_in_its_test_patches(opened, tmp_path, target, with_truth):
    """Every patch's MAE from the fields themselves, at the places and months that the split says."""
    fields, config = opened
    fields = fields if with_truth else replace(fields, truth=None)
    config = random_split(config, target)
    split = held_out_by(fields, config, tmp_path)
    assert len(split.test_patches) == 12
    judge = choose_judge(fields, config, split, tmp_path)
    assert judge.kind == "random"
    assert len(judge.views) == (1 if with_truth or target == "bicubic" else len({p.domain for p in split.test_patches}))
    found = compare(judge, BASELINES)
    data = found.data
    boxes = {
        (int(np.int64((np.datetime64(t, "M") - np.datetime64("2002-01", "M")).astype(int))), *map(float, edges))
        for t, *edges in zip(*(data[f"patch_{n}"].values for n in ("time", "south", "north", "west", "east")), strict=True)
    }
    grid = judge.domain.fine
    wanted = {
        (p.month, max(p.box.south, 20.0), min(p.box.north, 26.0), max(p.box.west, 80.0), min(p.box.east, 88.0))
        for p in split.test_patches
    }
    assert {tuple(np.round(b, 6)) for b in boxes} == {tuple(np.round(w, 6)) for w in wanted}
    assert found.data.sizes["patch"] == 12
    mae = next(c for c in found.columns if c.key == "mae")
    values = found.patch_score(mae)
    number = 0
    for view in judge.views:
        weights = view.domain.fine.area * view.domain.land_fine
        for month in view.months:
            truth = view.truth(month)
            for part in view.parts(month):
                error = np.abs(NEAREST.predict(view.domain, month).mean - truth)[part]
                use = np.isfinite(error) & (weights[part] > 0)
                assert values[0, number] == pytest.approx(np.average(error[use], weights=weights[part][use]))
                number += 1
    # Over all patches: their sums together.
    pooled = (data["patch_sum_absolute"].values[0].sum()) / data["patch_sum_weight"].values[0].sum()
    assert found.scores["nearest"]["mae"] == pytest.approx(pooled)
    assert data["months_map"].values[0].sum() == data["patch_sum_cells"].values[0].sum()
    assert np.isfinite(found.physics(by_patch=True)["physics"]).any()
    if target == "bicubic" and not with_truth:
        row = found.methods.index("bicubic")
        assert values[row] == pytest.approx(np.zeros(12), abs=1e-4)  # the target is what it computes
    assert grid.lat_step == (0.5 if target == "coarsen" and not with_truth else 0.25)


def test_patches_are_not_those_of_training(opened, tmp_path):
    fields, config = opened
    config = random_split(config, "bicubic")
    split = held_out_by(fields, config, tmp_path)
    from gwkeras.domain.opening import open_domains
    from tfrecords_build.patches import entries

    domains = open_domains(fields, config, tmp_path)
    parts, _ = entries(domains.train, domains.split, config)
    coarse = domains.train[0].coarse
    trained = {
        (m, *coarse.window(r, c, 4, 4).lat[:1], *coarse.window(r, c, 4, 4).lon[:1]) for m, _, r, c in parts["train"].tolist()
    }
    tested = {(p.month, round(p.box.south + 0.25, 9), round(p.box.west + 0.25, 9)) for p in split.test_patches}
    assert len(tested) == 12
    assert not tested & trained


def test_another_set_of_patches_is_another_answer(opened, tmp_path):
    fields, config = opened
    config = random_split(config, "bicubic")
    split = held_out_by(fields, config, tmp_path)
    whole = choose_judge(fields, config, split, tmp_path).digest()
    less = choose_judge(fields, config, replace(split, test_patches=split.test_patches[1:]), tmp_path).digest()
    assert choose_judge(fields, config, split, tmp_path).digest() == whole != less


@pytest.mark.parametrize(
    ("stated", "found", "said"),
    [
        ("product", PointSpread(), "over more than one cell, as most are, it measures smoothness, not detail."),
        (
            "product",
            PointSpread.gaussian(250),
            "product that its field implies, noise included. Its σ refers to storage and is checked at the product's own cells.",
        ),
        ("none", PointSpread(), "It is no evidence of detail within the product's cells."),
    ],
)
def test_one_scale_up_is_said_to_be(opened, tmp_path, stated, found, said):
    fields, config = opened
    fields, config = replace(fields, point_spread=found), with_values(config, {"data.point_spread.kind": stated}, "test")
    split = Split("blocked", "", ("2004-01",), (), ("2003-04",))
    judge = choose_judge(replace(fields, truth=None), config, split, tmp_path)
    assert judge.caution.startswith("This score is one scale up. ")
    assert judge.caution.endswith(said)
    assert choose_judge(fields, config, split, tmp_path).caution == ""


class Storage:
    """A method that says it takes the filter off, or does not."""

    def __init__(self, field, removes_filter):
        self.name, self.removes_filter, self._field = "storage", removes_filter, field

    def predict(self, domain, month, part=None):
        return Prediction(np.where(domain.land_fine > 0, self._field, np.nan))


def test_storage_is_judged_by_the_product_that_it_would_give(opened, tmp_path):
    """Storage that is 5 mm everywhere gives a product of 5 mm; what the product shows beside that is noise, carried on as it is.

    So where the product is its own smooth self, a field of storage has the error that interpolation of what it leaves has: that
    of bicubic with conservation, for a constant. Not said to be of storage, the constant is compared as it stands.
    """
    fields, config = opened
    fields = replace(fields, truth=None, point_spread=PointSpread.gaussian(250))
    judge = choose_judge(fields, config, Split("blocked", "", ("2004-01",), (), ("2003-04",)), tmp_path)
    assert judge.domain.point_spread == PointSpread.gaussian(250)
    assert not judge.domain.knows_fine_storage
    *_, conserving = BASELINES
    taken_off, as_it_is = Storage(5.0, True), Storage(5.0, False)
    found = compare(judge, [conserving, taken_off]).scores
    assert found["storage"]["rmse"] == pytest.approx(found["bicubic + conservation"]["rmse"], rel=1e-5)
    plain = compare(judge, [as_it_is])
    (month,) = judge.months
    truth, weights = judge.truth(month), judge.domain.fine.area * judge.domain.land_fine
    use = np.isfinite(truth) & (weights > 0)
    assert plain.scores["storage"]["rmse"] == pytest.approx(np.sqrt(np.average((truth[use] - 5.0) ** 2, weights=weights[use])))
    gap, area = judge.domain.storage_of(month) - 5.0, judge.domain.coarse.area * judge.domain.land
    consistency = np.sqrt(np.average(gap[area > 0] ** 2, weights=area[area > 0]))
    for method in (taken_off, as_it_is):  # seen through the filter or not, a constant is a constant
        assert compare(judge, [method]).data["consistency"].values[0, 0] == pytest.approx(consistency)


def test_spans_of_months():
    months = [*range(15, 18), 40, 53]
    assert spans(from_month_number(np.array(months))) == "2003-04 … 2003-06, 2005-05, 2006-06"
    assert spans(from_month_number(np.array([3, 15]))) == "2002-04 … 2003-04"  # a gap of the record is no break
