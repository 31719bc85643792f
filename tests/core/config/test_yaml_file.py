"""Configuration: what is refused, what is accepted, and that nothing is lost on the way through YAML."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core.config import tree
from gwkeras.core.config.key import Key
from gwkeras.core.config.tree import Config, SourceConfig
from gwkeras.core.config.values import known_keys
from gwkeras.core.config.yaml_file import (
    config_hash,
    from_dict,
    load_config,
    shipped_config,
    to_dict,
    write_config,
)
from gwkeras.core.errors import BadInput, ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> BadInput:
    path = written(folder, text)
    with pytest.raises(BadInput) as caught:
        load_config(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value), "the file is named"
    assert "\n" not in str(caught.value), "one sentence"
    return caught.value


def test_nothing_given_is_the_defaults(tmp_path):
    assert load_config() == Config()
    assert load_config(written(tmp_path, "")) == Config()
    assert load_config(written(tmp_path, "training:\n  # epochs: 3\n")) == Config()


@pytest.mark.parametrize(
    ("text", "where", "nearest"),
    [
        ("training: {learing_rate: 0.1}", "training.learing_rate", "training.learning_rate"),
        ("learning_rate: 0.1", "learning_rate", "training.learning_rate"),
        ("data: {gwsa: {pth: a.nc}}", "data.gwsa.pth", "data.gwsa.path"),
        ("data: {climate: [{path: a.nc}, {unit: {t: K}}]}", "data.climate.1.unit", "data.climate.1.units"),
        ("modle: {}", "modle", "model"),
    ],
)
def test_unknown_key_is_refused_with_the_nearest_known_one(tmp_path, text, where, nearest):
    error = refusal(tmp_path, text)
    assert isinstance(error, ConfigError)
    assert error.where.endswith(f": {where}")
    assert f"unknown key '{where}'" in error.found
    assert error.remedy == f"did you mean '{nearest}'"


@pytest.mark.parametrize(
    ("text", "where", "expected", "found"),
    [
        ("training: {epochs: many}", "training.epochs", "a whole number", "'many'"),
        ("training: {epochs: 3.0}", "training.epochs", "a whole number", "3.0 (float)"),
        ("training: {epochs: true}", "training.epochs", "a whole number", "true"),
        ("training: {epochs: [3]}", "training.epochs", "a whole number", "a list"),
        ("training: {epochs: null}", "training.epochs", "a whole number", "nothing"),
        ("training: {learning_rate: true}", "training.learning_rate", "a number", "true"),
        ("training: 3", "training", "a section", "3 (int)"),
        ("model: {batch_normalisation: 1}", "model.batch_normalisation", "true or false", "1 (int)"),
        ("model: {unet_filters: 64}", "model.unet_filters", "a list", "64 (int)"),
        ("model: {unet_filters: [64, a]}", "model.unet_filters.1", "a whole number", "'a'"),
        ("model: {kind: papr}", "model.kind", "one of paper, default", "'papr'"),
        ("model: {kind: [paper]}", "model.kind", "one of paper, default", "a list"),
        ("data: {gwsa: a.nc}", "data.gwsa", "a section", "'a.nc'"),
        ("data: {gwsa: {units: mm}}", "data.gwsa.units", "a mapping", "'mm'"),
        ("data: {gwsa: {path: ''}}", "data.gwsa.path.0", "a path", "an empty text"),
        ("data: {first_month: 2002-13}", "data.first_month", "a month such as 2002-04", "'2002-13'"),
        ("data: {first_month: 2002-04-01}", "data.first_month", "a text", "2002-04-01"),
        ("split: {test_months: 2010}", "split.test_months", "a list", "2010 (int)"),
        ("split: {test_months: [2010-1]}", "split.test_months.0", "a span of months", "'2010-1'"),
    ],
)
def test_wrong_type_is_refused_with_expected_and_found(tmp_path, text, where, expected, found):
    error = refusal(tmp_path, text)
    assert error.where.endswith(f": {where}")
    assert expected in error.expected
    assert found in error.found


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ("training: {epochs: 0}", "training.epochs", "at least 1"),
        ("training: {learning_rate: 0}", "training.learning_rate", "above 0"),
        ("training: {learning_rate: .nan}", "training.learning_rate", "above 0"),
        ("training: {clip_norm: .inf}", "training.clip_norm", "above 0"),
        ("data: {minimum_valid_share: 1.5}", "data.minimum_valid_share", "at most 1"),
        ("downscale: {interval: 1}", "downscale.interval", "below 1"),
        ("model: {convlstm_filters: [16, 0]}", "model.convlstm_filters.1", "at least 1"),
        ("data: {region: {north: 91}}", "data.region.north", "at most 90"),
        ("data: {region: {south: 10, north: 5}}", "data.region", "south below north"),
        ("data: {region: {west: 170, east: -170}}", "data.region", "west below east"),
        ("data: {first_month: 2010-01, last_month: 2009-12}", "data.first_month", "not after"),
        ("split: {test_months: ['2010-02:2010-01']}", "split.test_months", "end after they start"),
        ("split: {test_share: 0.6, validation_share: 0.4}", "split.test_share", "leave months to train on"),
        ("target: {kind: reference}", "data.reference", "a fine field"),
        ("data: {point_spread: {kind: gaussian, half_weight_km: -250}}", "data.point_spread.half_weight_km", "above 0"),
        ("data: {point_spread: {kind: gaussian, half_weight_km: 2500}}", "data.point_spread.half_weight_km", "at most 2000"),
        ("data: {point_spread: {kind: gaussian}}", "data.point_spread.half_weight_km", "a distance, because"),
        ("data: {point_spread: {half_weight_km: 250}}", "data.point_spread.half_weight_km", "no distance, because"),
    ],
)
def test_values_outside_their_range_are_refused(tmp_path, text, where, expected):
    error = refusal(tmp_path, text)
    assert error.where.endswith(f": {where}")
    assert expected in error.expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a\n- b", "a list"),
        ("training: {epochs: 3\n", "line 2"),
        ("training: {epochs: 3}\ntraining: {epochs: 4}", "'training' given twice in line 2"),
        ("name: !!python/object/apply:os.getcwd []", "python/object/apply:os.getcwd"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path, text, found):
    assert found in refusal(tmp_path, text).found


def test_missing_folder_huge_and_binary_files_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        load_config(tmp_path / "absent.yaml")
    with pytest.raises(BadInput, match="a folder"):
        load_config(tmp_path)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadInput, match="1000001 bytes"):
        load_config(huge)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"name: \xff\xfe")
    with pytest.raises(BadInput, match="UTF-8"):
        load_config(binary)


def test_yaml_numbers_are_read_as_people_write_them(tmp_path):
    config = load_config(written(tmp_path, "training: {learning_rate: 1e-2, weight_decay: 5E-4, clip_norm: 2}"))
    assert (config.training.learning_rate, config.training.weight_decay, config.training.clip_norm) == (0.01, 0.0005, 2.0)
    assert isinstance(config.training.clip_norm, float)


def test_paths_resolve_against_the_file_and_expand(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("GW_ABSOLUTE", "/mnt/gw")
    monkeypatch.setenv("GW_RELATIVE", "records")
    monkeypatch.delenv("GW_UNSET", raising=False)
    path = written(
        tmp_path,
        """
data:
  gwsa: {path: sub/../a.nc}
  climate:
    - path: [b.nc, ~/c.nc, /d.nc, "folder/*.nc"]
    - path: ["${GW_ABSOLUTE}/e.nc", "$GW_ABSOLUTE/f.nc", "${GW_UNSET:-fallback}/g.nc", "${GW_RELATIVE}/h.nc"]
""",
    )
    config = load_config(path)
    assert config.data.gwsa.path == (str(tmp_path / "a.nc"),)
    assert config.data.climate[0].path == (str(tmp_path / "b.nc"), "/home/someone/c.nc", "/d.nc", str(tmp_path / "folder/*.nc"))
    assert config.data.climate[1].path == (
        "/mnt/gw/e.nc",
        "/mnt/gw/f.nc",
        str(tmp_path / "fallback/g.nc"),
        str(Path.cwd() / "records/h.nc"),
    ), "an exported relative path is meant from here"
    with pytest.raises(ConfigError, match=r"data\.gwsa\.path\.0: .*GW_UNSET"):
        load_config(written(tmp_path, "data: {gwsa: {path: '${GW_UNSET}/a.nc'}}"))


def test_overrides_replace_single_keys(tmp_path):
    path = written(tmp_path, "training: {epochs: 3, batch_size: 8}\ndata: {climate: [{path: a.nc}, {path: b.nc}]}")
    config = load_config(
        path,
        [
            "training.epochs=5",
            "data.region.south=10",
            "data.climate.1.path=c.nc",
            "data.first_month=2003-01",
            "split.test_months=[2010-01:2010-12, 2012-05]",
            "data.gwsa={path: [x.nc, y.nc], units: {gwsa: cm}}",
        ],
    )
    assert (config.training.epochs, config.training.batch_size) == (5, 8)
    assert (config.data.region.south, config.data.region.north) == (10.0, 90.0)
    assert [source.path for source in config.data.climate] == [(str(tmp_path / "a.nc"),), (os.path.abspath("c.nc"),)]
    assert config.split.test_months == ("2010-01:2010-12", "2012-05")
    assert config.data.gwsa == SourceConfig((os.path.abspath("x.nc"), os.path.abspath("y.nc")), units={"gwsa": "cm"})
    assert config.data.first_month == "2003-01"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs", "expected key.path=value"),
        ("=3", "expected key.path=value"),
        ("training.epoch=3", "did you mean 'training.epochs'"),
        ("training.epochs.x=3", "a single value"),
        ("training.epochs=[", "expected a YAML value"),
        ("nothing.like.this=3", "unknown key 'nothing'"),
        ("data.climate.0.path=a.nc", "expected a list that is not empty"),
        ("model.unet_filters.9=3", "a position from 0 to 1"),
    ],
)
def test_bad_overrides_are_refused(override, message):
    with pytest.raises(ConfigError) as caught:
        load_config(None, [override])
    assert message in str(caught.value)
    assert "--set" in str(caught.value)


def test_written_configuration_is_read_back_equal(tmp_path):
    config = load_config(shipped_config("bangladesh"))
    path = tmp_path / "config.yaml"
    path.write_text("old")
    write_config(config, path)
    assert load_config(path) == config
    assert from_dict(yaml.safe_load(path.read_text())) == config
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "config.yaml"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_config(Config(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_hash_depends_on_every_value_and_on_nothing_else():
    config = Config()
    assert config_hash(config) == config_hash(from_dict(to_dict(config)))
    variants = [
        dataclasses.replace(config, **{f.name: dataclasses.replace(getattr(config, f.name))})
        for f in dataclasses.fields(config)
        if f.name not in ("name", "methods")
    ]
    assert {config_hash(variant) for variant in variants} == {config_hash(config)}
    changed = [
        load_config(None, [override])
        for override in (
            "name=x",
            "training.epochs=31",
            "data.gwsa.units={gwsa: cm}",
            "sample.climate=[precipitation]",
            "data.region={}",
        )
    ]
    assert len({config_hash(each) for each in [config, *changed]}) == 6


def sections():
    return [each for each in vars(tree).values() if isinstance(each, type) and dataclasses.is_dataclass(each) and each is not Key]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_says_what_it_means_and_defaults_lie_within_limits(section):
    for field in dataclasses.fields(section):
        key = field.metadata["key"]
        assert key.meaning, field.name
        numeric = get_type_hints(section)[field.name] in (int, float)
        assert not numeric or key.at_least is not None or key.above is not None, f"{field.name} has no limit"
    assert section() == section()
    assert from_dict(to_dict(Config())) == Config()


@given(
    st.dictionaries(
        st.sampled_from([*known_keys(), "x", "data", "training.epochs"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(max_size=8),
            st.lists(st.integers(), max_size=2),
            st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
        ),
        max_size=3,
    )
)
def test_whatever_yaml_holds_is_read_or_refused_in_one_sentence(tree):
    nested: dict = {}
    for dotted, value in tree.items():
        branch = nested
        *parents, leaf = dotted.split(".")
        for parent in parents:
            branch = branch.setdefault(parent, {}) if isinstance(branch.get(parent, {}), dict) else {}
        branch[leaf] = value
    try:
        config = from_dict(nested)
    except ConfigError:
        return
    assert from_dict(to_dict(config)) == config


def test_shipped_configurations_are_found_by_name(monkeypatch):
    monkeypatch.delenv("GWKERAS_DATA", raising=False)
    for name in ("default", "demo", "paper", "vietnam", "bangladesh"):
        assert isinstance(load_config(shipped_config(name)), Config)
    with pytest.raises(BadInput, match="one of bangladesh, default, demo, paper, vietnam"):
        shipped_config("absent")


def test_paper_configuration_is_the_papers():
    """Tables 1 and 2 and section 3.3 of the paper."""
    paper = load_config(shipped_config("paper"))
    assert (paper.sample.months, paper.sample.height, paper.sample.width, paper.sample.factor) == (6, 32, 32, 4)
    assert paper.sample.climate == ("precipitation", "soil_moisture", "temperature", "surface_pressure")
    assert (paper.model.kind, paper.model.convlstm_filters, paper.model.unet_filters) == ("paper", (64, 64), (64, 128, 256, 512))
    assert (paper.patches.train, paper.patches.validation, paper.patches.test) == (8000, 2000, 500)
    assert (paper.target.kind, paper.split.kind, paper.patches.layout) == ("bicubic", "random", "random")
    assert (paper.loss.data, paper.loss.physics_weight, paper.loss.smoothness_weight) == ("nll", 0.05, 0.01)
    assert paper.loss.regional_block_degrees == 32 * 0.125
    training = paper.training
    assert (training.learning_rate, training.weight_decay, training.clip_norm, training.batch_size) == (1e-3, 1e-5, 1.0, 16)
    assert (training.epochs, training.plateau_factor, training.plateau_patience, training.stopping_patience) == (30, 0.5, 3, 10)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("paper", [("data", "aridity_cap")]),
        ("demo", [("split", "block_share")]),
        ("vietnam", [("split", "block_share")]),
        ("bangladesh", [("split", "block_share")]),
    ],
)
def test_what_decides_the_figures_is_stated_and_not_inherited(name, keys):
    """The paper names no aridity cap; what is held out of the demo and of the regions decides the figures of the README."""
    tree = yaml.safe_load(shipped_config(name).read_text(encoding="utf-8"))
    for section, key in keys:
        assert key in tree[section]


@pytest.mark.real
@pytest.mark.parametrize("name", ["vietnam", "bangladesh"])
def test_regional_configurations_name_files_that_exist(name, real_data, monkeypatch):
    monkeypatch.setenv("GWKERAS_DATA", str(real_data))
    data = load_config(shipped_config(name)).data
    for source in (data.gwsa, *data.climate, *data.static, *([data.reference] if data.reference else [])):
        assert source.path
        assert all(Path(path).is_file() for path in source.path)
