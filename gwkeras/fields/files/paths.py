"""From what a configuration names (file, list, folder, glob) to files on disk."""

from __future__ import annotations

import difflib
import glob
from pathlib import Path

from gwkeras.core.config.tree import SourceConfig
from gwkeras.core.errors import BadInput

SUFFIXES = (".nc", ".nc4", ".netcdf", ".cdf", ".zip")
_WILDCARDS = frozenset("*?[")


def expand(source: SourceConfig) -> tuple[Path, ...]:
    """The files that `source.path` names, in order, each once; ZIP archives stay whole.

    A folder gives its NetCDF and ZIP files, by name; where it holds none, those of its subfolders.

    Raises: BadInput: no path, a file or folder that is not there, a folder or glob without NetCDF files.
    """
    if not source.path:
        raise BadInput("configuration", expected="a path to a file, folder or glob", found="none", remedy="give the path")
    found: dict[Path, None] = {}
    for entry in source.path:
        found.update(dict.fromkeys(_expand_one(entry)))
    return tuple(found)


def _expand_one(entry: str) -> list[Path]:
    path = Path(entry).expanduser()
    if path.is_dir():
        return _files_in(path)
    if path.exists():
        return [path]
    if _WILDCARDS.intersection(entry):
        matches = sorted(Path(match) for match in glob.glob(str(path), recursive=True))
        files = [match for match in matches if match.is_file()]
        if not files:
            raise BadInput(
                entry, expected="a pattern that matches files", found="no match", remedy="check the folder and the pattern"
            )
        return files
    raise BadInput(entry, expected="a file or folder", found="nothing of that name", remedy=_suggestion(path))


def _files_in(folder: Path) -> list[Path]:
    for candidates in (folder.iterdir(), folder.rglob("*")):
        files = sorted(p for p in candidates if p.is_file() and p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
        if files:
            return files
    count = sum(1 for _ in folder.iterdir())
    raise BadInput(
        folder,
        expected=f"a folder with NetCDF files ({', '.join(SUFFIXES)})",
        found="an empty folder" if count == 0 else f"{count} other entries",
        remedy="check the path, or name the files",
    )


def _suggestion(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: the folder '{path.parent}' is not there either"
    near = difflib.get_close_matches(path.name, sorted(p.name for p in path.parent.iterdir()), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'" if near else "check the path"
