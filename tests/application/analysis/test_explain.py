"""What a fitted method predicts from: contributions that add up, by group and by feature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.analysis.attribution.ridge import ridge_contributions
from gwkeras.analysis.attribution.usual_inputs import groups_of, with_usual
from gwkeras.application.analysis.explain import explain_features, explain_groups, spread_months
from gwkeras.application.opening import Application
from gwkeras.application.writing import Job
from gwkeras.core.config.yaml_file import from_dict, load_config
from gwkeras.core.errors import BadInput
from gwkeras.core.progress import silent
from gwkeras.domain.opening import divide_record, open_domain
from gwkeras.fields.record import read_fields
from gwkeras.fields.writing.cf_file import Provenance
from gwkeras.methods.fitting import fit_method
from gwkeras.methods.method import Prediction
from gwkeras.methods.priors.stacking.fitted_stack import FittedStack, Member
from gwkeras.methods.training import Training
from gwkeras.pipeline.files import with_files
from gwkeras.report.sections.explain import importance_table
from gwkeras.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def training(tiny_world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    config = with_files(
        load_config(tiny_world["config"]),
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
    )
    read = read_fields(config.data)
    split = divide_record(read, config, folder / "cache")
    return Training(open_domain(read, config, folder / "cache", split), split, config, RunFolder(folder / "run"))


def application(training, prior, update="interpolation"):
    parts = {"name": "m", "prior": prior, "update": update}
    (config,) = from_dict({"methods": [parts]}).methods
    method = fit_method(config, training, silent)
    return Application(Job(method, training.domain), list(training.domain.months), Provenance())


@pytest.fixture(scope="module")
def ridge(training):
    return application(training, {"kind": "ridge", "time_constants": [2, 12], "local": False})


def test_every_method_by_group(training, ridge):
    found = explain_groups(ridge, 3)
    data = found.data
    assert set(data["group"].values) == set(groups_of(training.domain)) >= {"precipitation", "evapotranspiration", "product"}
    assert data.attrs["additivity_gap_mm"] < 1e-2
    whole = data["usual"] + data["contribution"].sum("group", skipna=False)
    np.testing.assert_allclose(whole.values, data["predicted"].values, atol=1e-2)
    month = data["time"].values[1]
    np.testing.assert_allclose(
        data["predicted"].values[1], ridge.job.method.predict(training.domain, month).mean, rtol=1e-5, atol=1e-4, equal_nan=True
    )
    assert float(data["importance"].sel(group="product")) > 0
    assert importance_table(data).rows[0][0] in groups_of(training.domain)


def test_a_ridge_by_feature_adds_up_to_its_field(training, ridge):
    found = explain_features(ridge, 4)
    assert found.data.attrs["additivity_gap_mm"] < 1e-3 * max(float(np.nanmax(np.abs(found.data["predicted"].values))), 1.0)
    assert any(name.endswith(", 12 months") for name in found.data["feature"].values)
    fitted = ridge.job.method.prior
    months = spread_months(list(training.domain.months), 4)
    parts = ridge_contributions(fitted, training.domain, months)
    for k, month in enumerate(months):
        np.testing.assert_allclose(
            parts.values[:, :, k].sum(axis=(0, 1)), fitted.mean(training.domain, month), atol=2e-3 * np.abs(parts.values).max()
        )


class Rain:
    """f = 0.3 × the month's precipitation."""

    digest = "rain"

    def predict(self, domain, month, part=None):
        now = domain.fine_drivers.calendar.position(month)
        return Prediction(0.3 * np.asarray(domain.fine_drivers.channels["precipitation"][now], dtype=float))


def test_a_stack_adds_what_its_members_add(training, ridge):
    """Half of the ridge's memories; half of 0.3 (P − the calendar month's mean P), and nothing by any other channel."""
    method, domain = ridge.job.method, training.domain
    stack = FittedStack((Member(0, 0.5, method.prior), Member(1, 0.5, Rain())))
    data = explain_features(replace(ridge, job=Job(replace(method, prior=stack), domain)), 4).data
    assert data.attrs["additivity_gap_mm"] < 1e-2
    others = [name for name in groups_of(domain) if name not in ("precipitation", "product")]
    months = spread_months(list(domain.months), 4)
    memories = [name for name in data["feature"].values if name.endswith(" months")]
    assert list(data["feature"].values) == [*memories, "precipitation", *others]
    land = domain.land_fine > 0
    rain = np.asarray(domain.fine_drivers.channels["precipitation"][:], dtype=float)
    calendar = domain.fine_drivers.calendar.months.astype("datetime64[M]").astype(int) % 12
    for k, month in enumerate(months):
        found = {name: data["contribution"].sel(feature=name).values[k][land] for name in data["feature"].values}
        usual = rain[calendar == np.datetime64(month, "M").astype(int) % 12].mean(axis=0)
        expected = 0.15 * (rain[domain.fine_drivers.calendar.position(month)] - usual)
        np.testing.assert_allclose(found["precipitation"], expected[land], atol=1e-4)
        assert max(np.abs(found[name]).max() for name in others) < 1e-6
        np.testing.assert_allclose(sum(found[name] for name in memories), 0.5 * method.prior.mean(domain, month)[land], atol=1e-2)


class Linear:
    """A regression whose Shapley values are known."""

    def __init__(self, count):
        self.weights = np.linspace(-1.0, 1.0, count, dtype=np.float32)

    def __call__(self, rows):
        return rows @ self.weights

    def arrays(self):
        return {}


@pytest.mark.slow
def test_a_learner_by_feature_takes_the_shap_package(training):
    """The package compiles for half a minute. A feature without weight adds nothing; the last, of weight 1, adds something."""
    given = application(training, {"kind": "forest", "trees": 5})
    prior = given.job.method.prior
    regression = Linear(prior.features.count)
    regression.weights[0] = 0.0
    learner = replace(prior, regression=regression, share=0.5)
    found = explain_features(replace(given, job=Job(replace(given.job.method, prior=learner), training.domain)), 2, rows=20)
    data = found.data
    assert data.attrs["additivity_gap_mm"] < 1e-3
    assert set(data["group"].values) == {*prior.features.channels, "maps"}
    sizes = np.abs(data["contribution"].values).mean(axis=1)
    assert sizes[0] == pytest.approx(0.0, abs=1e-5)
    assert sizes[-1] > 0.01
    assert importance_table(data).headings[0] == "group"


def test_a_method_without_features_is_refused(training):
    with pytest.raises(BadInput, match="explain it by group"):
        explain_features(application(training, "none", {"kind": "interpolation", "conserving": True}), 2)


def test_usual_inputs(training, tmp_path):
    domain = training.domain
    assert with_usual(domain, [], tmp_path) is domain
    changed = with_usual(domain, ["precipitation", "maps"], tmp_path)
    drivers, own = changed.fine_drivers, domain.fine_drivers
    months = drivers.calendar.months.astype("datetime64[M]").astype(int) % 12
    rain, before = (np.asarray(d.channels["precipitation"][:]) for d in (drivers, own))
    for month in (0, 7):
        expected = before[months == month].mean(axis=0)
        np.testing.assert_allclose(rain[months == month], np.broadcast_to(expected, rain[months == month].shape), rtol=1e-5)
    water, water_before = (np.asarray(d.channels["net_water_input"][:]) for d in (drivers, own))
    np.testing.assert_allclose(water - water_before, rain - before, atol=1e-3)  # P − ET without the part of P that is unusual
    np.testing.assert_array_equal(drivers.channels["temperature"][:], own.channels["temperature"][:])
    assert all(np.ptp(values) == 0 for values in drivers.static.values())
    product = with_usual(domain, ["product"], tmp_path)
    np.testing.assert_array_equal(np.isfinite(product.storage), np.isfinite(np.asarray(domain.storage)))
    assert product.fine_drivers is domain.fine_drivers
