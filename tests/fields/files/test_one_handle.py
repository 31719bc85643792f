"""A file is open at most once in a process: HDF5 breaks down where one of two handles on strings is closed before the other."""

import os
import pickle
import subprocess
import sys

import netCDF4
import numpy as np
import pytest

from gwkeras.fields.files import one_handle
from gwkeras.fields.files.netcdf_file import open_netcdf

# With netCDF4 alone the shortest such is `a = Dataset(x); b = Dataset(x); c = Dataset(y); a.close(); c.close(); Dataset(x)`.
_IN_ORDER = """
import sys
from pathlib import Path
from gwkeras.fields.files.netcdf_file import open_netcdf

files = dict(zip("xy", map(Path, sys.argv[2:])))
held = []
for step in sys.argv[1].split():
    if step in files:
        held.append(open_netcdf(files[step]))
    else:
        held[int(step)] = None
print(*held[-1]["expver"].values, *held[-1]["t2m"].values.ravel())
"""


def write(path, value):
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("valid_time", 3), ("latitude", 2), ("longitude", 4)):
            file.createDimension(name, size)
        file.createVariable("expver", str, ("valid_time",))[:] = np.array(["0001", "0001", "0005"], object)
        file.createVariable("t2m", "f4", ("valid_time", "latitude", "longitude"))[:] = value
    return path


@pytest.fixture
def opened(monkeypatch):
    """What the NetCDF library has been asked to open, in order."""
    handles = []

    def keeping(file, mode):
        handles.append(netCDF4.Dataset(file.path, mode=mode))
        return handles[-1]

    monkeypatch.setattr(one_handle, "_open", keeping)
    return handles


@pytest.mark.parametrize("order", ["x x y y y 0 y x 3 2 1 4 x x 8 6 x", "x y y x 3 2 y x x 5 0 y 1 6 x y 9 4 y"])
def test_files_with_strings_are_opened_and_let_go_in_orders_that_end_a_process_with_several_handles(tmp_path, order):
    x, y = write(tmp_path / "x.nc", 280.0), write(tmp_path / "y.nc", 290.0)
    done = subprocess.run([sys.executable, "-c", _IN_ORDER, order, x, y], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["0001", "0001", "0005"] + ["280.0" if order[-1] == "x" else "290.0"] * 24


def test_all_names_of_a_file_share_one_handle(tmp_path, opened):
    path = write(tmp_path / "x.nc", 280.0)
    (tmp_path / "soft.nc").symlink_to(path)
    os.link(path, tmp_path / "hard.nc")
    held = [open_netcdf(tmp_path / name) for name in ("x.nc", "soft.nc", "x.nc", "hard.nc")]
    assert [float(data["t2m"].mean()) for data in held] == [280.0] * 4
    assert len(opened) == 1


def test_a_closed_file_is_opened_again_by_who_still_reads_it(tmp_path, opened):
    path = write(tmp_path / "x.nc", 280.0)
    first, second = open_netcdf(path), open_netcdf(path)
    first.close()
    assert float(second["t2m"].mean()) == 280.0
    assert [handle.isopen() for handle in opened] == [False, True]


def test_nothing_stays_open_that_nobody_reads(tmp_path, opened):
    path = write(tmp_path / "x.nc", 280.0)
    for _ in range(3):
        with open_netcdf(path) as data:
            assert data["t2m"].shape == (3, 2, 4)
    assert [handle.isopen() for handle in opened] == [False] * 3


def test_a_file_that_takes_the_place_of_another_is_read_itself(tmp_path):
    path = write(tmp_path / "x.nc", 280.0)
    before = open_netcdf(path)
    os.replace(write(tmp_path / "new.nc", 290.0), path)
    assert float(open_netcdf(path)["t2m"].mean()) == 290.0
    assert float(before["t2m"].mean()) == 280.0


def test_a_pickled_reading_reads(tmp_path):
    data = open_netcdf(write(tmp_path / "x.nc", 280.0))
    assert float(pickle.loads(pickle.dumps(data))["t2m"].mean()) == 280.0


@pytest.mark.real
@pytest.mark.slow
def test_inspecting_two_members_of_a_zip_ends_well_in_ten_of_ten_processes(real_data):
    path = real_data / "formats/era5_zip_two_members.nc"
    command = [sys.executable, "-c", "from gwkeras.cli import main; main()", "inspect", str(path)]
    free = {
        key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"
    }  # one thread closes in an order that holds
    told = set()
    for _ in range(10):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=free)
        told.add((done.returncode, done.stdout, done.stderr))
    ((code, text, errors),) = told
    # One member has waves at longitudes without latitudes, the other climate: a fault of the first, and the second is read.
    assert (code, errors) == (2, "")
    assert text.count("NetCDF without a field that can be used") == 1
    assert "period             1984-01 to 2024-10, 490 months" in text
