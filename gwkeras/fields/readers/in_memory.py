"""Records that are small enough to be decoded once: they are looked through, and regridded to two grids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import xarray as xr

from gwkeras.core.errors import BadInput

MOST_BYTES = 2**28
"""Of all channels of a climate together: 25 years of a region of 20° × 24° at 0.1°. What is larger is read a block at a time."""


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Errors of decoding as ours.

    Args:
        where: whose values are read, for the message.
    Raises: BadInput: a file that cannot be read to its end.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise BadInput(
            where, expected="a file that can be read to its end", found=str(error), remedy="download it again"
        ) from error


def in_memory(fields: dict[str, xr.DataArray], where: dict[str, str]) -> dict[str, xr.DataArray]:
    """The fields, decoded where all of them together are small; else as they are.

    Args:
        fields: of any names, lazily.
        where: name -> whose values they are, for messages.
    Raises: BadInput: a file that cannot be read to its end.
    """
    if sum(value.nbytes for value in fields.values()) > MOST_BYTES:
        return fields
    held = {}
    for name, value in fields.items():
        with reading(where[name]):
            held[name] = value.compute()
    return held
