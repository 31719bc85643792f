"""G3P v1.12 (doi 10.5880/g3p.2024.001): one ZIP of multi-year files in the archive of GFZ, open to everyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from gwkeras.core.errors import BadInput
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.progress import Progress, silent
from gwkeras.core.retry import Patience
from gwkeras.download.ledger import Ledger
from gwkeras.download.transfer import DOWNLOADING, transfer
from gwkeras.download.unpack import check_archive, unpack
from gwkeras.fields.files.archive import is_zip
from gwkeras.fields.files.netcdf_file import open_netcdf

URL = "https://isdcftp-ng.gfz.de/grace/GravIS/G3P/v1.12/G3P_v1.12.zip"
_TEXTS = (".txt", ".md", ".pdf")


@dataclass(frozen=True)
class Fetched:
    """Files of a record; `fresh` are those that had to be fetched now."""

    files: tuple[Path, ...]
    fresh: tuple[Path, ...]


def fetch_g3p(
    folder: Path,
    *,
    url: str = URL,
    sha256: str | None = None,
    everything: bool = False,
    patience: Patience = DOWNLOADING,
    progress: Progress = silent,
) -> Fetched:
    """The groundwater files of G3P in `folder`; the archive goes once it is unpacked.

    Args:
        url: of the ZIP, or of a NetCDF file of a mirror.
        sha256: of what `url` names, where it is known; the archive's own checksums are compared in any case.
        everything: unpack snow, soil moisture, glaciers, surface water and total storage too.
    Raises: BadInput: see `transfer`; or what comes is neither a ZIP with NetCDF files nor NetCDF. RunInUse: another process
        fetches into the folder.
    """
    name = PurePosixPath(urlsplit(url).path).name or "g3p"
    request = {"url": url, "sha256": sha256, "everything": everything}
    with folder_lock(folder):
        ledger = Ledger(folder)
        present = ledger.files(name, request)
        if present:
            return Fetched(present, ())
        target = transfer(url, folder / name, sha256=sha256, check=_check, patience=patience, progress=progress)
        files = [target]
        if is_zip(target):
            files = unpack(target, folder, _everything if everything else _groundwater)
            target.unlink()
        for file in files:
            if file.suffix not in _TEXTS:
                open_netcdf(file).close()
        ledger.enter(name, request, files)
    return Fetched(tuple(files), tuple(files))


def _check(path: Path) -> None:
    if is_zip(path):
        check_archive(path)
    else:
        try:
            open_netcdf(path).close()
        except BadInput as error:
            raise BadInput(
                path.name.removesuffix(".partial"),
                expected="a ZIP archive or a NetCDF file",
                found=error.found,
                remedy="look up the present address at the provider and give it with --url",
            ) from error


def _everything(member: str) -> str | None:
    pure = PurePosixPath(member)
    return pure.name if pure.suffix.lower() in (".nc", ".nc4", *_TEXTS) and "__MACOSX" not in pure.parts else None


def _groundwater(member: str) -> str | None:
    name = _everything(member)
    return name if name and ("gwsa" in name.lower() or PurePosixPath(name).suffix.lower() in _TEXTS) else None
