import keras
import numpy as np
import pytest
from keras import ops

from gwkeras.layers.unet import unet


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_levels_widths_and_any_size(levels):
    filters = (4, 6, 8, 10)[:levels]
    x = keras.Input((None, None, 3))
    model = keras.Model(x, unet(x, filters))
    side = 2 ** (levels - 1)
    for height, width in ((side, 3 * side), (2 * side, side)):
        assert model(np.zeros((1, height, width, 3), "float32")).shape == (1, height, width, 4)


def test_reach_of_the_deepest_level():
    # one bottleneck level: 2 convolutions above, 2 below on cells twice the size, 2 above: 4 + 2·4 + 1 beyond the block
    x = keras.Input((None, None, 1))
    model = keras.Model(x, unet(x, (2, 2), batch_normalisation=False))
    for weight in model.trainable_weights:
        weight.assign(np.ones(weight.shape))
    base = np.ones((1, 40, 40, 1), "float32")
    bump = base.copy()
    bump[0, 20, 20] += 1
    changed = np.argwhere(np.abs(ops.convert_to_numpy(model(bump) - model(base)))[0, ..., 0] > 0)
    assert changed.min() == 20 - 2 - 2 * 2 - 2
    assert changed.max() == 21 + 2 + 2 * 2 + 2
