"""What a result was made from: the sources' names, sizes and hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path


def describe_files(paths: Iterable[Path]) -> list[dict[str, object]]:
    """`{"file": name, "size": bytes, "sha256": hex}` of each file, in order, each once."""
    unique = list(dict.fromkeys(path.resolve() for path in paths))
    with ThreadPoolExecutor(max_workers=2) as pool:  # hashlib lets go of the interpreter lock
        return list(pool.map(_describe, unique))


def _describe(path: Path) -> dict[str, object]:
    status = path.stat()
    return {"file": path.name, "size": status.st_size, "sha256": _sha256(path, status.st_size, status.st_mtime_ns)}


@lru_cache(maxsize=4096)
def _sha256(path: Path, _size: int, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
