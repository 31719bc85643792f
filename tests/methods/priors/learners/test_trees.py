"""Trees as arrays against scikit-learn's and against one walked by hand."""

import pickle

import numpy as np
import pytest

from gwkeras.core.errors import BadInput
from gwkeras.methods.priors.boosting import Boosting
from gwkeras.methods.priors.forest import Forest
from gwkeras.methods.priors.learners.perceptrons import Perceptrons
from gwkeras.methods.priors.learners.sample import Sample
from gwkeras.methods.priors.learners.trees import Trees

STUMP = (np.array([-1]), np.array([-1]), np.array([0]), np.array([0.0]), np.array([2.0]))
# x1 ≤ 0.5 ? (x0 ≤ −1 ? 10 : 20) : 40
TREE = (
    np.array([1, 3, -1, -1, -1]),
    np.array([2, 4, -1, -1, -1]),
    np.array([1, 0, -2, -2, -2]),
    np.array([0.5, -1.0, -2.0, -2.0, -2.0]),
    np.array([0.0, 0.0, 40.0, 10.0, 20.0]),
)


def test_a_tree_walked_by_hand():
    trees = Trees.joined(2, [STUMP, TREE])
    rows = np.array([[-2.0, 0.0], [-1.0, 0.5], [0.0, 0.0], [-2.0, 0.6]])
    assert trees(rows).tolist() == [12.0, 12.0, 22.0, 42.0]
    assert pickle.loads(pickle.dumps(trees))(rows).tolist() == [12.0, 12.0, 22.0, 42.0]


@pytest.mark.parametrize(
    ("name", "position", "value"),
    [("left", 0, 0), ("right", 1, 9), ("left", 1, -5), ("feature", 0, 2), ("threshold", 1, np.nan), ("first", 1, 2)],
)
def test_arrays_that_lead_nowhere_are_refused(name, position, value):
    arrays = Trees.joined(2, [TREE]).arrays()
    arrays[name] = arrays[name].copy()
    arrays[name][position] = value
    with pytest.raises(BadInput, match="nodes that lead to leaves"):
        Trees(2, **arrays)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1500, 4)).astype(np.float32)
    return rows, np.where(rows[:, 0] > 0, 5.0, -5.0) + 3 * rows[:, 1] + rng.normal(size=1500)


def as_sample(rows, values):
    """Fifteen months of a hundred cells."""
    shape = (15, 100)
    return Sample(rows.reshape(*shape, -1), values.reshape(shape), np.ones(shape, bool), (100,), (np.eye(100),))


def test_a_forest_as_kept_answers_as_scikit_learns(sample):
    from sklearn.ensemble import RandomForestRegressor

    rows, values = sample
    expected = RandomForestRegressor(7, min_samples_leaf=20, max_features=1 / 3, max_samples=0.2, random_state=3, n_jobs=1).fit(
        rows, values
    )
    assert Forest(trees=7)._grown(as_sample(rows, values), 20.0, 3, 5000)(rows) == pytest.approx(
        expected.predict(rows), rel=1e-12
    )


def test_boosted_trees_as_kept_answer_as_scikit_learns(sample):
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows, values = sample
    expected = HistGradientBoostingRegressor(
        max_iter=25, learning_rate=0.1, max_leaf_nodes=15, min_samples_leaf=75, l2_regularization=1.0, early_stopping=False
    ).fit(rows, values)
    assert Boosting()._boosted(as_sample(rows, values), 25.0, 0, 5000)(rows) == pytest.approx(expected.predict(rows), abs=1e-6)


def test_perceptrons_are_averaged_and_far_features_held():
    p = Perceptrons(
        mean=np.array([1.0, 0.0]),
        deviation=np.array([2.0, np.inf]),
        scale=np.array(10.0),
        hidden=np.array([[[0.5], [9.0]], [[-0.25], [9.0]]]),
        hidden_bias=np.array([[0.1], [0.0]]),
        output=np.array([[2.0], [1.0]]),
        output_bias=np.array([0.3, -0.1]),
    )
    one = (2 * np.tanh(0.5 * 1.5 + 0.1) + 0.3 + np.tanh(-0.25 * 1.5) - 0.1) / 2 * 10
    held = (2 * np.tanh(0.5 * 4 + 0.1) + 0.3 + np.tanh(-0.25 * 4) - 0.1) / 2 * 10
    assert p(np.array([[4.0, 7.0], [1e6, -1e6]])) == pytest.approx([one, held], rel=1e-6)
    with pytest.raises(BadInput, match="weights that fit together"):
        Perceptrons(**{**p.arrays(), "output": np.zeros((2, 3))})
