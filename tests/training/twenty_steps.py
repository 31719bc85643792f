"""`python -m tests.training.twenty_steps STRATEGY DEVICES OUTPUT [KEY=VALUE ...]`: twenty steps, and the weights in OUTPUT.

A process of its own, because TensorFlow takes logical devices before it has begun to work.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from gwkeras.core.config.tree import Config, ModelConfig, TrainingConfig
from gwkeras.core.grid import Grid
from gwkeras.core.schema import SampleShape, features
from gwkeras.core.statistics import Statistics
from gwkeras.training.strategies.devices import open_devices

SHAPE = SampleShape(
    months=2, height=4, width=4, factor=2, climate=("precipitation", "surface_pressure"), covariates=("elevation",)
)
BATCH, STEPS = 6, 10
STATISTICS = Statistics(
    climate_mean=(60.0, 95_000.0),
    climate_std=(30.0, 800.0),
    covariate_mean=(500.0,),
    covariate_std=(200.0,),
    covariate_deviation_std=(50.0,),
    gwsa_mean=0.0,
    gwsa_std=50.0,
    residual_std=5.0,
    storage_change_std=20.0,
)


def samples(count: int) -> dict[str, np.ndarray]:
    """Samples whose masks range from a few cells to all, some without their previous month."""
    rng = np.random.default_rng(7)
    found = {f.name: rng.normal(0, 30, (count, *f.shape(SHAPE))) for f in features(SHAPE)}
    found["climate"] = np.stack(
        [rng.gamma(2, 30, found["climate"].shape[:-1]), rng.normal(95_000, 800, found["climate"].shape[:-1])], -1
    )
    found["has_previous"] = (rng.random(count) < 0.7).astype(float)
    share = np.linspace(0.05, 1.0, count)[rng.permutation(count), None, None, None]
    found["land"] = (rng.random(found["land"].shape) < share).astype(float)
    found["land"][:, 0, 0] = 1.0
    found["land_fine"] = found["land"].repeat(2, 1).repeat(2, 2)
    found["infiltration_efficiency"] = np.full(found["land"].shape, 0.25)
    found["target"] = np.where(found["land_fine"] > 0, found["target"], np.nan)
    found["time"] = np.arange(count).astype(float)
    found["latitude"] = np.tile(20.25 + 0.5 * np.arange(4), (count, 1))
    found["covariates_fine"] = found["covariates_fine"] * 7 + 500
    return {name: values.astype(np.float32) for name, values in found.items()}


def main(strategy: str, devices: str, output: Path, *settings: str) -> None:
    chosen = open_devices(strategy, devices)
    import tensorflow as tf

    from gwkeras.training.fit import new_model
    from gwkeras.training.strategies.loop import run_epochs

    training = TrainingConfig(batch_size=BATCH, learning_rate=3e-3, clip_norm=0.1)
    for setting in settings:
        name, value = setting.split("=")
        training = replace(training, **{name: type(getattr(training, name))(value)})
    config = Config(
        model=ModelConfig(
            convlstm_filters=(4,),
            unet_filters=(4, 8),
            refinement_filters=8,
            refinement_layers=1,
            dropout=0.0,
            batch_normalisation="accumulate" not in "".join(settings),
        ),
        training=training,
    )

    class Build:
        sample, statistics = SHAPE, STATISTICS
        grids = {"train": (Grid(20.0, 70.0, 0.5, 0.5, 4, 4),)}

    from gwkeras.training.fit import Samples

    model = new_model(Samples(Path(), Build(), config), 3, chosen)  # type: ignore[arg-type]
    values = samples(57)  # the last batch has three samples: two devices get unequal parts

    def batches(share, repeat=True):
        targets = ("target",)
        whole = tf.data.Dataset.from_tensor_slices(values).batch(BATCH).repeat(None if repeat else 1)

        def pieces(batch):
            n = tf.shape(batch["time"], tf.int64)[0]
            cut = lambda i: {k: v[n * i // share.of : n * (i + 1) // share.of] for k, v in batch.items()}  # noqa: E731
            return tf.data.Dataset.range(share.first, share.first + share.count).map(cut)

        return whole.flat_map(pieces).map(
            lambda b: ({k: v for k, v in b.items() if k not in targets}, {k: v for k, v in b.items() if k in targets})
        )

    logs: dict[str, float] = {}

    class Keep(tf.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, found=None):
            logs.update(found)

    run_epochs(
        model,
        batches,
        epochs=2,
        steps=STEPS,
        validation=lambda share: batches(share, False),
        validation_steps=10,
        callbacks=[Keep()],
    )
    if chosen.is_chief:
        arrays = {f"{i:03d} {v.path}": np.asarray(v) for i, v in enumerate(model.network.variables)}
        np.savez(output, **arrays, **{f"log {name}": value for name, value in logs.items()})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
