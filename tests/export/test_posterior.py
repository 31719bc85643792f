"""A network with kriging behind it, exported: the field that the run itself gives; and what cannot be exported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.tree import MethodConfig
from gwkeras.core.config.yaml_file import from_dict, load_config
from gwkeras.core.errors import BadInput
from gwkeras.domain.opening import open_domain
from gwkeras.export.saved_model_finding import exported_before
from gwkeras.methods.composition import Composition
from gwkeras.methods.network.trained import exported_method
from gwkeras.methods.updates.none import NoUpdate
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.serving import load_saved_model
from gwkeras.training.run_folder import RunFolder
from tests.untrained import untrained_run

pytestmark = pytest.mark.slow  # an export starts a process


def methods(*wanted: dict) -> tuple[MethodConfig, ...]:
    return from_dict({"methods": list(wanted)}).methods


@pytest.fixture(scope="module")
def run(tiny_world, tmp_path_factory) -> Experiment:
    config = with_files(
        load_config(tiny_world["config"]),
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
    )
    config = replace(config, methods=methods({"prior": "network", "update": "kriging"}))
    return Experiment.open(untrained_run(tmp_path_factory.mktemp("posterior") / "run", config))


def test_run_and_saved_model_give_one_field(run):
    folder = run.export()
    model = load_saved_model(folder)
    assert (model.model_info.update, model.conserving) == ("kriging", False)
    domain = open_domain(run.fields, run.config, run.run.cache, run.split)
    own = run.fit(run.config.methods[0], domain)
    served = Composition("model", exported_method(model, run.config.downscale), NoUpdate())
    assert served.digest == own.digest
    month = domain.months[7]
    expected, found = own.predict(domain, month), served.predict(domain, month)
    known = np.isfinite(expected.mean)
    assert np.array_equal(known, np.isfinite(found.mean))
    assert known.sum() > 400
    np.testing.assert_allclose(found.mean[known], expected.mean[known], atol=1e-4)
    np.testing.assert_allclose(found.sigma[known], expected.sigma[known], rtol=1e-4)
    # What is served is the calibrated σ, with the interval that held-out product says.
    assert own.calibration is not None
    assert own.calibration.measured
    assert own.detail is not None
    assert model.model_info.calibrated
    assert (model.interval, model.interval_factor) == (0.9, pytest.approx(own.calibration.interval_factor, rel=1e-6))
    half = own.calibration.interval_factor * expected.sigma[known]
    np.testing.assert_allclose((found.upper - found.mean)[known], half, rtol=1e-3)
    np.testing.assert_allclose((found.mean - found.lower)[known], half, rtol=1e-3)
    bare = own.update.apply(own.prior.predict(domain, month), domain, month).sigma[known]  # before anything was calibrated
    assert np.abs(found.sigma[known] / bare - 1).max() > 0.05
    alone = run.fit(methods({"prior": "network"})[0], domain).predict(domain, month)
    assert np.abs(alone.mean - found.mean)[known].max() > 0.5  # kriging carries the product otherwise than the network does


def test_what_was_exported_before_stays_until_the_update_is_another(run):
    first, before = run.export_once()
    assert before
    assert exported_before(first.parent, run._exportable().info) == first
    alone = replace(run, config=replace(run.config, methods=methods({"prior": "network"})))
    assert exported_before(first.parent, alone._exportable().info) is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"prior": "network", "update": {"kind": "interpolation", "kernel": "nearest"}}, "or with kriging, found the update"),
        ({"prior": "none", "update": "kriging"}, "gwkeras downscale, or train the network"),
    ],
)
def test_what_cannot_be_a_graph_is_said(run, wanted, said, tmp_path):
    folder = run.run if wanted["prior"] == "network" else RunFolder(tmp_path)
    with pytest.raises(BadInput, match=said):
        replace(run, run=folder, config=replace(run.config, methods=methods(wanted))).export()
