"""The few errors a user can meet. Each is one sentence: where, what was expected, what was found, what to do."""

from __future__ import annotations

import errno
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class GwkerasError(Exception):
    """Something failed through no fault of the user's input."""

    exit_code = 1


class BadInput(GwkerasError):
    """A file, option or configuration that cannot be used as it is.

    Args:
        where: the file, folder, variable or configuration key concerned.
        expected: what would have been right.
        found: what is there instead.
        remedy: what the user can do.
    """

    exit_code = 2

    def __init__(self, where: object, *, expected: str, found: str, remedy: str) -> None:
        self.where, self.expected, self.found, self.remedy = str(where), expected, found, remedy
        # Names from files and servers may hold line breaks; what a person is told stays on one line.
        super().__init__(_CONTROL.sub(" ", f"{where}: expected {expected}, found {found}; {remedy}."))

    def __reduce__(self):  # keyword-only arguments would otherwise be lost on the way back from a worker process
        return _rebuild, (type(self), self.where, self.expected, self.found, self.remedy)


def _rebuild(kind, where, expected, found, remedy):
    return kind(where, expected=expected, found=found, remedy=remedy)


class ConfigError(BadInput):
    """An unknown key, a value of the wrong type or outside its accepted range."""


class UnknownUnits(BadInput):
    """A variable without units, or with units that do not convert to the canonical ones."""


class GridMismatch(BadInput):
    """Two grids that should be equal, nest or overlap and do not."""


class MissingMonths(BadInput):
    """Records that share no month, or a climate record too short for the memory asked for."""


class CorruptShard(BadInput):
    """A shard that is truncated, altered, missing, or written under another schema version."""


class RunInUse(BadInput):
    """A folder in which another living process is at work."""


class UnclearPointSpread(BadInput):
    """A product whose files state two radii for its filter, or an impossible one."""


class Interrupted(GwkerasError):
    """The user pressed Ctrl-C."""

    exit_code = 130


_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EROFS}
_DISK_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "File too large")


def said_of(error: Exception) -> GwkerasError | None:
    """The sentence for an error of the operating system that the user can mend; None for any other."""
    if isinstance(error, GwkerasError):
        return error
    where = getattr(error, "filename", None) or "output"
    if disk_is_full(error):
        return BadInput(
            where,
            expected="room on the disk",
            found="a full disk",
            remedy="free some space and give the same command again; nothing that was there is lost",
        )
    if isinstance(error, OSError) and error.errno in _NO_ACCESS:
        return BadInput(
            where,
            expected="a file or folder that can be used there",
            found=f"'{error.strerror}'",
            remedy="check the path and its permissions",
        )
    return None


def disk_is_full(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says so; HDF5 and TensorFlow say it in words only."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _DISK_FULL:
            return True
        if any(words in str(cause) for words in _DISK_FULL_WORDS):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
