"""One NetCDF file opened as xarray sees it, lazily, with the mending that real files need."""

from __future__ import annotations

import warnings
from pathlib import Path

import dask.base
import netCDF4
import numpy as np
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.fields.files.one_handle import open_raw
from gwkeras.fields.files.openable import require_openable

CHUNK_BYTES = 8 * 2**20  # of one variable in memory; a month of ERA5-Land is 26 MB and is a chunk of its own
_LONGEST_CHUNK = 24  # months
_WIDEST_READ = 128 * 2**20  # bytes: beyond this, chunks on disk that span many months are read in parts


def open_netcdf(path: Path) -> xr.Dataset:
    """The file's variables, masked and scaled, on Dask chunks of one to a few months; times stay as numbers.

    Raises: BadInput: not a NetCDF file, a truncated one, or one over which the library does not end.
    """
    require_openable((path,))
    try:
        raw = open_raw(path)
    except (OSError, RuntimeError, ValueError, KeyError, AttributeError) as error:
        raise _not_netcdf(path, error) from error
    _check_length(path)
    for variable in raw.variables.values():
        _mend_attributes(variable)
    with warnings.catch_warnings():
        # missing_value and _FillValue that differ: xarray masks both, as is right
        warnings.simplefilter("ignore", category=xr.SerializationWarning)
        data = xr.decode_cf(raw, decode_times=False, decode_timedelta=False)
    status = path.stat()
    token = dask.base.tokenize(str(path.resolve()), status.st_size, status.st_mtime_ns)
    fields = [name for name, variable in data.data_vars.items() if variable.ndim >= 2 and variable.sizes[variable.dims[-1]] > 2]
    data = data.assign({name: data[name].chunk(_chunks(data[name]), token=f"{token}-{name}") for name in fields})
    data.encoding["source"] = str(path)
    data.set_close(raw.close)
    return data


def variables_found(data: xr.Dataset) -> str:
    """The data variables with their dimensions, for messages."""
    return ", ".join(f"{name}({', '.join(map(str, v.dims))})" for name, v in data.data_vars.items()) or "no variables"


def _mend_attributes(variable: xr.Variable) -> None:
    attributes = variable.attrs
    for name in [n for n in attributes if n.lower() in ("units", "standard_name", "long_name") and n != n.lower()]:
        attributes.setdefault(name.lower(), attributes.pop(name))  # CSR spells it `Units`
    if isinstance(attributes.get("units"), str):
        attributes["units"] = attributes["units"].strip()
    if variable.dtype.kind not in "iuf":
        return
    for name in ("_FillValue", "missing_value"):
        if isinstance(attributes.get(name), str):
            attributes.pop(name)
        elif name in attributes and variable.dtype.kind in "iu" and not np.all(np.isfinite(attributes[name])):
            attributes.pop(name)  # NaN cannot stand in an integer
    packed = "scale_factor" in attributes or "add_offset" in attributes
    if packed and variable.dtype.kind in "iu" and not {"_FillValue", "missing_value"} & attributes.keys():
        attributes["_FillValue"] = variable.dtype.type(netCDF4.default_fillvals[variable.dtype.str[1:]])


def _chunks(variable: xr.DataArray) -> dict[str, int]:
    """Whole maps, one to a few steps of the first dimension; multiples of what is chunked together on disk."""
    if variable.ndim < 3:
        return {str(dim): -1 for dim in variable.dims}
    first = variable.sizes[variable.dims[0]]
    step_bytes = max(1, variable.size // max(first, 1) * 4)
    steps = int(np.clip(CHUNK_BYTES // step_bytes, 1, _LONGEST_CHUNK))
    on_disk = (variable.encoding.get("chunksizes") or (1,))[0]
    if on_disk > 1 and on_disk * step_bytes <= _WIDEST_READ:
        steps = max(steps // on_disk, 1) * on_disk
    return {str(variable.dims[0]): min(steps, max(first, 1)), **{str(dim): -1 for dim in variable.dims[1:]}}


def _check_length(path: Path) -> None:
    """HDF5 notices a missing end by itself; the classic format does not, and reads zeros."""
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    if not classic:
        return
    with netCDF4.Dataset(path) as data:
        stored = sum(v.size * v.dtype.itemsize for v in data.variables.values() if v.dtype is not str)
    if path.stat().st_size < stored:
        raise _not_netcdf(path, f"{path.stat().st_size} bytes where {stored} are announced")


def _not_netcdf(path: Path, error: object) -> BadInput:
    with path.open("rb") as file:
        head = file.read(512)
    found, remedy = (
        f"a file that cannot be read ({str(error).splitlines()[0][:120] if str(error) else 'no reason given'})",
        "download it again",
    )
    if not head:
        found = "an empty file"
    elif head.startswith(b"GRIB"):
        found, remedy = "GRIB", "request it as NetCDF, or convert it"
    elif head.lstrip()[:1] == b"<":
        found, remedy = "a web page", "log in at the provider and download the file again"
    elif head.startswith(b"\x1f\x8b"):
        found, remedy = "a gzip file", "unpack it with gunzip"
    elif head.startswith(b"version https://git-lfs"):
        found, remedy = "a Git LFS pointer", "fetch the file itself with git lfs pull"
    elif head.startswith((b"\x89HDF", b"CDF")):
        found = f"a truncated or damaged one ({str(error).splitlines()[0][:120]})"
    return BadInput(path, expected="a NetCDF file", found=found, remedy=remedy)
