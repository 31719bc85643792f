"""scikit-learn's own checks of an estimator."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from gwkeras.regression.gnnwr import GNNWR, GTNNWR
from gwkeras.regression.ssvaer import SSVAER

pytestmark = pytest.mark.slow

SMALL = {"members": 1, "epochs": 2, "random_state": 0}
ESTIMATORS = [
    GNNWR(hidden=(4,), n_references=10, **SMALL),
    GTNNWR(hidden=(4,), n_references=10, **SMALL),
    SSVAER(hidden=4, latent=2, learning_rate=0.03, **{**SMALL, "epochs": 10}),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
