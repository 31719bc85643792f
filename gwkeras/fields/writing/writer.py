"""Downscaled fields as CF-1.11 NetCDF, written month by month: whole under its name, or not at all."""

from __future__ import annotations

import math
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

import netCDF4
import numpy as np

from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.grid import Grid
from gwkeras.fields.writing.axes import define, define_axes, write_months
from gwkeras.fields.writing.cf_file import (
    CONVENTIONS,
    VARIABLES,
    Provenance,
    attributes_of,
    kind_of,
    last_month,
)
from gwkeras.fields.writing.quality_flags import NO_DATA
from gwkeras.fields.writing.spool import Spool

_BUFFER_BYTES = 64 * 2**20  # months wait in memory up to this size, beyond it on disk
_GROUP_BYTES = 512 * 2**20  # months are written in groups of about this size, which are the chunks along time
_MOST_MONTHS = 24
_CHUNK_CELLS = 2**18  # 1 MiB of float32: a map and a time series both read few chunks
_CHUNK_CACHE_BYTES = 2**22  # for each variable: chunks are written whole, once
_LITTLE_SPACE = 2**20  # free bytes below which a failed write is put down to the disk


class FieldWriter:
    """Writes fields a month at a time; memory does not grow with the number of months.

    Used as a context manager: the file appears under its name when the block ends well. On an exception nothing is
    left behind and a file that was there before is untouched. `continuing` adds months to a file.

    Args:
        path: of the file to write; its folder is created where absent.
        grid: of the fields.
        title: one line for people.
        provenance: where the fields come from.
    Raises: BadInput: where the folder cannot be written to or the disk is full, or where no month was given.
    """

    def __init__(
        self,
        path: str | Path,
        grid: Grid,
        *,
        title: str = "Groundwater storage anomaly",
        provenance: Provenance | None = None,
    ) -> None:
        self.path, self.grid = Path(path), grid
        self._title, self._provenance = title, provenance or Provenance()
        self._partial = self.path
        self._leaving = ExitStack()
        self._file: netCDF4.Dataset | None = None
        self._names: tuple[str, ...] = ()
        self._interval: float | None = None
        self._calibrated = True
        self._group, self._rows = 1, 1
        self._spool: Spool | None = None
        self._continues = False
        self.last: np.datetime64 | None = None

    @classmethod
    def continuing(cls, path: str | Path, grid: Grid, *, provenance: Provenance | None = None) -> FieldWriter:
        """A writer that adds months to a file that it, or an earlier one, has written; `last` is the file's last month.

        The file itself is untouched until the block ends well: months are added to a copy.

        Raises: BadInput: where the file is absent, damaged, or made by another model or configuration. GridMismatch: where its
            cells are others.
        """
        writer = cls(path, grid, provenance=provenance)
        writer._continues = True
        writer.last = last_month(writer.path, grid, writer._provenance)
        return writer

    def __enter__(self) -> FieldWriter:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._partial = self._leaving.enter_context(replacing_path(self.path))
        except OSError as error:
            raise self._sentence(error) from error
        self._leaving.callback(self._close)
        return self

    def append(
        self,
        month: np.datetime64,
        gwsa: np.ndarray,
        sigma: np.ndarray | None = None,
        lower: np.ndarray | None = None,
        upper: np.ndarray | None = None,
        quality: np.ndarray | None = None,
        interval: float | None = None,
        detail_sigma: np.ndarray | None = None,
        calibrated: bool = True,
    ) -> None:
        """Adds one month.

        Args:
            month: any moment in it, later than the month before.
            gwsa: (n_lat, n_lon) mm, NaN where missing.
            sigma: likewise; for every month or for none.
            lower: likewise.
            upper: likewise.
            quality: (n_lat, n_lon) uint8, bits of `gwkeras.fields.writing.quality_flags.FLAGS`.
            interval: probability of the interval between `lower` and `upper`; the same one for every month.
            detail_sigma: (n_lat, n_lon) mm, σ of the detail alone; for every month or for none.
            calibrated: whether σ was measured by anything; as it is for the first month.
        Raises: GridMismatch: where a field has another shape. BadInput: where the disk is full, or the file to be continued
            holds other fields, or bounds of another probability. ValueError: where months do not ascend, the fields given or
            their interval change, or bounds come without one.
        """
        stamp = np.datetime64(str(np.asarray(month).astype("datetime64[M]")), "M")
        given = zip(VARIABLES, (gwsa, sigma, lower, upper, quality, detail_sigma), strict=True)
        fields = {name: np.asarray(values, dtype=kind_of(name)) for name, values in given if values is not None}
        for name, values in fields.items():
            if values.shape != self.grid.shape:
                raise GridMismatch(
                    name,
                    expected=self.grid.describe(),
                    found=" × ".join(map(str, values.shape)) + " cells",
                    remedy="write it on its own grid",
                )
        if (lower is None and upper is None) != (interval is None):
            raise ValueError("bounds and the probability of their interval are given together or not at all")
        changed = bool(self._names) and (tuple(fields), interval) != (self._names, self._interval)
        if self.last is not None and (stamp <= self.last or changed):
            raise ValueError(
                f"{stamp} with {', '.join(fields)} (interval {interval}) cannot follow {self.last} with {', '.join(self._names)} "
                f"(interval {self._interval})"
            )
        try:
            if self._file is None:
                self._interval, self._calibrated = interval, calibrated
                self._open(tuple(fields))
            assert self._spool is not None
            self._spool.add(stamp, fields)
            self.last = stamp
            if len(self._spool.months) == self._group:
                self._flush()
        except (OSError, RuntimeError) as error:
            raise self._sentence(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._leaving.__exit__(kind, error, trace)
            return
        try:
            with self._leaving:
                self._finish()
        except (OSError, RuntimeError) as failure:
            raise self._sentence(failure) from failure

    def _finish(self) -> None:
        if self._file is None:
            raise BadInput(self.path, expected="at least one month to write", found="none", remedy="check the months asked for")
        self._flush()
        self._file.close()
        self._file = None

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError, RuntimeError):  # the file is given up; what its library says of that no longer matters
                self._file.close()
        if self._spool is not None:
            self._spool.close()

    def _open(self, names: tuple[str, ...]) -> None:
        self._names = names
        kinds = {name: kind_of(name) for name in names}
        self._spool = Spool(self.path.parent, kinds, self.grid.shape, _BUFFER_BYTES)
        if self._continues:
            self._continue()
        else:
            self._create()
        assert self._file is not None
        self._group, self._rows, _ = self._file["gwsa"].chunking()
        for name in names:
            self._file[name].set_var_chunk_cache(size=_CHUNK_CACHE_BYTES)

    def _continue(self) -> None:
        shutil.copyfile(self.path, self._partial)
        self._file = file = netCDF4.Dataset(self._partial, "a")
        present = tuple(name for name in VARIABLES if name in file.variables)
        if present != self._names:
            raise BadInput(
                self.path,
                expected=f"a file with {', '.join(self._names)}",
                found=", ".join(present),
                remedy="write the whole record anew with --overwrite",
            )
        for name in (name for name in ("gwsa_lower", "gwsa_upper") if name in present):
            expected = attributes_of(name, present, self._interval)["long_name"]
            if (found := getattr(file[name], "long_name", "")) != expected:
                raise BadInput(
                    self.path,
                    expected=f"a variable {name} that is the {expected}",
                    found=f"'{found}'",
                    remedy="write the whole record anew with --overwrite, or ask for the same downscale.interval",
                )
        attributes = self._provenance.attributes()
        earlier = getattr(file, "history", "")
        file.setncatts({**attributes, "history": f"{attributes['history']}\n{earlier}".strip()})

    def _create(self) -> None:
        grid = self.grid
        month = sum(kind_of(name).itemsize for name in self._names) * grid.n_lat * grid.n_lon
        group = int(np.clip(_GROUP_BYTES // month, 1, _MOST_MONTHS))
        self._file = file = netCDF4.Dataset(self._partial, "w", format="NETCDF4")
        file.setncatts({"Conventions": CONVENTIONS, "title": self._title, **self._provenance.attributes()})
        define_axes(file, grid)
        chunks = (group, *(_even_part(n, (_CHUNK_CELLS / group) ** 0.5) for n in grid.shape))
        for name in self._names:
            missing = NO_DATA if name == "gwsa_quality" else netCDF4.default_fillvals["f4"]
            define(
                file,
                name,
                kind_of(name).str[1:],
                ("time", "lat", "lon"),
                attributes_of(name, self._names, self._interval, self._calibrated),
                compression="zlib",
                complevel=1,
                shuffle=True,
                chunksizes=chunks,
                fill_value=missing,
            )

    def _flush(self) -> None:
        if self._spool is None or self._file is None or not self._spool.months:
            return
        start = self._file["time"].size
        part = slice(start, start + len(self._spool.months))
        months = np.array(self._spool.months)
        write_months(self._file, part, months)
        for name in self._names:
            for rows, band in self._spool.bands(name, self._rows):
                self._file[name][part, rows] = band if band.dtype == np.uint8 else np.ma.masked_invalid(band, copy=False)
        self._spool.clear()

    def _sentence(self, error: Exception) -> BadInput:
        """What the failure of a write means to the user; HDF5 itself says only 'HDF error'."""
        with suppress(OSError):
            if shutil.disk_usage(self.path.parent).free < _LITTLE_SPACE:
                return BadInput(
                    self.path, expected="room on the disk", found="a full disk", remedy="free some space or write elsewhere"
                )
        return BadInput(
            self.path,
            expected="a file that can be written",
            found=f"'{error}'",
            remedy="check the folder's permissions, quota and free space, or write elsewhere",
        )


def _even_part(n: int, most: float) -> int:
    """Size of the equal parts, none above `most`, into which n cells fall."""
    return math.ceil(n / math.ceil(n / most))
