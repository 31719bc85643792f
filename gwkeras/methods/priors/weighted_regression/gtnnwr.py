"""The GTNNWR prior: coefficients on the climate's memories that vary with place and time.

After Wu et al. (2021, doi 10.1080/13658816.2020.1775836): proximity is learned from distances in space and in time; and between
seasons, which come again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gwkeras.methods.priors.weighted_regression.gnnwr import GNNWR


@dataclass(frozen=True)
class GTNNWR(GNNWR):
    """f by a linear regression on memories of the climate whose coefficients vary with place, maps, time and season.

    Args:
        members: networks that differ in their start, averaged.
        references: points in space and time that proximity is measured to.
        epochs: passes over the months.
        time_constants: of the memories, months.
    """

    label: ClassVar[str] = "GTNNWR"
    timed: ClassVar[bool] = True
