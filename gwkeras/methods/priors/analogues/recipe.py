"""Constructed analogues: the detail of a month is that of past months, mixed as its product is (Hidalgo et al. 2008).

The reference's detail (I − I H) S is regressed on the product nearby and on the season, by ridge regression in its dual form: the
answer is a mixture of past months' detail (`likeness.py`). Both weights are chosen by spans of months that are left out in turn.
The product of the month is an input, so this is an answer, not an expectation: it carries G itself (f = I G + detail), and an
update behind it finds little to do. A region's own record must hold the reference for some years.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as every
from pathlib import Path
from typing import ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.errors import MissingMonths
from gwkeras.core.grid import nearest_upsample
from gwkeras.core.progress import Progress, silent
from gwkeras.methods.priors.analogues.filling import fill_unknown
from gwkeras.methods.priors.analogues.fitted import FittedAnalogues
from gwkeras.methods.priors.analogues.likeness import Likeness
from gwkeras.methods.priors.teaching.belief import is_believed, standard_error
from gwkeras.methods.priors.teaching.reference import reference_detail, require_reference
from gwkeras.methods.training import Training

PRODUCT_WEIGHTS = (3.0, 10.0, 30.0, 100.0, 300.0)
SEASON_WEIGHTS = (0.0, 0.6, 6.0)
_SPAN_MONTHS, _MOST_SPANS, _FEWEST_MONTHS = 12, 8, 24
_SAMPLE = 100  # product cells that the weights are chosen on
_USUALLY = 0.8  # share of the months in which a cell's reference must be known
_POOLED = 12.0  # months that the variance of a product cell's mean counts for in each of its fine cells


@dataclass(frozen=True)
class Analogues:
    """f = the product interpolated + a mixture of past months' detail; a fine reference is needed.

    Args:
        reach: how far around a product cell months are compared, the standard deviation of a bell.
    """

    reach: float = key(1.5, "radius around a cell within which months are compared", unit="product cells", above=0, at_most=20)

    label: ClassVar[str] = "analogues"
    needs_shards: ClassVar[bool] = False

    def fit(self, training: Training, progress: Progress = silent) -> FittedAnalogues:
        """Past months' detail, and the weights of product and season.

        Args:
            training: its domain holds a reference; other months, and held-out blocks with their buffer, are never looked at.
            progress: called once a training month and once a product cell.
        Raises: BadInput: where there is no reference. MissingMonths: where it is known in too few training months.
        """
        require_reference("analogues", training)
        domain, withheld = training.domain, training.withheld
        months, detail, known = _details(training, progress)
        spans = np.minimum((months - months[0]).astype(int) // _SPAN_MONTHS, _MOST_SPANS * len(months))
        spans = np.unique(spans, return_inverse=True)[1]
        spans = spans * min(_MOST_SPANS, spans.max() + 1) // (spans.max() + 1)
        product = np.stack([np.nan_to_num(domain.storage_of(month)) for month in months]).astype(np.float32)
        likeness = Likeness(months, spans, product, self.reach, domain.coarse.is_periodic)
        mass = domain.fine.area * np.where(known, domain.land_fine, 0.0)
        errors = _errors(likeness, detail, mass, domain.factor)
        chosen, said = _choose(errors, spans)
        variance = _variance(likeness, chosen, detail, mass, domain.factor, progress)
        shown = nearest_upsample(domain.land > 0, domain.factor) & (domain.land_fine > 0)
        unknown = int((shown & ~known).sum())
        fill_unknown(detail, variance, known, shown, domain.fine.area * domain.land_fine, domain.fine, domain.factor)
        notes = [said]
        if unknown:
            notes.append(
                f"analogues: the reference was not used in {unknown} fine cells on land "
                f"({int((withheld & shown).sum())} of them held out); their detail is that of nearby cells, shrunk"
            )
        return FittedAnalogues(likeness, *chosen, detail, variance, tuple(notes))

    def load(self, folder: Path, training: Training) -> FittedAnalogues:
        """What `FittedAnalogues.save` has kept.

        Raises: BadInput: where the folder holds no such prior.
        """
        return FittedAnalogues.load(folder)


def _details(training: Training, progress: Progress) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months (T,), their detail (T, s n_lat, s n_lon) float32 with gaps at 0, and which cells are known."""
    domain = training.domain
    stamps, fields = [], []
    for done, month in enumerate(training.months, start=1):
        field = reference_detail(domain, month, training.withheld).astype(np.float32)
        if np.isfinite(field).any():
            stamps.append(month)
            fields.append(field)
        progress("reading the reference, months", done, len(training.months))
    months = np.array(stamps, dtype="datetime64[M]")
    if len(months) < _FEWEST_MONTHS:
        raise MissingMonths(
            "analogues prior",
            expected=f"at least {_FEWEST_MONTHS} training months with a reference",
            found=str(len(months)),
            remedy="give a longer record, or hold out less",
        )
    detail = np.stack(fields)
    known = (np.isfinite(detail).mean(axis=0) >= _USUALLY) & (domain.land_fine > 0)
    return months, np.where(known, np.nan_to_num(detail), np.float32(0.0)), known


Weights = tuple[float, float]
"""Of the product's likeness and the season's."""


def _errors(likeness: Likeness, detail: np.ndarray, mass: np.ndarray, s: int) -> dict[Weights, np.ndarray]:
    """Each candidate's squared error of every month, (T,), over a sample of product cells; (0, 0) is no detail at all."""
    blocks = np.argwhere(mass.reshape(mass.shape[0] // s, s, -1, s).sum(axis=(1, 3)) > 0)
    blocks = blocks[np.unique(np.linspace(0, len(blocks) - 1, _SAMPLE).astype(int))] if len(blocks) > _SAMPLE else blocks
    candidates = [(0.0, 0.0), *every(PRODUCT_WEIGHTS, SEASON_WEIGHTS)]
    errors = {candidate: np.zeros(len(likeness.months)) for candidate in candidates}
    for row, column in blocks:
        cells = slice(row * s, (row + 1) * s), slice(column * s, (column + 1) * s)
        values = (detail[:, *cells] * np.sqrt(mass[cells])).reshape(len(detail), -1).astype(float)
        gram = values @ values.T  # (T, T): errors of mixtures need no more than that
        seen = likeness.seen_from(row, column, likeness.product, likeness.months)
        for candidate in candidates:
            weights = seen.mixture(*candidate)[0] if any(candidate) else np.zeros(gram.shape)
            errors[candidate] += np.diag(gram) - 2 * np.einsum("ts,ts->t", weights, gram)
            errors[candidate] += np.einsum("ts,ts->t", weights @ gram, weights)
    return errors


def _choose(errors: dict[Weights, np.ndarray], spans: np.ndarray) -> tuple[Weights, str]:
    """The candidate with the least error in spans that were left out; none where its gain is not believed."""
    nothing = errors[0.0, 0.0]
    if len(np.unique(spans)) < 2 or not nothing.any():
        return (0.0, 0.0), "analogues: no detail, since there are too few months to hold out"
    best = min(errors, key=lambda candidate: float(errors[candidate].sum()))
    gains = np.array([1 - errors[best][spans == n].sum() / nothing[spans == n].sum() for n in np.unique(spans)])
    error = standard_error(gains)
    said = f"{gains.mean():.3f} ± {error:.3f} of the detail's variance explained in {len(gains)} spans left out in turn"
    if not is_believed(gains.mean(), error):
        return (0.0, 0.0), f"analogues: no detail, since past months do not predict it ({said})"
    return best, f"analogues: weights {best[0]:g} (product) and {best[1]:g} (season), {said}"


def _variance(
    likeness: Likeness, chosen: Weights, detail: np.ndarray, mass: np.ndarray, s: int, progress: Progress
) -> np.ndarray:
    """(s n_lat, s n_lon) mm² of the error in a month like others; 0 where nothing is known."""
    variance = np.zeros(mass.shape, dtype=np.float32)
    blocks = np.argwhere(mass.reshape(mass.shape[0] // s, s, -1, s).sum(axis=(1, 3)) > 0)
    for done, (row, column) in enumerate(blocks, start=1):
        cells = slice(row * s, (row + 1) * s), slice(column * s, (column + 1) * s)
        weights, far = likeness.seen_from(row, column, likeness.product, likeness.months).mixture(*chosen)
        own = detail[:, *cells].astype(float)
        squares = (own - np.tensordot(weights, own, axes=1)) ** 2 / (1.0 + far)[:, None, None]
        each, share = squares.mean(axis=0), mass[cells] / mass[cells].sum()
        pooled = (len(own) * each + _POOLED * float((share * each).sum())) / (len(own) + _POOLED)
        variance[cells] = np.where(mass[cells] > 0, pooled, 0.0)
        progress("learning how alike months are, product cells", done, len(blocks))
    return variance
