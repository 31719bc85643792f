"""Files, folders and globs; ZIP archives; hashes."""

import hashlib
import zipfile

import numpy as np
import pytest

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput
from gwkeras.fields.files import archive
from gwkeras.fields.files.archive import members
from gwkeras.fields.files.paths import expand
from gwkeras.fields.files.provenance import describe_files
from tests.fixtures import write_zip


def source(*paths):
    return SourceConfig(path=tuple(str(p) for p in paths))


@pytest.fixture
def folder(tmp_path):
    for name in ("b_2003.nc", "a_2002.nc4", "notes.txt", ".hidden.nc"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_folder_glob_file_and_list(folder):
    both = (folder / "a_2002.nc4", folder / "b_2003.nc")
    assert expand(source(folder)) == both
    assert expand(source(folder / "*_200?.nc*")) == both
    assert expand(source(folder / "b_2003.nc", folder)) == both[::-1]


def test_subfolders_where_the_folder_has_none(tmp_path):
    (tmp_path / "GWSA").mkdir()
    (tmp_path / "GWSA" / "x.nc").touch()
    assert expand(source(tmp_path)) == (tmp_path / "GWSA" / "x.nc",)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda f: f / "b_2004.nc", "found nothing of that name; did you mean 'b_2003.nc'"),
        (lambda f: f / "nowhere" / "b.nc", "the folder '.*nowhere' is not there either"),
        (lambda f: f / "*.grib", "a pattern that matches files, found no match"),
    ],
)
def test_what_is_not_there(folder, make, sentence):
    with pytest.raises(BadInput, match=sentence):
        expand(source(make(folder)))


def test_empty_folder_and_no_path(tmp_path):
    with pytest.raises(BadInput, match="found an empty folder"):
        expand(source(tmp_path))
    (tmp_path / "readme.txt").touch()
    with pytest.raises(BadInput, match="found 1 other entries"):
        expand(source(tmp_path))
    with pytest.raises(BadInput, match="found none"):
        expand(SourceConfig())


def test_zip_that_calls_itself_nc(folder):
    path = write_zip(folder / "download.nc", [folder / "b_2003.nc", folder / "notes.txt"], folder="../../up/")
    unpacked = members(path)
    assert [p.name for p in unpacked] == ["000_b_2003.nc"]
    assert unpacked[0].read_bytes() == b"b_2003.nc"
    assert unpacked[0].parent.name.startswith("gwkeras-zip-")
    assert members(path) == unpacked  # unpacked once
    assert members(folder / "b_2003.nc") == (folder / "b_2003.nc",)


def test_zip_without_netcdf_or_damaged(folder):
    with pytest.raises(BadInput, match=r"a ZIP with NetCDF members, found notes\.txt"):
        members(write_zip(folder / "x.zip", [folder / "notes.txt"]))
    whole = write_zip(folder / "y.zip", [folder / "b_2003.nc"])
    whole.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(BadInput, match="expected a whole ZIP archive"):
        members(whole)


def test_zip_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_SMALL", 2**20)
    path = tmp_path / "bomb.nc"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.nc", bytes(2**24))
    with pytest.raises(BadInput, match="at most 200 times its size once unpacked"):
        members(path)


def test_hashes(tmp_path):
    values = np.random.default_rng(0).bytes(100_000)
    (tmp_path / "a.nc").write_bytes(values)
    described = describe_files([tmp_path / "a.nc", tmp_path / "." / "a.nc"])
    assert described == [{"file": "a.nc", "size": 100_000, "sha256": hashlib.sha256(values).hexdigest()}]
