"""evaluation_fields.nc: the fields that were judged, so that maps and series in reports are looked up, not predicted again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import replacing_path
from gwkeras.core.months import Month
from gwkeras.evaluate.judge import Judge, View
from gwkeras.fields.writing.cf_file import CONVENTIONS, EPOCH, GRID_MAPPING
from gwkeras.methods.method import Prediction

MOST_VALUES = 2**28
"""Values of land cells that are kept, of all fields together; where there are more, fewer months are."""

_DIGITS = 4  # significant ones: a ten-thousandth of a value is below any product's error


def months_kept(months: Sequence[Month], land_cells: int, methods: int, most: int = MOST_VALUES) -> tuple[Month, ...]:
    """All months, or as many as there is room for, evenly spread from the first to the last; at least one.

    Args:
        months: that are judged.
        land_cells: of a fine field.
        methods: how many; each may have a mean and a σ.
        most: values in all.
    """
    room = max(1, int(most // max(1, land_cells * (2 * methods + 1))))
    if room >= len(months):
        return tuple(months)
    chosen = np.unique(np.round(np.linspace(0, len(months) - 1, room)).astype(int))
    return tuple(months[k] for k in chosen)


class JudgedFields:
    """Notes the fields while methods are judged: of the first view, a month of a method at a time. `keeping_fields` makes one.

    Args:
        path: that the file is going to have.
        file: open.
        judge: by whom.
        methods: their names.
        digest: of everything that scores depend on; evaluation.nc holds the same.
    """

    def __init__(self, path: Path, file: netCDF4.Dataset, judge: Judge, methods: Sequence[str], digest: str) -> None:
        self._path, self._file, self._view = path, file, judge.views[0]
        self._methods, self._digest = tuple(methods), digest
        land = int((self._view.domain.land_fine > 0).sum())
        kept = months_kept(self._view.months, land, len(self._methods))
        self._positions = {month: k for k, month in enumerate(kept)}
        self._intervals: set[int] = set()  # rows whose interval is noted
        with _written(path):
            self._open(file)

    def begin(self, view: View, month: Month, truth: np.ndarray) -> None:
        """Keeps the truth of a month, and the product's field."""
        position = self._position(view, month)
        if position is not None:
            with _written(self._path):
                self._file["truth"][position] = truth.astype(np.float32)
                self._file["product"][position] = view.domain.storage_of(month).astype(np.float32)

    def add(self, row: int, view: View, month: Month, prediction: Prediction) -> None:
        """Notes the prediction of the method `row`."""
        position = self._position(view, month)
        if position is not None:
            with _written(self._path):
                self._write(row, position, prediction)

    def _write(self, row: int, position: int, prediction: Prediction) -> None:
        self._file["mean"][row, position] = prediction.mean.astype(np.float32)
        if prediction.sigma is None:
            return
        self._file["sigma"][row, position] = prediction.sigma.astype(np.float32)
        if prediction.upper is not None and row not in self._intervals:
            self._intervals.add(row)
            self._file["interval_factor"][row] = interval_factor(prediction.mean, prediction.sigma, prediction.upper)
            self._file["interval_probability"][row] = prediction.interval

    def _position(self, view: View, month: Month) -> int | None:
        return self._positions.get(month) if view is self._view else None

    def _open(self, file: netCDF4.Dataset) -> None:
        domain = self._view.domain
        file.setncatts(
            {
                "Conventions": CONVENTIONS,
                "title": "Fields of groundwater storage that methods were scored against",
                "judged_digest": self._digest,
                "judged_months": np.int32(len(self._view.months)),
            }
        )
        file.createDimension("method", len(self._methods))
        file.createVariable("method", str, ("method",))[:] = np.array(self._methods, dtype=object)
        file.createDimension("time", len(self._positions))
        time = file.createVariable("time", "i4", ("time",))
        time.setncatts({"standard_name": "time", "axis": "T", "units": f"days since {EPOCH}", "calendar": "standard"})
        months = np.array(list(self._positions), "datetime64[M]")
        time[:] = (months.astype("datetime64[D]") - EPOCH).astype(int)
        for ending, grid in (("", domain.fine), ("_product", domain.coarse)):
            for axis, word, unit, centres in (
                ("lat", "latitude", "degrees_north", grid.lat),
                ("lon", "longitude", "degrees_east", grid.lon),
            ):
                file.createDimension(f"{axis}{ending}", len(centres))
                variable = file.createVariable(f"{axis}{ending}", "f8", (f"{axis}{ending}",))
                variable.setncatts({"standard_name": word, "units": unit})
                variable[:] = centres
        file.createVariable("crs", "i4").setncatts(GRID_MAPPING)
        fine, coarse = ("lat", "lon"), ("lat_product", "lon_product")
        for name, dims, meaning in (
            ("mean", ("method", "time", *fine), "predicted storage anomaly"),
            ("sigma", ("method", "time", *fine), "standard deviation of the predicted storage anomaly"),
            ("truth", ("time", *fine), "storage anomaly that methods are scored against"),
            ("product", ("time", *coarse), "storage anomaly of the product"),
        ):
            sizes = tuple(1 for _ in dims[:-2]) + tuple(file.dimensions[d].size for d in dims[-2:])
            variable = file.createVariable(
                name, "f4", dims, zlib=True, complevel=1, fill_value=np.nan, chunksizes=sizes, significant_digits=_DIGITS
            )
            variable.setncatts({"long_name": meaning, "units": "mm", "grid_mapping": "crs"})
        land = file.createVariable("land_fraction", "f4", fine, zlib=True)
        land.setncatts({"standard_name": "land_area_fraction", "units": "1", "grid_mapping": "crs"})
        land[:] = domain.land_fine
        for name, meaning in (
            ("interval_factor", "half width of the method's interval in standard deviations"),
            ("interval_probability", "probability that the method's interval is to hold"),
        ):
            variable = file.createVariable(name, "f8", ("method",), fill_value=np.nan)
            variable.setncatts({"long_name": meaning, "units": "1"})
            variable[:] = np.full(len(self._methods), np.nan)


def interval_factor(mean: np.ndarray, sigma: np.ndarray, upper: np.ndarray) -> float:
    """Half width of an interval in standard deviations: the median over cells, NaN where none is known.

    Args:
        mean: (n_lat, n_lon) mm.
        sigma: likewise.
        upper: likewise, the interval's upper bound.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (upper - mean) / sigma
    known = ratio[np.isfinite(ratio)]
    return float(np.median(known)) if known.size else float("nan")


@contextmanager
def keeping_fields(path: Path, judge: Judge, methods: Sequence[str], digest: str) -> Iterator[JudgedFields]:
    """A file that appears under its name when the block ends well; what stood there before stays where it does not.

    Args:
        path: of the file.
        judge: by whom.
        methods: their names.
        digest: of everything that scores depend on.
    Raises: BadInput: where the disk is full.
    """
    with replacing_path(path) as partial:
        file = netCDF4.Dataset(partial, "w", format="NETCDF4")
        try:
            yield JudgedFields(path, file, judge, methods, digest)
            with _written(path):
                file.close()
        except BaseException:
            with suppress(OSError, RuntimeError):  # the file is given up; what its library says of that no longer matters
                file.close()
            raise


def open_fields(path: Path, digest: str) -> xr.Dataset | None:
    """The fields, read when they are asked for; None where there are none, or those of another evaluation.

    Args:
        path: of the file.
        digest: that of evaluation.nc.
    Raises: BadInput: where the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        found = xr.open_dataset(path, engine="netcdf4")
    except (OSError, RuntimeError, ValueError) as error:
        raise BadInput(
            path,
            expected="fields that were scored",
            found=f"a file that cannot be read ({error})",
            remedy="run gwkeras evaluate again",
        ) from error
    if found.attrs.get("judged_digest") != digest:
        found.close()
        return None
    return found


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """HDF5 says only 'HDF error' where a write fails; a user is told what that means."""
    try:
        yield
    except RuntimeError as error:
        raise BadInput(
            path,
            expected="a file that can be written",
            found=f"'{error}'",
            remedy="check the folder's quota and free space, and give the same command again",
        ) from error
