"""How parts of a storage series go with the same parts of its drivers, with the driver ahead by some months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

LONGEST_LAG = 12


@dataclass(frozen=True)
class Correlation:
    """Of one part of storage with the same part of one driver.

    Args:
        now: correlation in the same month.
        p_now: two-sided, of `now`, with as many independent values as persistence leaves.
        best: that of the largest size within twelve months.
        lag: months by which the driver is ahead there.
        values: independent values that persistence leaves, at lag 0.
    """

    now: float
    p_now: float
    best: float
    lag: int
    values: float


def correlation(storage: np.ndarray, driver: np.ndarray) -> Correlation:
    """Correlation of two series of the same months at lags from 0 to 12.

    Args:
        storage: (span,) NaN where missing.
        driver: (span,) likewise.
    """
    found = [_pearson(storage[lag:], driver[: driver.size - lag]) for lag in range(min(LONGEST_LAG, storage.size - 3) + 1)]
    sizes = [abs(r) if np.isfinite(r) else -1.0 for r in found]
    lag = int(np.argmax(sizes))
    values = independent_values(storage, driver)
    return Correlation(found[0], _p_value(found[0], values), found[lag], lag, values)


def independent_values(a: np.ndarray, b: np.ndarray) -> float:
    """n (1 − r_a r_b) / (1 + r_a r_b), with r the lag-1 autocorrelations.

    Source: Bretherton et al. 1999, doi 10.1175/1520-0442(1999)012<1990:TENOSD>2.0.CO;2, equation 31.

    Args:
        a: (span,) NaN where missing.
        b: (span,) likewise.
    """
    both = np.isfinite(a) & np.isfinite(b)
    near = _pearson(a[1:], a[:-1]) * _pearson(b[1:], b[:-1])
    near = float(np.clip(near, -0.99, 0.9999)) if np.isfinite(near) else 0.0
    return float(both.sum()) * (1 - near) / (1 + near)


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3:
        return np.nan
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    norm = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / norm) if norm > 0 else np.nan


def _p_value(r: float, values: float) -> float:
    if not np.isfinite(r) or values <= 2:
        return 1.0 if np.isfinite(r) else np.nan
    size = r * np.sqrt((values - 2) / max(1.0 - r * r, 1e-15))
    return float(2 * student.sf(abs(size), values - 2))
