"""Members of a ZIP archive that was fetched, checked and put beside it."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing

_LARGEST_RATIO = 200  # unpacked : packed
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def check_archive(path: Path) -> None:
    """Reads every member against its checksum. Raises: BadInput: a damaged archive, or none."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path, archive.infolist())
            bad = archive.testzip()
    except _DAMAGED as error:
        raise _damaged(path, str(error) or "a damaged one") from error
    if bad is not None:
        raise _damaged(path, f"a wrong checksum of '{bad}'")


def unpack(path: Path, folder: Path, name: Callable[[str], str | None]) -> list[Path]:
    """Writes members into `folder`, each whole or not at all.

    Args:
        name: from a member's path to the file's name, without folders, or None to leave it out.
    Raises: BadInput: a damaged archive, or one without a member that is wanted.
    """
    written = []
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = {m: chosen for m in archive.infolist() if not m.is_dir() and (chosen := name(m.filename))}
            if not wanted:
                names = ", ".join(m.filename for m in archive.infolist()[:8]) or "nothing"
                raise BadInput(
                    path,
                    expected="an archive with the NetCDF files asked for",
                    found=names,
                    remedy="look whether the provider has changed the archive",
                )
            _check_sizes(path, list(wanted))
            for member, chosen in wanted.items():
                target = folder / PurePosixPath(chosen.replace("\\", "/")).name  # no name leads out of the folder
                with archive.open(member) as source, replacing(target) as sink:
                    shutil.copyfileobj(source, sink, 2**20)
                written.append(target)
    except _DAMAGED as error:
        raise _damaged(path, str(error) or "a damaged one") from error
    return written


def _check_sizes(path: Path, members: list[zipfile.ZipInfo]) -> None:
    unpacked, free = sum(m.file_size for m in members), shutil.disk_usage(path.parent).free
    if unpacked > max(2**28, _LARGEST_RATIO * path.stat().st_size) or unpacked > 0.95 * free:
        raise BadInput(
            path,
            expected=f"an archive that fits the {free / 2**30:.1f} GiB free once unpacked",
            found=f"one of {unpacked / 2**30:.1f} GiB",
            remedy="free some space, or name another folder with --output",
        )


def _damaged(path: Path, found: str) -> BadInput:
    return BadInput(
        path.name.removesuffix(".partial"),
        expected="a whole ZIP archive",
        found=found,
        remedy="give the same command again; if it stays so, name a mirror with --url",
    )
