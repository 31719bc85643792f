"""The bits of `gwsa_quality`: reasons why a downscaled value deserves less trust."""

from __future__ import annotations

FLAGS = {"near_coast": 1, "extrapolates": 2, "no_predecessor": 4}
"""near_coast: the coarse cell, or one of the eight around it, has no storage or is less than half land. extrapolates: in a month
that the network looks at, a climate channel of the coarse cell lies outside its range in training. no_predecessor: the coarse
cell has no storage in the month before."""

NO_DATA = 255
"""Where there is nothing to judge."""
