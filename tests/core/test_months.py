"""Months against the calendar of the standard library."""

import calendar
from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.core import months

DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))


@given(DAYS)
def test_equals_the_calendar(day):
    stamp = np.array([day], "datetime64[D]")
    assert months.calendar_month(stamp).tolist() == [day.month]
    assert months.days_in_month(stamp).tolist() == [calendar.monthrange(day.year, day.month)[1]]
    assert months.month_number(stamp).tolist() == [(day.year - 2002) * 12 + day.month - 1]
    assert months.month_start(stamp) == np.datetime64(day.replace(day=1), "ns")


@given(st.lists(st.integers(-600, 1100), min_size=1))
def test_numbers_and_first_days_are_inverse(numbers):
    stamps = months.from_month_number(np.array(numbers))
    assert stamps.dtype == "datetime64[ns]"
    assert months.month_number(stamps).tolist() == numbers
    np.testing.assert_array_equal(months.month_start(stamps), stamps)


def test_the_last_moment_of_a_month_belongs_to_it():
    stamps = np.array(["2004-02-29T23:59:59.999", "2004-03-01T00:00"], "datetime64[ns]")
    assert months.month_number(stamps).tolist() == [25, 26]
    assert months.from_month_number(0) == np.datetime64("2002-01-01")
