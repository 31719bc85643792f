"""A small domain in memory, and small networks that see it: for tests of everything that downscales."""

from pathlib import Path

import keras
import numpy as np

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.grid import Grid
from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.domain import Domain
from gwkeras.domain.drivers import Drivers
from gwkeras.methods.network.mosaic import Mosaic
from gwkeras.models.architecture import receptive_field, size_divisor
from gwkeras.models.build import build_model

CLIMATE = ("precipitation", "temperature")
FACTOR, MEMORY = 2, 3


def make_domain(
    n_lat: int,
    n_lon: int,
    *,
    step: float = 0.5,
    west: float = 10.0,
    south: float = -10.0,
    seed: int = 0,
    sea: float = 0.2,
    gap: int | None = None,
    factor: int = FACTOR,
    memory: int = MEMORY,
    months: int = 4,
) -> Domain:
    """Random smooth fields of 2002-04 on; `gap` is the position of a month that storage lacks."""
    rng = np.random.default_rng(seed)
    coarse = Grid(south, west, step, step, n_lat, n_lon)
    fine = coarse.refine(factor)
    land = (rng.uniform(size=coarse.shape) > sea).astype(np.float32)
    land_fine = (np.repeat(np.repeat(land, factor, 0), factor, 1) * rng.uniform(0.2, 1.0, fine.shape)).astype(np.float32)
    months_of_climate = np.arange("2002-01", "2003-01", dtype="datetime64[M]")
    stamps = months_of_climate[memory : memory + months]
    stamps = np.delete(stamps, gap) if gap is not None else stamps

    def record(grid: Grid, mean: float, std: float) -> np.ndarray:
        return (mean + std * rng.normal(size=(len(months_of_climate), *grid.shape))).astype(np.float32)

    channels = {"precipitation": record(coarse, 80.0, 30.0), "temperature": record(coarse, 290.0, 8.0)}
    storage = np.where(land > 0, 40.0 * rng.normal(size=(len(stamps), *coarse.shape)), np.nan).astype(np.float32)
    static = {"elevation": (500 * rng.uniform(size=fine.shape)).astype(np.float32)}
    nowhere = Path("unused")
    return Domain(
        factor=factor,
        memory=memory,
        climate_channels=CLIMATE,
        fine_covariates=(Covariate("elevation", "elevation", "static"),),
        coarse_drivers=Drivers(coarse, Calendar(months_of_climate), channels, {}, land, nowhere, ""),
        fine_drivers=Drivers(fine, Calendar(months_of_climate), {}, static, land_fine, nowhere, ""),
        fine_origin=(0, 0),
        calendar=Calendar(stamps),
        record=Calendar(stamps),
        storage=storage,
        fine_target=None,
        fine_target_sigma=None,
        constant_efficiency=0.25,
    )


def make_network(
    kind: str = "default",
    *,
    convlstm=(4,),
    unet=(4, 6, 8),
    refinement_layers: int = 2,
    factor: int = FACTOR,
    memory: int = MEMORY,
) -> tuple[keras.Model, ModelConfig]:
    """A small network whose every weight counts."""
    keras.utils.set_random_seed(5)
    config = ModelConfig(
        kind=kind, convlstm_filters=convlstm, unet_filters=unet, refinement_filters=6, refinement_layers=refinement_layers
    )
    sample = SampleShape(memory, 8, 8, factor, CLIMATE, ("elevation",) if kind == "default" else ())
    covariates = {f"covariate_{name}": (values,) for name, values in (("mean", 250.0), ("std", 100.0), ("deviation_std", 80.0))}
    statistics = Statistics((80.0, 290.0), (30.0, 8.0), 0.0, 40.0, residual_std=20.0, **(covariates if kind == "default" else {}))
    network = build_model(config, sample, statistics)
    rng = np.random.default_rng(1)
    for weight in network.trainable_variables:
        if weight.name != "gamma":
            fan = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 4.0
            weight.assign(rng.normal(size=weight.shape) * (2.0 / fan) ** 0.5)
    return network, config


def as_method(network: keras.Model, config: ModelConfig, *, factor: int = FACTOR, memory: int = MEMORY, **options) -> Mosaic:
    """The network as a fitted prior."""
    names = [tensor.name for tensor in network.inputs]
    reach = receptive_field(config, memory, factor)
    return Mosaic(lambda x: network.predict_on_batch({n: x[n] for n in names}), size_divisor(config), reach, **options)


def random_inputs(
    network: keras.Model, height: int, width: int, factor: int = FACTOR, memory: int = MEMORY
) -> dict[str, np.ndarray]:
    """One sample that is land throughout."""
    shape = SampleShape(memory, height, width, factor, CLIMATE, ("elevation",))
    rng = np.random.default_rng(0)
    inputs = {f.name: rng.normal(size=(1, *f.shape(shape))).astype(np.float32) for f in features(shape, "input")}
    for name in ("land", "land_fine", "has_previous", "time"):
        inputs[name] = np.ones_like(inputs[name])
    inputs["latitude"] = np.linspace(0, 10, height, dtype=np.float32)[None]
    return {tensor.name: inputs[tensor.name] for tensor in network.inputs}
