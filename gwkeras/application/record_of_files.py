"""One storage record of files, cut to a box and to months: what the analyses of a single record start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from gwkeras.core.box import Edges
from gwkeras.core.config.tree import PointSpreadConfig, SourceConfig
from gwkeras.core.errors import MissingMonths
from gwkeras.core.months import within
from gwkeras.fields.readers.storage import read_storage
from gwkeras.fields.region import cut_to

_BYTES_AT_A_TIME = 2**27


@dataclass(frozen=True)
class Asked:
    """A request for a record.

    Args:
        paths: files, folders or globs.
        variable: of the files; empty: recognised.
        unit: of the variable; empty: the files' own.
        edges: of the region; all that the files hold where none is given.
        first_month: such as "2002-04"; None: the first there is.
        last_month: likewise.
    """

    paths: tuple[str, ...]
    variable: str = ""
    unit: str = ""
    edges: Edges = Edges(None, None, None, None)
    first_month: str | None = None
    last_month: str | None = None

    @property
    def source(self) -> SourceConfig:
        """As the readers take it."""
        variables = {"gwsa": self.variable} if self.variable else {}
        return SourceConfig(path=self.paths, variables=variables, units={"gwsa": self.unit} if self.unit else {})


def read_record(asked: Asked) -> tuple[xr.DataArray, tuple[str, ...]]:
    """The record, mm, (time, lat, lon), lazily, and notes.

    Args:
        asked: which.
    Raises: BadInput: where files cannot be read. MissingMonths: where there are none in the span.
    """
    storage = read_storage(asked.source, PointSpreadConfig(kind="none"))
    field, notes = cut_to(storage.gwsa, asked.edges)
    return months_within(field, asked.first_month, asked.last_month), (*storage.notes_on_values, *notes)


def months_within(field: xr.DataArray, first: str | None, last: str | None) -> xr.DataArray:
    """The months of a record from `first` to `last`, both included.

    Args:
        field: canonical.
        first: such as "2002-04"; None: the first there is.
        last: likewise.
    Raises: MissingMonths: where there are none. BadInput: where a text is no month.
    """
    months = field["time"].values.astype("datetime64[M]")
    kept = within(months, first, last)
    if not kept.any():
        raise MissingMonths(
            str(field.attrs.get("source", "record")),
            expected=f"months from {first or 'the first'} to {last or 'the last'}",
            found=f"{months[0]} to {months[-1]}" if months.size else "none",
            remedy="ask for other months",
        )
    return field.isel(time=np.flatnonzero(kept))


def month_by_month(field: xr.DataArray, positions: np.ndarray) -> Iterator[np.ndarray]:
    """(lat, lon) of each of these months; read many at a time, since files are packed in blocks of months.

    Args:
        field: canonical, lazily.
        positions: along its time.
    """
    step = max(1, _BYTES_AT_A_TIME // max(4 * field.sizes["lat"] * field.sizes["lon"], 1))
    for start in range(0, len(positions), step):
        yield from field.isel(time=positions[start : start + step]).values
