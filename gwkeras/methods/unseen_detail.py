"""The prior's own error where the product cannot see it.

What an update knows of a residual it has seen through the product; of the prior's detail below the product's cells, or below its
filter, nothing has been seen. Its error there is taken to grow with that detail itself: a prior that puts 40 mm between two
valleys can be 30 mm wrong about it, one that puts nothing there adds no error to the covariance's. So

    A = ½ (local mean square of u in the month) + ½ (the same over the months),    u = f − I (H f),
    σ² = s² σ²(update) + γ² A,

with s from held-out product and I the bicubic interpolation. γ² cannot be measured, since nothing of that detail is observed: it
is an assumption, set on tuning worlds whose truth is known (docs/uncertainty.md). Through a filter it follows how large held-out
errors of the product are against what the prior says there; its range is part of the intervals.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.months import Month, month_number
from gwkeras.domain.array_cache import array_digest
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.methods.persistence import Persistence, doubted
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation

SEEN_SHARE = 0.4
"""γ² for a product whose cells are what hides the detail: set on tuning worlds, where 0.31 to 0.57 were right."""

FILTERED_SHARE, FILTERED_GROWTH = 0.5, 3.3
"""γ² = share + growth · ρ⁴ / (1 + ρ⁴) through a filter. ρ is the mean square of errors of the product in held-out blocks over
that of what the prior alone says of them: below 1 the prior is right about more than half of what can be checked of it; above 1
it is not, and what cannot be checked is then no better. On tuning worlds 0.68, 0.71, 0.65, 0.54, 0.48, 2.6 and 3.3 were right
for ρ of 0.26, 0.18, 0.21, 0.50, 0.53, 1.1 and 1.5."""

RANGE, FILTERED_RANGE = 0.10, 0.15
"""Standard deviation of ln σ that these assumptions leave, without and with a filter."""

_PLACES = 1000  # at which it is asked how long u lasts
_LASTING = ("persistence", "detail_persistence")
_NEIGHBOURHOOD = 0.5  # degrees, standard deviation of the window for local mean squares


@dataclass(frozen=True)
class UnseenDetail:
    """σ of a month from the update's, and A.

    Args:
        scale: s, what held-out product says that the update's σ is to be multiplied by.
        share: γ².
        typical: (s n_lat, s n_lon) mm², local mean square of u over months.
        grid: of `typical`; elsewhere the month's own mean square stands for it.
        persistence: how long errors of storage last, from held-out product.
        detail_persistence: how long u lasts, and with it what the prior gets wrong of it.
        noise: how the product's noise goes together in space; None: as the update assumes.
    """

    scale: float
    share: float
    typical: np.ndarray
    grid: Grid
    persistence: Persistence = Persistence.usual()
    detail_persistence: Persistence = Persistence.usual()
    noise: NoiseCorrelation | None = None

    @classmethod
    def fit(cls, domain: Domain, means: Mapping[Month, np.ndarray], scale: float, ratio: float | None) -> UnseenDetail:
        """From the prior's fields of some months.

        Args:
            domain: of the fields.
            means: month -> f, (s n_lat, s n_lon) mm; ascending.
            scale: s.
            ratio: mean square of held-out errors of the product over that of the prior's held-out detail; None without a filter.
        """
        share = SEEN_SHARE if ratio is None else FILTERED_SHARE + FILTERED_GROWTH * ratio**4 / (1 + ratio**4)
        land = np.flatnonzero(domain.land_fine > 0)
        some = land[:: max(1, len(land) // _PLACES)]
        total, seen = np.zeros(domain.fine.shape), []
        for mean in means.values():
            detail = unseen(domain, mean)
            total += local_mean_square(domain, detail)
            seen.append(detail.ravel()[some])
        numbers = month_number(np.array(list(means)))
        lasting = doubted(Persistence.fit(numbers, np.array(seen)), numbers)
        typical = (total / max(len(means), 1)).astype(np.float32)
        return cls(scale, share, typical, domain.fine, detail_persistence=lasting)

    def sigma(self, domain: Domain, expected: np.ndarray, sigma: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """(s n_lat, s n_lon) mm, standard deviation of a month.

        Args:
            domain: of the fields.
            expected: f of the month, mm.
            sigma: of the update, mm.
            known: (n_lat, n_lon) bool, product cells with a value in the month; None: all. Land where there is none does not
                count, as in what a network is served, which cannot tell it from the sea.
        """
        month = local_mean_square(domain, unseen(domain, expected, known), known)
        typical = self.typical if self.grid.is_close(domain.fine) else month
        found = np.sqrt(self.scale**2 * np.asarray(sigma, float) ** 2 + self.share * 0.5 * (month + typical))
        return found.astype(np.float32)

    def without(self, sigma: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """(s n_lat, s n_lon) mm, σ of the detail alone.

        Args:
            sigma: of everything, mm.
            noise: (s n_lat, s n_lon) mm, what the update leaves of the product's error; at most nine tenths of the variance.
        """
        variance = np.asarray(sigma, float) ** 2
        return np.sqrt(np.maximum(variance - (self.scale * noise) ** 2, 0.1 * variance)).astype(np.float32)

    @property
    def digest(self) -> str:
        """Changes with anything that changes σ."""
        return f"{self.scale:.17g} {self.share:.17g} {array_digest(self.typical)}"

    def save(self, folder: Path) -> None:
        """Writes unseen_detail.npz."""
        grid = {name: getattr(self.grid, name) for name in ("south", "west", "lat_step", "lon_step", "n_lat", "n_lon")}
        told = {"grid": json.dumps(grid)}
        told |= {name: json.dumps(asdict(getattr(self, name))) for name in _LASTING}
        told |= {"noise": json.dumps(asdict(self.noise))} if self.noise else {}
        np.savez(
            folder / "unseen_detail.npz",
            typical=self.typical,
            share=self.share,
            scale=self.scale,
            **told,  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, folder: Path) -> UnseenDetail | None:
        """What `save` wrote; None where there is none.

        Raises: BadInput: where it is damaged.
        """
        path = folder / "unseen_detail.npz"
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as arrays:
                grid = Grid(**json.loads(str(arrays["grid"])))
                lasting = {}
                for name in _LASTING:
                    if name in arrays:  # not in those of earlier versions
                        told = json.loads(str(arrays[name]))
                        lasting[name] = Persistence(tuple(told["shares"]), told["white"], told["about_mean"])
                noise = NoiseCorrelation(**json.loads(str(arrays["noise"]))) if "noise" in arrays else None
                scale, share = float(arrays["scale"]), float(arrays["share"])
                return cls(scale, share, arrays["typical"], grid, **lasting, noise=noise)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                path, expected="arrays of error bars", found=f"something else ({error})", remedy="fit again"
            ) from error


def unseen(domain: Domain, mean: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """u = f − I (H f), (s n_lat, s n_lon) mm; 0 where there is no land.

    Args:
        domain: of the field.
        mean: f, mm.
        known: (n_lat, n_lon) bool, product cells that I goes by; None: all.
    """
    land = domain.land_fine > 0
    field = np.where(land, np.nan_to_num(np.asarray(mean, dtype=float)), np.nan)
    seen = domain.observation(field)
    seen = seen if known is None else np.where(known, seen, np.nan)
    smooth = upsample(seen, domain.factor, "bicubic", periodic=domain.coarse.is_periodic, missing="filled")
    return np.nan_to_num(np.where(land, field - smooth, 0.0))


def local_mean_square(domain: Domain, field: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """(s n_lat, s n_lon) mean square over land within about half a degree.

    Args:
        domain: of the field.
        field: (s n_lat, s n_lon).
        known: (n_lat, n_lon) bool, product cells whose land counts; None: all.
    """
    mode = ("nearest", "wrap" if domain.fine.is_periodic else "nearest")
    width = _NEIGHBOURHOOD / domain.fine.lat_step, _NEIGHBOURHOOD / domain.fine.lon_step
    land = domain.land_fine.astype(float)
    land = land if known is None else land * nearest_upsample(known, domain.factor)
    total = ndimage.gaussian_filter(field**2 * land, width, mode=mode)
    reached = ndimage.gaussian_filter(land, width, mode=mode)
    return np.divide(total, reached, out=np.zeros_like(total), where=reached > 1e-9)
