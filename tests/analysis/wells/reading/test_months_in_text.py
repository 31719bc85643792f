"""Months as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.analysis.wells.reading.months_in_text import month_of, months_of_dates
from gwkeras.core.errors import BadInput


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Jan-00", "2000-01"),
        ("Nov-98", "1998-11"),
        ("August 2004", "2004-08"),
        ("12-May-2011", "2011-05"),
        ("2004Sep", "2004-09"),
        ("2002-04", "2002-04"),
        ("2002-4-16", "2002-04"),
        ("2002-04-16T00:00:00", "2002-04"),
        ("200204", "2002-04"),
        ("20020416", "2002-04"),
        ("4/2002", "2002-04"),
        ("Well Depth", None),
        ("2002-13", None),
        ("Unit", None),
        ("13.2", None),
        ("03/04/2005", None),
    ],
)
def test_months(text, month):
    assert month_of(text) == (None if month is None else np.datetime64(month, "M"))


def test_the_dates_themselves_tell_day_and_month_apart():
    found = months_of_dates(["03/04/2005", "25/04/2005", "none"], "auto", "t")
    assert found == {"03/04/2005": np.datetime64("2005-04"), "25/04/2005": np.datetime64("2005-04"), "none": None}
    assert months_of_dates(["03/04/2005", "04/25/05"], "auto", "t")["03/04/2005"] == np.datetime64("2005-03")
    assert months_of_dates(["03/04/2005"], "month_first", "t")["03/04/2005"] == np.datetime64("2005-03")
    with pytest.raises(BadInput, match="date_order"):
        months_of_dates(["03/04/2005"], "auto", "t")
