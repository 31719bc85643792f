"""What an experiment holds out, with or without shards: a function of the fields and the configuration alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import from_dict
from gwkeras.data.manifest import Manifest
from gwkeras.domain.opening import divide_record, open_domains
from gwkeras.domain.split import Box, Patch, Split
from gwkeras.fields.record import Fields
from tfrecords_build.patch_size import with_patch_size
from tfrecords_build.patches import entries


def held_out_by(fields: Fields, config: Config, cache: Path) -> Split:
    """The split that a build of this configuration has, with the test patches of a random one; no shard is looked at.

    Args:
        fields: of the configuration's data.
        config: of the experiment.
        cache: folder for regridded arrays.
    Raises: as `open_domains`; BadInput: where no patch holds enough land.
    """
    if config.split.kind != "random":
        return divide_record(fields, config, cache)
    config = with_patch_size(config, fields.grid)
    domains = open_domains(fields, config, cache)
    patches = []
    for month, domain, row, col in entries(list(domains.train), domains.split, config)[0]["test"].tolist():
        cells = domains.train[domain].coarse.window(row, col, config.sample.height, config.sample.width)
        patches.append(Patch(month, domain, Box(cells.south, cells.north, cells.west, cells.east)))
    return replace(domains.split, test_patches=tuple(patches))


def held_out_in(manifest: Manifest, fields: Fields, cache: Path) -> Split:
    """What a finished build holds out, by its own configuration: whatever is judged then was not trained on.

    Args:
        manifest: of the build.
        fields: that it was made from.
        cache: folder for regridded arrays.
    Raises: as `held_out_by`.
    """
    if manifest.split.kind != "random":
        return manifest.split
    return held_out_by(fields, from_dict(manifest.config, "manifest.json"), cache)
