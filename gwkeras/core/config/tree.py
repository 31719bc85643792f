"""The configuration: a frozen tree of dataclasses that carries its own documentation and limits.

`yaml_file.py` reads it from YAML and checks it; `documents.py` writes configs/default.yaml and docs/configuration.md from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Month = str  # "2002-04"


@dataclass(frozen=True)
class Key:
    """What a configuration key means and which values it accepts.

    Args:
        meaning: one line for the reader of default.yaml.
        unit: unit of a number.
        at_least, at_most: inclusive limits of a number, or of every number of a list.
        above, below: the same, exclusive.
        form: what a text stands for, where it is checked or rewritten as such.
    """

    meaning: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    form: Literal["text", "path", "month", "span"] = "text"


def _key(default: Any, meaning: str, **limits: Any) -> Any:
    metadata = {"key": Key(meaning, **limits)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class SourceConfig:
    """One record on disk: a file, a list of files, a folder, a glob or a ZIP."""

    path: tuple[str, ...] = _key(
        (), "file, list of files, folder, glob or ZIP; relative to this file; ~ and ${NAME:-default} are expanded", form="path"
    )
    kind: Literal["auto", "g3p", "grace", "era5", "gldas", "netcdf"] = _key("auto", "format; auto: recognised by content")
    variables: dict[str, str] = _key({}, "canonical name: name in the file, where they cannot be guessed")
    units: dict[str, str] = _key({}, "canonical name: unit, where the file states none")


@dataclass(frozen=True)
class RegionConfig:
    """A box whose edges lie on the product's grid."""

    south: float = _key(-90.0, "southern edge", unit="degrees north", at_least=-90, at_most=90)
    north: float = _key(90.0, "northern edge", unit="degrees north", at_least=-90, at_most=90)
    west: float = _key(-180.0, "western edge", unit="degrees east", at_least=-180, at_most=180)
    east: float = _key(180.0, "eastern edge", unit="degrees east", at_least=-180, at_most=180)


@dataclass(frozen=True)
class PointSpreadConfig:
    """What the product has been smoothed by; its cells are means of the smoothed field."""

    kind: Literal["product", "gaussian", "none"] = _key(
        "product", "product: what its files say, none where they say nothing; gaussian: as stated here; none: cell means alone"
    )
    half_weight_km: float | None = _key(
        None,
        "with kind: gaussian, the distance at which the weight is one half (Jekeli 1981); half of a full width at half maximum",
        unit="km",
        above=0,
        at_most=2000,
    )
    over: Literal["product", "land", "everything"] = _key(
        "product",
        "land: the mean over land, so that constants stay; everything: the sea counts as zero; product: as its kind is made",
    )


@dataclass(frozen=True)
class DataConfig:
    """The records, and what is made of them."""

    gwsa: SourceConfig = _key(SourceConfig(), "the coarse storage product")
    climate: tuple[SourceConfig, ...] = _key((), "list of climate records, each with the keys of data.gwsa")
    static: tuple[SourceConfig, ...] = _key((), "list of fine static fields (elevation, soil …), each with the keys of data.gwsa")
    reference: SourceConfig | None = _key(None, "the fine field that `target.kind: reference` learns; keys of data.gwsa")
    truth: SourceConfig | None = _key(None, "fine truth, looked at by evaluate only, never by build or train; keys of data.gwsa")
    region: RegionConfig | None = _key(None, "box to work on; null: all of the product")
    first_month: Month | None = _key(
        None, "first month used, such as 2002-04; null: the first that all records have", form="month"
    )
    last_month: Month | None = _key(None, "last month used; null: the last that all records have", form="month")
    point_spread: PointSpreadConfig = _key(PointSpreadConfig(), "what the product has been smoothed by")
    coarsen_product: int = _key(1, "the product is block-averaged by this factor first", at_least=1, at_most=64)
    minimum_valid_share: float = _key(
        0.5, "share of a cell's area with data below which a regridded cell is missing", unit="1", at_least=0, at_most=1
    )
    evapotranspiration: Literal["oudin", "hamon", "thornthwaite", "file", "none"] = _key(
        "oudin", "potential evapotranspiration from temperature; file: read it; none: no storage-change terms"
    )
    aridity_cap: float = _key(1.0, "ET = min(PET, aridity_cap × P averaged over twelve months)", unit="1", above=0, at_most=10)
    constant_infiltration_efficiency: float = _key(
        0.25, "alpha where there is no soil moisture (with it: 0.1 + 0.4 theta)", unit="1", above=0, at_most=1
    )


@dataclass(frozen=True)
class SampleConfig:
    """Shape and channels of a sample."""

    months: int = _key(
        6, "T, length of the climate sequence; its last month is the sample's", unit="months", at_least=1, at_most=120
    )
    months_required: int = _key(
        0,
        "months of climate that a month must have before it to become a sample, where that is more than `months`: it lets "
        "different memories share their months; 0: `months`",
        unit="months",
        at_least=0,
        at_most=120,
    )
    height: int = _key(
        0,
        "H, rows of a patch; 0: as many as the region has at the scale trained on, at most 32",
        unit="coarse cells",
        at_least=0,
        at_most=1024,
    )
    width: int = _key(0, "W, columns of a patch; 0: likewise", unit="coarse cells", at_least=0, at_most=1024)
    factor: int = _key(4, "s, fine cells along a side of a coarse cell", at_least=1, at_most=64)
    climate: tuple[str, ...] = _key((), "climate channels; []: every channel that the climate files hold")
    covariates: tuple[str, ...] = _key(
        ("auto",),
        "fine covariates: names of static fields, <channel>_anomaly_<months> or <channel>_mean_<months>; auto; []: none",
    )


@dataclass(frozen=True)
class TargetConfig:
    """Where fine detail is learned from."""

    kind: Literal["bicubic", "coarsen", "reference"] = _key(
        "coarsen", "bicubic: the product interpolated (the paper's); coarsen: the product seen coarser; reference: data.reference"
    )


@dataclass(frozen=True)
class SplitConfig:
    """What is trained on and what is held out."""

    kind: Literal["blocked", "random"] = _key(
        "blocked", "blocked: spans of months × blocks of cells; random: the paper's, which leaks"
    )
    test_months: tuple[Month, ...] = _key((), "spans such as 2010-01:2012-12; []: spans are drawn", form="span")
    validation_months: tuple[Month, ...] = _key((), "the same", form="span")
    test_share: float = _key(0.2, "share of the months, where spans are drawn", unit="1", at_least=0, below=1)
    validation_share: float = _key(0.1, "the same", unit="1", at_least=0, below=1)
    span_months: int = _key(12, "length of a drawn span", unit="months", at_least=1, at_most=240)
    buffer_months: int = _key(0, "dropped from training on each side of a held-out span", unit="months", at_least=0, at_most=120)
    block_cells: int = _key(8, "side of a spatial block", unit="product cells", at_least=1, at_most=720)
    block_share: float = _key(0.0, "share of the blocks whose targets are never trained on", unit="1", at_least=0, below=1)
    buffer_cells: int = _key(
        1, "cells around a held-out block that are not trained on either", unit="product cells", at_least=0, at_most=720
    )
    seed: int = _key(0, "of the draw", at_least=0)


@dataclass(frozen=True)
class PatchConfig:
    """How patches are cut."""

    layout: Literal["lattice", "random"] = _key("lattice", "lattice: regular, edges and coasts included; random: the paper's")
    stride: int = _key(
        0, "of the lattice; 0: patch size minus overlap of a quarter", unit="coarse cells", at_least=0, at_most=1024
    )
    train: int = _key(8000, "number of patches to train on, at most", unit="patches", at_least=0, at_most=10_000_000)
    validation: int = _key(2000, "number of patches to validate on, at most", unit="patches", at_least=0, at_most=10_000_000)
    test: int = _key(500, "number of patches to test on, at most", unit="patches", at_least=0, at_most=10_000_000)
    minimum_land: float = _key(0.05, "patches with a smaller share of land are left out", unit="1", at_least=0, at_most=1)
    seed: int = _key(0, "of random patches", at_least=0)


@dataclass(frozen=True)
class ShardConfig:
    """How samples are filed."""

    samples: int = _key(256, "about this many a shard", unit="samples", at_least=1, at_most=1_000_000)
    compression: Literal["none", "gzip"] = _key("none", "of the shards")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    kind: Literal["paper", "default"] = _key(
        "default", "paper: as published; default: with fine covariates and exact conservation"
    )
    convlstm_filters: tuple[int, ...] = _key(
        (16,),
        "channels of each ConvLSTM layer; []: none, the last month's climate alone",
        unit="channels",
        at_least=1,
        at_most=4096,
    )
    unet_filters: tuple[int, ...] = _key(
        (32, 32), "channels of each U-Net level; the last is the bottleneck", unit="channels", at_least=1, at_most=4096
    )
    refinement_filters: int = _key(32, "channels of the fine-scale block", unit="channels", at_least=1, at_most=4096)
    refinement_layers: int = _key(2, "convolutions of the fine-scale block", at_least=0, at_most=64)
    batch_normalisation: bool = _key(True, "after each convolution of the U-Net")
    uncertainty_head: bool = _key(
        True, "false: one standard deviation for all cells, settled by calibration; the data loss becomes a squared error"
    )
    dropout: float = _key(0.3, "share of features dropped while training", unit="1", at_least=0, below=1)


@dataclass(frozen=True)
class LossConfig:
    """L = data + physics_weight × physics + smoothness_weight × smoothness."""

    data: Literal["nll", "beta_nll", "crps"] = _key("beta_nll", "nll: the paper's equation 11")
    beta: float = _key(0.5, "of beta_nll", unit="1", at_least=0, at_most=1)
    physics_weight: float = _key(0.05, "of the three physics terms together", unit="1", at_least=0)
    sign_weight: float = _key(1.0, "within physics: storage falls where P - ET is positive, or the reverse", unit="1", at_least=0)
    magnitude_weight: float = _key(1.0, "within physics: storage change against infiltration", unit="1", at_least=0)
    regional_weight: float = _key(1.0, "within physics: block means against the product", unit="1", at_least=0)
    smoothness_weight: float = _key(0.01, "of differences between neighbours", unit="1", at_least=0)
    smoothness: Literal["squared", "absolute"] = _key("squared", "squared: the paper's equation 15")
    centred: bool = _key(False, "magnitude term between anomalies from each sample's mean")
    regional_block_degrees: float = _key(4.0, "side of the regional term's blocks", unit="degrees", above=0, at_most=90)


@dataclass(frozen=True)
class TrainingConfig:
    """One training run."""

    epochs: int = _key(30, "at most", unit="epochs", at_least=1, at_most=100_000)
    batch_size: int = _key(32, "over all devices together", unit="samples", at_least=1, at_most=65_536)
    learning_rate: float = _key(1e-3, "of AdamW at the start", unit="1", above=0, at_most=1)
    weight_decay: float = _key(1e-5, "of AdamW", unit="1", at_least=0, at_most=1)
    clip_norm: float = _key(1.0, "largest norm of the gradient", unit="1", above=0)
    plateau_factor: float = _key(0.5, "the learning rate is multiplied by it on a plateau", unit="1", above=0, below=1)
    plateau_patience: int = _key(3, "epochs without gain before that", unit="epochs", at_least=1, at_most=100_000)
    stopping_patience: int = _key(10, "epochs without gain before training stops", unit="epochs", at_least=1, at_most=100_000)
    scale_transfer: bool = _key(True, "`target.kind: coarsen` only: choose the number of epochs one scale up")
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = _key(
        "float32", "of the network's arithmetic; weights, heads and losses are in float32 whatever it is"
    )
    accumulate: int = _key(
        1,
        "pieces in which each device works through its part of a batch, one after the other, to save memory",
        at_least=1,
        at_most=65_536,
    )
    shuffle_buffer: int = _key(2048, "samples in the shuffle buffer", unit="samples", at_least=1, at_most=10_000_000)
    seed: int = _key(0, "of weights, dropout and shuffling", at_least=0)


@dataclass(frozen=True)
class DownscaleConfig:
    """The whole region, month after month."""

    tile: int = _key(
        0,
        "side of an inference tile, the halo not counted; 0: the tiling with the least to compute",
        unit="coarse cells",
        at_least=0,
        at_most=4096,
    )
    interval: float = _key(0.9, "probability inside the written bounds", unit="1", above=0, below=1)


@dataclass(frozen=True)
class Config:
    """Everything that a run depends on."""

    name: str = _key("gwkeras", "label of the run and of the exported model")
    data: DataConfig = _key(DataConfig(), "the records, and what is made of them")
    sample: SampleConfig = _key(SampleConfig(), "shape and channels of a sample")
    target: TargetConfig = _key(TargetConfig(), "where fine detail is learned from")
    split: SplitConfig = _key(SplitConfig(), "what is trained on and what is held out")
    patches: PatchConfig = _key(PatchConfig(), "how patches are cut")
    shards: ShardConfig = _key(ShardConfig(), "how samples are filed")
    model: ModelConfig = _key(ModelConfig(), "the network")
    loss: LossConfig = _key(LossConfig(), "L = data + physics_weight × physics + smoothness_weight × smoothness")
    training: TrainingConfig = _key(TrainingConfig(), "one training run")
    downscale: DownscaleConfig = _key(DownscaleConfig(), "the whole region, month after month")
