"""Each file is open at most once in a process, however often it is read.

HDF5 (seen from 1.10 to 2.2.0) keeps with a variable of strings a pointer to the handle through which the file was opened first.
Where a second handle on the same file outlives that one, the next opening reads freed memory: it ends the process, or fails with
'HDF error' (HDFGroup/hdf5 #5359, Unidata/netcdf-c #2510). `expver` of the Climate Data Store is such a variable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import netCDF4
import xarray as xr
from xarray.backends import CachingFileManager, NetCDF4DataStore
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK


@dataclass(frozen=True)
class _FileOnDisk:
    """What tells files apart, as HDF5 does it: not the name, since links lead to the same file."""

    device: int
    inode: int
    size: int
    modified: int
    path: str = field(compare=False)


def open_raw(path: Path) -> xr.Dataset:
    """The file's variables as they are stored, lazily; all that read it share one handle, also after pickling.

    The handle is closed by `close`, or with the last array that needs it; an array that comes to need it again opens it again.

    Raises: OSError, RuntimeError and more of what the NetCDF library raises.
    """
    status = path.stat()
    file = _FileOnDisk(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, str(path))
    # The manager's lock is the one under which values are read: nothing is closed in one thread while another reads.
    manager: Any = CachingFileManager(_open, file, mode="r", lock=NETCDF4_PYTHON_LOCK, manager_id="gwkeras")
    with manager.acquire_context():  # a full cache of open files must not close it in between
        return xr.open_dataset(NetCDF4DataStore(manager), engine="store", decode_cf=False, chunks=None, cache=False)


def _open(file: _FileOnDisk, mode: Literal["r"]) -> netCDF4.Dataset:
    return netCDF4.Dataset(file.path, mode=mode)
