"""fetched.json: what was fetched into a folder, from where and how large, so that it is not fetched twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gwkeras.core.files.whole_file import write_atomically

LEDGER = "fetched.json"


class Ledger:
    """The record beside the files. A damaged one is forgotten: the worst is a second download."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER

    def files(self, name: str, request: Any) -> tuple[Path, ...]:
        """The files that came of the same request under that name, if all are still there and as long as they were; else none."""
        entry = self._entries().get(name)
        try:
            if entry is None or entry["request"] != request:
                return ()
            paths = [(self._path.parent / Path(f["file"]).name, f["bytes"]) for f in entry["files"]]
        except (KeyError, TypeError):
            return ()
        whole = all(path.is_file() and path.stat().st_size == size for path, size in paths)
        return tuple(path for path, _ in paths) if whole else ()

    def enter(self, name: str, request: Any, files: Iterable[Path]) -> None:
        """Adds or replaces an entry, with sizes and digests."""
        described = [{"file": f.name, "bytes": f.stat().st_size, "sha256": _sha256(f)} for f in files]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entries = {**self._entries(), name: {"request": request, "files": described, "fetched": now}}
        write_atomically(self._path, json.dumps(entries, indent=1).encode())

    def _entries(self) -> dict[str, Any]:
        try:
            entries = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
