"""GNNWR and GTNNWR as scikit-learn estimators: linear regressions whose coefficients vary over space, and over time.

Du et al. (2020, doi 10.1080/13658816.2019.1707834) and Wu et al. (2021, doi 10.1080/13658816.2020.1775836). Written from their
equations, with proximity to some reference points instead of every training row, and several networks averaged: the mean of
networks is a network of this kind again, since predictions are linear in the local weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gwkeras.regression.diagnostics import Diagnostics, diagnose
from gwkeras.regression.held_out_rows import held_out_count
from gwkeras.regression.least_squares import Scaling, least_squares
from gwkeras.regression.places import Places
from gwkeras.regression.references import reference_points, typical_distances
from gwkeras.regression.settings import check_settings
from gwkeras.regression.variation import Variation, rise_of_error
from gwkeras.regression.weighted_network import WeightedNetwork

_PRECISE = 1e-4  # of the largest value: what is left by least squares is not taken to be smaller, for float32's sake

Table = tuple[np.ndarray, np.ndarray]
"""X (n, columns) and y (n,)."""


class GNNWR(RegressorMixin, BaseEstimator):
    """A linear regression whose coefficients vary with place, as a neural network learns them from proximity.

    ŷ = Σ_k w_k(place) β_k x_k, β of global least squares. Columns of X are predictors, but those named as coordinates.

    Args:
        coordinates: columns of X, by position or name, that say where a row lies, in a common unit (km, or degrees near the
            Equator); None: the last two.
        n_references: reference points for proximity, centres of the training rows' places.
        hidden: units of the hidden layers.
        members: number of networks with different initial weights, averaged.
        dropout: share of the units left out in training.
        epochs: passes over the rows, at most.
        batch_size: rows a step.
        learning_rate: at the start; it falls to nothing along a cosine.
        weight_decay: of AdamW.
        validation_fraction: of the rows, held out to choose the epoch, where `fit` is given none; 0: the last epoch is taken.
        patience: epochs without improvement on held-out rows before it stops; the best ones come late, when steps are small.
        random_state: of everything drawn.

    Once fitted: `coef_` (p,) and `intercept_` of global least squares, `diagnostics_`, `variation_` of the local coefficients,
    `network_`, `n_features_in_`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> place, x = rng.uniform(size=(200, 2)), rng.normal(size=(200, 1))
    >>> found = GNNWR(epochs=1, members=1, random_state=0).fit(np.hstack([x, place]), 3 * x[:, 0] + 1)
    >>> bool(abs(found.coef_[0] - 3) < 1e-9), found.local_coefficients(np.hstack([x, place])).shape
    (True, (200, 2))
    """

    def __init__(
        self,
        coordinates: Sequence[int | str] | None = None,
        *,
        n_references: int = 256,
        hidden: Sequence[int] = (64, 32),
        members: int = 4,
        dropout: float = 0.1,
        epochs: int = 120,
        batch_size: int = 128,
        learning_rate: float = 1e-2,
        weight_decay: float = 1e-3,
        validation_fraction: float = 0.1,
        patience: int = 1000,
        random_state: Any = None,
    ):
        self.coordinates = coordinates
        self.n_references = n_references
        self.hidden = hidden
        self.members = members
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state

    def fit(self, X: Any, y: Any, X_val: Any = None, y_val: Any = None) -> GNNWR:
        """Learns the coefficients and how they vary.

        Args:
            X: (n, columns).
            y: (n,).
            X_val: (m, columns) rows to choose the epoch by; None: some of X, as `validation_fraction` says.
            y_val: (m,).
        Raises: ValueError: where columns, rows or settings do not fit.
        """
        check_settings(self.get_params(deep=False))
        X, y = validate_data(self, X, y, y_numeric=True, ensure_min_samples=2, dtype=np.float64)
        if X_val is not None:
            X_val, y_val = validate_data(self, X_val, y_val, y_numeric=True, reset=False, dtype=np.float64)
        self._settle_columns()
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        X_train, y_train, held_out = X, y, None if X_val is None else (X_val, y_val)
        if held_out is None:
            X_train, y_train, held_out = self._divided(X, y, rng)
        self._scaling = Scaling.of(X_train[:, self._predictors])
        design = self._scaling(X_train[:, self._predictors])
        beta, inverse = least_squares(design, y_train)
        raw = self._scaling.in_raw_units(beta)
        self.coef_, self.intercept_ = raw[:-1], float(raw[-1])
        self._places = Places.of(X_train, self._kinds, getattr(self, "period", None))
        self.network_ = self._trained(X_train, y_train, design, beta, held_out, rng)
        local = self.network_.local_coefficients(self._places(X_train))
        weights = np.divide(local, beta, out=np.ones_like(local), where=np.abs(beta) > 1e-12 * np.abs(beta).max(initial=1e-300))
        self.diagnostics_ = diagnose(design, inverse, weights, y_train, np.einsum("nk,nk->n", local, design))
        self.variation_ = self._variation(local, held_out)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """(n,) in the unit of y."""
        X = self._checked(X)
        return self.network_(self._scaling(X[:, self._predictors]), self._places(X))

    def local_coefficients(self, X: Any) -> np.ndarray:
        """(n, p + 1) coefficients at the rows' places, of predictors in their own units; the constant comes last."""
        X = self._checked(X)
        return self._scaling.in_raw_units(self.network_.local_coefficients(self._places(X)))

    diagnostics_: Diagnostics
    variation_: Variation
    network_: WeightedNetwork

    def _variation(self, local: np.ndarray, held_out: Table | None) -> Variation:
        rise = np.full(local.shape[1], np.nan)
        if held_out is not None:
            rows, values = held_out
            there = self.network_.local_coefficients(self._places(rows))
            rise = rise_of_error(self._scaling(rows[:, self._predictors]), there, values, local.mean(axis=0))
        return Variation(self._scaling.in_raw_units(local).std(axis=0), rise)

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=np.float64)

    def _settle_columns(self) -> None:
        """Which columns are predictors, and what each kind of distance is taken over."""
        kinds = self._kinds_asked()
        taken = [column for columns in kinds for column in columns]
        if not all(kinds):
            raise ValueError(f"expected columns of place and time, found {self.n_features_in_} feature(s)")
        if len(set(taken)) < len(taken):
            raise ValueError(f"expected coordinates that differ, found the columns {taken}")
        self._kinds = kinds
        self._predictors = [column for column in range(self.n_features_in_) if column not in taken]

    def _kinds_asked(self) -> tuple[tuple[int, ...], ...]:
        return (self._columns(self.coordinates, default=range(max(self.n_features_in_ - 2, 0), self.n_features_in_)),)

    def _columns(self, asked: Sequence[int | str] | None, default: Sequence[int]) -> tuple[int, ...]:
        if asked is None:
            return tuple(default)
        names = list(getattr(self, "feature_names_in_", []))
        found = []
        for column in asked:
            if isinstance(column, str):
                if column not in names:
                    raise ValueError(
                        f"expected a column '{column}' to measure distances by, found {', '.join(names) or 'no names'}"
                    )
                found.append(names.index(column))
            elif not -self.n_features_in_ <= column < self.n_features_in_:
                raise ValueError(f"expected a column {column} to measure distances by, found {self.n_features_in_} columns")
            else:
                found.append(int(column) % self.n_features_in_)
        return tuple(found)

    def _divided(self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Table | None]:
        """Rows to learn from, and rows to choose the epoch by."""
        count = held_out_count(self.validation_fraction, len(X))
        if not count:
            return X, y, None
        order = rng.permutation(len(X))
        judged, learned = np.sort(order[:count]), np.sort(order[count:])
        return X[learned], y[learned], (X[judged], y[judged])

    def _trained(
        self,
        X: np.ndarray,
        y: np.ndarray,
        design: np.ndarray,
        beta: np.ndarray,
        held_out: Table | None,
        rng: np.random.Generator,
    ) -> WeightedNetwork:
        from gwkeras.models.weighted_regression import Design
        from gwkeras.regression.descent import Schedule
        from gwkeras.regression.training import train

        places = self._places(X)
        references = reference_points(places, self.n_references, rng)
        spread = max(float(np.std(y - design @ beta)), _PRECISE * float(np.abs(y).max(initial=0.0)), 1e-300)
        judged = None
        if held_out is not None:
            judged = (self._scaling(held_out[0][:, self._predictors]), self._places(held_out[0])), held_out[1] / spread
        network = train(
            Design(
                references,
                self._places.kinds,
                *typical_distances(places, references, self._places.kinds, rng),
                coefficients=beta / spread,
                coefficient_scales=np.ones_like(beta),
                members=self.members,
                hidden=tuple(self.hidden),
                dropout=self.dropout,
            ),
            (design, places),
            y / spread,
            Schedule(self.epochs, self.batch_size, self.learning_rate, self.weight_decay, self.patience),
            rng,
            held_out=judged,
        ).in_double_precision()
        return replace(network, coefficients=beta, coefficient_scales=spread * network.coefficient_scales)


class GTNNWR(GNNWR):
    """A linear regression whose coefficients vary with place and time; see `GNNWR` for all other arguments.

    The proximity of a row to a reference point is learned from their distance in space and their distance in time.

    Args:
        coordinates: columns that say where a row lies; None: the two before the last.
        time: the column that says when; None: the last.
        period: after which seasons come again, in the unit of time: their distance is then a third kind; None: there is none.
    """

    def __init__(
        self,
        coordinates: Sequence[int | str] | None = None,
        time: int | str | None = None,
        period: float | None = None,
        *,
        n_references: int = 256,
        hidden: Sequence[int] = (64, 32),
        members: int = 4,
        dropout: float = 0.1,
        epochs: int = 120,
        batch_size: int = 128,
        learning_rate: float = 1e-2,
        weight_decay: float = 1e-3,
        validation_fraction: float = 0.1,
        patience: int = 1000,
        random_state: Any = None,
    ):
        super().__init__(
            coordinates,
            n_references=n_references,
            hidden=hidden,
            members=members,
            dropout=dropout,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            validation_fraction=validation_fraction,
            patience=patience,
            random_state=random_state,
        )
        self.time = time
        self.period = period

    def _kinds_asked(self) -> tuple[tuple[int, ...], ...]:
        n = self.n_features_in_
        when = self._columns(None if self.time is None else [self.time], default=[n - 1])
        others = [column for column in range(n) if column not in when]
        return self._columns(self.coordinates, default=others[-2:]), when
