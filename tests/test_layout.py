"""What every file of the project has to keep: no machine's paths, no hosts of registries, files of a readable length."""

from __future__ import annotations

import re
import subprocess

import pytest

PLACES = re.compile(
    r"(?<![\w.$}/-])/(work|tmp|farm|home|root|opt|mnt|scratch)/(?!someone|gw\b)\w|pypi\.org|pythonhosted\.org|file:///"
)


@pytest.fixture(scope="module")
def tracked(project_root):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project_root, capture_output=True, text=True, timeout=60, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [project_root / name for name in listed.stdout.split("\0") if name and (project_root / name).is_file()]


def test_no_file_names_a_machine_or_a_registry(tracked, project_root):
    found = []
    for path in tracked:
        if path.name == "test_layout.py" or path.suffix in {".png", ".jpg", ".nc", ".npz"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if PLACES.search(line):
                found.append(f"{path.relative_to(project_root)}:{number}: {line.strip()}")
    assert not found


def test_modules_stay_short_and_are_named_for_what_they_hold(tracked, project_root):
    modules = [
        path
        for path in tracked
        if path.suffix == ".py" and path.relative_to(project_root).parts[0] in ("gwkeras", "tfrecords_build")
    ]
    long = {str(path.relative_to(project_root)) for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    assert not long
    assert not {path.name for path in modules} & {"utils.py", "helpers.py", "common.py", "misc.py"}


def test_files_are_renamed_into_place_by_one_room_alone(tracked, project_root):
    """`core/whole_file.py` writes beside, syncs, renames. The others move what is whole already: folders, shards, downloads."""
    renames = re.compile(r"os\.(replace|rename)\(|\.(replace|rename)\((self\.)?\w*(path|target|to)\b")
    found = {
        str(path.relative_to(project_root))
        for path in tracked
        if path.suffix == ".py"
        and path.relative_to(project_root).parts[0] in ("gwkeras", "tfrecords_build")
        and renames.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "gwkeras/core/whole_file.py",
        "gwkeras/download/era5_land.py",
        "gwkeras/export/saved_model.py",
        "tfrecords_build/build.py",
    }
