"""An ensemble of two networks, trained on a small build: kept as one, gone on with where it was stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.yaml_file import write_config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.methods.network.trained import load_network
from gwkeras.models.digest import weights_digest
from gwkeras.pipeline.experiment import Experiment
from gwkeras.training.fit import Samples
from gwkeras.training.members import months_left_out
from gwkeras.training.resuming.settings import difference
from gwkeras.training.resuming.standing import standing
from gwkeras.training.run_folder import RunFolder
from tests.data.builds import CONFIG, small_build
from tests.training.killed import MODEL, TRAINING


def test_each_member_misses_another_span():
    """Ten years of months with a gap: fifths for two members, tenths for ten, nothing where a part would be less than a year."""
    months = [*range(60), *range(72, 132)]
    assert [months_left_out(months, number, 2) for number in range(2)] == [(0, 23), (48, 83)]
    ten = [months_left_out(months, number, 10) for number in range(10)]
    assert ten[0] == (0, 11)
    assert ten[4:6] == [(48, 59), (72, 83)]
    assert ten[-1] == (120, 131)
    assert months_left_out(months, 3, 11) is None
    assert months_left_out(months, 0, 1) is None
    assert months_left_out((), 0, 4) is None


def test_what_is_left_out_is_part_of_what_a_training_depends_on(tmp_path):
    manifest = small_build(tmp_path)
    whole, part = (Samples(tmp_path, manifest, CONFIG, span) for span in (None, (2, 5)))
    assert part.steps("train") <= whole.steps("train")
    assert part.steps("validation") == whole.steps("validation")
    times = {float(t) for inputs, _ in part.batches("train") for t in inputs["time"].numpy()}
    assert times
    assert not times & {2.0, 3.0, 4.0, 5.0}
    assert difference(whole.signature(), whole.signature()) is None
    assert difference(part.signature(), whole.signature()) == ("months left out [2, 5]", "none")


@pytest.mark.slow
def test_members_are_trained_apart_and_kept_as_one(tmp_path):
    run = RunFolder(tmp_path / "run")
    small_build(run.shards, CONFIG)
    config = replace(CONFIG, model=MODEL, training=replace(TRAINING, epochs=1, members=2))
    write_config(config, run.config)
    experiment = Experiment.open(run.root)
    assert standing(config, run) == "none"
    experiment.train()
    members = [load_network(run.member(number)) for number in range(2)]
    together = load_network(run)
    assert weights_digest(members[0]) != weights_digest(members[1])
    inputs, _ = next(iter(Samples(run.shards, experiment.manifest, config).batches("validation")))
    given = {tensor.name: inputs[tensor.name].numpy() for tensor in together.inputs}
    one, two = (network.predict_on_batch(given) for network in members)
    found = together.predict_on_batch(given)
    np.testing.assert_allclose(found["mean"], (one["mean"] + two["mean"]) / 2, rtol=1e-4, atol=1e-4)
    spread = ((one["mean"] - two["mean"]) / 2) ** 2
    np.testing.assert_allclose(found["variance"], (one["variance"] + two["variance"]) / 2 + spread, rtol=1e-3, atol=1e-3)
    assert Calibration.read(run.calibration).measured
    assert standing(config, run) == "finished"

    run.training.unlink()  # as where it was stopped between the last member and the end
    assert standing(config, run) == "unfinished"
    experiment.train(resume=True)
    assert weights_digest(load_network(run)) == weights_digest(together)
    assert standing(config, run) == "finished"
