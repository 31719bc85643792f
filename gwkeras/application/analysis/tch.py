"""Products on disk, regridded to one grid and cut to common months, for the three-cornered hat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gwkeras.analysis.three_cornered_hat.record import Products, require_products
from gwkeras.application.record_of_files import month_by_month, months_within
from gwkeras.core.box import Edges
from gwkeras.core.config.tree import PointSpreadConfig, SourceConfig
from gwkeras.core.errors import MissingMonths
from gwkeras.core.months import month_number
from gwkeras.core.progress import Progress, silent
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.readers.storage import read_storage
from gwkeras.fields.region import cut_to


def read_products(
    sources: Mapping[str, SourceConfig],
    edges: Edges,
    first_month: str | None = None,
    last_month: str | None = None,
    progress: Progress = silent,
) -> tuple[Products, tuple[str, ...]]:
    """The products on the grid of the coarsest, and notes.

    Args:
        sources: name -> files.
        edges: of the region.
        first_month: such as "2002-04"; None: the first that all have.
        last_month: likewise.
        progress: called with a label, the number of months done and in all.
    Raises: BadInput: fewer than three products, or files that cannot be read. MissingMonths: none in common.
    """
    require_products(tuple(sources))
    fields, notes = {}, []
    for name, source in sources.items():
        storage = read_storage(source, PointSpreadConfig(kind="none"))
        field, more = cut_to(storage.gwsa, edges)
        fields[name] = months_within(field, first_month, last_month)
        notes += [f"{name}: {note}" for note in (*storage.notes_on_values, *more)]
    grids = {name: grid_of(field) for name, field in fields.items()}
    target_name = max(grids, key=lambda name: grids[name].lat_step)
    target = grids[target_name]
    months = None
    for field in fields.values():
        own = month_number(field["time"].values)
        months = own if months is None else np.intersect1d(months, own)
    assert months is not None
    if not months.size:
        spans = "; ".join(
            f"{name} {str(f['time'].values[0])[:7]} to {str(f['time'].values[-1])[:7]}" for name, f in fields.items()
        )
        raise MissingMonths("products", expected="months that all share", found=spans, remedy="give records of the same years")
    values = np.full((len(fields), months.size, target.n_lat * target.n_lon), np.nan, np.float32)
    for k, (name, field) in enumerate(fields.items()):
        place = np.searchsorted(month_number(field["time"].values), months)
        regrid = None if grids[name].is_close(target) else Regridder(grids[name], target)
        if regrid is not None:
            notes.append(f"{name}: regridded to the grid of {target_name} ({target.lat_step:g}°), weighted by area.")
        for number, one in enumerate(month_by_month(field, place)):
            values[k, number] = (one if regrid is None else regrid(one)).ravel()
            progress(name, number + 1, months.size)
    return Products(tuple(fields), months, values, target), tuple(notes)
