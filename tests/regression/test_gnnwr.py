"""GNNWR and GTNNWR: coefficients that are known, least squares that another library knows, data that others have published."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from gwkeras.regression.gnnwr import GNNWR, GTNNWR

SMALL = {"n_references": 20, "hidden": (8,), "members": 1, "epochs": 2, "random_state": 0}


def field(n=3000, seed=0):
    """y = b₁(u, v) x₁ + b₂(u, v) x₂ + b₀(u, v) + noise."""
    rng = np.random.default_rng(seed)
    u, v = rng.uniform(size=(2, n))
    x = rng.normal(size=(n, 2))
    known = np.stack([1 + np.sin(3 * u), 2 - 3 * (v - 0.5) ** 2 - u, 3 * u * v], axis=1)
    return (
        np.column_stack([x, u, v]),
        known[:, 0] * x[:, 0] + known[:, 1] * x[:, 1] + known[:, 2] + 0.1 * rng.normal(size=n),
        known,
    )


def moving_field(n=6000, seed=0):
    """The same with coefficients that change with place and time."""
    rng = np.random.default_rng(seed)
    u, v, t = rng.uniform(size=(3, n))
    x = rng.normal(size=(n, 2))
    known = np.stack([1 + np.sin(3 * u + 4 * t), 2 + (v - 0.5) * 4 * (t - 0.5), 2 * u * v + np.cos(5 * t)], axis=1)
    return (
        np.column_stack([x, u, v, t]),
        known[:, 0] * x[:, 0] + known[:, 1] * x[:, 1] + known[:, 2] + 0.1 * rng.normal(size=n),
        known,
    )


def test_global_coefficients_are_those_of_scikit_learn():
    from sklearn.linear_model import LinearRegression

    X, y, _ = field(400)
    found = GNNWR(validation_fraction=0, **SMALL).fit(X, y)
    known = LinearRegression().fit(X[:, :2], y)
    np.testing.assert_allclose([*found.coef_, found.intercept_], [*known.coef_, known.intercept_], rtol=1e-6)


def test_a_network_that_has_learned_nothing_is_least_squares():
    from sklearn.linear_model import LinearRegression

    X, y, _ = field(400)
    found = GNNWR(**{**SMALL, "epochs": 0}, validation_fraction=0).fit(X, y)
    np.testing.assert_allclose(found.predict(X), LinearRegression().fit(X[:, :2], y).predict(X[:, :2]), rtol=1e-6)
    assert found.diagnostics_.effective_parameters == pytest.approx(3)


@pytest.mark.slow
def test_coefficients_that_vary_over_space_are_recovered():
    X, y, known = field()
    found = GNNWR(n_references=64, epochs=40, members=2, random_state=0).fit(X, y)
    local = found.local_coefficients(X)
    assert min(np.corrcoef(local[:, k], known[:, k])[0, 1] for k in range(3)) > 0.95
    told = found.diagnostics_
    assert told.r2 > 0.99 > told.r2_least_squares
    assert told.f1 < 0.2
    assert max(told.f1_p, told.f2_p, *told.f3_p) < 1e-6
    np.testing.assert_allclose(found.variation_.deviation, known.std(axis=0), rtol=0.15)
    assert (found.variation_.rise > 1).all()


@pytest.mark.slow
def test_coefficients_that_vary_over_space_and_time_are_recovered():
    X, y, _ = moving_field()
    found = GTNNWR(n_references=128, epochs=60, members=2, random_state=0).fit(X, y)
    new, _, true = moving_field(2000, seed=1)
    local = found.local_coefficients(new)
    assert min(np.corrcoef(local[:, k], true[:, k])[0, 1] for k in range(3)) > 0.95
    frozen = GNNWR([2, 3], n_references=64, epochs=20, members=1, random_state=0).fit(np.delete(X, 4, axis=1), y)
    assert frozen.score(np.delete(X, 4, axis=1), y) < found.score(X, y) - 0.1, "time is needed here"


def test_the_plain_arrays_answer_as_the_keras_model_does():
    from gwkeras.models.weighted_regression import SLOPE, Design, weighted_regression
    from gwkeras.regression import weighted_network
    from gwkeras.regression.training import as_arrays

    rng = np.random.default_rng(0)
    assert weighted_network._SLOPE == SLOPE
    for kinds, attributes in ((((0, 1),), 0), (((0, 1), (2,)), 2)):
        design = Design(
            rng.normal(size=(7, 3)),
            kinds,
            np.full(len(kinds), 0.2),
            np.full(len(kinds), 1.3),
            rng.normal(size=4),
            np.full(4, 0.7),
            attributes,
            3,
            (6, 5),
        )
        model = weighted_regression(design, seed=1)
        model.set_weights([rng.normal(size=w.shape) * 0.3 if w.dtype.kind == "f" else w for w in model.get_weights()])
        rows = [rng.normal(size=(20, 4)), rng.normal(size=(20, 3)), *([rng.normal(size=(20, 2))] if attributes else [])]
        known = np.asarray(model.predict_on_batch([r.astype("float32") for r in rows])).mean(axis=1)
        plain = as_arrays(design, model.get_weights())
        np.testing.assert_allclose(plain(*rows), known, rtol=1e-4, atol=1e-5)
        kept = weighted_network.WeightedNetwork.of_arrays(plain.arrays())
        np.testing.assert_array_equal(kept(*rows), plain(*rows))


def test_the_same_seed_gives_the_same_numbers_and_columns_may_be_named():
    X, y, _ = field(300)
    table = pd.DataFrame(X, columns=["x1", "x2", "u", "v"])
    one, other = GNNWR(**SMALL).fit(X, y), GNNWR(["u", "v"], **SMALL).fit(table[["u", "v", "x1", "x2"]], y)
    np.testing.assert_array_equal(one.predict(X), GNNWR(**SMALL).fit(X, y).predict(X))
    np.testing.assert_allclose(other.coef_, one.coef_)


def test_seasons_that_come_again_are_near_each_other():
    from gwkeras.regression.places import Places

    table = np.array([[0.0, 0.0, 3.0], [0.0, 0.0, 15.0], [0.0, 0.0, 9.0]])
    places = Places.of(table, ((0, 1), (2,)), period=12.0)
    season = places(table)[:, list(places.kinds[2])]
    assert np.linalg.norm(season[0] - season[1]) == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(season[0] - season[2]) == pytest.approx(2)


def test_it_works_in_pipelines_and_cross_validation():
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y, _ = field(200)
    scores = cross_val_score(make_pipeline(StandardScaler(), GNNWR(**SMALL)), X, y, cv=2)
    assert (scores > 0.3).all()  # least squares alone explains 0.6


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (GNNWR(["east", "v"], **SMALL), "expected a column 'east' to measure distances by, found x1, x2, u, v"),
        (GNNWR([2, 9], **SMALL), "expected a column 9 to measure distances by, found 4 columns"),
        (GTNNWR([2, 3], time=3, **SMALL), "expected coordinates that differ"),
        (GNNWR(**{**SMALL, "n_references": 0}), "n_references"),
    ],
)
def test_bad_input_in_one_sentence(model, said):
    X, y, _ = field(50)
    with pytest.raises(ValueError, match=said):
        model.fit(pd.DataFrame(X, columns=["x1", "x2", "u", "v"]), y)


def test_no_more_references_than_places_and_memory_is_not_rows_by_rows():
    from gwkeras.regression.references import reference_points

    rng = np.random.default_rng(0)
    places = rng.uniform(size=(50_000, 2))
    points = reference_points(places, 100, rng)
    gaps = np.sqrt(((places[:500, None] - points) ** 2).sum(-1)).min(axis=1)
    assert points.shape == (100, 2)
    assert gaps.max() < 0.15  # a lattice of 10 × 10 would leave 0.07
    assert len(reference_points(np.repeat(places[:5], 3, axis=0), 100, rng)) == 5


@pytest.mark.slow
@pytest.mark.real
def test_published_stations_are_predicted_as_well_as_the_authors_do(real_data):
    """GNNWR's own demonstration (doi 10.5194/gmd-17-8455-2024): test R² 0.738 there, 0.326 by least squares."""
    table = pd.read_csv(real_data / "gnnwr" / "pm25.csv")
    columns = ["dem", "w10", "d10", "t2m", "aod_sat", "tp", "proj_x", "proj_y"]
    parts = {
        name: (table.loc[table.split == name, columns], table.loc[table.split == name, "PM2_5"])
        for name in ("train", "validation", "test")
    }
    scores = [
        GNNWR(["proj_x", "proj_y"], random_state=seed).fit(*parts["train"], *parts["validation"]).score(*parts["test"])
        for seed in range(3)
    ]
    assert np.median(scores) >= 0.72


def test_importing_the_room_loads_neither_scikit_learn_nor_keras():
    heavy = "('keras', 'sklearn', 'tensorflow')"
    code = f"import sys, json, gwkeras.regression; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
