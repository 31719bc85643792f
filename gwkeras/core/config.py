"""The configuration: a frozen tree of dataclasses. `configuration.py` reads it from YAML; configs/default.yaml explains each key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Month = str  # "2002-04"


@dataclass(frozen=True)
class SourceConfig:
    """One record on disk: a file, a list of files, a folder, a glob or a ZIP."""

    path: tuple[str, ...] = ()
    kind: Literal["auto", "g3p", "grace", "era5", "gldas", "netcdf"] = "auto"
    variables: dict[str, str] = field(default_factory=dict)  # canonical name -> name in the file
    units: dict[str, str] = field(default_factory=dict)  # canonical name -> unit, where the file states none


@dataclass(frozen=True)
class RegionConfig:
    """Degrees; edges on the product's grid. Longitudes in [-180, 180]."""

    south: float = -90.0
    north: float = 90.0
    west: float = -180.0
    east: float = 180.0


@dataclass(frozen=True)
class DataConfig:
    gwsa: SourceConfig = SourceConfig()
    climate: tuple[SourceConfig, ...] = ()
    static: tuple[SourceConfig, ...] = ()
    reference: SourceConfig | None = None  # the fine field that `target: reference` learns
    truth: SourceConfig | None = None  # looked at by `evaluate` only, never by build or train
    region: RegionConfig | None = None
    first_month: Month | None = None
    last_month: Month | None = None
    coarsen_product: int = 1  # the product is block-averaged by this factor first (Bangladesh: 0.25° GLDAS seen at 1°)
    minimum_valid_share: float = 0.5  # of a cell's area with data, below which a regridded cell is missing
    evapotranspiration: Literal["oudin", "hamon", "thornthwaite", "file", "none"] = "oudin"
    aridity_cap: float = 1.0  # ET = min(PET, aridity_cap × P averaged over twelve months)
    constant_infiltration_efficiency: float = 0.25  # alpha where there is no soil moisture


@dataclass(frozen=True)
class SampleConfig:
    months: int = 6
    height: int = 32
    width: int = 32
    factor: int = 4
    climate: tuple[str, ...] = ()  # empty: every channel that the climate files hold
    covariates: tuple[str, ...] = ("auto",)  # names of static fields, `<channel>_anomaly_<n>` or `<channel>_mean_<n>`


@dataclass(frozen=True)
class TargetConfig:
    kind: Literal["bicubic", "coarsen", "reference"] = "coarsen"


@dataclass(frozen=True)
class SplitConfig:
    kind: Literal["blocked", "random"] = "blocked"
    test_months: tuple[Month, ...] = ()  # "2010-01:2012-12" spans; empty: spans are drawn
    validation_months: tuple[Month, ...] = ()
    test_share: float = 0.2  # of the months, where spans are drawn
    validation_share: float = 0.1
    span_months: int = 12  # length of a drawn span
    buffer_months: int = 0  # dropped from training on each side of a held-out span
    block_cells: int = 8  # side of a spatial block in product cells
    block_share: float = 0.0  # share of the blocks whose targets are never trained on
    buffer_cells: int = 1  # product cells around a held-out block that are not trained on either
    seed: int = 0


@dataclass(frozen=True)
class PatchConfig:
    layout: Literal["lattice", "random"] = "lattice"
    stride: int = 0  # of the lattice, in coarse cells; 0: patch size minus overlap of a quarter
    train: int = 8000  # numbers of random patches
    validation: int = 2000
    test: int = 500
    minimum_land: float = 0.05  # patches with a smaller share of land are left out
    seed: int = 0


@dataclass(frozen=True)
class ShardConfig:
    samples: int = 256  # about this many a shard
    compression: Literal["none", "gzip"] = "none"


@dataclass(frozen=True)
class ModelConfig:
    kind: Literal["paper", "default"] = "default"
    convlstm_filters: tuple[int, ...] = (64, 64)
    unet_filters: tuple[int, ...] = (64, 128, 256, 512)  # the last is the bottleneck
    refinement_filters: int = 32
    refinement_layers: int = 2
    batch_normalisation: bool = True
    dropout: float = 0.0


@dataclass(frozen=True)
class LossConfig:
    data: Literal["nll", "beta_nll", "crps"] = "beta_nll"
    beta: float = 0.5
    physics_weight: float = 0.05
    sign_weight: float = 1.0
    magnitude_weight: float = 1.0
    regional_weight: float = 1.0
    smoothness_weight: float = 0.01
    smoothness: Literal["squared", "absolute"] = "squared"
    centred: bool = False
    regional_block_degrees: float = 4.0


@dataclass(frozen=True)
class TrainingConfig:
    epochs: int = 30
    batch_size: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    clip_norm: float = 1.0
    plateau_factor: float = 0.5
    plateau_patience: int = 3
    stopping_patience: int = 10
    scale_transfer: bool = True  # `target: coarsen` only: choose the number of epochs one scale up
    shuffle_buffer: int = 2048
    seed: int = 0


@dataclass(frozen=True)
class DownscaleConfig:
    tile: int = 64  # coarse cells
    interval: float = 0.9


@dataclass(frozen=True)
class Config:
    name: str = "gwkeras"
    data: DataConfig = DataConfig()
    sample: SampleConfig = SampleConfig()
    target: TargetConfig = TargetConfig()
    split: SplitConfig = SplitConfig()
    patches: PatchConfig = PatchConfig()
    shards: ShardConfig = ShardConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    training: TrainingConfig = TrainingConfig()
    downscale: DownscaleConfig = DownscaleConfig()
