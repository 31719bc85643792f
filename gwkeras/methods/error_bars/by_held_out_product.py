"""Error bars of prior and kriging, learned from product that was held out: no truth is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist

import numpy as np
from scipy.special import ndtr

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.error_bars.groups import SPAN_MONTHS, blocks_of, counted, in_groups, spans_of
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.methods.error_bars.disagreement import departures, has_members
from gwkeras.methods.error_bars.local_sizes import with_own_sizes
from gwkeras.methods.error_bars.persistence import Persistence
from gwkeras.methods.error_bars.unseen_detail import FILTERED_RANGE, RANGE, UnseenDetail, unseen
from gwkeras.methods.error_bars.untaught_months import untaught_factor
from gwkeras.methods.parts import FittedPrior, FittedUpdate
from gwkeras.methods.prior_fields import PriorFields
from gwkeras.methods.training import Training
from gwkeras.methods.updates.kriging.covariance.noise_correlation import HIDDEN, NoiseCorrelation
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.selection.held_out_product import HeldOutProduct, held_out_product

_MONTHS, _ENOUGH_MONTHS = 240, 60  # of training, that are looked at beside the validation months: at most, and in a large region
_ENOUGH_VALUES = 4_000_000  # of the product: a region is large where fewer months have as many
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


@dataclass(frozen=True)
class Grouping:
    """How errors are put into groups, and what is asked of them.

    Args:
        probability: of the intervals.
        span_months: of a group, at most.
        block_degrees: side of a group's block.
        strict: whether too few groups are an error; if not, what they say is used, and the basis says so.
    """

    probability: float
    span_months: int
    block_degrees: float
    strict: bool = False

    @classmethod
    def usual(cls, training: Training) -> Grouping:
        """A year of a block as large as those that a split holds out."""
        side = training.config.split.block_cells * training.domain.coarse.lat_step
        return cls(training.config.downscale.interval, SPAN_MONTHS, side)


@dataclass(frozen=True)
class ErrorBars:
    """What held-out product says of a method's σ.

    Args:
        detail: how σ is made of the update's.
        calibration: the intervals around it.
        product: the held-out product that both come from.
        update: with a sharper map of where its errors are large; as it was where none could be learned.
    """

    detail: UnseenDetail
    calibration: Calibration
    product: HeldOutProduct
    update: FittedUpdate


def error_bars(
    prior: FittedPrior, update: FittedUpdate, training: Training, grouping: Grouping | None = None, *, sharpen: bool = True
) -> ErrorBars | None:
    """σ and intervals from errors of the product in blocks that the update is not shown, each left out in turn.

    Validation months count, and up to 240 training months, in which the prior has been taught: on tuning worlds its errors there
    are as large as elsewhere to a tenth, and two spans of validation months alone tell less of the years to come. Blocks that the
    split holds out are not looked at.

    Args:
        prior: as fitted.
        update: as fitted; None is returned for one that does not predict the product.
        training: its split says which months and cells may be looked at.
        grouping: of the errors; None: `Grouping.usual`.
        sharpen: whether the update's map of where errors are large is still to be sharpened.
    Raises: BadInput: where a strict grouping has too few groups.
    """
    if not isinstance(update, FittedKriging):
        return None
    domain, grouping = training.domain, grouping or Grouping.usual(training)
    here = update.on(domain)
    held, taught = list(training.validation_months), _some(training.months, _most(domain))
    months = sorted({*held, *taught})
    expected = np.stack([np.nan_to_num(here.region.seen(mean)) for mean in PriorFields(prior, domain, months).values()])
    observed = np.stack([domain.storage_of(month) for month in months]).astype(float)
    observed[:, training.split.untrained(domain.coarse)] = np.nan
    numbers = month_number(np.array(months))
    product = held_out_product(here, observed - expected, expected, numbers)
    stamps = [months[row] for row in product.rows]
    persistence = Persistence.fit(numbers[product.rows], product.errors.T)
    believed = float(np.mean(np.maximum(here.noise.variance, here.uncertainty**2)))
    noise = NoiseCorrelation.seen(numbers, here.region.gather(observed - expected), here.region.grid, believed) or HIDDEN
    spans = spans_of(stamps, grouping.span_months)
    sharper = with_own_sizes(here, product, spans_of(stamps)) if sharpen else None
    if sharper is not None:
        update, product = sharper
    ratios, blocks = np.abs(product.errors) / product.sigma_of_months, blocks_of(product.lat, product.lon, grouping.block_degrees)
    groups = in_groups(ratios, spans, blocks)
    learned = np.isin(numbers[product.rows], month_number(np.array(taught)))
    others, own = (in_groups(ratios[:, which], spans[which], blocks) for which in (~learned, learned))
    untaught, said = untaught_factor(others, own, grouping.probability)
    filtered = domain.point_spread.kind != "none"
    told = f"{counted(len(groups))} of held-out product; {said}"
    measured = Calibration.of_groups(groups, grouping.probability, told, strict=grouping.strict)
    errors, of_detail = (float(np.mean(values**2)) for values in (product.errors, product.detail))
    errors *= 1.0 - persistence.white  # which may be the product's noise
    chosen: Sequence[Month] = taught or held
    apart = partial(departures, prior, domain, of=partial(unseen, domain)) if has_members(prior) else None
    size, explained = measured.sigma_scale, 0.0
    if filtered:
        mass = domain.fine.area * domain.land_fine
        sigma = np.nan_to_num(here.sigma(domain, chosen[len(chosen) // 2]))
        explained = float((mass * (size * sigma) ** 2).sum() / mass[sigma > 0].sum())
    detail = UnseenDetail.fit(domain, PriorFields(prior, domain, chosen), size, errors, of_detail, apart, explained)
    known = tuple(int(number) for number in month_number(np.array(training.months)))
    detail = replace(detail, persistence=persistence, noise=noise, untaught=untaught, taught=known)
    return ErrorBars(detail, carried(measured, FILTERED_RANGE if filtered else RANGE), product, update)


def _most(domain: Domain) -> int:
    """Training months that are looked at."""
    cells = max(1, int((domain.land > 0).sum()))
    return int(np.clip(_ENOUGH_VALUES // cells, _ENOUGH_MONTHS, _MONTHS))


def _some(months: Sequence[Month], most: int) -> list[Month]:
    """Every month, or every second, third … so that there are no more than `most`."""
    return list(months)[:: max(1, -(-len(months) // most))]


def carried(measured: Calibration, deviation: float) -> Calibration:
    """The intervals at the fine scale: those of the product's, wider by how far σ itself is an assumption.

    Args:
        measured: at the product's scale. Its scale is in the update's σ already.
        deviation: of ln σ, as a Normal.
    """
    factors = {p: f * _widening(p, deviation) for p, f in measured.quantiles}
    own = measured.interval_factor * _widening(measured.interval, deviation)
    basis = f"{measured.basis}, carried to fine cells by the covariance; the variance of detail below the filter is assumed"
    return Calibration(1.0, own, measured.interval, basis, tuple(factors.items()), measured.groups)


def product_quantiles(calibration: Calibration, domain: Domain) -> tuple[tuple[float, float], ...]:
    """(probability, factor) at the product's own scale, where nothing of σ is an assumption: `carried` undone.

    Args:
        calibration: as `carried` made it.
        domain: whose point spread says how far it was widened.
    """
    deviation = FILTERED_RANGE if domain.point_spread.kind != "none" else RANGE
    return tuple((p, f / _widening(p, deviation)) for p, f in calibration.quantiles)


def _widening(probability: float, deviation: float) -> float:
    """Quantile of |z| exp(deviation · z′) over that of |z|, both z Normal."""
    exact = NormalDist().inv_cdf(0.5 + probability / 2)
    weights, scales = _NODE_WEIGHTS / _NODE_WEIGHTS.sum(), np.exp(deviation * _NODES)
    trial = exact * np.linspace(0.8, 1.6, 801)
    held = (2 * ndtr(trial[:, None] / scales) - 1) @ weights
    return float(np.interp(probability, held, trial) / exact)
