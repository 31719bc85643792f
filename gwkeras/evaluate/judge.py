"""What methods are scored against: a field, in months and cells held out of training, and what kind of evidence that is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from gwkeras.core.config.tree import Config, RegionConfig
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import open_domain, open_domains, open_learning_domain
from gwkeras.domain.split import Box, Patch, Split
from gwkeras.evaluate.measures.physics import Part, PhysicsTerms
from gwkeras.fields.canonical import grid_of
from gwkeras.fields.grids.regrid import Regridder
from gwkeras.fields.record import Fields
from gwkeras.methods.method import Method, Prediction
from gwkeras.methods.updates.interpolation import Interpolation
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread

Truth = Callable[[Month], np.ndarray]
"""Month -> (s n_lat, s n_lon) mm."""

Evidence = Literal["truth", "reference", "product", "interpolation"]
"""Kinds of fields that methods are scored against, by their value as evidence."""

_EVIDENCE: dict[str, Evidence] = {
    "coarsen": "product",
    "product": "product",
    "bicubic": "interpolation",
    "reference": "reference",
}


@dataclass(frozen=True)
class View:
    """One domain in which methods are judged.

    Args:
        domain: what the methods see.
        truth: what their predictions are compared with.
        months: those that are judged, ascending.
        patches: month -> rows and columns of fine cells that are judged; None: the whole domain in every month.
        physics: the physics terms of this domain; None: they are not computed.
        seen: the filter on the fine cells, where the truth is a filtered product; None: fields are compared as they are.
    """

    domain: Domain
    truth: Truth
    months: tuple[Month, ...]
    patches: Mapping[Month, tuple[Part, ...]] | None = None
    physics: PhysicsTerms | None = None
    seen: Observation | None = None

    def parts(self, month: Month) -> tuple[Part, ...]:
        """Rows and columns of fine cells that are judged in a month, one entry for each patch."""
        return ((slice(None), slice(None)),) if self.patches is None else self.patches[month]

    def as_judged(self, method: Method, prediction: Prediction, month: Month) -> Prediction:
        """A prediction as it is compared with the truth: like with like.

        Where the truth is a filtered product, a field of storage Ŝ is scored by the product that it implies,
        F Ŝ + I (G − H Ŝ): passed through the filter F, with the residual, which the method attributes to noise, added back by
        interpolation, since the truth holds that noise too. Its σ is of storage, not of this, and is not judged here.

        Args:
            method: that predicts; `removes_filter` where its field is of storage.
            prediction: of the method.
            month: of the prediction.
        """
        if self.seen is None or not getattr(method, "removes_filter", False):
            return prediction
        expected = Prediction(np.where(np.isfinite(prediction.mean), self.seen(prediction.mean), np.nan))
        return Interpolation("bicubic", conserving=True).apply(expected, self._without_filter, month)

    def observation_of(self, method: Method) -> Observation:
        """What the product shows of a method's field: through the filter, unless the field is filtered as the product is."""
        storage = self.seen is None or getattr(method, "removes_filter", False)
        return self.domain.observation if storage else self._without_filter.observation

    @cached_property
    def _without_filter(self) -> Domain:
        return replace(self.domain, point_spread=PointSpread())


@dataclass(frozen=True)
class Judge:
    """What methods are scored against.

    Args:
        views: the domains; more than one where patches of several coarsenings are judged.
        basis: one phrase for tables: which field, at which resolution.
        kind: of the split: "blocked" or "random".
        blocks: blocks of cells that training never had as a target.
        only_blocks: whether nothing else is judged, since no month is held out.
        caution: one sentence on what the scores do not say; empty where there is none.
        evidence: what stands behind the scores: "truth", "reference", "product" (one scale up) or "interpolation".
    """

    views: tuple[View, ...]
    basis: str
    kind: str = "blocked"
    blocks: tuple[Box, ...] = ()
    only_blocks: bool = False
    caution: str = ""
    evidence: Evidence = "truth"

    @property
    def domain(self) -> Domain:
        """Of the first view."""
        return self.views[0].domain

    @property
    def truth(self) -> Truth:
        """Of the first view."""
        return self.views[0].truth

    @property
    def months(self) -> tuple[Month, ...]:
        """Of the first view."""
        return self.views[0].months

    @property
    def stamps(self) -> np.ndarray:
        """First days of all months that are judged, ascending."""
        return np.unique(np.array([month for view in self.views for month in view.months]))

    @property
    def held_out(self) -> str:
        """One phrase: the months, blocks or patches that are judged."""
        months = len(self.stamps)
        if self.kind == "random":
            patches = sum(len(view.parts(month)) for view in self.views for month in view.months)
            return f"{patches} test patches in {months} months, drawn at random"
        if self.only_blocks:
            return f"{len(self.blocks)} held-out blocks of cells in {months} months, none of which is held out"
        return f"{months} held-out months ({spans(self.stamps)})"

    def digest(self) -> str:
        """SHA-256 of everything that scores depend on: months, cells, their weights and the true values in them."""
        found = hashlib.sha256()
        for view in self.views:
            found.update(repr((self.basis, astuple(view.domain.fine))).encode())
            found.update(np.ascontiguousarray(view.domain.land_fine).tobytes())
            for month in view.months:
                found.update(str(month).encode() if view.patches is None else repr((str(month), view.parts(month))).encode())
                found.update(np.ascontiguousarray(view.truth(month)).tobytes())
            if view.seen is not None:
                found.update(repr(view.seen.point_spread).encode())
        if self.only_blocks:
            found.update(repr(self.blocks).encode())
        return found.hexdigest()


def choose_judge(fields: Fields, config: Config, split: Split, cache: Path) -> Judge:
    """The fine truth where one is given, else the field that the target is: for `coarsen` the product itself, one scale up.

    A blocked split is judged in its test months; where it has none, in its held-out blocks alone. A random split is judged in
    its test patches.

    Args:
        fields: of the experiment.
        config: of the experiment.
        split: what was held out; see `tfrecords_build.held_out`.
        cache: folder for regridded arrays.
    Raises:
        BadInput: where nothing is held out.
        MissingMonths: where no held-out month can be judged.
        GridMismatch: where the truth is coarser than what it is to judge.
    """
    _require_something_held_out(split)
    if fields.truth is not None:
        domains: Sequence[Domain] = (open_domain(fields, config, cache, split),)
        basis = f"the fine truth at {domains[0].fine.lat_step:g}°"
    else:
        random = split.kind == "random"
        domains = open_domains(fields, config, cache).train if random else (open_learning_domain(fields, config, cache, split),)
        if random and config.target.kind == "coarsen":
            domains = [domain.of_filtered(fields.point_spread) for domain in domains]
        basis = {
            **dict.fromkeys(("coarsen", "product"), f"the held-out product at {domains[0].fine.lat_step:g}°, one scale up"),
            "bicubic": "the bicubic interpolation of the product, which is no evidence of detail",
            "reference": f"the held-out reference at {domains[0].fine.lat_step:g}°",
        }[config.target.kind]
    one_scale_up = fields.truth is None and config.target.kind in ("coarsen", "product")
    views = []
    for number, domain in enumerate(domains):
        truth = _target_of(domain) if fields.truth is None else _truth_on(domain, fields.truth)
        truth = truth if fields.box is None else _within(fields.box, domain.fine, truth)
        stamps = domain.months if fields.truth is None else fields.truth["time"].values
        view = _view(domain, truth, stamps, split, config, number if len(domains) > 1 else None)
        views.append(replace(view, seen=_filter_of(domain)) if one_scale_up else view)
    views = [view for view in views if view.months]
    if not views:
        raise MissingMonths(
            "evaluation",
            expected="held-out months with a field to score against",
            found="none",
            remedy="give a truth of the same years, or other split.test_months",
        )
    only_blocks = split.kind == "blocked" and not split.test_months
    evidence = "truth" if fields.truth is not None else _EVIDENCE[config.target.kind]
    caution = _caution(fields, config) if one_scale_up else ""
    return Judge(tuple(views), basis, split.kind, split.held_out, only_blocks, caution, evidence)


def spans(stamps: Iterable[np.datetime64]) -> str:
    """ "2003-04 … 2004-03, 2010-01 … 2010-12" from first days of months; the record's own gaps do not break a span."""
    found: list[list[np.datetime64]] = []
    for month in sorted(np.asarray(list(stamps), "datetime64[M]")):
        if found and int((month - found[-1][1]).astype(int)) <= 12:
            found[-1][1] = month
        else:
            found.append([month, month])
    return ", ".join(f"{first}" if first == last else f"{first} … {last}" for first, last in found)


def _require_something_held_out(split: Split) -> None:
    if split.kind == "random" and not split.test_patches:
        raise BadInput(
            "patches.test",
            expected="test patches, which alone are held out by a random split",
            found="none",
            remedy="raise patches.test and split.test_share and build again",
        )
    if split.kind == "blocked" and not split.test_months and not split.held_out:
        raise BadInput(
            "split.test_share",
            expected="months or blocks of cells that training never sees, to judge by",
            found="none",
            remedy="raise split.test_share or split.block_share and build again",
        )


def _view(domain: Domain, truth: Truth, stamps: np.ndarray, split: Split, config: Config, number: int | None) -> View:
    known = set(month_number(stamps).tolist())
    months = {n: month for month in domain.months if (n := int(month_number(month))) in known}
    patches = None
    if split.kind == "random":
        own = [p for p in split.test_patches if number is None or p.domain == number]
        patches = _by_month(own, months, domain.fine)
        judged = tuple(month for month in months.values() if month in patches)
    else:
        held_out = set(split.months_of("test")) or set(months)
        judged = tuple(month for n, month in months.items() if n in held_out)
    trained = set(split.months_of("train"))
    of_units = [month for n, month in months.items() if n in trained] or judged
    physics = PhysicsTerms.measured(config.loss, domain, of_units) if judged else None
    return View(domain, truth, judged, patches, physics)


def _by_month(patches: Iterable[Patch], months: Mapping[int, Month], fine: Grid) -> dict[Month, tuple[Part, ...]]:
    found: dict[Month, list[Part]] = {}
    for patch in patches:
        if patch.month in months:
            found.setdefault(months[patch.month], []).append(part_of(patch.box, fine))
    return {month: tuple(parts) for month, parts in found.items()}


def part_of(box: Box, grid: Grid) -> Part:
    """Rows and columns of the grid's cells inside the box, whose edges lie on the grid's or beyond its ends."""
    rows = (round((edge - grid.south) / grid.lat_step) for edge in (box.south, box.north))
    cols = (round((edge - grid.west) / grid.lon_step) for edge in (box.west, box.east))
    return (
        slice(*(min(max(row, 0), grid.n_lat) for row in rows)),
        slice(*(min(max(col, 0), grid.n_lon) for col in cols)),
    )


def _caution(fields: Fields, config: Config) -> str:
    """What a score one scale up does not say, by how the product is smoothed."""
    spread = fields.point_spread
    if spread.kind != "none":
        return (
            f"This score is one scale up. On a smoothed product ({spread.describe()}) it measures smoothness, not detail. A "
            "method that removes the filter is scored by the product that its field implies, noise included. Its σ refers to "
            "storage and is checked at the product's own cells."
        )
    if config.data.point_spread.kind == "none":  # somebody knows that it is not
        return "This score is one scale up. It is no evidence of detail within the product's cells."
    return (
        "This score is one scale up. On a product that is smoothed over more than one cell, as most are, it measures "
        "smoothness, not detail."
    )


def _filter_of(domain: Domain) -> Observation | None:
    """What turns storage on the fine cells into what the product shows there; None where it is not filtered."""
    spread = domain.point_spread
    return None if spread.kind == "none" else Observation(domain.fine, 1, domain.land_fine, spread)


def _within(region: RegionConfig, grid: Grid, truth: Truth) -> Truth:
    """The truth in the region alone: what lies around it helps to predict, and is not judged."""
    rows, columns = part_of(Box(region.south, region.north, region.west, region.east), grid)
    outside = np.ones(grid.shape, dtype=bool)
    outside[rows, columns] = False
    return lambda month: np.where(outside, np.nan, truth(month))


def _target_of(domain: Domain) -> Truth:
    return lambda month: domain.target(month, 0, 0, *domain.coarse.shape)[..., 0]


def _truth_on(domain: Domain, truth: xr.DataArray) -> Truth:
    grid = grid_of(truth)
    if grid.lat_step > domain.fine.lat_step * 1.01:
        raise GridMismatch(
            "truth",
            expected=f"cells of at most {domain.fine.lat_step:g}°",
            found=grid.describe(),
            remedy="lower sample.factor, or judge without a truth",
        )
    same = grid.is_close(domain.fine)
    regridder = None if same else Regridder(grid, domain.fine)

    def of_month(month: Month) -> np.ndarray:
        values = np.asarray(truth.sel(time=month).values, dtype=np.float64)
        if not np.isfinite(values).any():
            raise BadInput("truth", expected=f"data in {str(month)[:7]}", found="none", remedy="check the file")
        return values if regridder is None else regridder(values)

    return of_month
