"""What a user says of a table of wells, and how it is to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gwkeras.core.config.key import key


@dataclass(frozen=True)
class ColumnsConfig:
    """Headings of the table; those left empty are recognised where they have a usual name."""

    well: str = key("", "name or number of the well")
    latitude: str = key("", "degrees north")
    longitude: str = key("", "degrees east")
    date: str = key("", "of a reading")
    level: str = key("", "depth, head or storage")
    unit: str = key("", "unit of each row's level, where rows differ")
    aquifer: str = key("", "type of aquifer")
    depth: str = key("", "of the well, m")
    specific_yield: str = key("", "of the aquifer, 0 to 1")
    attributes_well: str = key("", "the well in the table of attributes, where it is called otherwise there")


@dataclass(frozen=True)
class QualityConfig:
    """What makes a record of no use."""

    least_months: int = key(24, "months (or quarters) that well and fields share, at least", at_least=6, at_most=1200)
    constant_below: float = key(0.01, "records with a smaller standard deviation are constant", unit="m", at_least=0)
    constant_share: float = key(0.6, "records of which this share is one and the same value are constant", above=0, at_most=1)
    jump_metres: float = key(5.0, "a shift of datum is at least this large", unit="m", above=0)
    jump_spreads: float = key(6.0, "and this many times the spread on both sides of it", above=0)
    spike_metres: float = key(
        10.0, "a reading that is left out lies at least this far from the record's median", unit="m", above=0
    )
    spike_spreads: float = key(10.0, "and this many times the record's spread", above=0)


@dataclass(frozen=True)
class WellsConfig:
    """A table of wells."""

    table: str | None = key(None, "CSV file of levels, packed by gzip or not", form="path")
    attributes: str | None = key(
        None, "CSV file with a row for each well, where the levels' table has no room for it", form="path"
    )
    layout: Literal["auto", "long", "months_as_columns", "wells_as_columns"] = key(
        "auto", "long: a row for each reading; otherwise a row for each well, or a column for each well"
    )
    separator: str = key(",", "between columns")
    decimal: str = key(".", "decimal point")
    missing: tuple[str, ...] = key(("-", "NA", "ND", "-9999", "-999"), "texts that stand for no value")
    date_order: Literal["auto", "day_first", "month_first"] = key("auto", "of dates such as 03/04/2005")
    columns: ColumnsConfig = key(ColumnsConfig(), "headings of the table")
    classes: dict[str, str] = key({}, "name: heading of further attributes to group wells by")
    quantity: Literal["auto", "depth", "head", "storage"] = key(
        "auto",
        "depth: to water, falls as storage rises; head: a level above any datum, or below ground as a negative number; "
        "storage: water itself; auto: by the heading",
    )
    unit: str = key("", "unit of the levels, such as m or ft; empty: the table's headings or its column of units say it")
    specific_yield: float | None = key(None, "of all wells, where no column and no map states it", above=0, at_most=1)
    specific_yield_map: str | None = key(None, "NetCDF file with a map of it", form="path")
    step: Literal["month", "quarter"] = key("month", "what is compared: months, or means of calendar quarters")
    baseline: str | None = key(
        None,
        "span of months that both series are anomalies of; null: all months that they share, and then there is no bias",
        form="span",
    )
    quality: QualityConfig = key(QualityConfig(), "what makes a record of no use")
    draws: int = key(2000, "of the bootstrap over the product's cells", at_least=100, at_most=100_000)
    interval: float = key(0.95, "probability of intervals", above=0, below=1)
    seed: int = key(0, "of the bootstrap", at_least=0)
