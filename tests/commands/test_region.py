"""`--south --north --west --east`, and climate of a part of the product; the tiny world lies at 20 … 26°N, 80 … 88°E."""

import pytest
import yaml

from tests.tiny import edited, settings


@pytest.fixture
def western_climate(tiny_world, tmp_path):
    """Climate at 76 … 84°E."""

    def move(file):
        file["longitude"][:] = file["longitude"][:] - 4

    return {**tiny_world, "climate": edited(tiny_world["climate"], tmp_path / "west.nc", move)}


def region_of(run):
    return yaml.safe_load((run / "config.yaml").read_text())["data"]["region"]


def test_build_works_on_the_part_that_all_files_cover(western_climate, tmp_path, gwkeras_command):
    run, line = tmp_path / "run", "Working on 26°N … 20°N, 80°E … 84°E: the part that all files cover."
    answer = gwkeras_command("build-tfrecords", "--run", run, *settings(western_climate, "gwsa", "climate"))
    assert (answer.code, answer.out.splitlines()[0]) == (0, line)
    assert f"Note: {line}" in answer.out
    assert region_of(run) == {"south": 20.0, "north": 26.0, "west": 80.0, "east": 84.0}
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (run / "shards").glob("*.tfrecord"))
    again = gwkeras_command("build-tfrecords", "--run", run, *settings(western_climate, "gwsa", "climate"))
    assert again.code == 0
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (run / "shards").glob("*.tfrecord")) == before


def test_edges_are_widened_to_whole_cells_and_stand_in_the_configuration(tiny_world, tmp_path, gwkeras_command):
    run = tmp_path / "run"
    edges = ("--south", "20.7", "--west", "-279.5", "--east", "84.9")
    refused = gwkeras_command("build-tfrecords", "--run", run, *edges, *settings(tiny_world, "gwsa", "climate"))
    assert (refused.code, refused.sentences) == (
        2,
        ["gwkeras: --west: expected degrees from -180 to 360, found -279.5; correct it."],
    )
    edges = ("--south", "20.7", "--west", "80.5", "--east", "84.9")
    answer = gwkeras_command("build-tfrecords", "--run", run, *edges, *settings(tiny_world, "gwsa", "climate"))
    assert (answer.code, answer.out.splitlines()[0]) == (0, "Working on 26°N … 20.5°N, 80.5°E … 85°E.")
    assert region_of(run) == {"south": 20.5, "north": 26.0, "west": 80.5, "east": 85.0}


def test_a_box_across_the_dateline_is_refused(tiny_world, tmp_path, gwkeras_command):
    answer = gwkeras_command(
        *("run", "--output", tmp_path / "run", "--gwsa", tiny_world["gwsa"], "--climate", tiny_world["climate"]),
        *("--west", "170", "--east", "-170"),
    )
    assert answer.code == 2
    assert "found 170 and -170; exchange them, or work on the two sides of the dateline one after the other." in answer.err


def test_inspect_looks_at_a_part(tiny_world, gwkeras_command):
    answer = gwkeras_command("inspect", tiny_world["gwsa"], "--south", "22.1", "--west", "70", "--east", "81.2")
    assert answer.code == 0
    assert "0.5° cells, 8 × 3, 22…26°N 80…81.5°E" in answer.out
    assert "it does not fill the region: western edge 80, not 70" in answer.out
    elsewhere = gwkeras_command("inspect", tiny_world["gwsa"], "--south", "40", "--north", "50")
    assert elsewhere.code == 2
    assert "expected 2 × 2 cells or more of its own, in 26°N … 20°N, 80°E … 88°E, found 0 × 16 cells" in elsewhere.out
