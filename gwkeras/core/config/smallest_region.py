"""How small a region may be."""

from __future__ import annotations

from gwkeras.core.config.network_method import names_network
from gwkeras.core.config.tree import Config


def smallest_side(config: Config) -> int:
    """Cells of the product, before `data.coarsen_product`, that a region must have along each side.

    A product that is coarsened, to teach a network or to be judged by for want of a fine truth, must leave two cells.
    """
    coarsened = config.target.kind == "coarsen" and (config.data.truth is None or names_network(config))
    return (2 * config.sample.factor if coarsened else 2) * config.data.coarsen_product
