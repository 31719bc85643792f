"""GNNWR's and GTNNWR's network: coefficients of a linear regression that vary with the proximity to reference points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from gwkeras.layers.weighted_regression.local_regression import LocalRegression
from gwkeras.layers.weighted_regression.member_dense import MemberDense
from gwkeras.layers.weighted_regression.proximity import Proximity
from gwkeras.models.start import draw_kernels

SLOPE = 0.3
"""Of the leaky rectifier below 0, where the papers learn one near 0.4."""


@dataclass(frozen=True)
class Design:
    """Sizes and constants of the network.

    Args:
        references: (reference, d) coordinates.
        kinds: columns of the coordinates that each kind of distance is taken over.
        centres: (kind,) of the distances.
        scales: (kind,) of the distances.
        coefficients: (k,) of least squares, the last one of the constant 1.
        coefficient_scales: (k,) what an answer of 1 adds to each.
        attributes: number of further columns that the weights follow, beside the distances.
        members: networks that differ in their start, averaged.
        hidden: units of each hidden layer of a member.
        fusion: units that fuse the kinds of distance of each reference; without effect where there is one kind.
        dropout: share of the units left out while training.

    >>> Design(np.zeros((5, 2)), ((0, 1),), np.zeros(1), np.ones(1), np.ones(3), np.ones(3)).hidden
    (64, 32)
    """

    references: np.ndarray
    kinds: tuple[tuple[int, ...], ...]
    centres: np.ndarray
    scales: np.ndarray
    coefficients: np.ndarray
    coefficient_scales: np.ndarray
    attributes: int = 0
    members: int = 4
    hidden: tuple[int, ...] = (64, 32)
    fusion: int = 4
    dropout: float = 0.1


def weighted_regression(design: Design, leading: Sequence[int | None] = (), seed: int = 0) -> keras.Model:
    """The network.

    Inputs: predictors (batch, ..., k), the last one 1; coordinates (batch, ..., d); attributes (batch, ..., a) if there are any.
    Output: (batch, ..., member), in the unit of the coefficients times the predictors.

    Args:
        design: its sizes and constants.
        leading: shape between batch and columns: () for rows of a table, (cells,) for months of cells.
        seed: of the weights and of what is left out.

    >>> design = Design(np.zeros((5, 2)), ((0, 1),), np.zeros(1), np.ones(1), np.ones(3), np.ones(3), members=2)
    >>> weighted_regression(design).output.shape
    (None, 2)
    """
    rng = np.random.default_rng(seed)
    leading = tuple(leading)
    count, members = len(design.references), design.members
    predictors = keras.Input((*leading, len(design.coefficients)), name="predictors")
    coordinates = keras.Input((*leading, design.references.shape[1]), name="coordinates")
    inputs = [predictors, coordinates]
    near = Proximity(design.references, design.kinds, design.centres, design.scales, name="proximity")(coordinates)
    if len(design.kinds) > 1:  # GTNNWR's spatio-temporal proximity: one for each pair, learned from its distances
        near = layers.Dense(design.fusion, name="fusion")(near)
        near = layers.LeakyReLU(SLOPE)(near)
        near = layers.Dense(1, name="fused")(near)
    near = layers.Reshape((*leading, count), name="proximities")(near)
    if design.attributes:
        attributes = keras.Input((*leading, design.attributes), name="attributes")
        inputs.append(attributes)
        near = layers.Concatenate(name="with_attributes")([near, attributes])
    first = layers.Dense(members * design.hidden[0], name="hidden_0")(near)
    x = layers.Reshape((*leading, members, design.hidden[0]), name="members")(first)
    for number, units in enumerate(design.hidden):
        if number:
            x = MemberDense(units, name=f"hidden_{number}")(x)
        x = layers.LeakyReLU(SLOPE)(x)
        if design.dropout:
            x = layers.Dropout(design.dropout, seed=int(rng.integers(2**31)))(x)
    answers = MemberDense(len(design.coefficients), name="answers")(x)
    output = LocalRegression(design.coefficients, design.coefficient_scales, name="regression")(answers, predictors)
    model = keras.Model(inputs, output, name="weighted_regression")
    draw_kernels(model, 2.0, rng, still=("answers",))  # answers of 0: least squares itself
    return model
