"""Tables of wells in every layout, with the mistakes that people make."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from gwkeras.analysis.wells.reading.columns import quantity_in, settle
from gwkeras.analysis.wells.reading.table import read_wells
from gwkeras.analysis.wells.settings import ColumnsConfig, WellsConfig
from gwkeras.core.errors import BadInput, UnknownUnits

WIDE = """Station Code,Latitude,Longitude,Unit,Aquifer Type,Well Depth,Jan-05,May-05,Aug-05
1.4E+14,14.2,78.1,m,Unconfined,13,4.5,5.5,
1.4E+14,14.9,77.0,ft,-,40,10,20,dry
"""


def read(tmp_path, text, name="wells.csv", **config):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_wells(WellsConfig(table=str(path), **config))


def test_a_row_for_each_well(tmp_path):
    wells = read(tmp_path, WIDE, quantity="depth", specific_yield=0.1)
    assert wells.months.astype(str).tolist() == ["2005-01", "2005-05", "2005-08"]
    np.testing.assert_allclose(wells.level, [[-4.5, -5.5, np.nan], [-3.048, -6.096, np.nan]])
    assert wells.names.tolist() == ["1.4E+14 #1", "1.4E+14 #2"]
    assert wells.attributes["aquifer"].tolist() == ["Unconfined", "unknown"]
    assert wells.depth.tolist() == [13.0, 40.0]
    assert wells.specific_yield.tolist() == [0.1, 0.1]
    said = " ".join(wells.notes)
    assert "in 'ft' and were converted to metres (× 0.3048)" in said
    assert "1 entries are no numbers ('dry')" in said
    assert "one name to several wells" in said


def test_a_row_for_each_reading(tmp_path):
    text = """site_no;lat;lon;date;Depth to water (ft bgl)
a;10,5;20;2003-01-04;10
a;10,5;20;2003-01-20;30
a;10,5;20;2003-03-01;-9999
b;11;21;2003-03-02;100
b;12;21;2003-03-02;50
b;12;21;;50
"""
    wells = read(tmp_path, text, separator=";", decimal=",")
    assert wells.names.tolist() == ["a", "b #1", "b #2"]
    assert wells.lat.tolist() == [10.5, 11.0, 12.0]
    np.testing.assert_allclose(wells.level, [[-6.096, np.nan], [np.nan, -30.48], [np.nan, -15.24]])
    said = " ".join(wells.notes)
    assert "1 readings without a date" in said
    assert "1 months of wells hold several readings" in said
    assert "were converted to metres" in said


@pytest.mark.parametrize("key", ["well", "attributes_well"])
def test_a_column_for_each_well_with_places_in_a_second_table_packed_or_not(tmp_path, key):
    places = tmp_path / "places.csv"
    places.write_text("ident,label,y_wgs,x_wgs,soil\n7,Süd,-30,-71,clay\n9,Nord,-20,-70,sand\n", encoding="latin-1")
    table = tmp_path / "levels.csv.gz"
    table.write_bytes(gzip.compress(b"date,9,7,5\n2004-01-01,-3.5,NA,1\n2004-02-01,-4.5,-1,1\n"))
    columns = ColumnsConfig(**{key: "ident"}, latitude="y_wgs", longitude="x_wgs")
    wells = read_wells(
        WellsConfig(
            table=str(table), attributes=str(places), columns=columns, classes={"soil": "soil"}, quantity="head", unit="m"
        )
    )
    assert wells.names.tolist() == ["9", "7", "5"]
    np.testing.assert_array_equal(wells.lat, [-20.0, -30.0, np.nan])
    np.testing.assert_array_equal(wells.level, [[-3.5, -4.5], [np.nan, -1.0], [1.0, 1.0]])
    assert wells.attributes["soil"].tolist()[:2] == ["sand", "clay"]


def test_storage_needs_no_yield(tmp_path):
    wells = read(tmp_path, "well,lat,lon,date,storage (mm)\na,1,2,2003-01,250\n")
    assert wells.level.tolist() == [[0.25]]
    assert wells.specific_yield.tolist() == [1.0]


def test_water_below_the_bottom_of_wells_is_told(tmp_path):
    text = "well,lat,lon,well depth,date,depth to water (m)\n" + "".join(f"w{k},1,{k},20,2003-01,60\n" for k in range(4))
    assert any("in feet?" in note for note in read(tmp_path, text).notes)


def test_depth_alone_is_to_water_and_beside_levels_the_well_s():
    found = settle(["well", "lat", "lon", "date", "depth (m)"], ColumnsConfig(), "t.csv")
    assert (found.level, quantity_in(found.level)) == ("depth (m)", "depth")
    assert settle(["well", "date", "depth", "dtw"], ColumnsConfig(), "t.csv").level == "dtw"


@pytest.mark.parametrize(
    ("text", "config", "error", "words"),
    [
        ("well,lat,lon,date,level\na,1,2,2003-01,3\n", {"unit": "m"}, BadInput, "quantity=depth"),
        ("well,lat,lon,date,depth to water\na,1,2,2003-01,3\n", {}, UnknownUnits, "unit=m"),
        ("well,lat,lon,date,depth to water (m)\na,1,2,2003-01,-3\n", {}, BadInput, "100 % negative"),
        ("well,lat,date,depth to water (m)\na,1,2003-01,3\n", {}, BadInput, "columns.longitude"),
        ("well,lat,lon,date,depth to water (m)\na,1,2,soon,3\n", {}, BadInput, "columns.date"),
        ("well,lat,lon,date,depth to water (m)\na,1,2,2003-01,none\n", {}, BadInput, "not one number"),
        ("well|lat|lon\na|1|2\n", {}, BadInput, "separator"),
        ("", {}, BadInput, "found an empty file"),
        ("well,lat,lon,date,head (m)\n", {}, BadInput, "0 rows in 5 columns; give a table with readings"),
        ("p,q,r\n1,2,3\n", {}, BadInput, "state layout"),
        ("well,lat,lon,date,reading (m)\na,1,2,2003-01,3\n", {}, BadInput, "columns.level=HEADING"),
        (
            "well,lat,lon,date,head (m)\na,1,2,2003-01,3\n",
            {"columns": ColumnsConfig(level="hed (m)")},
            BadInput,
            r"did you mean 'head \(m\)'",
        ),
        ("date,w1,w2\n2003-01,1,2\n", {"quantity": "head", "unit": "m"}, BadInput, "attributes"),
    ],
)
def test_bad_tables(tmp_path, text, config, error, words):
    with pytest.raises(error, match=words):
        read(tmp_path, text, **config)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        read_wells(WellsConfig(table=str(tmp_path / "none.csv")))
