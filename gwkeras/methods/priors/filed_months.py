"""Fields that follow from climate and maps alone: all months at once, in windows, filed and then read one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gwkeras.core.latest import Latest
from gwkeras.core.months import Month
from gwkeras.domain.array_cache import DiskArray, cached_array
from gwkeras.domain.domain import Domain
from gwkeras.domain.memories.fine_climate import FineClimate

Window = Callable[[FineClimate], np.ndarray]
"""The climate of some rows and columns to (M, rows, columns) mm of all months."""

Windows = Callable[[FineClimate, np.ndarray], tuple[Window, int]]
"""The climate of a whole domain and (M,) datetime64[M] to what computes a window of it, and the bytes that one row takes."""


def zero_field(domain: Domain, month: Month) -> np.ndarray:
    """(s n_lat, s n_lon) float32, the field of a prior that expects nothing.

    Args:
        domain: whose month it is.
        month: of its calendar.
    Raises: MissingMonths: where the domain lacks the month, which is said whether or not anything is expected in it.
    """
    domain.calendar.position(month)
    return np.zeros(domain.fine.shape, dtype=np.float32)


class FiledMonths:
    """A prior's fields of the domain that was asked for last; copies for other processes read the same file."""

    def __init__(self) -> None:
        self._latest: Latest[DiskArray] = Latest()

    def field(self, domain: Domain, month: Month, kind: str, digest: str, windows: Windows) -> np.ndarray:
        """(s n_lat, s n_lon) mm, float32, of one month; months in any order.

        The first call computes all months of the domain and files them beside its other arrays.

        Args:
            domain: whose month it is.
            month: of its calendar.
            kind: of the prior.
            digest: of the prior.
            windows: computes them.
        Raises: MissingMonths: where the domain lacks the month; and what `windows` raises.
        """
        position = domain.calendar.position(month)
        months = domain.months.astype("datetime64[M]")
        key = [kind, digest, domain.fine_drivers.key, domain.fine_origin, [str(m) for m in months]]
        return np.asarray(self._latest.get(str(key), lambda: self._computed(domain, months, key, windows))[position])

    def _computed(self, domain: Domain, months: np.ndarray, key: list, windows: Windows) -> DiskArray:
        climate = FineClimate.of(domain)
        window, row_bytes = windows(climate, months)

        def band(rows: slice) -> np.ndarray:
            return climate.band(rows).by_windows(len(months), window)

        shape = (len(months), *domain.fine.shape)
        rows = climate.band_rows
        return cached_array(domain.fine_drivers.cache, key, shape, band, axis=1, step_bytes=row_bytes, at_least=rows)
