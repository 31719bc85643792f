"""The configuration: a frozen tree of dataclasses that carries its own documentation and limits.

`yaml_file.py` reads it from YAML and checks it; `documents.py` writes configs/default.yaml and docs/configuration.md from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gwkeras.core.config.key import key
from gwkeras.core.config.kinds import PRIORS, UPDATES

Month = str  # "2002-04"


@dataclass(frozen=True)
class SourceConfig:
    """One record on disk: a file, a list of files, a folder, a glob or a ZIP."""

    path: tuple[str, ...] = key(
        (), "file, list of files, folder, glob or ZIP; relative to this file; ~ and ${NAME:-default} are expanded", form="path"
    )
    kind: Literal["auto", "g3p", "grace", "era5", "gldas", "netcdf"] = key("auto", "format; auto: recognised by content")
    variables: dict[str, str] = key({}, "canonical name: name in the file, if it is not recognised")
    units: dict[str, str] = key({}, "canonical name: unit, if the file states none or a wrong one")


@dataclass(frozen=True)
class RegionConfig:
    """A box whose edges lie on the product's grid."""

    south: float = key(-90.0, "southern edge", unit="degrees north", at_least=-90, at_most=90)
    north: float = key(90.0, "northern edge", unit="degrees north", at_least=-90, at_most=90)
    west: float = key(-180.0, "western edge", unit="degrees east", at_least=-180, at_most=180)
    east: float = key(180.0, "eastern edge", unit="degrees east", at_least=-180, at_most=180)


@dataclass(frozen=True)
class PointSpreadConfig:
    """The product's filter; its cells are means of the filtered field."""

    kind: Literal["auto", "product", "gaussian", "none"] = key(
        "auto",
        "auto: as the files state, otherwise estimated from the data; product: as the files state, otherwise none; gaussian: as "
        "stated here; none: no filter, cell means alone",
    )
    half_weight_km: float | None = key(
        None,
        "with kind: gaussian, the distance at which the weight is one half (Jekeli 1981); half of a full width at half maximum",
        unit="km",
        above=0,
        at_most=2000,
    )
    over: Literal["product", "land", "everything"] = key(
        "product",
        "land: the mean over land, so that constants stay constant; everything: the sea counts as zero; product: as usual for it",
    )


@dataclass(frozen=True)
class DataConfig:
    """The records, and how they are prepared."""

    gwsa: SourceConfig = key(SourceConfig(), "the coarse storage product")
    climate: tuple[SourceConfig, ...] = key((), "list of climate records, each with the keys of data.gwsa")
    static: tuple[SourceConfig, ...] = key((), "list of fine static fields (elevation, soil …), each with the keys of data.gwsa")
    reference: SourceConfig | None = key(None, "fine field for `target.kind: reference` to learn from; keys of data.gwsa")
    truth: SourceConfig | None = key(None, "fine truth, used for scoring only; keys of data.gwsa")
    region: RegionConfig | None = key(None, "box to work on; null: all of the product, or the part that all files cover")
    margin_km: float | None = key(
        None,
        "margin around the region that is read as well, as far as the files reach, because the filter leaks signal from there; "
        "it is not written. null: 2.5 half-weight radii of the filter that the files state",
        unit="km",
        at_least=0,
        at_most=5000,
    )
    first_month: Month | None = key(
        None, "first month used, such as 2002-04; null: the first that all records have", form="month"
    )
    last_month: Month | None = key(None, "last month used; null: the last that all records have", form="month")
    point_spread: PointSpreadConfig = key(PointSpreadConfig(), "the product's filter")
    coarsen_product: int = key(1, "the product is block-averaged by this factor first", at_least=1, at_most=64)
    minimum_valid_share: float = key(
        0.5, "share of a cell's area with data below which a regridded cell is missing", unit="1", at_least=0, at_most=1
    )
    evapotranspiration: Literal["oudin", "hamon", "thornthwaite", "file", "none"] = key(
        "oudin", "potential evapotranspiration from temperature; file: read it; none: no storage-change terms"
    )
    aridity_cap: float = key(1.0, "ET = min(PET, aridity_cap × P averaged over twelve months)", unit="1", above=0, at_most=10)
    constant_infiltration_efficiency: float = key(
        0.25, "alpha where there is no soil moisture (with it: 0.1 + 0.4 theta)", unit="1", above=0, at_most=1
    )


@dataclass(frozen=True)
class SampleConfig:
    """Shape and channels of a sample."""

    months: int = key(
        6, "T, length of the climate sequence; its last month is the sample's", unit="months", at_least=1, at_most=120
    )
    months_required: int = key(
        0,
        "months of climate required before a month becomes a sample, if more than `months`; set it to compare lengths of memory "
        "on the same months; 0: `months`",
        unit="months",
        at_least=0,
        at_most=120,
    )
    height: int = key(
        0,
        "H, rows of a patch; 0: all rows of the region at the training scale, at most 32",
        unit="coarse cells",
        at_least=0,
        at_most=1024,
    )
    width: int = key(0, "W, columns of a patch; 0: all columns, at most 32", unit="coarse cells", at_least=0, at_most=1024)
    factor: int = key(4, "s, fine cells along a side of a coarse cell", at_least=1, at_most=64)
    climate: tuple[str, ...] = key((), "climate channels; []: every channel that the climate files hold")
    covariates: tuple[str, ...] = key(
        ("auto",),
        "fine covariates: names of static fields, <channel>_anomaly_<months>, <channel>_mean_<months> or "
        "<channel>_memory_<months>, the content of a linear store with that time constant; auto; []: none",
    )


@dataclass(frozen=True)
class TargetConfig:
    """Where fine detail is learned from."""

    kind: Literal["bicubic", "coarsen", "reference", "product"] = key(
        "coarsen",
        "bicubic: the product interpolated (the paper's); coarsen: the product after coarsening; reference: data.reference; "
        "product: the product through its filter, with a network that does not take it as input (model.kind: prior)",
    )


@dataclass(frozen=True)
class SplitConfig:
    """What is trained on and what is held out."""

    kind: Literal["blocked", "random"] = key(
        "blocked", "blocked: spans of months × blocks of cells; random: the paper's, which leaks"
    )
    test_months: tuple[Month, ...] = key((), "spans such as 2010-01:2012-12; []: spans are drawn", form="span")
    validation_months: tuple[Month, ...] = key((), "the same", form="span")
    test_share: float = key(0.2, "share of the months, if spans are drawn", unit="1", at_least=0, below=1)
    validation_share: float = key(0.1, "the same", unit="1", at_least=0, below=1)
    span_months: int = key(12, "length of a drawn span", unit="months", at_least=1, at_most=240)
    buffer_months: int = key(
        0, "months dropped from training on each side of a held-out span", unit="months", at_least=0, at_most=120
    )
    block_cells: int = key(8, "side of a spatial block", unit="product cells", at_least=1, at_most=720)
    block_share: float = key(
        0.1,
        "share of the blocks whose targets are never trained on; if that is less than one block, none is held out and the "
        "report says so",
        unit="1",
        at_least=0,
        below=1,
    )
    buffer_cells: int = key(
        1, "cells around a held-out block that are not trained on either", unit="product cells", at_least=0, at_most=720
    )
    seed: int = key(0, "of the draw", at_least=0)


@dataclass(frozen=True)
class PatchConfig:
    """How patches are cut."""

    layout: Literal["lattice", "random"] = key("lattice", "lattice: regular, with edges and coasts; random: the paper's")
    stride: int = key(0, "step of the lattice; 0: patches overlap by a quarter", unit="coarse cells", at_least=0, at_most=1024)
    train: int = key(8000, "number of patches to train on, at most", unit="patches", at_least=0, at_most=10_000_000)
    validation: int = key(2000, "number of patches to validate on, at most", unit="patches", at_least=0, at_most=10_000_000)
    test: int = key(500, "number of patches to test on, at most", unit="patches", at_least=0, at_most=10_000_000)
    minimum_land: float = key(0.05, "patches with a smaller share of land are left out", unit="1", at_least=0, at_most=1)
    seed: int = key(0, "of random patches", at_least=0)


@dataclass(frozen=True)
class ShardConfig:
    """How samples are filed."""

    samples: int = key(256, "approximate number of samples in a shard", unit="samples", at_least=1, at_most=1_000_000)
    compression: Literal["none", "gzip"] = key("none", "of the shards")


@dataclass(frozen=True)
class ModelConfig:
    """The network."""

    kind: Literal["paper", "default", "prior"] = key(
        "default",
        "paper: as published; default: with fine covariates and exact conservation; prior: without the product "
        "among its inputs, for target.kind: product",
    )
    convlstm_filters: tuple[int, ...] = key(
        (16,),
        "channels of each ConvLSTM layer; []: none, the last month's climate alone",
        unit="channels",
        at_least=1,
        at_most=4096,
    )
    unet_filters: tuple[int, ...] = key(
        (32, 32), "channels of each U-Net level; the last is the bottleneck", unit="channels", at_least=1, at_most=4096
    )
    refinement_filters: int = key(32, "channels of the fine-scale block", unit="channels", at_least=1, at_most=4096)
    refinement_layers: int = key(2, "convolutions of the fine-scale block", at_least=0, at_most=64)
    batch_normalisation: bool = key(True, "after each convolution of the U-Net")
    uncertainty_head: bool = key(
        True, "false: one standard deviation for all cells, set by calibration; the data loss becomes a squared error"
    )
    dropout: float = key(0.3, "share of features dropped while training", unit="1", at_least=0, below=1)


@dataclass(frozen=True)
class LossConfig:
    """L = data + physics_weight × physics + smoothness_weight × smoothness."""

    data: Literal["nll", "beta_nll", "crps"] = key("beta_nll", "nll: the paper's equation 11")
    beta: float = key(0.5, "of beta_nll", unit="1", at_least=0, at_most=1)
    physics_weight: float = key(0.05, "weight of all physics terms", unit="1", at_least=0)
    sign_weight: float = key(1.0, "within physics: storage falls where P - ET is positive, or the reverse", unit="1", at_least=0)
    magnitude_weight: float = key(1.0, "within physics: storage change against infiltration", unit="1", at_least=0)
    regional_weight: float = key(
        1.0,
        "within physics: block means of storage change against infiltration; in kind: default a constant without gradient",
        unit="1",
        at_least=0,
    )
    difference_weight: float = key(
        1.0, "target.kind: product only: of differences between neighbouring product cells, beside the cells' own", at_least=0
    )
    smoothness_weight: float = key(0.01, "of differences between neighbours", unit="1", at_least=0)
    smoothness: Literal["squared", "absolute"] = key("squared", "squared: the paper's equation 15")
    centred: bool = key(False, "magnitude term between anomalies from each sample's mean")
    regional_block_degrees: float = key(
        4.0, "side of the regional term's blocks, at the scale trained on", unit="degrees", above=0, at_most=90
    )


@dataclass(frozen=True)
class TrainingConfig:
    """One training run."""

    epochs: int = key(30, "at most", unit="epochs", at_least=1, at_most=100_000)
    batch_size: int = key(32, "over all devices together", unit="samples", at_least=1, at_most=65_536)
    learning_rate: float = key(1e-3, "initial learning rate of AdamW", unit="1", above=0, at_most=1)
    weight_decay: float = key(1e-5, "of AdamW", unit="1", at_least=0, at_most=1)
    clip_norm: float = key(1.0, "gradients are clipped to this norm", unit="1", above=0)
    plateau_factor: float = key(0.5, "factor on the learning rate at a plateau", unit="1", above=0, below=1)
    plateau_patience: int = key(3, "epochs without improvement before that", unit="epochs", at_least=1, at_most=100_000)
    stopping_patience: int = key(
        10, "epochs without improvement before training stops", unit="epochs", at_least=1, at_most=100_000
    )
    scale_transfer: bool = key(True, "`target.kind: coarsen` only: choose the number of epochs one scale up")
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = key(
        "float32", "precision of the network's arithmetic; weights, heads and losses are always float32"
    )
    accumulate: int = key(
        1,
        "number of pieces into which each device splits its part of a batch, to save memory",
        at_least=1,
        at_most=65_536,
    )
    shuffle_buffer: int = key(2048, "samples in the shuffle buffer", unit="samples", at_least=1, at_most=10_000_000)
    seed: int = key(0, "seed of weights, dropout and shuffling", at_least=0)
    members: int = key(
        1,
        "number of networks, each trained with its own seed and without one span of months, and averaged; their spread adds to σ",
        at_least=1,
        at_most=100,
    )


def _no_update() -> Any:
    return UPDATES.of("none", "methods")()


def _network() -> Any:
    return PRIORS.of("network", "methods")()


def _default_methods() -> tuple[MethodConfig, ...]:
    return (MethodConfig(prior=PRIORS.of("stack", "methods")(), update=UPDATES.of("kriging", "methods")()),)


@dataclass(frozen=True)
class MethodConfig:
    """A way to downscale: what each fine cell should hold, and what the product says that this has missed."""

    name: str = key("", "name in tables; empty: built from its parts")
    prior: Any = key(_network, "a kind, or a section with its kind and its keys", kinds=PRIORS)
    update: Any = key(_no_update, "the same", kinds=UPDATES)


@dataclass(frozen=True)
class DownscaleConfig:
    """The whole region, month after month."""

    tile: int = key(
        0,
        "side of an inference tile without its halo; 0: the tiling with the least computation",
        unit="coarse cells",
        at_least=0,
        at_most=4096,
    )
    interval: float = key(0.9, "probability of the written interval", unit="1", above=0, below=1)


@dataclass(frozen=True)
class Config:
    """Everything that a run depends on."""

    name: str = key("gwkeras", "label of the run and of the exported model")
    data: DataConfig = key(DataConfig(), "the records, and how they are prepared")
    sample: SampleConfig = key(SampleConfig(), "shape and channels of a sample")
    target: TargetConfig = key(TargetConfig(), "what fine detail is learned from")
    split: SplitConfig = key(SplitConfig(), "what is trained on and what is held out")
    patches: PatchConfig = key(PatchConfig(), "how patches are cut")
    shards: ShardConfig = key(ShardConfig(), "how samples are filed")
    model: ModelConfig = key(ModelConfig(), "the network")
    loss: LossConfig = key(LossConfig(), "L = data + physics_weight × physics + smoothness_weight × smoothness")
    training: TrainingConfig = key(TrainingConfig(), "one training run")
    methods: tuple[MethodConfig, ...] = key(
        _default_methods, "methods, all scored together with the interpolations; the first one is written"
    )
    downscale: DownscaleConfig = key(DownscaleConfig(), "the whole region, month after month")
