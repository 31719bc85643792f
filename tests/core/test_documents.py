"""Documents that are derived from the code are as the code now says."""

from __future__ import annotations

import pytest

from gwkeras.core.config.tree import Config
from gwkeras.core.config.values import known_keys
from gwkeras.core.config.yaml_file import load_config
from gwkeras.core.documents import configuration_markdown, default_yaml, sample_markdown, write_documents
from gwkeras.core.schema import CLIMATE_UNITS, FEATURES


@pytest.mark.parametrize(
    ("path", "derived"),
    [
        ("configs/default.yaml", default_yaml),
        ("docs/configuration.md", configuration_markdown),
        ("docs/sample.md", sample_markdown),
    ],
)
def test_documents_are_fresh(project_root, path, derived):
    assert (project_root / path).read_text(encoding="utf-8") == derived(), "run `make docs`"


def test_default_yaml_holds_every_key_with_its_default(project_root):
    path = project_root / "configs/default.yaml"
    assert load_config(path) == Config()
    lines = [line.removeprefix("#").strip() for line in path.read_text(encoding="utf-8").splitlines()]
    for key in known_keys():
        if key.startswith(("data.climate.", "data.static.", "data.reference.", "data.truth.")):
            continue  # the keys of data.gwsa
        line = next(line for line in lines if line.startswith(f"{key.rpartition('.')[2]}:"))
        assert "  # " in line, f"{key} is explained"


def test_sample_page_lists_every_array_and_channel():
    page = sample_markdown()
    for name in [*(feature.name for feature in FEATURES), *CLIMATE_UNITS]:
        assert f"| `{name}` |" in page
    assert "| `target` | (sH, sW, 1) | mm | target |" in page


def test_documents_are_written_where_they_belong(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "docs").mkdir()
    assert {path.relative_to(tmp_path).as_posix() for path in write_documents(tmp_path)} == {
        "configs/default.yaml",
        "docs/configuration.md",
        "docs/sample.md",
    }
    assert load_config(tmp_path / "configs/default.yaml") == Config()
