"""The network of a run folder, ready to downscale."""

from __future__ import annotations

import keras

from gwkeras.core.config import Config
from gwkeras.core.errors import BadInput
from gwkeras.methods.network import Network
from gwkeras.models.build import size_divisor
from gwkeras.training.calibration import Calibration
from gwkeras.training.run_folder import RunFolder


def load_network(run: RunFolder) -> keras.Model:
    """model.keras, with Keras' safe mode: a file from outside can hold no code.

    Raises: BadInput: where the run has no trained model, or a damaged one.
    """
    import gwkeras.models.build  # noqa: F401  registers the layers that the file names

    if not run.model.exists():
        raise BadInput(run.root, expected="a trained run with model.keras", found="none", remedy="run gwkeras train first")
    try:
        return keras.models.load_model(run.model, compile=False, safe_mode=True)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise BadInput(run.model, expected="a model saved by this version of gwkeras", found=f"one that does not load ({str(error)[:120]})",
                       remedy="train again") from error


def network_method(network: keras.Model, calibration: Calibration, config: Config) -> Network:
    """The network as a method of comparison and downscaling, at the configuration's tiling."""
    names = [tensor.name for tensor in network.inputs]
    divisor = size_divisor(config.model)
    return Network(lambda inputs: network.predict_on_batch({name: inputs[name] for name in names}), divisor,
                   tile=config.downscale.tile, halo=_halo(config), sigma_scale=calibration.sigma_scale,
                   interval_factor=calibration.interval_factor, conserving=config.model.kind == "default")


def _halo(config: Config) -> int:
    """Coarse cells from which an output cell can be reached: what lies further off than this from a tile's edge is exact.

    Each ConvLSTM step and layer reaches one cell further; each level of the U-Net has two 3 × 3 convolutions down and two up
    on cells 2^level wide, and pooling may shift by one of those; bicubic interpolation and the fine block reach two.
    """
    model = config.model
    reach = len(model.convlstm_filters) * config.sample.months + 2
    for level in range(len(model.unet_filters)):
        sides = 1 if level == len(model.unet_filters) - 1 else 2
        reach += (2 * sides + 1) * 2**level
    return reach
