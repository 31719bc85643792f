"""SSVAER as a scikit-learn estimator: a regression that learns from rows without values, too.

Semi-supervised variational autoencoder regression after Zhuang et al. (2022, arXiv 2211.05979), who extend Zhao et al. (2019,
arXiv 1904.05948). The value is a Normal variable, a latent variable follows it, and predictors follow that one: rows whose value
is unknown still tell how predictors go together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gwkeras.regression.held_out_rows import held_out_count
from gwkeras.regression.least_squares import Scaling
from gwkeras.regression.settings import check_settings


class SSVAER(RegressorMixin, BaseEstimator):
    """A regression on predictors of which only some rows have a value.

    Args:
        latent: number of latent variables.
        hidden: units of each hidden layer.
        members: number of networks with different initial weights, averaged.
        evidence: weight of the predictors' reconstruction on all rows, relative to the likelihood of the values.
        epochs: passes over the rows, at most.
        batch_size: rows a step.
        learning_rate: at the start; it falls to nothing along a cosine.
        weight_decay: of AdamW.
        validation_fraction: of the rows with values, held out to choose the epoch; 0: the last epoch is taken.
        patience: epochs without improvement on held-out rows before it stops.
        random_state: of everything drawn.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 3))
    >>> y = np.where(np.arange(60) < 20, X[:, 0], np.nan)  # two thirds of the rows have no value
    >>> SSVAER(epochs=1, random_state=0).fit(X, y).predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        latent: int = 4,
        *,
        hidden: int = 32,
        members: int = 4,
        evidence: float = 0.3,
        epochs: int = 200,
        batch_size: int = 64,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-3,
        validation_fraction: float = 0.1,
        patience: int = 1000,
        random_state: Any = None,
    ):
        self.latent = latent
        self.hidden = hidden
        self.members = members
        self.evidence = evidence
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SSVAER:
        """Learns from all rows.

        Args:
            X: (n, features).
            y: (n,); NaN where it is unknown.
        Raises: ValueError: where there is no value, or rows and values do not fit.
        """
        check_settings(self.get_params(deep=False))
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        y = self._values(y, len(X))
        from gwkeras.models.ssvaer import Autoencoder
        from gwkeras.regression.autoencoding import Answers, autoencode
        from gwkeras.regression.descent import Schedule

        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        known = np.isfinite(y)
        judged = self._held_out(known, rng)
        learned = known & ~judged
        self._scaling = Scaling.of(X)
        self._mean = float(y[learned].mean())
        self._deviation = float(y[learned].std()) or 1.0
        x, values = self._scaling(X)[:, :-1], np.where(known, (y - self._mean) / self._deviation, 0.0)

        def judge(answers: Answers) -> float:
            return float(np.mean((answers(x[judged]) - values[judged]) ** 2))

        found = autoencode(
            Autoencoder(x.shape[1], self.latent, self.hidden, self.members),
            x,
            np.where(learned, values, 0.0),
            learned,
            Schedule(self.epochs, self.batch_size, self.learning_rate, self.weight_decay, self.patience),
            rng,
            evidence=self.evidence,
            judge=judge if judged.any() else None,
        )
        self.answers_ = Answers(*(array.astype(np.float64) for array in vars(found).values()))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """(n,) in the unit of y."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return self._mean + self._deviation * self.answers_(self._scaling(X)[:, :-1])

    def _values(self, y: Any, rows: int) -> np.ndarray:
        from sklearn.utils import check_array, check_consistent_length, column_or_1d

        y = column_or_1d(
            check_array(y, ensure_2d=False, ensure_all_finite="allow-nan", dtype="numeric", input_name="y"), warn=True
        )
        y = y.astype(np.float64)
        check_consistent_length(np.empty(rows), y)
        if not np.isfinite(y).any():
            raise ValueError("expected values in y, NaN where unknown, found NaN alone")
        return y

    def _held_out(self, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) bool: rows to choose the epoch by."""
        judged = np.zeros(len(known), dtype=bool)
        count = held_out_count(self.validation_fraction, int(known.sum()))
        if count:
            judged[rng.choice(np.flatnonzero(known), count, replace=False)] = True
        return judged
