"""How alike two months are, as one product cell sees it: by the product around it, and by the season.

    k(t, t') = product · Σ_c w_c G_c(t) G_c(t') / g + season · Σ_i cos(2π i (t − t') / 12) / i / Σ_i 1/i

with w a bell around the cell and g the mean of Σ_c w_c G_c(t)². A ridge regression on the product's values nearby and on
harmonics of the year, its coefficients never written down: the answer is a mixture of past months (van den Dool 1994,
doi 10.3402/tellusa.v46i3.15481; local ones: Pierce, Cayan & Thrasher 2014, doi 10.1175/JHM-D-14-0082.1). There is no constant
term, since anomalies have none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from gwkeras.core.months import calendar_month

_HARMONICS = np.arange(1, 5)
_CUT = 3.0  # standard deviations of the bell


@dataclass(frozen=True)
class Likeness:
    """Weights on past months.

    Args:
        months: (T,) datetime64[M] that are learned from.
        spans: (T,) number of the span that each belongs to; a month of a span is answered from other spans.
        product: (T, n_lat, n_lon) mm, float32, 0 where unknown.
        reach: standard deviation of the bell, product cells.
        periodic: whether the columns close around the globe.
    """

    months: np.ndarray
    spans: np.ndarray
    product: np.ndarray
    reach: float
    periodic: bool

    def around(self, row: int, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, columns and square roots of the weights of the cells around one; the weights sum to 1."""
        n_lat, n_lon = self.product.shape[1:]
        steps = np.arange(-int(_CUT * self.reach), int(_CUT * self.reach) + 1)
        down, right = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
        rows, columns = row + down, column + right
        inside = (rows >= 0) & (rows < n_lat) & (self.periodic | ((columns >= 0) & (columns < n_lon)))
        weights = np.exp(-(down**2 + right**2) / (2 * self.reach**2))[inside]
        return rows[inside], columns[inside] % n_lon, np.sqrt(weights / weights.sum())

    def seen_from(self, row: int, column: int, product: np.ndarray, months: np.ndarray) -> Seen:
        """The months of a record as a cell sees them, beside those that are learned from.

        Args:
            row: of the product cell.
            column: likewise.
            product: (M, n_lat, n_lon) mm; 0 where unknown.
            months: (M,) datetime64[M].
        """
        rows, columns, weights = self.around(row, column)
        then, now = self.product[:, rows, columns] * weights, product[:, rows, columns] * weights
        power = max(float((then.astype(float) ** 2).sum(axis=1).mean()), 1e-12)
        product_likeness = now.astype(float) @ then.T / power, then.astype(float) @ then.T / power
        own = (now.astype(float) ** 2).sum(axis=1) / power
        learned = dict(zip(self.months.tolist(), self.spans.tolist(), strict=True))
        span = np.array([learned.get(stamp, -1) for stamp in months.tolist()])
        season = _season(months, self.months), _season(self.months, self.months)
        return Seen(product_likeness, season, own, span, self.spans)


@dataclass(frozen=True)
class Seen:
    """Likeness of M months to T others, and of these to one another, still to be weighed.

    Args:
        product: (M, T) and (T, T).
        season: likewise.
        own: (M,) a month's likeness to itself, by the product.
        span: (M,) the span that a month belongs to; −1 for one that is not learned from.
        spans: (T,).
    """

    product: tuple[np.ndarray, np.ndarray]
    season: tuple[np.ndarray, np.ndarray]
    own: np.ndarray
    span: np.ndarray
    spans: np.ndarray

    def mixture(self, product: float, season: float) -> tuple[np.ndarray, np.ndarray]:
        """What each month is a mixture of.

        Args:
            product: weight of the product's likeness, the noise being 1.
            season: of the season's.
        Returns: (M, T) weights k (K + 1)⁻¹, 0 on months of a month's own span; (M,) k(t, t) − k (K + 1)⁻¹ kᵀ, how far it is
            from all others.
        """
        to, among = (product * p + season * s for p, s in zip(self.product, self.season, strict=True))
        weights, explained = np.zeros(to.shape), np.zeros(len(to))
        for number in np.unique(self.span):
            asked, others = np.flatnonzero(self.span == number), np.flatnonzero(self.spans != number)
            held = among[np.ix_(others, others)]
            held[np.diag_indices_from(held)] += 1.0
            found = cho_solve(cho_factor(held, overwrite_a=True, check_finite=False), to[np.ix_(asked, others)].T)
            weights[np.ix_(asked, others)] = found.T
            explained[asked] = np.einsum("ot,to->t", found, to[np.ix_(asked, others)])
        return weights, np.maximum(product * self.own + season - explained, 0.0)


def _season(months: np.ndarray, others: np.ndarray) -> np.ndarray:
    apart = (calendar_month(months)[:, None] - calendar_month(others)[None, :]) * (2 * np.pi / 12)
    return sum(np.cos(i * apart) / i for i in _HARMONICS) / (1 / _HARMONICS).sum()
