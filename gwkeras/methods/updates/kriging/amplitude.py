"""Where a prior can be wrong by much: what it has missed is carried to fine cells by how much its storage varies there.

A prior is most wrong where there is most to be wrong about: on irrigated land, on slow aquifers, not on bare rock beside them.
With a(x) the square root of the prior's size of storage over the training months, errors are a(x) times something that varies
alike everywhere:

    C(x, y) = a(x) C₀(x, y) a(y),    K d ≈ a · K₀ (d / H a),    σ ≈ a · σ₀,

exact where a does not vary within what a product cell sees. Where it does, pinned cells keep their means in any case, and through
a filter what H K d misses of d is carried by K₀ once more. Without a prior a = 1 and K = K₀.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.methods.updates.kriging.solvers.region import Region

_LEAST = 0.1  # of the region's size of storage, that every cell has: a prior is wrong even where it expects nothing


@dataclass(frozen=True, eq=False)
class Amplitude:
    """a, in units of the root mean square of H a.

    Args:
        fine: (s n_lat, s n_lon) a, positive; 1 where there is no land.
        seen: (n_lat, n_lon) H a; 1 where there is no land.
    """

    fine: np.ndarray
    seen: np.ndarray

    @classmethod
    def over(cls, sizes: np.ndarray, region: Region) -> Amplitude:
        """From a map of any unit.

        Args:
            sizes: (s n_lat, s n_lon), positive on land.
            region: its operator and its edges.
        """
        land = region.observation.land > 0
        seen = region.seen(np.where(land, sizes, np.nan))
        known = np.isfinite(seen) & (seen > 0)
        unit = float(np.sqrt(np.mean(seen[known] ** 2))) if known.any() else 1.0
        return cls(np.where(land, sizes / unit, 1.0), np.where(known, seen / unit, 1.0))


def sizes_of(squares: np.ndarray, land: np.ndarray) -> np.ndarray | None:
    """(s n_lat, s n_lon) float32, how large errors are likely to be beside one another; None where nothing is expected anywhere.

    Args:
        squares: (s n_lat, s n_lon) mm², mean square of f over the training months.
        land: (s n_lat, s n_lon) share of land.
    """
    size = float(np.sqrt(np.mean(squares[land > 0]))) if (land > 0).any() else 0.0
    return np.sqrt(np.sqrt(squares) / size + _LEAST).astype(np.float32) if size > 0 else None
