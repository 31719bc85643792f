"""The model over all months of the climate, in numpy or on a Keras backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gwkeras.methods.priors.storage_model.equations import Stores, advance, first_stores, in_balance, storage
from gwkeras.methods.priors.storage_model.weather import Weather


def begin(weather: Weather, parameters: Mapping[str, Any], rain: Any = 1.0) -> Stores:
    """Stores in balance with the mean years before the first month.

    Args:
        weather: of some cells.
        parameters: name -> (..., cell) float32; see `gwkeras.methods.priors.storage_model.parameters.bounded`.
        rain: factor on the precipitation, of a shape that broadcasts.
    """
    stores: Stores = first_stores(np, parameters)
    inflow, last_year = np.zeros_like(stores[0]), len(weather.before[0]) - 12
    for index, (precipitation, temperature, potential) in enumerate(zip(*weather.before, strict=True)):
        mean_month = precipitation * rain, temperature, potential, weather.decades[0]
        stores, arrived = advance(np, stores, mean_month, parameters)
        inflow = inflow + arrived / np.float32(12.0) if index >= last_year else inflow
    return in_balance(np, stores, inflow, parameters)


def run_numpy(weather: Weather, parameters: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """Each month's storage, one after the other.

    Args:
        weather: of some cells.
        parameters: as for `begin`.
    Yields: (..., cell) float32, mm.
    """
    parameters = {name: np.asarray(values, dtype=np.float32) for name, values in parameters.items()}
    stores = begin(weather, parameters)
    for month in zip(weather.precipitation, weather.temperature, weather.potential, weather.decades, strict=True):
        stores, _ = advance(np, stores, month, parameters)
        yield np.asarray(storage(stores, parameters), dtype=np.float32)


def run_keras(weather: Weather, parameters: Mapping[str, Any]) -> Any:
    """All months' storage as one tensor, with gradients.

    Args:
        weather: of some cells.
        parameters: tensors; see `run_numpy`.
    Returns: (C, ..., cell) mm.
    """
    from keras import ops

    before = tuple(ops.convert_to_tensor(field) for field in weather.before)
    during = tuple(
        ops.convert_to_tensor(np.asarray(field, dtype=np.float32))
        for field in (weather.precipitation, weather.temperature, weather.potential, weather.decades)
    )
    early = ops.convert_to_tensor(weather.decades[:1])[0]

    # Keras' scan on TensorFlow wants what is put out each month to be built as what is carried on.
    def mean_month(carried: Any, forcing: Any) -> Any:
        stores, inflow = advance(ops, carried[:-1], (*forcing, early), parameters)
        return (*stores, inflow), (*stores, inflow)

    def month(stores: Any, forcing: Any) -> Any:
        stores, _ = advance(ops, stores, forcing, parameters)
        return stores, stores

    start = first_stores(ops, parameters)
    (*stores, _), (*_, arrived) = ops.scan(mean_month, (*start, ops.zeros_like(start[0])), before)
    stores = in_balance(ops, tuple(stores), ops.mean(arrived[-12:], axis=0), parameters)
    return storage(ops.scan(month, stores, during)[1], parameters)
