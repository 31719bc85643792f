"""Outputs and gradients of both networks with fixed weights on the running backend, written to the .npz named as argument.

Run by test_backends.py in a process of its own: a process has one backend for life.
"""

import sys

import numpy as np
from keras import ops

from gwkeras.core.config import LossConfig
from gwkeras.losses.composite import composite_loss
from tests.gradients import gradient
from tests.models.test_models import FACTOR, STATISTICS, called, randomised, sample_inputs, small


def main(path: str) -> None:
    results = {}
    inputs = sample_inputs()
    rng = np.random.default_rng(5)
    inputs["infiltration_efficiency"] = rng.uniform(0.1, 0.5, inputs["infiltration_efficiency"].shape).astype("float32")
    inputs["land_fine"] = (rng.random(inputs["land_fine"].shape) > 0.2).astype("float32")
    target = 50 * rng.normal(size=inputs["land_fine"].shape).astype("float32")
    target[:, :5] = np.nan
    tensors = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    for kind in ("paper", "default"):
        model = randomised(small(kind))
        results |= {f"{kind}_{name}": value for name, value in called(model, inputs).items()}

        def loss(gwsa, model=model):
            outputs = model({**tensors, "gwsa": gwsa})
            total, _ = composite_loss(
                tensors,
                {"target": ops.convert_to_tensor(target)},
                outputs,
                config=LossConfig(),
                statistics=STATISTICS,
                factor=FACTOR,
                fine_step_degrees=0.125,
            )
            return ops.sum(total)

        results[f"{kind}_loss"] = ops.convert_to_numpy(loss(tensors["gwsa"]))
        results[f"{kind}_gradient"] = gradient(loss, inputs["gwsa"])
    np.savez(path, **results)


if __name__ == "__main__":
    main(sys.argv[1])
