"""Time coordinates in the spellings met in public files."""

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.errors import BadInput
from gwkeras.fields.readers.stamps import months_of


def months(values, units=None, bounds=None, **attributes):
    data = xr.Dataset(coords={"time": ("time", np.asarray(values), {**({"units": units} if units else {}), **attributes})})
    if bounds is not None:
        data["time_bounds"] = (("time", "bounds"), np.asarray(bounds))
    return months_of(data, "time").astype("M8[M]").astype(str).tolist()


@pytest.mark.parametrize(
    ("values", "units", "expected"),
    [
        ([107.0, 129.5], "days since 2002-01-01T00:00:00Z", ["2002-04", "2002-05"]),
        ([1104559200], "seconds since 1970-01-01", ["2005-01"]),  # 06:00, as the accumulated ERA5 file
        ([893580], "hours since 1900-01-01 00:00:00.0", ["2001-12"]),
        ([8415360.0], "minutes since 2000-01-01 03:00:00", ["2016-01"]),
        ([0, 14, 200], "months since 2002-04-16", ["2002-04", "2003-06", "2018-12"]),
        ([52381.0], "days since 1858-11-17", ["2002-04"]),  # modified Julian day of 2002-04-16
        ([200204, 202309], None, ["2002-04", "2023-09"]),
        ([20020416], None, ["2002-04"]),
        ([2002.2904, 2002.3747], None, ["2002-04", "2002-05"]),
        (np.array(["2002-04", "2002-05-17"], dtype=object), None, ["2002-04", "2002-05"]),
    ],
)
def test_spellings(values, units, expected):
    assert months(values, units) == expected


def test_other_calendars():
    assert months([0, 365], "days since 2003-03-01", calendar="noleap") == ["2003-03", "2004-03"]
    assert months([30, 59], "days since 2001-01-01", calendar="360_day") == ["2001-02", "2001-02"]


def test_middle_of_the_bounds_decides():
    """A solution of 2015-04-27 … 2015-05-26 stamped at its first day belongs to May."""
    assert months([116], "days since 2015-01-01", bounds=[[116.0, 146.0]], bounds_attribute="") == ["2015-05"]
    assert months([116], "days since 2015-01-01", bounds=[[0.0, 0.0]]) == ["2015-04"]  # bounds left empty
    assert months([116], "days since 2015-01-01", bounds=[[np.nan, np.nan]]) == ["2015-04"]


@pytest.mark.parametrize(("values", "units"), [([0, 1], None), ([0, 1], "fortnights since the flood"), ([1.0], "mm")])
def test_what_is_no_time_is_refused(values, units):
    with pytest.raises(BadInput, match="expected times such as"):
        months(values, units)
