"""The command as it was typed."""

from __future__ import annotations

import shlex

import pytest

from gwkeras.core.process.command_line import typed_command


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "--gwsa", "a b.nc", "--set", "x=[1]"], "gwkeras run --gwsa 'a b.nc' --set 'x=[1]'"),
        (["run", "--gwsa", "/data/someone/g.nc"], "gwkeras run --gwsa /data/someone/g.nc"),
        (["run", "--gwsa", "/data/someone", "--output=/data/someone/x/y"], "gwkeras run --gwsa ~ --output=~/x/y"),
        (["run", "--set", "data.gwsa.path=/data/someone/my file.nc"], "gwkeras run --set 'data.gwsa.path=~/my file.nc'"),
        (["run", "--gwsa", "/data/someone2/g.nc"], "gwkeras run --gwsa /data/someone2/g.nc"),
        (["downscale", "--server", "http://me:secret@host:8501"], "gwkeras downscale --server http://host:8501"),
        (["run", "--set", "name=a\nb"], "gwkeras run --set 'name=a b'"),
    ],
)
def test_what_was_typed(monkeypatch, arguments, text):
    home = "/data/elsewhere" if arguments[-1] == "/data/someone/g.nc" else "/data/someone"
    monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/gwkeras", *arguments])
    assert typed_command() == text
    assert shlex.split(text)[:2] == ["gwkeras", arguments[0]]
