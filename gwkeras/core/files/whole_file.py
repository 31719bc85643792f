"""Files that are whole under their name, or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that appears under its name when the block has ended well and all is on disk.

    What stood there before stands until then, and stays where the block raises.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with _naming(path):
        try:
            with partial.open("wb") as file:
                yield file
            publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def replacing_path(path: Path) -> Iterator[Path]:
    """The same for what has to be given a path: one of the same name, in a folder of its own beside `path`."""
    folder = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with _naming(path):
        try:
            folder.mkdir(exist_ok=True)
            yield folder / path.name
            publish(folder / path.name, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def write_atomically(path: Path, content: bytes) -> None:
    """A small file at once; see `replacing`."""
    with replacing(path) as file:
        file.write(content)


def publish(partial: Path, path: Path) -> None:
    """Gives a finished file its name, in the place of what stood there, once all of it is on the disk."""
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(partial, path)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:  # a write that fails does not say where
            error.filename = str(path)
        raise
