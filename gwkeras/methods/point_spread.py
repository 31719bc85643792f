"""What a product has been smoothed by: found in its own training months where nobody says, checked where somebody does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.grid import EARTH_RADIUS_KM
from gwkeras.core.months import month_number
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.split import Split
from gwkeras.fields.record import Fields
from gwkeras.methods.updates.kriging.selection.lasting_detail import is_too_sharp, lasting_detail
from gwkeras.methods.updates.kriging.selection.radius import radius_profile
from gwkeras.observation.point_spread import PointSpread
from gwkeras.training.run_folder import RunFolder


@dataclass(frozen=True)
class FoundSpread:
    """What the product says.

    Args:
        stated: what files or configuration state; none where they state nothing.
        spread: what holds: as stated, or as found.
        said: a sentence for reports; empty where there is nothing to add to what is stated.
        lower_km: 90 % interval of the half-weight radius; None where there was too little to find it from.
        upper_km: its other end.
        basis: digest of what it was found from.
    """

    stated: PointSpread
    spread: PointSpread
    said: str
    lower_km: float | None
    upper_km: float | None
    basis: str

    def write(self, path: Path) -> None:
        """Keeps it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, path: Path) -> FoundSpread | None:
        """What was kept; None where nothing was, or where it is damaged: it is then found again."""
        try:
            told = json.loads(path.read_bytes())
            return cls(**{**told, **{name: PointSpread(**told[name]) for name in ("stated", "spread")}})
        except (OSError, ValueError, TypeError, KeyError, BadInput):
            return None


def with_point_spread(fields: Fields, split: Split, run: RunFolder, progress: Progress = silent) -> Fields:
    """The fields with the point spread that holds for them; found once for a run, from its training months alone.

    Args:
        fields: as read.
        split: held-out months and blocks are not looked at.
        run: where it is kept.
        progress: told of it.
    """
    months = np.isin(month_number(fields.gwsa["time"].values), split.months_of("train"))
    basis = _basis(fields, split)
    found = FoundSpread.read(run.point_spread)
    if found is None or found.basis != basis:
        progress("estimating the product's filter", 0, 1)
        storage = fields.gwsa.isel(time=np.flatnonzero(months)).values
        storage = np.where(split.untrained(fields.grid), np.nan, storage)
        numbers = month_number(fields.gwsa["time"].values)[months].astype(int)
        detail = lasting_detail(storage, numbers, fields.grid)
        found = _found(fields, storage, _noise_share(fields, storage, months), detail, basis)
        found.write(run.point_spread)
        progress("estimating the product's filter", 1, 1)
    return _with(fields, found)


def with_kept_point_spread(fields: Fields, run: RunFolder) -> Fields:
    """The fields, whose files may be others than the run's, with the point spread that was found for the run."""
    found = FoundSpread.read(run.point_spread)
    if found is None or (fields.spread_is_known and not (fields.spread_by_files and fields.point_spread == found.stated)):
        return fields
    return _with(fields, found)


def _with(fields: Fields, found: FoundSpread) -> Fields:
    notes = [*fields.notes, found.said] if found.said else fields.notes
    return replace(fields, point_spread=found.spread, spread_is_known=True, notes=notes)


def _basis(fields: Fields, split: Split) -> str:
    known = [
        fields.fingerprint,
        asdict(fields.grid),
        [str(stamp) for stamp in fields.gwsa["time"].values],
        split.train_months,
        [asdict(box) for box in split.held_out],
        asdict(fields.point_spread),
        fields.spread_is_known,
        fields.spread_by_files,
        fields.spread_maybe_full_width,
    ]
    return hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()[:16]


def _noise_share(fields: Fields, storage: np.ndarray, months: np.ndarray) -> float | None:
    """Of the storage's variance, by the product's own uncertainty in the same months."""
    if fields.uncertainty is None:
        return None
    stated = fields.uncertainty.reindex_like(fields.gwsa).isel(time=np.flatnonzero(months)).values
    both = np.isfinite(storage) & np.isfinite(stated)
    power = float(np.square(storage[both]).mean()) if both.any() else 0.0
    noise = float(np.square(stated[both]).mean()) if both.any() else 0.0
    return noise / power if power > 0 and noise > 0 else None


def _found(fields: Fields, storage: np.ndarray, noise_share: float | None, detail: float | None, basis: str) -> FoundSpread:
    stated = fields.point_spread
    share = np.isfinite(storage).any(axis=0).astype(float)
    small = "" if stated.kind == "none" else _small(fields, stated)
    try:
        profile = radius_profile(storage, fields.grid, share, stated.over)
    except BadInput as error:
        said = small
        if not fields.spread_is_known:
            said = f"point spread: no filter assumed, since the product is too small to estimate one (in training {error.found})"
        return FoundSpread(stated, stated, said, None, None, basis)
    interval = profile.lower_km, profile.upper_km
    too_sharp = is_too_sharp(detail, profile.best_km, fields.grid)
    speaks = f"90 % interval {profile.lower_km:.0f} to {profile.upper_km:.0f} km, from {len(storage)} training months"
    if fields.spread_is_known:
        said = small
        if too_sharp:
            return FoundSpread(stated, stated, said, *interval, basis)
        read = stated  # as its words are read
        if fields.spread_maybe_full_width and profile.speaks_for_full_width(stated, noise_share):
            read = PointSpread.gaussian(stated.half_weight_km / 2, stated.over)
        corrected = profile.corrected(read, noise_share) if fields.spread_by_files else None
        if read != stated:
            taken = corrected or read
            said = (
                f"point spread: the product's files state {stated.half_weight_km:g} km; the data suggest a half-weight radius of "
                f"{profile.best_km:.0f} km ({speaks}), so the stated value is taken as the full width and the radius as "
                f"{taken.half_weight_km:g} km; if it is the radius, set it in data.point_spread with kind: gaussian"
            )
            return FoundSpread(stated, taken, said, *interval, basis)
        if corrected is not None:
            said = (
                f"point spread: the product's files state {stated.describe()}; the data suggest a half-weight radius of "
                f"{profile.best_km:.0f} km ({speaks}), so {corrected.half_weight_km:.0f} km is used; to keep the stated one, set "
                "it in data.point_spread with kind: gaussian"
            )
            return FoundSpread(stated, corrected, said, *interval, basis)
        if profile.contradicts(stated):
            best = f"a half-weight radius of {profile.best_km:.0f} km" if profile.lower_km > 0 else "no filter"
            said = (
                f"point spread: the data contradict the stated filter ({stated.describe()}) and suggest {best} ({speaks}); "
                "check data.point_spread"
            )
        return FoundSpread(stated, stated, said, *interval, basis)
    if too_sharp:
        said = (
            f"point spread: no filter assumed, although block means suggest a half-weight radius of {profile.best_km:.0f} "
            f"km ({speaks}): contrasts between neighbouring cells last from month to month; such a filter would remove them"
        )
        return FoundSpread(stated, replace(stated, kind="none"), said, *interval, basis)
    cell = fields.grid.height_km
    if profile.lower_km > cell:  # less than a cell cannot be told from storage that is smooth by itself
        spread = PointSpread.gaussian(round(profile.best_km, 1), stated.over)
        return FoundSpread(
            stated, spread, f"point spread: {spread.describe()}, estimated from the product ({speaks})", *interval, basis
        )
    within = f"half-weight radius at most {profile.upper_km:.0f} km, {speaks}"
    said = f"point spread: no filter wider than a cell, estimated from the product ({within})"
    return FoundSpread(stated, replace(stated, kind="none"), said, *interval, basis)


def _small(fields: Fields, spread: PointSpread) -> str:
    """A sentence where the region is smaller than its product's filter."""
    degree = np.deg2rad(1.0) * EARTH_RADIUS_KM
    grid = fields.grid
    height = grid.n_lat * grid.lat_step * degree
    width = grid.n_lon * grid.lon_step * degree * float(np.cos(np.deg2rad((grid.south + grid.north) / 2)))
    if min(height, width) >= 2 * spread.half_weight_km:
        return ""
    return (
        f"point spread: the region of {height:.0f} km × {width:.0f} km is smaller than the product's filter "
        f"({2 * spread.half_weight_km:.0f} km full width at half maximum), so leakage from outside dominates and hardly any "
        "detail can be resolved; choose a larger region"
    )
