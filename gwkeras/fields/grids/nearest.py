"""Cells without data take the values of the nearest cell with data: convolutions can do nothing with a gap."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from gwkeras.core.errors import BadInput
from gwkeras.core.latest import Latest


class NearestFiller:
    """Fills fields of one grid; what is nearest is worked out once for each new mask, and masks seldom change.

    Args:
        name: of the field, for messages.
        periodic: whether the columns close around the globe.
    """

    def __init__(self, name: str, periodic: bool = False) -> None:
        self._name, self._periodic = name, periodic
        self._latest: Latest[tuple[np.ndarray, np.ndarray]] = Latest()

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(..., n_lat, n_lon) without NaN; near is counted in cells.

        Raises: BadInput: where a field has no data at all.
        """
        fields = values.reshape(-1, *values.shape[-2:])
        filled = np.empty_like(fields)
        for field, into in zip(fields, filled, strict=True):
            missing = ~np.isfinite(field)
            into[...] = field[self._nearest(missing)] if missing.any() else field
        return filled.reshape(values.shape)

    def _nearest(self, missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._latest.get(missing.tobytes(), lambda: self._work_out(missing))

    def _work_out(self, missing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if missing.all():
            raise BadInput(
                self._name,
                expected="data in the region in every month",
                found="a month of missing values only",
                remedy="check that the file covers the region, or leave it out",
            )
        n_lon = missing.shape[1]
        around = n_lon // 2 if self._periodic else 0
        wide = np.pad(missing, ((0, 0), (around, around)), mode="wrap")
        rows, cols = distance_transform_edt(wide, return_distances=False, return_indices=True)
        inside = slice(around, around + n_lon)
        return rows[:, inside], (cols[:, inside] - around) % n_lon
