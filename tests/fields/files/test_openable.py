"""Files over which the NetCDF library does not end, or dies, cost a sentence and not the process."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gwkeras.core.config.tree import DataConfig, SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.fields.files import openable
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.openable import require_openable
from gwkeras.fields.record import read_fields
from tests.fixtures import centres, write_g3p

LAT, LON = centres(10.25, 0.5, 6), centres(70.25, 0.5, 8)
MONTHS = ["2002-04", "2002-05", "2002-08"]
CUBE = np.random.default_rng(0).normal(size=(3, 6, 8))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(openable, "PATIENCE", 1.0)
    openable._verdicts.cache_clear()
    return tmp_path


def whole(folder: Path, name: str) -> Path:
    return write_g3p(folder / name, MONTHS, LAT, LON, CUBE, CUBE)


SLEEPS = """
import sys, time
print("ready", flush=True)
for name in sys.stdin.buffer.read().split(bytes(1)):
    time.sleep(60 * (b"endless" in name))
    print("done", flush=True)
"""


@pytest.fixture
def endless(folder, monkeypatch) -> Path:
    """A file over which the process sleeps; which bytes make the library itself search for ever hangs on dates in the file."""
    (folder / "sleeps.py").write_text(SLEEPS)
    monkeypatch.setattr(openable, "_SCRIPT", folder / "sleeps.py")
    return whole(folder, "endless.nc")


@pytest.mark.parametrize("library", ["the C library alone", "the package"])
def test_sound_files_pass_and_are_tried_once(folder, monkeypatch, library):
    if library == "the package":
        monkeypatch.setattr(openable, "_library", str)
        monkeypatch.setattr(openable, "PATIENCE", 20.0)
    calls = []
    monkeypatch.setattr(openable, "_try", lambda paths, real=openable._try: calls.append(len(paths)) or real(paths))
    files = [whole(folder, f"{k}.nc") for k in range(3)]
    (folder / "page.nc").write_text("<html>")
    require_openable([*files, folder / "page.nc", folder / "none.nc", files[0]])
    require_openable(files)
    assert calls == [4]
    whole(folder, "1.nc")
    require_openable(files)
    assert calls == [4, 1]
    assert openable._try(files) == (3, "")


def test_a_file_without_end_is_named_and_the_others_are_read(folder, endless):
    bad, good = endless, whole(folder, "good.nc")
    started = time.monotonic()
    for attempt in (lambda: require_openable([good, bad, whole(folder, "other.nc")]), lambda: open_netcdf(bad)):
        with pytest.raises(BadInput, match=r"endless\.nc.*had not ended after 1 s") as refusal:
            attempt()
        assert refusal.value.exit_code == 2
    assert time.monotonic() - started < 5
    assert "gwsa" in open_netcdf(good)


def test_a_run_is_told_so_whichever_file_it_is(folder, endless):
    good, bad = str(whole(folder, "good.nc")), str(endless)
    for data in (
        DataConfig(gwsa=SourceConfig(path=(bad,))),
        DataConfig(gwsa=SourceConfig(path=(good,)), climate=(SourceConfig(path=(bad,)),)),
        DataConfig(gwsa=SourceConfig(path=(good,)), truth=SourceConfig(path=(bad,))),
    ):
        with pytest.raises(BadInput, match="had not ended"):
            read_fields(data)


def test_a_process_that_dies_is_a_sentence_too(folder, monkeypatch):
    script = folder / "dies.py"
    script.write_text("import os, sys\nsys.stdout.write('ready\\ndone\\n')\nsys.stdout.flush()\nos.abort()\n")
    monkeypatch.setattr(openable, "_SCRIPT", script)
    with pytest.raises(BadInput, match=r"1\.nc.*breaks down \(SIGABRT\)"):
        require_openable([whole(folder, "0.nc"), whole(folder, "1.nc")])


def test_where_no_process_can_be_had_files_are_opened_as_ever(folder, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "gwsa" in open_netcdf(whole(folder, "good.nc"))
    script = folder / "fails.py"
    script.write_text("raise SystemExit(3)")
    monkeypatch.undo()
    monkeypatch.setattr(openable, "_SCRIPT", script)
    assert "gwsa" in open_netcdf(whole(folder, "other.nc"))
