"""A script, run in a process of its own that may be lost: opens NetCDF files one after the other, and says when each is done.

Usage: try_open.py LIBNETCDF; paths come on standard input, separated by NUL. `ready` goes out, then a line a file. With the C
library alone the process starts in a few hundredths of a second; without its path (''), the package netCDF4 takes half a second.
"""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

_NAME = 1025  # bytes of the longest name and its end


def look(library: Any, group: Any) -> None:
    """Everything that describes a group, its variables and the groups in it: the structures in which damage makes circles."""
    number, length, name = ctypes.c_int(), ctypes.c_size_t(), ctypes.create_string_buffer(_NAME)
    library.nc_inq_nvars(group, ctypes.byref(number))
    for variable in range(-1, number.value):  # -1: the group itself
        attributes = ctypes.c_int()
        library.nc_inq_varnatts(group, variable, ctypes.byref(attributes))
        for index in range(attributes.value):
            if library.nc_inq_attname(group, variable, index, name) == 0:
                library.nc_inq_attlen(group, variable, name, ctypes.byref(length))
    if library.nc_inq_grps(group, ctypes.byref(number), None) == 0 and 0 < number.value < 10_000:
        groups = (ctypes.c_int * number.value)()
        library.nc_inq_grps(group, ctypes.byref(number), groups)
        for inner in groups:
            look(library, inner)


def opener(path: str) -> Callable[[bytes], None]:
    """What opens a file and closes it; errors are of no interest."""
    if not path:
        import netCDF4

        def by_package(file: bytes) -> None:
            try:
                netCDF4.Dataset(file.decode("utf-8", "surrogateescape")).close()
            except (OSError, RuntimeError, ValueError, AttributeError, IndexError):
                return

        return by_package
    library = ctypes.CDLL(path)

    def by_library(file: bytes) -> None:
        opened = ctypes.c_int()
        if library.nc_open(file, 0, ctypes.byref(opened)) == 0:
            look(library, opened)
            library.nc_close(opened)

    return by_library


def main(path: str) -> None:
    """All files of standard input."""
    attempt = opener(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for file in sys.stdin.buffer.read().split(b"\0"):
        attempt(file)
        sys.stdout.write("done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
