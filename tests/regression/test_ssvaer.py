"""SSVAER on tables of which few rows have a value."""

import numpy as np
import pytest

from gwkeras.regression.ssvaer import SSVAER


def table(n=400, seed=0):
    """Ten predictors that two hidden variables make, and a value that one of them makes."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 2))
    X = hidden @ np.random.default_rng(5).normal(size=(2, 10)) + 0.1 * rng.normal(size=(n, 10))
    return X, 20 + 5 * np.sin(hidden[:, 0]) + hidden[:, 1] + 0.1 * rng.normal(size=n)


@pytest.mark.slow
def test_rows_without_values_do_not_harm_and_a_value_is_found():
    X, y = table()
    few = np.where(np.arange(len(y)) < 60, y, np.nan)
    new, known = table(seed=1)
    found = SSVAER(epochs=150, members=2, random_state=0).fit(X, few)
    assert found.score(new, known) > 0.9


def test_members_are_averaged_and_units_are_those_of_the_values():
    X, y = table(80)
    found = SSVAER(epochs=2, members=3, random_state=0).fit(X, y)
    each = found.answers_
    x = found._scaling(X)[:, :-1]
    by_hand = [np.tanh(x @ each.hidden[m] + each.hidden_bias[m]) @ each.output[m] + each.output_bias[m] for m in range(3)]
    np.testing.assert_allclose(found.predict(X), y.mean() + y.std() * np.mean(by_hand, axis=0))


def test_no_value_at_all_is_refused():
    X, y = table(20)
    with pytest.raises(ValueError, match="expected values in y"):
        SSVAER().fit(X, np.full_like(y, np.nan))
