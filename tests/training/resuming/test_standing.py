"""What is left to do in a run folder when the configuration changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gwkeras.core.config.tree import Config, DownscaleConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.training.resuming.standing import TrainingRecord, all_settings, standing
from gwkeras.training.run_folder import RunFolder

OTHER = Config(downscale=DownscaleConfig(interval=0.5))


@pytest.fixture
def finished(tmp_path):
    """A training of the default configuration, as an earlier version recorded it: with the interval among its settings."""
    run = RunFolder(tmp_path)
    run.network.write_bytes(b"weights")
    TrainingRecord({**all_settings(Config(), "ab"), "downscale.interval": "0.9"}, 30.0).write(run)
    return run


def test_another_interval_asks_for_no_training_where_its_factor_is_known(finished):
    Calibration(1.2, 1.7, 0.9, "cells", ((0.5, 0.6), (0.99, 3.0))).write(finished.calibration)
    assert standing(Config(), finished, "ab") == "finished"
    assert standing(OTHER, finished, "ab") == "finished"


def test_a_calibration_that_does_not_know_it_is_made_anew_from_where_the_training_ended(finished):
    Calibration(1.2, 1.7, 0.9, "cells").write(finished.calibration)
    assert standing(Config(), finished, "ab") == "finished"
    assert standing(OTHER, finished, "ab") == "unfinished"


def test_other_weights_are_another_training(finished):
    other = replace(Config(), training=replace(Config().training, seed=1))
    with pytest.raises(BadInput, match=r"the same training\.seed 1, found 0"):
        standing(other, finished, "ab")


def test_a_network_whose_detail_meant_something_else_is_not_trained_on(finished):
    """The shapes of its weights are the same, so nothing else would tell."""
    record = TrainingRecord.read(finished)
    del record.settings["model.detail"]  # as a version before recorded it
    record.write(finished)
    with pytest.raises(BadInput, match=r"the same model\.detail f - I H f, found f less its block mean.*--overwrite"):
        standing(Config(), finished, "ab")
    paper = replace(Config(), model=replace(Config().model, kind="paper"))
    TrainingRecord(all_settings(paper, "ab"), 30.0).write(finished)
    assert standing(paper, finished, "ab") == "finished"
