"""How far a network sees: the coarse cells beyond a tile that its result depends on."""

from __future__ import annotations

from gwkeras.core.config.tree import ModelConfig

_FILLING_AND_BICUBIC = 2 + 2  # two passes over 3 × 3 cells, then a kernel of five cells


def receptive_field(model: ModelConfig, months: int, factor: int) -> int:
    """Coarse cells that the output of an aligned tile depends on, beyond its edge; cells further off change nothing.

    Followed backwards from the first cell of a tile that starts at a multiple of the network's stride: a 3 × 3 convolution
    reaches one cell further, a transposed 2 × 2 convolution takes cell i from i // 2 one level down, pooling takes cell i from
    2i and 2i + 1 one level up. A stack of L ConvLSTM layers over T months has a longest path of T − 1 recurrences and L inputs.

    Args:
        months: T. factor: s.
    """
    layers = len(model.convlstm_filters)
    first = _trunk_first(model, _heads_first(model, factor)) - (layers + months - 1 if layers else 0)
    return max(-first, _FILLING_AND_BICUBIC if model.kind == "default" else 0)


def _heads_first(model: ModelConfig, factor: int) -> int:
    """First cell of the trunk's output that is needed: the lower neighbour in bilinear upsampling to the first fine cell."""
    fine = -model.refinement_layers if model.kind == "default" else 0
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
