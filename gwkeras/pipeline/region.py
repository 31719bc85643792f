"""The region of an experiment, settled before it begins, so that config.yaml names it for all that comes after."""

from __future__ import annotations

from dataclasses import replace

from gwkeras.core.box import Edges
from gwkeras.core.config.smallest_region import smallest_side
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import from_dict, to_dict
from gwkeras.fields.region import settled_region


def with_region(config: Config, edges: Edges = Edges()) -> tuple[Config, str]:
    """`config` with the region that it is going to work on, and a line for the user; see `gwkeras.fields.region.settled_region`.

    Args:
        config: as typed.
        edges: asked for on the command line.
    Raises: GridMismatch: where the files have too little in common, or the edges lie outside the product. And as `open_sources`.
    """
    data, said = settled_region(config.data, edges, smallest_side(config))
    if data is config.data:
        return config, said
    return from_dict(to_dict(replace(config, data=data)), "the command line"), said
