"""What every method keeps to, whatever it is made of: one test for all of them.

A method is added to `METHODS`; those that have something to learn are fitted on the tiny world as a user's files give it.
"""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.tree import TargetConfig
from gwkeras.core.config.yaml_file import from_dict, load_config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import GwkerasError
from gwkeras.domain.opening import divide_record, open_domain
from gwkeras.fields.record import read_fields
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.composition import Composition
from gwkeras.methods.fitting import fit_method, kept_method
from gwkeras.methods.training import Training
from gwkeras.methods.updates.none import NoUpdate
from gwkeras.pipeline.files import with_files
from gwkeras.training.run_folder import RunFolder

METHODS = {
    "bilinear": {"prior": "none", "update": {"kind": "interpolation", "kernel": "bilinear"}},
    "bicubic + conservation": {"prior": "none", "update": {"kind": "interpolation", "conserving": True}},
    "kriging": {"update": "kriging", "prior": "none"},
    "ridge + bicubic": {"prior": {"kind": "ridge", "time_constants": [2, 12]}, "update": "interpolation"},
    "stack + interpolation": {
        "name": "stack + interpolation",
        "prior": {"kind": "stack", "priors": [{"kind": "ridge", "time_constants": [6], "local": False}], "folds": 2},
        "update": {"kind": "interpolation", "conserving": True},
    },
    "storage model + bicubic": {"prior": "storage_model", "update": "interpolation"},
    "storage model + ensemble": {"prior": "storage_model", "update": {"kind": "ensemble", "members": 12}},
    "storage model + open loop": {"prior": "storage_model", "update": {"kind": "open_loop", "members": 12}},
    "constant + nearest residual": {
        "prior": "tests.methods.own:ConstantPrior",
        "update": "tests.methods.own:NearestUpdate",
    },
    "forest + bicubic": {"prior": {"kind": "forest", "trees": 5}, "update": "interpolation"},
    "boosting + bicubic": {"prior": "boosting", "update": "interpolation"},
    "perceptron + bicubic": {"prior": {"kind": "perceptron", "members": 1}, "update": "interpolation"},
    "GNNWR + bicubic": {
        "prior": {"kind": "gnnwr", "members": 1, "references": 10, "epochs": 1, "time_constants": [6]},
        "update": "interpolation",
    },
    "GTNNWR + bicubic": {
        "prior": {"kind": "gtnnwr", "members": 1, "references": 10, "epochs": 1, "time_constants": [6]},
        "update": "interpolation",
    },
    "SSVAER + bicubic": {
        "prior": {"kind": "ssvaer", "members": 1, "hidden": 4, "epochs": 1, "time_constants": [6], "unlabelled": 100},
        "update": "interpolation",
    },
    "GTNNWR with SSVAER + bicubic": {
        "prior": {
            "kind": "integrated",
            "detail": {"kind": "gtnnwr", "members": 1, "references": 10, "epochs": 1, "time_constants": [6]},
            "continuity": {"kind": "ridge", "time_constants": [6], "local": False},
        },
        "update": "interpolation",
    },
    "analogues": {"prior": "analogues", "update": "none"},
    "seasonal + bicubic": {"prior": "seasonal", "update": "interpolation"},
}
FROM_A_REFERENCE = ("analogues", "seasonal + bicubic")


@pytest.fixture(scope="module")
def fields(tiny_world):
    config = with_files(
        load_config(tiny_world["config"]),
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
    )
    return config, read_fields(config.data)


def made(config, read, folder) -> Training:
    split = divide_record(read, config, folder / "cache")
    return Training(open_domain(read, config, folder / "cache", split), split, config, RunFolder(folder / "run"))


@pytest.fixture(scope="module")
def from_the_product(fields, tmp_path_factory):
    return made(*fields, tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="module")
def from_a_reference(tiny_world, fields, tmp_path_factory):
    config = replace(with_files(fields[0], reference=tiny_world["truth"]), target=TargetConfig("reference"))
    return made(config, read_fields(config.data), tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module", params=METHODS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def training(name, from_the_product, from_a_reference):
    return from_a_reference if name in FROM_A_REFERENCE else from_the_product


def recipe(name: str):
    return from_dict({"methods": [METHODS[name]]}).methods[0]


def fitted(name: str, training: Training, run: str) -> Composition:
    return fit_method(recipe(name), replace(training, run=RunFolder(training.run.root.with_name(run))), lambda *told: None)


@pytest.fixture(scope="module")
def method(name, training):
    return fitted(name, training, "first")


def same(a, b) -> None:
    for name in ("mean", "sigma", "lower", "upper"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other, err_msg=name)
    assert a.interval == b.interval


def test_names_are_those_of_the_table(method):
    assert method.name in METHODS


def test_land_has_finite_values_and_the_sea_none(method, training):
    domain = training.domain
    for month in domain.months[[0, 5, -1]]:
        found = method.predict(domain, month)
        known = np.repeat(np.repeat(np.isfinite(domain.storage_of(month)), domain.factor, 0), domain.factor, 1)
        land = domain.land_fine > 0
        assert found.mean.shape == domain.fine.shape
        assert np.isfinite(found.mean[land & known]).all()
        assert np.isnan(found.mean[~land]).all()
        if found.sigma is not None:
            assert (np.isfinite(found.sigma) == np.isfinite(found.mean)).all()
            assert (found.sigma[land & known] > 0).all()
            assert (found.lower <= found.upper)[land & known].all()
            assert 0 < found.interval < 1


def test_months_may_be_asked_for_in_any_order(method, training):
    domain = training.domain
    first = [method.predict(domain, month) for month in domain.months[:3]]
    again = [method.predict(domain, month) for month in domain.months[2::-1]]
    for one, other in zip(first, again[::-1], strict=True):
        same(one, other)


def test_the_same_data_and_seed_give_the_same_numbers(method, training):
    month = training.domain.months[3]
    same(method.predict(training.domain, month), fitted(method.name, training, "second").predict(training.domain, month))


def test_what_is_kept_gives_the_same_numbers(method, training):
    domain = training.domain
    run = RunFolder(training.run.root.with_name("first"))
    kept = kept_method(recipe(method.name), domain, training.config, run, domain.factor)
    assert kept is not None
    assert kept.digest == method.digest
    same(method.predict(domain, domain.months[4]), kept.predict(domain, domain.months[4]))


def test_it_travels_to_other_processes(method, training):
    copy, domain = pickle.loads(pickle.dumps((method, training.domain)))
    month = training.domain.months[1]
    same(method.predict(training.domain, month), copy.predict(domain, month))


def test_a_part_is_the_same_cells_of_the_whole(method, training):
    domain = training.domain
    whole = method.predict(domain, domain.months[2])
    part = method.predict(domain, domain.months[2], (slice(2, 6), slice(3, 9)))
    cut = (slice(2 * domain.factor, 6 * domain.factor), slice(3 * domain.factor, 9 * domain.factor))
    np.testing.assert_allclose(part.mean[cut], whole.mean[cut], atol=0.01)


def with_other_storage(training: Training, months: set[str]) -> Training:
    """The same with other storage in the months that are named."""
    domain = training.domain
    storage = np.array(domain.storage)
    for position, month in enumerate(domain.record):
        if str(month)[:7] in months:
            storage[position] += 100.0
    return replace(training, domain=replace(domain, storage=storage))


def test_storage_of_held_out_months_changes_no_prediction(method, training):
    """The product of test and validation months is asked when they are downscaled, and never before; of σ see below."""
    held_out = {str(month)[:7] for month in training.domain.record} - {str(month)[:7] for month in training.months}
    changed = fitted(method.name, with_other_storage(training, held_out), "changed")
    month = training.months[2]  # from which was learned, so that its product is the same for both
    np.testing.assert_array_equal(method.predict(training.domain, month).mean, changed.predict(training.domain, month).mean)


def test_storage_of_test_months_changes_no_error_bar(method, training):
    """Error bars ask the validation months, and may; the test months nobody asks."""
    if method.predict(training.domain, training.months[2]).sigma is None:
        pytest.skip("it has none")
    changed = fitted(method.name, with_other_storage(training, set(training.split.test_months)), "untested")
    same(method.predict(training.domain, training.months[2]), changed.predict(training.domain, training.months[2]))


def test_a_month_that_is_not_there_is_refused_in_one_sentence(method, training):
    with pytest.raises(GwkerasError, match="1990-01, which it lacks"):
        method.predict(training.domain, np.datetime64("1990-01"))


def test_a_network_is_a_method_like_the_others():
    """Untrained, in memory, on a small domain: the parts of the contract that need no fit."""
    from tests.methods.worlds import as_method, make_domain, make_network

    network, config = make_network()
    domain = make_domain(16, 16)
    method = Composition("model", Calibrated(as_method(network, config), Calibration()), NoUpdate())
    first = [method.predict(domain, month) for month in domain.months]
    for month, found in zip(domain.months[::-1], first[::-1], strict=True):
        same(method.predict(domain, month), found)
    land = domain.land_fine > 0
    known = np.repeat(np.repeat(np.isfinite(domain.storage_of(domain.months[0])), 2, 0), 2, 1)
    assert np.isfinite(first[0].mean[land & known]).all()
    assert np.isnan(first[0].mean[~land]).all()
    assert (first[0].sigma[land & known] > 0).all()
    assert first[0].interval == 0.9
