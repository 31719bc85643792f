"""What a written file says of itself in CF-1.11: its variables, their attributes, its provenance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

import gwkeras
from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.core.units import STORAGE
from gwkeras.fields.files.openable import require_openable
from gwkeras.fields.writing.quality_flags import FLAGS

CONVENTIONS = "CF-1.11"
VARIABLES = ("gwsa", "gwsa_sigma", "gwsa_lower", "gwsa_upper", "gwsa_quality", "gwsa_detail_sigma")
EPOCH = np.datetime64("2002-01-01", "D")

_ERROR, _SPREAD = "standard error", "spread, not calibrated,"
_CONTENTS = {
    "gwsa_sigma": (
        "Error against the true anomaly: the product's own error carried to the fine cell, detail that the product cannot show, "
        "and the error of the prior's prediction of that detail."
    ),
    "gwsa_detail_sigma": (
        "Error of the detail alone, without the product's own error: the accuracy of differences between neighbouring cells."
    ),
}
_UNTOLD = "Error against the field that the method was calibrated on; it does not include the product's own error."

_WGS84 = (
    'GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]],'
    'PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],'
    'AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],'
    'AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]]'
)
GRID_MAPPING = {
    "grid_mapping_name": "latitude_longitude",
    "long_name": "WGS 84",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "crs_wkt": _WGS84,
}
"""Attributes of the variable `crs`."""


@dataclass(frozen=True)
class Provenance:
    """Where a written field comes from; empty entries are left out of the file.

    Args:
        source: method of production, "model-generated: …".
        history: the command, or the function of the library, that made it; the time of writing is put before it.
        references: papers, DOIs.
        institution: who made it.
        config_hash: of the resolved configuration.
        model_version: name and version of the model.
        network_hash: of its weights and calibration.
        input_hashes: file name -> hash.
        comment: anything else.
    """

    source: str = "gwkeras"
    history: str = f"gwkeras {gwkeras.__version__}: FieldWriter"
    references: str = ""
    institution: str = ""
    config_hash: str = ""
    model_version: str = ""
    network_hash: str = ""
    input_hashes: dict[str, str] = field(default_factory=dict)
    comment: str = ""

    def attributes(self) -> dict[str, str]:
        """Global attributes of the file."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        pairs = {
            "source": self.source,
            "history": f"{now} {self.history}",
            "references": self.references,
            "institution": self.institution,
            "comment": self.comment,
            "date_created": now,
            "config_hash": self.config_hash,
            "model_version": self.model_version,
            "network_hash": self.network_hash,
            "input_hashes": " ".join(f"{name}={digest}" for name, digest in self.input_hashes.items()),
        }
        return {name: text for name, text in pairs.items() if text}


def attributes_of(name: str, names: tuple[str, ...], interval: float | None = None, calibrated: bool = True) -> dict[str, Any]:
    """CF attributes of a variable in a file that holds `names`.

    Args:
        name: of the variable.
        names: of all variables with fields.
        interval: probability that the truth lies between `gwsa_lower` and `gwsa_upper`; None where there are no bounds.
        calibrated: whether σ was measured by anything; what was not is no standard error.
    """
    if name == "gwsa_quality":
        return {
            "long_name": "reasons to trust the groundwater storage anomaly less",
            "standard_name": "quality_flag",
            "flag_masks": np.array(list(FLAGS.values()), np.uint8),
            "flag_meanings": " ".join(FLAGS),
            "grid_mapping": "crs",
        }
    percent = "" if interval is None else f"{100 * interval:g} %"
    meaning = {
        "gwsa": "groundwater storage anomaly as water equivalent height",
        "gwsa_sigma": f"{_ERROR if calibrated else _SPREAD} of the groundwater storage anomaly",
        "gwsa_detail_sigma": f"{_ERROR if calibrated else _SPREAD} of the detail of the groundwater storage anomaly",
        "gwsa_lower": f"lower bound of the {percent} interval of the groundwater storage anomaly",
        "gwsa_upper": f"upper bound of the {percent} interval of the groundwater storage anomaly",
    }
    attributes: dict[str, Any] = {"long_name": meaning[name], "units": STORAGE, "grid_mapping": "crs"}
    if name in ("gwsa_lower", "gwsa_upper"):
        attributes["interval_probability"] = interval  # for programs; no attribute of CF says this
    if name in _CONTENTS:
        attributes["comment"] = _CONTENTS[name] if "gwsa_detail_sigma" in names else _UNTOLD
    if name == "gwsa":  # no standard name fits: CF knows changes of groundwater amount (kg m-2), not anomalies of its height
        attributes["cell_methods"] = "time: mean area: mean where land"
        if len(names) > 1:
            attributes["ancillary_variables"] = " ".join(names[1:])
    return attributes


def kind_of(name: str) -> np.dtype:
    """Type of a variable in the file."""
    return np.dtype(np.uint8 if name == "gwsa_quality" else np.float32)


def last_month(path: Path, grid: Grid, provenance: Provenance) -> np.datetime64:
    """The last month of a file that may be continued; see `FieldWriter.continuing`."""
    remedy = "write the whole record anew with --overwrite"
    if not path.is_file():
        raise BadInput(path, expected="a file to add months to", found="none", remedy="leave out --append")
    require_openable((path,))
    try:
        with netCDF4.Dataset(path) as file:
            found = Grid.from_centres(file["lat"][:].filled(np.nan), file["lon"][:].filled(np.nan), where=path)
            days, attributes = int(file["time"][-1]), {name: str(file.getncattr(name)) for name in file.ncattrs()}
            chunked = file["gwsa"].chunking() != "contiguous"
    except (OSError, RuntimeError, IndexError, KeyError, AttributeError, ValueError) as error:
        raise BadInput(
            path, expected="a file written by gwkeras downscale", found=f"something else ({error})", remedy=remedy
        ) from error
    if not found.is_close(grid):
        raise GridMismatch(
            path, expected=grid.describe(), found=found.describe(), remedy="ask for the same region, or write another file"
        )
    for name in ("config_hash", "model_version", "network_hash"):
        value = getattr(provenance, name)
        if value and attributes.get(name, "") != value:
            raise BadInput(path, expected=f"{name} {value}", found=attributes.get(name) or "none", remedy=remedy)
    if not chunked:
        raise BadInput(
            path, expected="a file written by gwkeras downscale", found="one that another program has rewritten", remedy=remedy
        )
    return (EPOCH + np.timedelta64(days, "D")).astype("datetime64[M]")
