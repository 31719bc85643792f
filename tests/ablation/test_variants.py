"""Grids of variants, and the configurations that follow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gwkeras.ablation.variants import (
    Suite,
    Variant,
    components,
    configurations,
    memory,
    months_of,
    read_grid,
    seeds_of,
    settled,
    without_twins,
)
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.errors import BadInput, ConfigError

CONFIG = Config(name="world")


def changed(config: Config) -> dict[str, object]:
    """Dotted key -> value, where it is not CONFIG's."""
    before, after = to_dict(CONFIG), to_dict(config)
    sections = ("sample", "model", "loss", "training")
    return {f"{s}.{key}": value for s in sections for key, value in after[s].items() if before[s][key] != value}


def test_components_leave_out_one_part_each():
    found = {name: changed(config) for name, config in configurations(CONFIG, [components()]).items()}
    assert found == {
        "full": {},
        "without ConvLSTM": {"model.convlstm_filters": []},
        "without physics": {"loss.physics_weight": 0.0},
        "without uncertainty head": {"model.uncertainty_head": False},
    }


def test_every_memory_takes_the_months_of_the_longest():
    """The configured six months are `full`; the components beside them are trained on the same months too."""
    configs = configurations(CONFIG, [components(), memory((1, 3, 6, 12), CONFIG.sample.months)])
    assert {name: c.sample.months for name, c in configs.items() if name in ("full", "1 month", "3 months", "12 months")} == {
        "full": 6,
        "1 month": 1,
        "3 months": 3,
        "12 months": 12,
    }
    assert {c.sample.months_required for c in configs.values()} == {12}
    assert len(configs) == 4 + 3
    assert {name: c.name for name, c in configs.items()}["12 months"] == "world-12-months"


def test_a_part_that_the_configuration_lacks_already_is_no_variant():
    config = replace(CONFIG, loss=replace(CONFIG.loss, physics_weight=0.0))
    assert [v.name for v in without_twins(components(), config).variants] == [
        "full",
        "without ConvLSTM",
        "without uncertainty head",
    ]
    with pytest.raises(BadInput, match="expected a variant that differs from 'full', found none"):
        without_twins(memory((6,), 6), CONFIG)


def test_a_grid_of_one_s_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("no dropout: {model.dropout: 0}\nwide and short:\n  model: {convlstm_filters: [32]}\n  sample.months: 3\n")
    suite = read_grid(path)
    assert (suite.title, [v.name for v in suite.variants]) == ("mine", ["full", "no dropout", "wide and short"])
    configs = configurations(CONFIG, [suite])
    assert changed(configs["no dropout"]) == {"model.dropout": 0.0, "sample.months_required": 6}
    # A section changes in the keys given alone: the U-Net stays.
    assert changed(configs["wide and short"]) == {"model.convlstm_filters": [32], "sample.months": 3, "sample.months_required": 6}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {model.dropot: 0}", "variant 'a': model.dropot: .*unknown key 'model.dropot'; did you mean 'model.dropout'"),
        ("a: {modle: {dropout: 0}}", "unknown key 'modle'; did you mean 'model'"),
        ("a: {model.dropout: 2}", "model.dropout: expected a number at least 0, below 1, found 2"),
        ("a: {training.seed: 3}", "training.seed: .*since --seeds gives the seeds"),
        ("a: {split: {test_share: 0.1}}", "split.test_share: .*with --set"),
        ("a: {data.region: null}", "data.region: .*with --set"),
        ("a: {data: null}", "found 'data'"),
        ("a: {sample.months_required: 9}", "longest memory"),
    ],
)
def test_what_a_variant_cannot_change(tmp_path, text, said):
    (tmp_path / "grid.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        configurations(CONFIG, [read_grid(tmp_path / "grid.yaml")])
    assert "\n" not in str(error.value)
    assert str(tmp_path / "grid.yaml") in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one to 63 variants beside 'full', found 0"),
        ("- a\n- b\n", "expected a YAML mapping of keys, found a list"),
        ("a: 3", "a mapping of keys for each variant, found a single value for 'a'"),
        ("full: {model.dropout: 0}", "'full' without changes"),
        ("7: {model.dropout: 0}", "names of letters"),
        ("'../a': {model.dropout: 0}", "names of letters"),
        ("'()': {model.dropout: 0}", "names of letters"),
    ],
)
def test_files_that_are_no_grid(tmp_path, text, said):
    (tmp_path / "grid.yaml").write_text(text)
    with pytest.raises(BadInput, match=said):
        read_grid(tmp_path / "grid.yaml")


def test_a_grid_that_is_not_there(tmp_path):
    with pytest.raises(BadInput, match="no such file; check the path given to --grid"):
        read_grid(tmp_path / "none.yaml")


def test_two_variants_of_one_folder_are_refused():
    suite = Suite("s", (Variant("full"), Variant("a b", {"model.dropout": 0.1}), Variant("A-B", {"model.dropout": 0.2})))
    with pytest.raises(BadInput, match="found also 'a b'"):
        configurations(CONFIG, [suite])


def test_seeds_are_a_number_or_a_list():
    assert seeds_of("3", 5) == (5, 6, 7)
    assert seeds_of("0, 4,7", 5) == (0, 4, 7)
    assert seeds_of("8,", 0) == (8,)
    assert months_of("12,1,12") == (12, 1)
    for text in ("", "0", "65", "a", "1,-2", "1.5"):
        with pytest.raises(BadInput, match="--seeds"):
            seeds_of(text, 0)
    for text in ("", "0,3", "121", "a"):
        with pytest.raises(BadInput, match="--months"):
            months_of(text)


def test_settled_names_where_the_change_is_stated():
    with pytest.raises(ConfigError, match=r"grid\.yaml, variant 'x': loss.data: expected one of"):
        settled(CONFIG, Variant("x", {"loss.data": "mse"}, "grid.yaml"))
