"""The prior's own error where the product cannot see it.

What an update knows of a residual it has seen through the product; of the prior's detail below the product's cells, or below its
filter, nothing has been seen. Its error there is taken to grow with that detail itself: a prior that puts 40 mm between two
valleys can be 30 mm wrong about it, one that puts nothing there adds no error to the covariance's. So

    σ² = s² σ²(update) + γ² A,    A = ½ (a + ā),    u = f − I (H f),

with s from held-out product, I the bicubic interpolation, a the local mean square of u in the month and ā that over the months.

Where the prior has members, and no filter hides what they say of the product's cells, they tell better how wrong their mean is:

    γ² A = δ² · local mean square of Σ w (u − ū)²    (`gwkeras.methods.error_bars.disagreement`).

Through a filter held-out product tells by ρ, the mean square of its errors over that of what the prior says there, how far the
prior is right at all. Only errors that last count: what is new each month may be the product's noise. As far as the prior is not
right, it does not know where detail is either, and its error may be anywhere around:

    A = ½ (1 − m) (a + ā r / r̄) + m r,    m = ρ / (1 + ρ),

with r the mean of a over some 1,000 km, r̄ that of ā: ā follows what there is of it in the month.

γ² and δ² cannot be measured, since nothing of that detail is observed: they are assumptions, set on tuning worlds whose truth is
known (docs/uncertainty.md), and their range is part of the intervals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from gwkeras.core.errors import BadInput
from gwkeras.core.grid import Grid, nearest_upsample
from gwkeras.core.months import Month, month_number
from gwkeras.domain.array_cache import array_digest
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.methods.error_bars.neighbourhood import mean_near
from gwkeras.methods.error_bars.persistence import Persistence, doubted
from gwkeras.methods.updates.kriging.covariance.noise_correlation import NoiseCorrelation

SEEN_SHARE = 0.4
"""γ² for a product whose cells are what hides the detail, and a prior without members: set on tuning worlds, where 0.31 to 0.57
were right for the ridge alone."""

APART_SHARE = 5.5
"""δ² for such a product and a prior of several: set on tuning worlds, where 7, 4.3 and, with a covariance that says nearly all by
itself, 0.7 to 2.1 were right."""

OF_DETAIL, OF_STRANGE = 0.55, 62.0
"""What τ is made of through a filter: set on tuning worlds."""

USUALLY_APART, LEAST_SHARE, LARGEST_SHARE = 0.15, 0.15, 5.0
"""D / Ā where the prior has no members. Least γ² through a filter; largest τ, since no tuning world asked for more than 4.7."""

_SEVERAL = 24  # months, in which members are compared
_LARGEST_RATIO = 100.0  # a prior of nothing has no detail, and all ratios to it are alike

RANGE, FILTERED_RANGE = 0.10, 0.15
"""Standard deviation of ln σ that these assumptions leave, without and with a filter."""

_PLACES = 1000  # at which it is asked how long u lasts
_LASTING = ("persistence", "detail_persistence")
_NUMBERS = ("scale", "share", "anywhere", "apart", "untaught")
_NEIGHBOURHOOD = 0.5  # degrees, standard deviation of the window for local mean squares
AROUND_DEGREES, AROUND_REACH = 4.0, 2.0
"""Standard deviation of the window for what is around, and how many of them it reaches: a served tile sees no further."""


def filtered_share(growth: float, ratio: float, apart: float, explained: float) -> float:
    """γ² through a filter: what is missing to τ = 0.55 + 62 E / Ā √ρ (D / Ā)^¼ of Ā; τ at most 5, γ² at least 0.15.

    τ Ā is how large errors of the fine field are taken to be, the update's σ² among them: about half of the prior's unseen detail
    where the prior is borne out, and the more the less it is, which shows thrice: by errors of the product that last, beside
    that detail and beside what the prior says of the product, and by members that are apart.

    Args:
        growth: E / Ā, mean square of held-out errors of the product that last over that of u.
        ratio: ρ.
        apart: D / Ā, the members' disagreement Σ w (u − ū)² over it.
        explained: the mean of the update's σ² over Ā.
    """
    strange = OF_STRANGE * growth * ratio**0.5 * apart**0.25
    return max(min(OF_DETAIL + strange, LARGEST_SHARE) - explained, LEAST_SHARE)


@dataclass(frozen=True)
class UnseenDetail:
    """σ of a month from the update's, and A.

    Args:
        scale: s, what held-out product says that the update's σ is to be multiplied by.
        share: γ².
        typical: (s n_lat, s n_lon) mm², ā; where there is an m, ā / r̄.
        grid: of `typical`; elsewhere the month's own mean square stands for it.
        persistence: how long errors of storage last, from held-out product.
        detail_persistence: how long u lasts, and with it what the prior gets wrong of it.
        noise: how the product's noise goes together in space; None: as the update assumes.
        anywhere: m.
        apart: δ²; 0: not the members but u itself says how wrong the prior is, and `share` and `typical` count.
        untaught: factor on σ in months that the prior was not taught on.
        taught: numbers of those that it was.
    """

    scale: float
    share: float
    typical: np.ndarray
    grid: Grid
    persistence: Persistence = Persistence.usual()
    detail_persistence: Persistence = Persistence.usual()
    noise: NoiseCorrelation | None = None
    anywhere: float = 0.0
    apart: float = 0.0
    untaught: float = 1.0
    taught: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        domain: Domain,
        means: Mapping[Month, np.ndarray],
        scale: float,
        errors: float,
        detail: float,
        apart: Callable[[Month], np.ndarray] | None = None,
        explained: float = 0.0,
    ) -> UnseenDetail:
        """From the prior's fields of some months.

        Args:
            domain: of the fields.
            means: month -> f, (s n_lat, s n_lon) mm; ascending.
            scale: s.
            errors: E, mean square of errors of the product in held-out blocks, mm²; of those that last.
            detail: that of what the prior alone says of them, mm²; ρ is E over it.
            apart: month -> `gwkeras.methods.error_bars.disagreement.departures`; None: the prior has no members.
            explained: mean of s² σ²(update), mm².
        """
        spread = domain.observation.point_spread
        by_members = spread.kind == "none" and apart is not None
        land = np.flatnonzero(domain.land_fine > 0)
        some = land[:: max(1, len(land) // _PLACES)]
        total, seen = np.zeros(domain.fine.shape), []
        for month, mean in means.items():
            fields = apart(month) if by_members and apart is not None else unseen(domain, mean)[None]
            total += local_mean_square(domain, fields)
            seen.append(fields[0].ravel()[some])
        numbers = month_number(np.array(list(means)))
        lasting = doubted(Persistence.fit(numbers, np.array(seen)), numbers)
        typical = total / max(len(means), 1)
        if spread.kind == "none":
            share, delta = (0.0, APART_SHARE) if by_members else (SEEN_SHARE, 0.0)
            found = cls(scale, share, typical.astype(np.float32), domain.fine, detail_persistence=lasting)
            return replace(found, apart=delta)
        ratio = min(errors / max(detail, 1e-12), _LARGEST_RATIO)
        mass = domain.fine.area * domain.land_fine
        size = max(float((mass * typical).sum() / mass.sum()), 1e-12)
        growth, told = np.minimum(np.array([errors, explained]) / size, _LARGEST_RATIO).tolist()
        members = USUALLY_APART
        if apart is not None:
            compared = list(means)[:: max(1, len(means) // _SEVERAL)]
            squares = [float((mass * np.square(apart(month)).sum(axis=0)).sum() / mass.sum()) for month in compared]
            members = min(float(np.mean(squares)) / size, 1.0)
        there = around(domain, typical)
        relative = np.divide(typical, there, out=np.ones_like(typical), where=there > 0).astype(np.float32)
        share, anywhere = filtered_share(growth, ratio, members, told), ratio / (1 + ratio)
        return cls(scale, share, relative, domain.fine, detail_persistence=lasting, anywhere=anywhere)

    def sigma(
        self,
        domain: Domain,
        expected: np.ndarray,
        sigma: np.ndarray,
        known: np.ndarray | None = None,
        apart: Callable[[], np.ndarray] | None = None,
        month: int | None = None,
    ) -> np.ndarray:
        """(s n_lat, s n_lon) mm, standard deviation of a month.

        Args:
            domain: of the fields.
            expected: f of the month, mm.
            sigma: of the update, mm.
            known: (n_lat, n_lon) bool, product cells with a value in the month; None: all. Land where there is none does not
                count, as in what a network is served, which cannot tell it from the sea.
            apart: gives the members' departures in the month, where δ² asks for them.
            month: its number; None: one that the prior was taught on.
        """
        if self.apart and apart is not None:
            wrong = self.apart * local_mean_square(domain, apart(), known)
        else:
            wrong = self.share * self.size(domain, local_mean_square(domain, unseen(domain, expected, known), known), known)
        factor = 1.0 if month is None or month in self.taught else self.untaught
        return (factor * np.sqrt(self.scale**2 * np.asarray(sigma, float) ** 2 + wrong)).astype(np.float32)

    def size(self, domain: Domain, month: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """(s n_lat, s n_lon) mm², A.

        Args:
            domain: of the fields.
            month: a, mm².
            known: as for `sigma`.
        """
        at_home = self.grid.is_close(domain.fine)
        if not self.anywhere:
            return 0.5 * (month + (self.typical if at_home else month))
        there = around(domain, month, known)
        typical = self.typical * there if at_home else month
        return 0.5 * (1 - self.anywhere) * (month + typical) + self.anywhere * there

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
        numbers = (self.scale, self.share, self.anywhere, self.apart, self.untaught, *self.taught)
        return " ".join((*(f"{number:.17g}" for number in numbers), array_digest(self.typical)))

    def save(self, folder: Path) -> None:
        """Writes unseen_detail.npz."""
        grid = {name: getattr(self.grid, name) for name in ("south", "west", "lat_step", "lon_step", "n_lat", "n_lon")}
        told = {"grid": json.dumps(grid)}
        told |= {name: json.dumps(asdict(getattr(self, name))) for name in _LASTING}
        told |= {"noise": json.dumps(asdict(self.noise))} if self.noise else {}
        np.savez(
            folder / "unseen_detail.npz",
            typical=self.typical,
            **{name: getattr(self, name) for name in _NUMBERS},
            taught=np.array(self.taught, dtype=int),
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
                kept: dict[str, Any] = {name: float(arrays[name]) for name in _NUMBERS if name in arrays}
                for name in _LASTING:
                    if name in arrays:
                        told = json.loads(str(arrays[name]))
                        kept[name] = Persistence(tuple(told["shares"]), told["white"], told["about_mean"])
                noise = NoiseCorrelation(**json.loads(str(arrays["noise"]))) if "noise" in arrays else None
                taught = tuple(arrays["taught"].tolist()) if "taught" in arrays else ()
                return cls(typical=arrays["typical"], grid=grid, noise=noise, taught=taught, **kept)  # less, of earlier versions
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
        field: (s n_lat, s n_lon), or several (k, s n_lat, s n_lon) whose squares are added.
        known: (n_lat, n_lon) bool, product cells whose land counts; None: all.
    """
    land = domain.land_fine.astype(float)
    land = land if known is None else land * nearest_upsample(known, domain.factor)
    squared = np.square(field).reshape(-1, *land.shape).sum(axis=0)
    return mean_near(squared, land, _NEIGHBOURHOOD, domain.fine, domain.factor)


def around(domain: Domain, field: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """(s n_lat, s n_lon) mean over the land of some 1,000 km; the same within a product cell.

    Args:
        domain: of the field.
        field: (s n_lat, s n_lon).
        known: (n_lat, n_lon) bool, product cells whose land counts; None: all.
    """
    coarse, factor, land = domain.coarse, domain.factor, domain.land_fine.astype(float)
    land = land if known is None else land * nearest_upsample(known, factor)
    means, weight = domain.fine.block_sum_and_weight(field, factor, land)
    mode = ("constant", "wrap" if coarse.is_periodic else "constant")
    width = AROUND_DEGREES / coarse.lat_step, AROUND_DEGREES / coarse.lon_step
    total, reached = (
        ndimage.gaussian_filter(values, width, mode=mode, truncate=AROUND_REACH)
        for values in (np.nan_to_num(means) * weight, weight)
    )
    found = np.divide(total, reached, out=np.zeros_like(total), where=reached > 1e-9 * weight.max(initial=0.0))
    return nearest_upsample(found, factor)
