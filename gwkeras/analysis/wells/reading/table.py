"""Wells from a table of any layout: places, months, and levels in metres that rise with storage."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gwkeras.analysis.wells.reading.columns import layout_of, quantity_in, require, settle, unit_split
from gwkeras.analysis.wells.reading.csv_table import numbers, read_texts
from gwkeras.analysis.wells.reading.months_in_text import month_of, months_of_dates
from gwkeras.analysis.wells.settings import ColumnsConfig, WellsConfig
from gwkeras.core.errors import BadInput, UnknownUnits
from gwkeras.core.units import conversion

_DATUM = re.compile(
    r"[\s._/-]*(\b(b\.?g\.?[ls]\.?|a\.?m?\.?s\.?l\.?)\b|(?<=[mt])b\.?g\.?[ls]\.?$|(?<=[mt])a\.?m?\.?s\.?l\.?$|\b(below|above)\b.*)",
    re.I,
)
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Wells:
    """Records of wells.

    Args:
        names: (wells,) each once.
        lat: (wells,) degrees north; NaN where unknown.
        lon: (wells,) degrees east.
        months: (months,) datetime64[M], ascending, each once.
        level: (wells, months) m, of water over a datum of each well's own: rises with storage; NaN where unknown.
        specific_yield: (wells,) NaN where unknown.
        depth: (wells,) of the well, m; NaN where unknown.
        attributes: one row a well: `aquifer` and the further classes, as text or numbers.
        notes: what a reader of the results should know.
    """

    names: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    months: np.ndarray
    level: np.ndarray
    specific_yield: np.ndarray
    depth: np.ndarray
    attributes: pd.DataFrame
    notes: tuple[str, ...] = ()

    def of(self, chosen: np.ndarray) -> Wells:
        """Those wells, by their numbers or by a mask."""
        parts = {name: getattr(self, name)[chosen] for name in ("names", "lat", "lon", "level", "specific_yield", "depth")}
        return replace(self, **parts, attributes=self.attributes.iloc[np.arange(len(self.names))[chosen]].reset_index(drop=True))


def read_wells(config: WellsConfig) -> Wells:
    """The wells of a table.

    Args:
        config: where it lies and what its columns mean.
    Raises: BadInput: where columns cannot be told, or what the levels are. UnknownUnits: where nothing states their unit.
    """
    if config.table is None:
        raise BadInput("wells", expected="a table of levels", found="none", remedy="name it: gwkeras wells TABLE.csv")
    path = Path(config.table)
    table = read_texts(path, config)
    headings = list(map(str, table.columns))
    stations = None if config.attributes is None else read_texts(Path(config.attributes), config)
    columns = _settled(headings, stations, config)
    layout = layout_of(table, columns, path) if config.layout == "auto" else config.layout
    if layout == "months_as_columns":
        wells, level = _rows_are_wells(table, stations, columns, config)
    elif layout == "wells_as_columns":  # the names are headings: the one column that holds them is the attributes'
        columns = replace(columns, well=columns.well or columns.attributes_well)
        wells, level = _columns_are_wells(table, stations, columns, config)
    else:
        wells, level = _rows_are_readings(table, stations, columns, config)
    return _completed(wells, level, columns, config)


@dataclass(frozen=True)
class _Levels:
    """(wells, months) as they stand in the table, and what the table says of them."""

    months: np.ndarray
    values: np.ndarray
    heading: str
    units: pd.Series | None  # of each well
    notes: tuple[str, ...]


def _settled(headings: list[str], stations: pd.DataFrame | None, config: WellsConfig) -> ColumnsConfig:
    """Roles of columns: those of the levels' own table first, then those of the attributes."""
    if stations is None:
        return settle(headings, config.columns, config.table)
    others = list(map(str, stations.columns))
    return settle([*headings, *(h for h in others if h not in headings)], config.columns, f"{config.table}, {config.attributes}")


def _rows_are_wells(
    table: pd.DataFrame, stations: pd.DataFrame | None, columns: ColumnsConfig, config: WellsConfig
) -> tuple[pd.DataFrame, _Levels]:
    months = {heading: month for heading in map(str, table.columns) if (month := month_of(heading)) is not None}
    if not months:
        raise BadInput(config.table, expected="columns of months", found="none", remedy="state another layout")
    wells = _with_attributes(table.drop(columns=list(months)), stations, columns, config)
    values, notes = numbers(table[list(months)], config, "Levels")
    stamps = np.array(list(months.values()), "datetime64[M]")
    unique, place = np.unique(stamps, return_inverse=True)
    if unique.size < stamps.size:
        notes += (f"{stamps.size - unique.size} columns repeat a month; readings of one month are averaged.",)
    return wells, _Levels(unique, _means(values, place, unique.size), "", _units(wells, columns), notes)


def _columns_are_wells(
    table: pd.DataFrame, stations: pd.DataFrame | None, columns: ColumnsConfig, config: WellsConfig
) -> tuple[pd.DataFrame, _Levels]:
    if stations is None:
        raise BadInput(
            config.table,
            expected="places of the wells beside a table with a column for each",
            found="no table of attributes",
            remedy="name it under attributes",
        )
    require(columns, ("well",), list(map(str, stations.columns)), config.attributes)
    date = columns.date if columns.date in table.columns else str(table.columns[0])
    stamps, kept, notes = _dates(table[date], config)
    names = [str(heading) for heading in table.columns if heading != date]
    values, more = numbers(table.loc[kept, names], config, "Levels")
    unique, place = np.unique(stamps, return_inverse=True)
    if unique.size < stamps.size:
        more += (f"{stamps.size - unique.size} rows repeat a month; readings of one month are averaged.",)
    wells = _with_attributes(pd.DataFrame({columns.well: names}), stations, columns, config)
    return wells, _Levels(unique, _means(values.T, place, unique.size), "", _units(wells, columns), notes + more)


def _rows_are_readings(
    table: pd.DataFrame, stations: pd.DataFrame | None, columns: ColumnsConfig, config: WellsConfig
) -> tuple[pd.DataFrame, _Levels]:
    require(columns, ("well", "date", "level"), list(map(str, table.columns)), config.table)
    stamps, kept, notes = _dates(table[columns.date], config)
    table = table.loc[kept].reset_index(drop=True)
    # One name at two places is two wells: nobody could tell otherwise which reading is whose.
    places = [c for c in (columns.latitude, columns.longitude) if c and c in table.columns]
    number = table.groupby([columns.well, *places], sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    if columns.unit and columns.unit in table.columns:
        changing = pd.Series(table[columns.unit].fillna("").to_numpy()).groupby(number).nunique()
        if (changing > 1).any():
            name = table[columns.well].iloc[first[int(changing.index[changing > 1][0])]]
            raise UnknownUnits(
                f"{config.table}, well {name}",
                expected="one unit for all readings of a well",
                found="several",
                remedy="convert the readings to one unit",
            )
    values, more = numbers(table[columns.level], config, "Levels")
    unique, month = np.unique(stamps, return_inverse=True)
    cell = number * unique.size + month
    known = np.isfinite(values)
    count = np.bincount(cell[known], minlength=first.size * unique.size)
    total = np.bincount(cell[known], weights=values[known], minlength=first.size * unique.size)
    level = np.divide(total, count, out=np.full(total.size, np.nan), where=count > 0).reshape(first.size, unique.size)
    several = int((count > 1).sum())
    if several:
        more += (f"{several} months of wells hold several readings, which are averaged.",)
    wells = _with_attributes(table.iloc[first].reset_index(drop=True), stations, columns, config)
    return wells, _Levels(unique, level, columns.level, _units(wells, columns), notes + more)


def _dates(texts: pd.Series, config: WellsConfig) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Months, the rows that have one, and a note on those that have none."""
    told = texts.fillna("").astype(str)
    found = months_of_dates(told, config.date_order, config.table)
    months = told.map(found)
    kept = months.notna().to_numpy()
    if not kept.any():
        raise BadInput(
            config.table,
            expected="dates such as 2002-04 or 2002-04-16",
            found=f"'{told.iloc[0]}'",
            remedy="name the column of dates, as in --set columns.date=HEADING",
        )
    notes = (f"{int((~kept).sum())} readings without a date are left out.",) if not kept.all() else ()
    return np.array(list(months[kept]), "datetime64[M]"), kept, notes


def _means(values: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """(wells, columns) -> (wells, count): means of the columns of one place."""
    known = np.isfinite(values)
    total, number = np.zeros((2, len(values), count))
    np.add.at(total.T, place, np.where(known, values, 0.0).T)
    np.add.at(number.T, place, known.T)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _with_attributes(
    wells: pd.DataFrame, stations: pd.DataFrame | None, columns: ColumnsConfig, config: WellsConfig
) -> pd.DataFrame:
    if stations is None:
        return wells
    key = columns.attributes_well or columns.well
    require(replace(columns, well=key), ("well",), list(map(str, stations.columns)), config.attributes)
    if key not in stations.columns or columns.well not in wells.columns:
        raise BadInput(
            config.attributes,
            expected=f"a column '{key}' with the names of the wells, as in {config.table}",
            found=", ".join(map(str, stations.columns[:12])),
            remedy="name it under columns.well, and columns.attributes_well where the two tables differ",
        )
    single = stations.drop_duplicates(key).set_index(key)
    added = single.drop(columns=[c for c in single.columns if c in wells.columns]).reindex(wells[columns.well].to_numpy())
    if not wells[columns.well].isin(single.index).any():
        raise BadInput(
            config.attributes,
            expected=f"wells of {config.table}, such as '{wells[columns.well].iloc[0]}', in column '{key}'",
            found=f"others, such as '{single.index[0]}'",
            remedy="name the column that both tables share",
        )
    return pd.concat([wells.reset_index(drop=True), added.reset_index(drop=True)], axis=1)


def _units(wells: pd.DataFrame, columns: ColumnsConfig) -> pd.Series | None:
    return wells[columns.unit].reset_index(drop=True) if columns.unit and columns.unit in wells.columns else None


def _completed(wells: pd.DataFrame, levels: _Levels, columns: ColumnsConfig, config: WellsConfig) -> Wells:
    headings = list(map(str, wells.columns))
    require(columns, ("latitude", "longitude"), headings, config.attributes or config.table)
    notes = levels.notes
    lat, more = numbers(wells[columns.latitude], config, "Latitudes")
    lon, others = numbers(wells[columns.longitude], config, "Longitudes")
    quantity = _quantity(levels, config)
    metres, unit_notes = _metres(levels, quantity, config)
    names, name_notes = _unique_names(wells, columns)
    yields, yield_notes = _column(wells, columns.specific_yield, config, "Specific yields")
    if quantity == "storage":
        yields = np.ones(len(wells))
    elif config.specific_yield is not None:
        yields = np.where(np.isfinite(yields), yields, config.specific_yield)
    depth, depth_notes = _column(wells, columns.depth, config, "Depths of wells")
    depth = depth * (conversion(unit_split(columns.depth)[1] or "m", "m", config.table)[0])
    if quantity == "depth":
        depth_notes += _deeper_than_the_well(metres, depth)
    attributes = pd.DataFrame(index=range(len(wells)))
    if columns.aquifer:
        attributes["aquifer"] = wells[columns.aquifer].fillna(UNKNOWN).to_numpy()
    for name, heading in config.classes.items():
        if heading not in headings:
            settle(headings, replace(ColumnsConfig(), well=heading), config.attributes or config.table)
        attributes[name] = wells[heading].to_numpy()
    notes += more + others + unit_notes + name_notes + yield_notes + depth_notes
    level = -metres if quantity == "depth" else metres
    return Wells(names, lat, lon, levels.months, level, yields, depth, attributes, notes)


def _quantity(levels: _Levels, config: WellsConfig) -> str:
    if config.quantity != "auto":
        chosen: str = config.quantity
    else:
        told = quantity_in(levels.heading)
        if told is None:
            raise BadInput(
                config.table,
                expected="to know whether levels are depths to water or heads",
                found=f"the heading '{levels.heading}'" if levels.heading else "no heading that says so",
                remedy="state it, as in --set quantity=depth",
            )
        chosen = told
    values = levels.values[np.isfinite(levels.values)]
    if not values.size:
        raise BadInput(config.table, expected="levels", found="not one number", remedy="check the columns of the table")
    negative = float((values < 0).mean())
    if chosen == "depth" and negative > 0.5:
        raise BadInput(
            config.table,
            expected="depths to water below ground as positive numbers",
            found=f"{100 * negative:.0f} % negative ones",
            remedy="state it, as in --set quantity=head, for levels that rise with storage",
        )
    return chosen


def _metres(levels: _Levels, quantity: str, config: WellsConfig) -> tuple[np.ndarray, tuple[str, ...]]:
    """Levels in metres, and a note where they were in another unit."""
    inside = unit_split(levels.heading)[1]
    count = len(levels.values)
    if config.unit:
        told = pd.Series([config.unit] * count)
    elif levels.units is not None and levels.units.notna().any():
        told = levels.units.fillna(levels.units.mode().iloc[0])
    elif inside:
        told = pd.Series([inside] * count)
    else:
        raise UnknownUnits(config.table, expected="a unit of the levels", found="none", remedy="state it, as in --set unit=m")
    scale, notes = np.ones(count), []
    for unit in told.unique():
        of_it = (told == unit).to_numpy()
        factor = conversion(_DATUM.sub("", str(unit)).strip() or str(unit), "m", config.table)[0]
        scale[of_it] = factor
        if factor != 1.0:
            notes.append(f"Levels of {int(of_it.sum())} wells are in '{unit}' and were converted to metres (× {factor:g}).")
    return levels.values * scale[:, None], tuple(notes)


def _unique_names(wells: pd.DataFrame, columns: ColumnsConfig) -> tuple[np.ndarray, tuple[str, ...]]:
    if not columns.well:
        return np.array([f"row {k + 2}" for k in range(len(wells))], dtype=object), ()
    names = wells[columns.well].fillna("").astype(str)
    repeated = names.duplicated(keep=False)
    if not repeated.any():
        return names.to_numpy(dtype=object), ()
    number = names.groupby(names).cumcount() + 1
    unique = names.where(~repeated, names + " #" + number.astype(str))
    shared, several = names[repeated].nunique(), int(repeated.sum())
    note = f"'{columns.well}' gives one name to several wells ({shared} names of {several} wells); they are numbered."
    return unique.to_numpy(dtype=object), (note,)


def _column(wells: pd.DataFrame, heading: str, config: WellsConfig, what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    if not heading or heading not in wells.columns:
        return np.full(len(wells), np.nan), ()
    return numbers(wells[heading], config, what)


def _deeper_than_the_well(depth_to_water: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
    """A note where water stands below the bottom of many wells, as it does where feet are taken for metres."""
    known = np.isfinite(depth_to_water).any(axis=1) & np.isfinite(depth) & (depth > 0)
    if not known.any():
        return ()
    impossible = np.nanmedian(depth_to_water[known], axis=1) > depth[known]
    if impossible.mean() < 0.1:
        return ()
    return (
        f"In {int(impossible.sum())} of {int(known.sum())} wells the water stands below the well's depth: are levels in feet?",
    )
