"""Shapley values against closed forms, the shap package and a ridge's own field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.analysis.attribution.coalitions import Attribution, shapley
from gwkeras.analysis.attribution.gradients import expected_gradients
from gwkeras.analysis.attribution.tabular import grouped, tabular_shapley
from tests.backend_process import OTHERS, run_on


def test_a_hand_worked_game():
    """v = 10 a + 4 b + 6 a b: b's 4 and half of the 6 are b's, 10 and the other half a's."""

    def value(chosen):
        a, b = ("a" in chosen), ("b" in chosen)
        return np.array([10.0 * a + 4.0 * b + 6.0 * a * b, 7.0 + a])

    found = shapley(("a", "b"), value)
    np.testing.assert_allclose(found.values, [[13.0, 1.0], [7.0, 0.0]])
    np.testing.assert_allclose(found.usual, [0.0, 7.0])
    assert found.gap == 0.0


@pytest.mark.slow
def test_coalitions_agree_with_the_shap_package():
    import shap  # compiles for half a minute

    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))

    def f(x):
        return x[:, 0] * x[:, 1] + np.exp(0.3 * x[:, 2]) + np.maximum(x[:, 3], 0) * x[:, 0]

    expected = shap.explainers.Exact(f, shap.maskers.Independent(background))(rows).values
    names = ("p", "q", "r", "s")
    for k, row in enumerate(rows):

        def value(chosen, row=row):
            mixed = background.copy()
            for column, name in enumerate(names):
                if name in chosen:
                    mixed[:, column] = row[column]
            return f(mixed).mean()

        np.testing.assert_allclose(shapley(names, value).values, expected[k], atol=1e-9)


def test_too_many_groups():
    with pytest.raises(ValueError, match="11 groups"):
        shapley(tuple("abcdefghijk"), lambda chosen: np.zeros(1))


@pytest.mark.slow
def test_rows_of_a_linear_regression_have_the_closed_form():
    rng = np.random.default_rng(1)
    weights = np.array([2.0, -1.0, 0.5], dtype=np.float32)
    rows, background = rng.normal(size=(6, 3)), rng.normal(size=(20, 3))
    found = tabular_shapley(lambda x: x @ weights + 3.0, rows, background, ("a", "b", "c"))
    np.testing.assert_allclose(found.values, (weights * (rows - background.mean(axis=0))).T, atol=1e-5)
    assert found.gap < 1e-5
    together = grouped(found, ("x", "y", "x"))
    assert together.names == ("x", "y")
    np.testing.assert_allclose(together.values[0], found.values[0] + found.values[2])


def test_expected_gradients_of_a_linear_model_are_exact_and_of_a_product_nearly():
    from keras import ops

    rng = np.random.default_rng(2)
    inputs = {"climate": rng.normal(size=(4, 3, 2)), "maps": rng.normal(size=(4, 5)), "time": np.ones((4, 1))}
    background = {"climate": np.zeros((4, 1, 3, 2)), "maps": np.zeros((4, 1, 5))}

    def linear(x):
        return 2.0 * ops.sum(x["climate"], axis=(1, 2)) - ops.sum(x["maps"], axis=1) + 4.0 * x["time"][:, 0]

    found = expected_gradients(linear, inputs, background, draws=4)
    np.testing.assert_allclose(found.values[0], 2 * inputs["climate"].sum(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(found.values[1], -inputs["maps"].sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.usual, 4.0, rtol=1e-5)
    assert found.gap < 1e-4
    apart = expected_gradients(linear, inputs, background, draws=4, channels={"climate": ("rain", "warmth")})
    assert apart.names == ("rain", "warmth", "maps")
    np.testing.assert_allclose(apart.values[1], 2 * inputs["climate"][..., 1].sum(axis=1), rtol=1e-5)

    def product(x):
        return ops.sum(x["climate"], axis=(1, 2)) * ops.sum(x["maps"], axis=1)

    found = expected_gradients(product, inputs, background, draws=100)
    exact = inputs["climate"].sum(axis=(1, 2)) * inputs["maps"].sum(axis=1)
    np.testing.assert_allclose(found.values, np.stack([exact / 2] * 2), atol=0.03 * np.abs(exact).max())
    assert found.gap < 0.03 * np.abs(exact).max()


def test_a_gap_is_told():
    assert Attribution(("a",), np.array([[1.0]]), np.array([2.0]), np.array([4.0])).gap == 1.0


def test_a_network_s_cells_by_input_and_channel(monkeypatch):
    """Contributions and the usual add up to what the network itself says of each cell, as far as the draws know it."""
    from gwkeras.analysis.attribution.network import network_attribution, network_of
    from gwkeras.core.error_bars.calibration import Calibration
    from gwkeras.methods.calibrated import Calibrated
    from gwkeras.methods.network.detail import NetworkDetail
    from gwkeras.methods.network.trained import LoadedNetwork
    from tests.methods.worlds import as_method, make_domain, make_network

    monkeypatch.setattr("gwkeras.analysis.attribution.network._MOST_CELLS", 4)
    network, config = make_network(unet=(4, 6))
    mosaic = replace(as_method(network, config), network=LoadedNetwork(network))
    wrapped = NetworkDetail(Calibrated(mosaic, Calibration(2.0, 1.6), "abc"))
    model, found_mosaic = network_of(wrapped)
    assert model is network
    assert network_of(object()) is None
    domain = make_domain(10, 12, sea=0.0)
    found = network_attribution(model, found_mosaic, domain, list(domain.months), 4, draws=40)
    assert {"precipitation", "temperature", "gwsa", "elevation"} <= set(found.names)
    size = np.sqrt((found.predicted**2).mean())
    assert found.gap < 0.2 * size
    assert np.abs(found.values).mean(axis=1).max() > 0.05 * size
    np.testing.assert_allclose(found.values[found.names.index("elevation")], 0.0, atol=1e-4)  # the same in every month


@pytest.mark.backends
@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_gradients_on_other_backends(backend, project_root):
    chosen = ("-q", "-p", "no:cacheprovider", "tests/analysis/test_attribution.py", "-k", "expected_gradients")
    assert "1 passed" in run_on(backend, project_root, "-m", "pytest", *chosen)
