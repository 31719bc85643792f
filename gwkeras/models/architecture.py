"""What follows from the shape of a network before it is built: the sizes it accepts, how far it sees, what it needs of memory.

The one place that tells the networks apart. Without Keras: tiling, export and reports ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gwkeras.core.config.tree import ModelConfig

_CARRIED = 2 + 2  # coarse cells that I looks at: two passes over 3 × 3 cells, then a kernel of five cells


@dataclass(frozen=True)
class _Kind:
    """What one kind of network has that another has not.

    Args:
        conserves: whether block means of its mean equal the coarse field.
        carried: coarse cells that carrying the product, or a mean of its own, to the fine grid looks at.
        fine_layers: 3 × 3 convolutions on the fine grid.
        fine_numbers: float32 values that live at the same time for one fine cell.
    """

    conserves: bool
    carried: int
    fine_layers: Callable[[ModelConfig], int]
    fine_numbers: Callable[[ModelConfig], int]


_KINDS = {
    "paper": _Kind(False, 0, lambda model: 0, lambda model: 6),
    "default": _Kind(True, _CARRIED, lambda model: model.refinement_layers, lambda model: 4 * model.refinement_filters),
    "prior": _Kind(False, 0, lambda model: model.refinement_layers, lambda model: 4 * model.refinement_filters),
}


def conserves(kind: str) -> bool:
    """Whether a network of this kind averages to the coarse field whatever its weights.

    Args:
        kind: of `ModelConfig`.

    >>> conserves("default"), conserves("paper")
    (True, False)
    """
    return _KINDS[kind].conserves


def size_divisor(model: ModelConfig) -> int:
    """The number of coarse cells of which height and width must be multiples: one halving for each level of the U-Net.

    Args:
        model: its layers.

    >>> size_divisor(ModelConfig(unet_filters=(64, 128, 256, 512)))
    8
    """
    return 2 ** (len(model.unet_filters) - 1)


def receptive_field(model: ModelConfig, months: int, factor: int) -> int:
    """Coarse cells that the output of an aligned tile depends on, beyond its edge; cells further off change nothing.

    Followed backwards from the first cell of a tile that starts at a multiple of the network's stride: a 3 × 3 convolution
    reaches one cell further, a transposed 2 × 2 convolution takes cell i from i // 2 one level down, pooling takes cell i from
    2i and 2i + 1 one level up. A stack of L ConvLSTM layers over T months has a longest path of T − 1 recurrences and L inputs.

    Args:
        model: its layers.
        months: T.
        factor: s.

    >>> receptive_field(ModelConfig(kind="paper", convlstm_filters=(), unet_filters=(8,)), months=6, factor=4)
    3
    """
    layers = len(model.convlstm_filters)
    kind = _KINDS[model.kind]
    first = _trunk_first(model, _heads_first(model, factor)) - (layers + months - 1 if layers else 0)
    refinement = -(-kind.fine_layers(model) // factor)
    # Detail is carried twice: in the covariates, and in the output, whose carried means the refinement reaches out from.
    return max(-first, 2 * kind.carried + refinement)


def numbers_a_cell(model: ModelConfig, months: int, factor: int) -> int:
    """Rough count of float32 values that live at the same time for one coarse cell, at the widest place of the network.

    Args:
        model: its layers.
        months: T.
        factor: s.

    >>> numbers_a_cell(ModelConfig(kind="paper", convlstm_filters=(64, 64), unet_filters=(64, 128)), months=6, factor=4)
    2688
    """
    # Measured for the paper's network, as peak memory over cells.
    memory = (30 + 2 * months) * max(model.convlstm_filters, default=0)
    trunk = 6 * model.unet_filters[0] + sum(_sides(model.unet_filters))
    fine = factor**2 * _KINDS[model.kind].fine_numbers(model)
    return max(memory, trunk, fine + model.unet_filters[0])


def _heads_first(model: ModelConfig, factor: int) -> int:
    """First cell of the trunk's output that is needed: the lower neighbour in bilinear upsampling to the first fine cell."""
    kind = _KINDS[model.kind]
    fine = -kind.fine_layers(model) - factor * kind.carried
    return (2 * fine + 1 - factor) // (2 * factor)  # ⌊(fine + ½) / s − ½⌋


def _trunk_first(model: ModelConfig, first: int) -> int:
    """First cell of the U-Net's input that is needed for its output from `first` on."""
    levels = len(model.unet_filters) - 1
    skips = []
    for _ in range(levels):
        first -= 2
        skips.append(first)
        first //= 2
    first -= 2
    for skip in reversed(skips):
        first = min(2 * first, skip) - 2
    return first


def _sides(filters: Sequence[int]) -> list[int]:
    return [-(-2 * width // 4**depth) for depth, width in enumerate(filters)]
