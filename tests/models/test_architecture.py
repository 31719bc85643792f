"""The receptive field against the network itself: what is changed within it shows, what is changed beyond it does not."""

import numpy as np
import pytest

from gwkeras.core.config.tree import ModelConfig
from gwkeras.models.architecture import receptive_field, size_divisor
from tests.methods.worlds import make_network, random_inputs


def test_plain_convolutions_by_hand():
    """One level, no upsampling: two 3 × 3 convolutions and a ConvLSTM over one month reach three cells."""
    assert receptive_field(ModelConfig(kind="paper", convlstm_filters=(4,), unet_filters=(4,)), 1, 1) == 3
    assert receptive_field(ModelConfig(kind="paper", convlstm_filters=(4, 4), unet_filters=(4,)), 6, 1) == 2 + 5 + 2


def test_the_paper_s_network_by_hand():
    """Decoder from the first fine cell: -1, -3 | -2, -4 | -2, -4 | -2, -4; encoder: -8, -10; -20, -22; -44, -46; memory 2 + 5."""
    paper = ModelConfig(kind="paper", convlstm_filters=(64, 64), unet_filters=(64, 128, 256, 512))
    assert receptive_field(paper, 6, 4) == 53


@pytest.mark.parametrize(
    ("kind", "convlstm", "unet", "refinement", "months", "factor"),
    [
        ("default", (4,), (4, 4), 2, 3, 4),
        ("default", (3,), (4, 4, 4), 5, 2, 3),
        ("paper", (3, 3), (4, 4, 4, 4), 0, 2, 2),
        ("paper", (), (4, 4), 0, 3, 2),
    ],
)
def test_nothing_beyond_it_is_seen_and_its_edge_is(kind, convlstm, unet, refinement, months, factor):
    network, config = make_network(kind, convlstm=convlstm, unet=unet, refinement_layers=refinement, factor=factor, memory=months)
    divisor, reach = size_divisor(config), receptive_field(config, months, factor)
    # The memory adds its cells before the U-Net: the field of storage, which enters there, is seen that much less far.
    trunk = reach - (len(convlstm) + months - 1 if convlstm else 0)
    start = -(-(reach + 2) // divisor) * divisor
    height, width = 2 * start + divisor, divisor
    core = slice(start * factor, (start + divisor) * factor)
    inputs = random_inputs(network, height, width, factor, months)
    # Where three rows beside the core are missing, what carries the product takes the fourth's values for them.
    sea = {name: inputs[name].copy() for name in ("land", "land_fine") if name in inputs}
    for first in (start - 3, start + divisor):
        for name, values in sea.items():
            scale = factor if name == "land_fine" else 1
            values[:, scale * first : scale * (first + 3)] = 0
    with_sea = inputs | (sea if kind == "default" else {})

    def change(name: str, rows: slice, inputs: dict[str, np.ndarray] = inputs) -> float:
        """Largest change in the core, as a share of the largest value, when `rows` of an input are larger, or smaller, ones."""
        expected, jump = network.predict_on_batch(inputs), 500.0 if name == "climate" else 50_000.0
        changes = []
        for sign in (1, -1):  # a rectifier may let only one of them through
            altered = {**inputs, name: inputs[name].copy()}
            altered[name][(slice(None),) * (2 if name == "climate" else 1) + (rows,)] += sign * jump
            found = network.predict_on_batch(altered)
            changes += [float(np.abs(found[k] - expected[k])[:, core].max() / np.abs(expected[k]).max()) for k in expected]
        return max(changes)

    for name, cells in (("climate", reach), ("gwsa", max(trunk, 4 if kind == "default" else 0))):
        assert change(name, slice(0, start - cells)) < 1e-6
        assert change(name, slice(start + divisor + cells, None)) < 1e-6
        assert change(name, slice(0, start - cells), with_sea) < 1e-6
        assert change(name, slice(start + divisor + cells, None), with_sea) < 1e-6
    assert change("gwsa", slice(start - trunk, start - trunk + 1), with_sea) > 1e-6
    assert change("gwsa", slice(start + divisor + trunk - 1, start + divisor + trunk), with_sea) > 1e-6
