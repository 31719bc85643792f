"""The few errors a user can meet. Each is one sentence: where, what was expected, what was found, what to do."""

from __future__ import annotations


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
        super().__init__(f"{where}: expected {expected}, found {found}; {remedy}.")

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
