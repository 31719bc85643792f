"""The months that a record holds, and where each of them stands in its arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.core.months import Month, month_number


@dataclass(frozen=True)
class Calendar:
    """Months in ascending order, some perhaps absent.

    Args:
        months: (M,) first days, datetime64.
        record: what holds them, for messages.

    >>> calendar = Calendar(np.array(["2002-04-01", "2002-06-01"], "datetime64[ns]"), "storage")
    >>> calendar.position(np.datetime64("2002-06"))
    1
    >>> np.datetime64("2002-05") in calendar
    False
    """

    months: np.ndarray
    record: str = "the record"

    def __len__(self) -> int:
        return len(self.months)

    def __iter__(self) -> Iterator[Month]:
        return iter(self.months)

    def __contains__(self, month: Month) -> bool:
        return int(month_number(month)) in self._positions

    def position(self, month: Month) -> int:
        """Where the month stands.

        Raises: MissingMonths: where the record does not hold it.
        """
        position = self._positions.get(int(month_number(month)))
        if position is None:
            raise MissingMonths(
                self.record,
                expected=f"a month of {self.span}",
                found=f"{str(month)[:7]}, which it lacks",
                remedy="ask for a month that it holds, or give a longer record",
            )
        return position

    def position_before(self, month: Month) -> int | None:
        """Where the month before `month` stands; None where the record lacks it."""
        return self._positions.get(int(month_number(month)) - 1)

    def __getstate__(self) -> dict[str, Any]:
        return {"months": self.months, "record": self.record}  # what follows from them is not sent to other processes

    @property
    def span(self) -> str:
        """Such as "2002-04 … 2023-09"."""
        return f"{str(self.months[0])[:7]} … {str(self.months[-1])[:7]}" if len(self.months) else "no months at all"

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {int(number): position for position, number in enumerate(month_number(self.months))}
