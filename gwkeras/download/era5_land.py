"""ERA5-Land monthly means (doi 10.24381/cds.68d2bb30) from the Climate Data Store, one request a year."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.config.tree import Config, RegionConfig, SourceConfig
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.progress import Progress, silent
from gwkeras.download.climate_store import ClimateStore
from gwkeras.download.g3p import Fetched
from gwkeras.download.ledger import Ledger
from gwkeras.download.unpack import check_archive, unpack
from gwkeras.fields.canonical import require_upright
from gwkeras.fields.files.archive import is_zip
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.readers import read_climate

DATASET = "reanalysis-era5-land-monthly-means"
VARIABLES = {
    "precipitation": "total_precipitation",
    "temperature": "2m_temperature",
    "soil_moisture": "volumetric_soil_water_layer_1",
    "surface_pressure": "surface_pressure",
    "evapotranspiration": "total_evaporation",
    "snow_water_equivalent": "snow_depth_water_equivalent",
    "runoff": "runoff",
    "snowmelt": "snowmelt",
}
_USUAL = ("precipitation", "temperature", "soil_moisture", "surface_pressure")
_FIRST = np.datetime64("1950-01", "M")
_STORAGE_MONTHS = ("2002-04", "2023-09")  # of G3P, where the configuration names none
_MEMORY = 48  # months; the longest of the covariates that `auto` takes
_MARGIN = 0.5  # degrees around the region: a climate cell for the regridding, and the paper's half cell


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Args:
        first: first month, datetime64[M].
        last: last month, likewise.
        channels: keys of `VARIABLES`.
        area: north, west, south, east in degrees; None: the globe.
    """

    first: np.datetime64
    last: np.datetime64
    channels: tuple[str, ...] = _USUAL
    area: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if not _FIRST <= self.first <= self.last:
            raise MissingMonths(
                "months of ERA5-Land",
                expected=f"a first month from {_FIRST} on, and a last one not before it",
                found=f"{self.first} to {self.last}",
                remedy="correct --first-month and --last-month",
            )
        unknown = [channel for channel in self.channels if channel not in VARIABLES]
        if unknown or not self.channels:
            raise BadInput(
                "channels of ERA5-Land",
                expected=f"names among {', '.join(VARIABLES)}",
                found=f"'{unknown[0]}'" if unknown else "none",
                remedy="correct --channel or sample.climate",
            )

    def requests(self) -> dict[int, dict[str, Any]]:
        """Year -> request body. Its months are those asked for, so that a year grows by asking again."""
        months = np.arange(self.first, self.last + 1)
        years = months.astype("datetime64[Y]").astype(int) + 1970
        bodies: dict[int, dict[str, Any]] = {}
        for year in np.unique(years):
            body: dict[str, Any] = {
                "product_type": ["monthly_averaged_reanalysis"],
                "variable": [VARIABLES[channel] for channel in self.channels],
                "year": [str(year)],
                "month": [str(m)[5:7] for m in months[years == year]],
                "time": ["00:00"],
                "data_format": "netcdf",
                "download_format": "unarchived",
            }
            bodies[int(year)] = body if self.area is None else {**body, "area": list(self.area)}
        return bodies


def order_for(
    config: Config,
    *,
    first: str | None = None,
    last: str | None = None,
    region: RegionConfig | None = None,
    channels: Sequence[str] = (),
) -> Order:
    """What a configuration needs; what is given goes before it.

    The climate begins before the storage record, for the sequence and for the memory of the covariates.
    """
    if first is None:
        storage = np.datetime64(config.data.first_month or _STORAGE_MONTHS[0], "M")
        start = max(_FIRST, storage - max(config.sample.months, _MEMORY) + 1)
    else:
        start = np.datetime64(first, "M")
    end = np.datetime64(last or config.data.last_month or _STORAGE_MONTHS[1], "M")
    wanted = tuple(channels) or config.sample.climate or _USUAL
    if not channels:
        needed = {"oudin": "temperature", "hamon": "temperature", "thornthwaite": "temperature", "file": "evapotranspiration"}
        extra = needed.get(config.data.evapotranspiration)
        wanted = tuple(dict.fromkeys((*(w for w in wanted if w != "net_water_input"), *((extra,) if extra else ()))))
    return Order(start, end, wanted, _area(region or config.data.region))


def fetch_era5_land(folder: Path, order: Order, *, store: ClimateStore | None = None, progress: Progress = silent) -> Fetched:
    """`era5_land_monthly_<year>*.nc` in `folder`; years that are there as ordered are not asked for again.

    Args:
        store: by default that of ~/.cdsapirc or CDSAPI_URL and CDSAPI_KEY.
    Raises: BadInput: cdsapi or its key is missing, the store refuses, or what it sends is not what was ordered. RunInUse.
    """
    requests = order.requests()
    files: list[Path] = []
    fresh: list[Path] = []
    with folder_lock(folder):
        ledger = Ledger(folder)
        for done, (year, body) in enumerate(requests.items()):
            progress("ERA5-Land, years", done, len(requests))
            name = f"era5_land_monthly_{year}"
            present = ledger.files(name, body)
            if not present:
                store = store or ClimateStore()
                present = _fetch_year(store, folder, name, body, order, progress)
                ledger.enter(name, body, present)
                fresh += present
            files += present
        progress("ERA5-Land, years", len(requests), len(requests))
    return Fetched(tuple(files), tuple(fresh))


def _fetch_year(
    store: ClimateStore, folder: Path, name: str, body: dict[str, Any], order: Order, progress: Progress
) -> tuple[Path, ...]:
    """The files of one year, checked while they still have other names."""
    arrived = folder / f".{name}"
    unpacked = folder / f".{name}.members"
    try:
        store.bring(DATASET, body, arrived, progress)
        members = [arrived]
        if is_zip(arrived):
            unpacked.mkdir(exist_ok=True)
            check_archive(arrived)
            members = unpack(arrived, unpacked, lambda member: Path(member).name if member.lower().endswith(".nc") else None)
        _check_content(members, name, body, order)
        targets = [folder / (f"{name}.nc" if len(members) == 1 else f"{name}_{k + 1}.nc") for k in range(len(members))]
        for earlier in [p for p in folder.glob(f"{name}*.nc") if p not in targets]:
            earlier.unlink()  # of an order that this one takes the place of; left there, its months would come twice
        for member, target in zip(members, targets, strict=True):
            member.replace(target)
        return tuple(targets)
    finally:
        arrived.unlink(missing_ok=True)
        shutil.rmtree(unpacked, ignore_errors=True)


def _check_content(members: Sequence[Path], name: str, body: dict[str, Any], order: Order) -> None:
    for member in members:
        open_netcdf(member).close()
    fields = read_climate(SourceConfig(path=tuple(map(str, members)), kind="era5"))
    missing = [channel for channel in order.channels if channel not in fields]
    if missing:
        raise BadInput(
            name,
            expected=f"{', '.join(order.channels)} in what the store sends",
            found=f"no {', '.join(missing)}",
            remedy="give the same command again, or leave the channel out",
        )
    wanted = {f"{body['year'][0]}-{month}" for month in body["month"]}
    for channel in order.channels:
        absent = sorted(wanted - {str(m)[:7] for m in fields[channel]["time"].values})
        if absent:
            raise MissingMonths(
                f"{name}, {channel}",
                expected=f"the months {min(wanted)} to {max(wanted)}",
                found=f"none for {', '.join(absent[:4])}",
                remedy="choose an earlier --last-month: the store is about two months behind",
            )


def _area(region: RegionConfig | None) -> tuple[float, float, float, float] | None:
    if region is None or (region.east - region.west >= 359 and region.north - region.south >= 179):
        return None
    require_upright(region)
    return (
        min(90.0, region.north + _MARGIN),
        max(-180.0, region.west - _MARGIN),
        max(-90.0, region.south - _MARGIN),
        min(180.0, region.east + _MARGIN),
    )
