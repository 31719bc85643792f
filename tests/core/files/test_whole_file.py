"""Files are whole under their name or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gwkeras.core.files.whole_file import replacing, replacing_path, write_atomically


def test_what_was_there_stays_until_the_new_is_whole(tmp_path):
    path = tmp_path / "x"
    write_atomically(path, b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", None])
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_library_that_wants_a_path_is_given_one_of_the_same_name(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"old")
    with replacing_path(path) as partial:
        assert partial.name == "x.keras"
        partial.write_bytes(b"new")
        partial.with_name("beside").write_bytes(b"what the library leaves")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    with pytest.raises(TypeError), replacing_path(path) as partial, partial.open("wb") as file:
        file.writelines([b"half", None])
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["x.keras"]


@pytest.mark.parametrize("how", [replacing, replacing_path])
def test_a_failure_of_the_disk_says_where(tmp_path, how):
    with pytest.raises(OSError, match="No such file") as error, how(tmp_path / "absent" / "x"):
        pass
    assert str(tmp_path / "absent") in str(error.value.filename)
    with pytest.raises(OSError, match="full") as error, how(tmp_path / "x"):
        raise OSError(28, "full")
    assert error.value.filename == str(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_all_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A machine that loses power after the renaming finds the whole file."""
    calls = []
    real = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda d: (calls.append(str(Path(f"/proc/self/fd/{d}").readlink())), real[0](d)))
    monkeypatch.setattr(os, "replace", lambda a, b: (calls.append("replace"), real[1](a, b)))
    write_atomically(tmp_path / "x", b"1")
    with replacing_path(tmp_path / "y") as partial:
        partial.write_bytes(b"2")
    assert [call.rpartition("/")[2].split(".")[0] for call in calls] == ["x", "replace", "y", "replace"]
