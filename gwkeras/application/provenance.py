"""What a written record was made from and by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gwkeras
from gwkeras.application.quality import TrainedRange
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import config_hash
from gwkeras.data.manifest import MANIFEST, Manifest, read_manifest
from gwkeras.fields.record import Fields
from gwkeras.fields.writing.writer import Provenance
from gwkeras.methods.composition import Composition
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.serving.model_info import ModelInfo


def trained_range(manifest: Manifest | None) -> TrainedRange | None:
    """What a build says about the range of its climate channels; None where it does not."""
    if manifest is None or not manifest.statistics.climate_min:
        return None
    return TrainedRange(manifest.statistics.climate_min, manifest.statistics.climate_max)


def provenance(config: Config, fields: Fields, run: RunFolder, method: Composition, history: str) -> Provenance:
    """For the written file. The configuration is the one that the shards were built with: `--append` compares it.

    Args:
        config: what the network was trained with.
        fields: what is downscaled.
        run: where the network comes from.
        method: what downscales.
        history: the command, or the name of the function, that was called.
    """
    info = model_info_of(method)
    built = read_manifest(run.shards).config_hash if (run.shards / MANIFEST).exists() else config_hash(config)
    return Provenance(
        source=f"model-generated: gwkeras {gwkeras.__version__}, target {config.target.kind}",
        history=history,
        config_hash=info.config_hash if info else built,
        model_version=f"{info.name}, gwkeras {info.version}" if info else f"{config.name}, gwkeras {gwkeras.__version__}",
        network_hash=method.digest,
        input_hashes={s["file"]: s["sha256"] for s in fields.sources},
    )


def model_info_of(method: Composition) -> ModelInfo | None:
    """What an exported model says of itself; None where the method is none."""
    mosaic = getattr(method.prior, "inner", None)
    return getattr(getattr(mosaic, "network", None), "model_info", None)
