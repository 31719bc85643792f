"""How small a region may be, by what is done with its product."""

import pytest

from gwkeras.core.config.smallest_region import smallest_side
from gwkeras.core.config.yaml_file import load_config

TRUTH = "data.truth.path=[t.nc]"


@pytest.mark.parametrize(
    ("settings", "cells"),
    [
        ([], 8),  # judged one scale up, by a factor of 4, where two cells must be left
        ([TRUTH], 2),
        ([TRUTH, "methods=[{prior: network, update: none}]"], 8),  # which learns one scale up
        ([TRUTH, "target.kind=bicubic", "data.coarsen_product=2"], 4),
        (["sample.factor=2", "data.coarsen_product=2"], 8),
    ],
)
def test_two_cells_are_left_wherever_the_product_is_coarsened(settings, cells):
    assert smallest_side(load_config(None, settings)) == cells
