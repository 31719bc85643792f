"""The paper's network, exported: four levels deep, so sizes divisible by eight."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gwkeras.core.config.tree import ModelConfig
from gwkeras.core.config.yaml_file import to_dict
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.export.saved_model import export_saved_model
from gwkeras.models.build import build_model
from gwkeras.serving import load_saved_model
from tests.serving.small_model import SAMPLE, STATISTICS, small_info, small_inputs, taken

CONFIG = ModelConfig(kind="paper", convlstm_filters=(4, 4), unet_filters=(4, 5, 6, 7))


@pytest.mark.slow
def test_any_height_and_width_divisible_by_eight(tmp_path):
    network = build_model(CONFIG, SAMPLE, STATISTICS)
    info = small_info(network, kind="paper", divisor=8, calibrated=False, network=json.dumps(to_dict(CONFIG)))
    samples = taken(network, small_inputs())
    assert set(samples) == {"climate", "gwsa", "land"}
    export_saved_model(network, Calibration(), tmp_path, info=info, samples=samples)
    served = load_saved_model(tmp_path)
    assert not served.conserving
    assert served.model_info.model_config == CONFIG
    for count, height, width in ((1, 8, 8), (2, 16, 24), (5, 8, 40), (1, 64, 64)):
        inputs = small_inputs(count, height, width)
        expected = network.predict_on_batch(taken(network, inputs))
        found = served(inputs)
        np.testing.assert_allclose(found["mean"], expected["mean"], atol=1e-3, rtol=0)
        np.testing.assert_allclose(found["variance"], expected["variance"], rtol=1e-4)
    with pytest.raises(BadInput, match="height and width divisible by 8, found"):
        served(small_inputs(1, 12, 16))
