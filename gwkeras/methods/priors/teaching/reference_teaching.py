"""What a prior is taught on where a fine reference is known: the reference's detail, and features' detail with it.

What counts of a prior is f − K H f. Taught on S itself, it would learn what the product says anyway; so the interpolation that
carries the product stands in for K, and (I − I H) is taken of the reference and of every feature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gwkeras.core.errors import MissingMonths
from gwkeras.domain.domain import Domain
from gwkeras.methods.priors.teaching.metric import Metric, tiles_of
from gwkeras.methods.priors.teaching.product import Teaching, teaching_of
from gwkeras.methods.priors.teaching.reference import carried, reference_detail
from gwkeras.methods.training import Training

_USUALLY = 0.8  # share of the training months in which a cell must be known to be taught on
_FEWEST_MONTHS = 12
_TILE_CELLS = 2  # product cells along a tile's side: what is left out together


@dataclass(frozen=True)
class ReferenceTeaching(Teaching):
    """Detail of the reference at fine cells: `grid` is the fine one, `factor` 1.

    Args:
        domain: that features are carried in.
    """

    domain: Domain | None = None

    def see(self, blocks: np.ndarray) -> np.ndarray:
        """(I − I H) of fine fields: (..., n_lat, n_lon) -> (..., k)."""
        assert self.domain is not None
        detail = blocks - carried(self.domain, self.domain.observation(blocks))
        return self.take(detail)

    def take(self, blocks: np.ndarray) -> np.ndarray:
        """The fields themselves at the cells taught on."""
        return np.nan_to_num(blocks[..., self.cells[:, 0], self.cells[:, 1]]).astype(np.float32)


def taught_on(training: Training) -> Teaching:
    """The reference where one is to be learned, else the product.

    Raises: MissingMonths: where there are too few months, or no cell is known in most of them.
    """
    if training.config.target.kind == "reference" and training.domain.fine_target is not None:
        return _reference_teaching(training)
    return teaching_of(training)


def _reference_teaching(training: Training) -> ReferenceTeaching:
    domain = training.domain
    fine, s = domain.fine, domain.factor
    detail = np.stack([reference_detail(domain, month, training.withheld).astype(np.float32) for month in training.months])
    told = np.isfinite(detail).any(axis=(1, 2))
    months, detail = np.array(training.months, dtype="datetime64[M]")[told], detail[told]
    if len(months) < _FEWEST_MONTHS:
        raise MissingMonths(
            "prior taught on a reference",
            expected=f"at least {_FEWEST_MONTHS} training months in which it is known",
            found=str(len(months)),
            remedy="give a longer reference, or hold out less",
        )
    usual = (np.isfinite(detail).mean(axis=0) >= _USUALLY) & (domain.land_fine > 0)
    cells = np.argwhere(usual)
    tiles = tiles_of(fine, cells, _TILE_CELLS * s * fine.height_km)
    cells = cells[np.concatenate(tiles)]
    values = np.nan_to_num(detail[:, cells[:, 0], cells[:, 1]])
    values = values - values.mean(axis=0)
    sizes = tuple(map(len, tiles))
    mass = (fine.area * domain.land_fine)[cells[:, 0], cells[:, 1]]
    weight = np.sqrt(mass / mass.mean()).astype(np.float32)  # each cell for itself: what is judged by
    whiteners = tuple(np.diag(part) for part in np.split(weight, np.cumsum(sizes)[:-1]))
    return ReferenceTeaching(
        grid=fine,
        factor=1,
        cells=cells,
        tiles=sizes,
        months=months,
        known=np.ones((len(months), len(sizes)), dtype=bool),
        values=values,
        blur=None,
        metric=Metric(whiteners),
        variance=float(np.mean(np.square(values, dtype=np.float64))),
        slope=0.0,
        domain=domain,
    )
