"""The trained network of GNNWR or GTNNWR as plain arrays: it answers without Keras, and is kept as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from gwkeras.core.errors import BadInput

_SLOPE = 0.3  # `gwkeras.models.weighted_regression.SLOPE`, which a test holds equal
_CHUNK = 4096  # rows at a time


@dataclass(frozen=True)
class WeightedNetwork:
    """β + scale · mean over members of g(proximities), see `gwkeras.models.weighted_regression`.

    Args:
        references: (reference, d) coordinates.
        columns: (column,) of the coordinates, one kind of distance after the other.
        kinds: (kind,) how many columns each kind is taken over.
        centres: (kind,) of the distances.
        scales: (kind,) of the distances.
        coefficients: (k,) β of least squares.
        coefficient_scales: (k,).
        weights: kernels and biases, in order: of the fusion where there are kinds to fuse, of each hidden layer, of the answers;
            the first hidden layer's (in, member · h), the others' (in, member · out), biases (member, out).
    """

    references: np.ndarray
    columns: np.ndarray
    kinds: np.ndarray
    centres: np.ndarray
    scales: np.ndarray
    coefficients: np.ndarray
    coefficient_scales: np.ndarray
    weights: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        layers = self._layers
        sizes = [kernel.shape[1:] for kernel, _ in layers]
        fits = (
            int(self.kinds.sum()) == len(self.columns)
            and len(self.kinds) == len(self.centres) == len(self.scales)
            and all(kernel.shape[1] == before[1] for (kernel, _), before in zip(layers[1:], sizes, strict=False))
            and sizes[-1][1] == len(self.coefficients) == len(self.coefficient_scales)
            and layers[0][0].shape[1] >= len(self.references)
            and all(np.isfinite(weight).all() for weight in self.weights)
        )
        if not fits:
            raise BadInput("weighted regression", expected="weights that fit together", found="others", remedy="fit it again")

    def local_coefficients(self, coordinates: np.ndarray, attributes: np.ndarray | None = None) -> np.ndarray:
        """(n, k) the coefficients at each place.

        Args:
            coordinates: (n, d).
            attributes: (n, a) what else the weights follow; None where they follow nothing else.
        """
        result = np.empty((len(coordinates), len(self.coefficients)), dtype=self.weights[0].dtype)
        for rows in _chunks(len(coordinates)):
            near = self.proximities(coordinates[rows])
            if attributes is not None:
                near = np.concatenate([near, attributes[rows].astype(near.dtype)], axis=1)
            x = near[None]  # (member, n, features)
            *hidden, (last, offset) = self._layers
            for kernel, bias in hidden:
                x = x @ kernel + bias[:, None]
                x = np.maximum(x, _SLOPE * x)
            x = x.swapaxes(0, 1).reshape(len(near), -1) @ last.reshape(-1, last.shape[-1]) / len(last) + offset.mean(axis=0)
            result[rows] = self.coefficients + self.coefficient_scales * x
        return result

    def __call__(self, predictors: np.ndarray, coordinates: np.ndarray, attributes: np.ndarray | None = None) -> np.ndarray:
        """(n,) Σ coefficient × predictor, of predictors (n, k) whose last column is 1."""
        return np.einsum("nk,nk->n", self.local_coefficients(coordinates, attributes), predictors)

    def proximities(self, coordinates: np.ndarray) -> np.ndarray:
        """(n, reference), fused where there are several kinds of distance."""
        kind = self.weights[0].dtype
        coordinates, references = coordinates.astype(kind), self.references.astype(kind)
        distances, start = [], 0
        for size, centre, scale in zip(self.kinds, self.centres, self.scales, strict=True):
            columns = self.columns[start : start + size]
            squares = sum((coordinates[:, [c]] - references[:, c]) ** 2 for c in columns)
            distances.append((np.sqrt(squares) - centre) / scale)
            start += size
        if len(distances) == 1:
            return np.asarray(distances[0], dtype=kind)
        kernel, bias, last, offset = self.weights[:4]
        fused = np.full(distances[0].shape, offset[0], dtype=kind)
        for unit in range(kernel.shape[1]):  # unit by unit: (n, reference, unit) would be the largest array of all
            x = sum(distance * kernel[which, unit] for which, distance in enumerate(distances)) + bias[unit]
            fused += np.maximum(x, _SLOPE * x) * last[unit, 0]
        return fused

    @property
    def _layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(member, in, out) and (member, out) of each layer of the members."""
        own = self.weights[4:] if len(self.kinds) > 1 else self.weights
        members = own[-1].shape[0]
        found = []
        for kernel, bias in zip(own[::2], own[1::2], strict=True):
            found.append((kernel.reshape(len(kernel), members, -1).swapaxes(0, 1), bias.reshape(members, -1)))
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """What is kept."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "weights"}
        return {**named, **{f"weight_{number:02d}": weight for number, weight in enumerate(self.weights)}}

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> WeightedNetwork:
        """Inverse of `arrays`. Raises: BadInput: where they do not fit together."""
        weights = tuple(value for name, value in sorted(arrays.items()) if name.startswith("weight_"))
        return cls(**{field.name: arrays[field.name] for field in fields(cls) if field.name != "weights"}, weights=weights)

    def in_double_precision(self) -> WeightedNetwork:
        """The same with float64 weights: what a row is told does not depend on the rows asked with it."""
        return replace(self, weights=tuple(weight.astype(np.float64) for weight in self.weights))


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, rows, _CHUNK))
