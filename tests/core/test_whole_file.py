"""Files are whole under their name or not there."""

from __future__ import annotations

import pytest

from gwkeras.core.whole_file import replacing, write_atomically


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
