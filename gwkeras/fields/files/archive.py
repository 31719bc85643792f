"""ZIP archives of NetCDF files, also those that call themselves .nc, as the Climate Data Store sends them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath

from gwkeras.core.errors import BadInput
from gwkeras.fields.files.paths import SUFFIXES

_LARGEST_RATIO = 200  # unpacked : packed; NetCDF packs at most about twentyfold
_SMALL = 2**28  # bytes that are unpacked whatever the ratio


def is_zip(path: Path) -> bool:
    """Whether the file begins as a ZIP archive does, whatever its name."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def members(path: Path) -> tuple[Path, ...]:
    """The NetCDF files behind `path`: itself, or where it is a ZIP archive its members, unpacked for the life of the process.

    Raises: BadInput: a damaged archive, one without NetCDF files, or one too large to unpack.
    """
    if not is_zip(path):
        return (path,)
    status = path.stat()
    return _unpacked(path.resolve(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _unpacked(path: Path, size: int, _modified: int) -> tuple[Path, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = [m for m in archive.infolist() if not m.is_dir() and _is_netcdf(m.filename)]
            if not wanted:
                names = ", ".join(sorted(m.filename for m in archive.infolist())[:8]) or "nothing"
                raise BadInput(
                    path, expected="a ZIP with NetCDF members", found=names, remedy="request NetCDF, not another format"
                )
            folder = Path(tempfile.mkdtemp(prefix="gwkeras-zip-"))
            atexit.register(_remove, folder, os.getpid())
            _check_room(path, size, sum(m.file_size for m in wanted), folder)
            return tuple(_unpack(archive, member, folder, number) for number, member in enumerate(wanted))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadInput(
            path, expected="a whole ZIP archive", found=_one_line(error) or "a damaged one", remedy="download it again"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _is_netcdf(name: str) -> bool:
    # Members without a suffix do occur ("data_0"); folders' resource forks and checksums are of no use.
    pure = PurePosixPath(name)
    return (
        (pure.suffix.lower() in SUFFIXES[:-1] or not pure.suffix)
        and not pure.name.startswith(".")
        and "__MACOSX" not in pure.parts
    )


def _check_room(path: Path, packed: int, unpacked: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if unpacked > max(_SMALL, _LARGEST_RATIO * packed) or unpacked > 0.95 * free:
        raise BadInput(
            path,
            expected=f"at most {_LARGEST_RATIO} times its size once unpacked, and less than the {free / 2**30:.1f} GiB free",
            found=f"{unpacked / 2**30:.1f} GiB from {packed / 2**20:.1f} MiB",
            remedy="unpack it yourself and name the folder",
        )


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, number: int) -> Path:
    # The member's own folders are dropped, so that no name can lead out of ours; the number keeps names apart.
    target = folder / f"{number:03d}_{PurePosixPath(member.filename.replace(chr(92), '/')).name}"
    with archive.open(member) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 2**20)
    return target


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked worker must not remove what its parent still reads
        shutil.rmtree(folder, ignore_errors=True)
