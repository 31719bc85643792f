"""The size of a patch: what the configuration says, or what the region and the network make sensible."""

from __future__ import annotations

from dataclasses import replace

from gwkeras.core.config.tree import Config
from gwkeras.core.errors import ConfigError
from gwkeras.core.grid import Grid

LARGEST_AUTOMATIC = 32  # coarse cells; the paper's patch


def with_patch_size(config: Config, product: Grid) -> Config:
    """`config` with `sample.height` and `sample.width` settled.

    Where they are 0, a patch holds the whole region at the scale trained on, up to 32 cells a side, rounded up to what the
    network's poolings divide: the network then sees at training what it sees when the region is downscaled.

    Args:
        product: grid of the coarse product, before any coarsening by `target: coarsen`.
    Raises: ConfigError: where a stated size is not a multiple of the network's divisor.
    """
    divisor = 2 ** (len(config.model.unet_filters) - 1)
    factor = config.sample.factor if config.target.kind == "coarsen" else 1
    sizes = {}
    for name, cells in (("height", product.n_lat), ("width", product.n_lon)):
        stated = getattr(config.sample, name)
        if stated % divisor:
            raise ConfigError(
                f"sample.{name}",
                expected=f"a multiple of {divisor}, which model.unet_filters halves it by",
                found=str(stated),
                remedy="change it, or give fewer levels in model.unet_filters",
            )
        sizes[name] = stated or -(-min(max(cells // factor, 1), LARGEST_AUTOMATIC) // divisor) * divisor
    return replace(config, sample=replace(config.sample, **sizes))
