"""Conservative area-weighted regridding between regular grids, aware of missing cells.

A cell's weight is the area that it shares with the target cell on the sphere. On regular grids that area is
(sin φ₂ − sin φ₁) times (λ₂ − λ₁), so the weights are one sparse matrix per axis.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from gwkeras.core.errors import GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.fields.grids.separable import apply_separable

_SLIVER = 1e-7  # degrees; thinner overlaps are rounding of the coordinates
_ROUNDING = 1e-6  # of a share of area
_BLOCK_CELLS = 4 * 2**20  # cells in memory at once, as float64

_Overlaps = tuple[np.ndarray, np.ndarray, np.ndarray]  # target cell, source cell, extent


class Regridder:
    """Averages of the source's cells over the target's, weighted by shared area on the sphere.

    Args:
        source: any regular grid.
        target: another; longitudes are compared modulo 360°. Where it is finer, the result is constant
            within a source cell (see `SmoothRegridder`).
    Raises: GridMismatch: where no target cell touches the source.
    """

    def __init__(self, source: Grid, target: Grid) -> None:
        self.source, self.target = source, target
        self.rows = _row_overlaps(source, target)
        self.columns = _column_overlaps(source, target)
        if not self.rows.nnz or not self.columns.nnz:
            raise GridMismatch(
                "regridding",
                expected=f"a target that overlaps {source.describe()}",
                found=target.describe(),
                remedy="choose a region that the file covers",
            )

    def __call__(self, values: np.ndarray, minimum_valid_share: float = 0.5) -> np.ndarray:
        """Regrids a field or a stack of fields.

        Args:
            values: (..., n_lat, n_lon) on the source; NaN where missing.
            minimum_valid_share: of a target cell's area that must have data, 0 … 1.
        Returns: (..., n_lat, n_lon) on the target, floating; NaN where too little of the cell has data, and outside
            the source.
        Raises: GridMismatch: where `values` is not on the source grid.
        """
        values = np.asarray(values)
        if values.shape[-2:] != self.source.shape:
            raise GridMismatch(
                "regridding",
                expected=f"a field of {self.source.n_lat} × {self.source.n_lon} cells",
                found=" × ".join(map(str, values.shape)),
                remedy="give the grid on which the field lies",
            )
        stack = values.reshape(-1, *self.source.shape)
        result = np.empty((len(stack), *self.target.shape), values.dtype if np.issubdtype(values.dtype, np.floating) else float)
        at_once = max(1, _BLOCK_CELLS // max(stack[0].size, result[0].size)) if len(stack) else 1
        for start in range(0, len(stack), at_once):
            result[start : start + at_once] = self._average(stack[start : start + at_once], minimum_valid_share)
        return result.reshape(*values.shape[:-2], *self.target.shape)

    def _average(self, values: np.ndarray, minimum_valid_share: float) -> np.ndarray:
        valid = np.isfinite(values)
        share = _spread(self.rows, self.columns, valid)
        total = apply_separable(self.rows, self.columns, np.where(valid, values, 0.0))
        return _mean(total, share, _enough(share, minimum_valid_share))


class SmoothRegridder(Regridder):
    """Like `Regridder`, but along an axis on which the target is finer, bilinear between the source's centres.

    For covariates: their blocks' edges would otherwise show in the downscaled field. Cells are missing exactly where
    `Regridder` leaves them missing; integrals are not conserved along a refined axis. Source: bilinear interpolation
    with weights renormalised over the cells that have data.
    """

    def __init__(self, source: Grid, target: Grid) -> None:
        super().__init__(source, target)
        finer = 1.0 - 1e-6
        self.smooth_rows = _row_lines(source, target) if target.lat_step < finer * source.lat_step else self.rows
        self.smooth_columns = _column_lines(source, target) if target.lon_step < finer * source.lon_step else self.columns

    def _average(self, values: np.ndarray, minimum_valid_share: float) -> np.ndarray:
        valid = np.isfinite(values)
        keep = _enough(_spread(self.rows, self.columns, valid), minimum_valid_share)
        weight = _spread(self.smooth_rows, self.smooth_columns, valid)
        total = apply_separable(self.smooth_rows, self.smooth_columns, np.where(valid, values, 0.0))
        return _mean(total, weight, keep & (weight > _ROUNDING))


def _spread(rows: csr_matrix, columns: csr_matrix, valid: np.ndarray) -> np.ndarray:
    """Weight with data in each target cell: (n or 1, m_lat, m_lon), 1 where all n fields lack the same cells."""
    mask = valid[:1] if (valid == valid[:1]).all() else valid
    return apply_separable(rows, columns, mask.astype(float))


def _enough(share: np.ndarray, minimum: float) -> np.ndarray:
    return (share >= minimum - _ROUNDING) & (share > _ROUNDING)


def _mean(total: np.ndarray, weight: np.ndarray, keep: np.ndarray) -> np.ndarray:
    return np.where(keep, total / np.where(keep, weight, 1.0), np.nan)


def _row_overlaps(source: Grid, target: Grid) -> csr_matrix:
    """(target rows, source rows): share of the target row's sin-latitude extent that lies in the source row."""
    overlaps = _overlaps(source.lat_edges, target.lat_edges, lambda edges: np.sin(np.deg2rad(edges)))
    return _shares(overlaps, np.diff(np.sin(np.deg2rad(target.lat_edges))), source.n_lat)


def _column_overlaps(source: Grid, target: Grid) -> csr_matrix:
    """(target columns, source columns): share of the target column's width that lies in the source column."""
    first = np.floor((target.west - source.east) / 360.0)
    last = np.ceil((target.east - source.west) / 360.0)
    turns = [_overlaps(source.lon_edges + 360.0 * k, target.lon_edges, np.asarray) for k in np.arange(first, last + 1)]
    into, out_of, length = (np.concatenate(part) for part in zip(*turns, strict=True))
    return _shares((into, out_of, length), np.diff(target.lon_edges), source.n_lon)


def _overlaps(source: np.ndarray, target: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> _Overlaps:
    """Row, column and extent of every overlap of two ascending lists of edges: between neighbours of the merged edges."""
    low, high = max(source[0], target[0]), min(source[-1], target[-1])
    if high - low < _SLIVER:
        return np.array([], int), np.array([], int), np.array([])
    edges = np.unique(np.concatenate([source, target]))
    edges = edges[(edges >= low) & (edges <= high)]
    middle = (edges[1:] + edges[:-1]) / 2
    thick = np.diff(edges) > _SLIVER
    into = np.searchsorted(target, middle[thick], side="right") - 1
    out_of = np.searchsorted(source, middle[thick], side="right") - 1
    return into, out_of, np.diff(measure(edges))[thick]


def _shares(overlaps: _Overlaps, extent: np.ndarray, n_source: int) -> csr_matrix:
    into, out_of, length = overlaps
    return coo_matrix((length / extent[into], (into, out_of)), shape=(len(extent), n_source)).tocsr()


def _row_lines(source: Grid, target: Grid) -> csr_matrix:
    """(target rows, source rows): linear interpolation between centres; beyond the outermost, the outermost."""
    position = np.clip((target.lat - source.lat[0]) / source.lat_step, 0.0, source.n_lat - 1.0)
    return _lines(position, source.n_lat)


def _column_lines(source: Grid, target: Grid) -> csr_matrix:
    """The same along longitude, closing around the globe where the source does."""
    eastward = (target.lon - source.west) % 360.0  # from the source's western edge
    # Cells on the western edge have their centres a little west of it, which is not far east of the last column.
    beyond = eastward > 180.0 + source.n_lon * source.lon_step / 2
    position = np.where(beyond, eastward - 360.0, eastward) / source.lon_step - 0.5
    if not source.is_periodic:
        position = np.clip(position, 0.0, source.n_lon - 1.0)
    return _lines(position, source.n_lon)


def _lines(position: np.ndarray, n_source: int) -> csr_matrix:
    below = np.floor(position).astype(int)
    upper = position - below
    into = np.arange(len(position))
    # the modulo closes a periodic axis; on another the cell past the last one has weight 0
    pairs = (np.concatenate([1.0 - upper, upper]), (np.concatenate([into, into]), np.concatenate([below, below + 1]) % n_source))
    return coo_matrix(pairs, shape=(len(position), n_source)).tocsr()
