"""Draws of a record: fields that could be the truth, month after month, given product and covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gwkeras.application.writing import Job
from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month, month_number
from gwkeras.fields.writing.cf_file import Provenance
from gwkeras.fields.writing.draw_file import draw_file
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.draws import ErrorDraws
from gwkeras.methods.updates.kriging.fitted import FittedKriging

_COMMENT = (
    "Conditional simulations: draws from the posterior, given the product, its error and the covariance of storage. Their spread "
    "is the standard error of gwsa; errors go together in space and time as those of held-out product do."
)


def require_drawable(job: Job, option: str) -> Composition:
    """The method of a job, whose errors can be drawn.

    Args:
        job: method and domain.
        option: of the command line that asks for it.
    Raises: BadInput: where the method is none of prior and kriging with calibrated error bars.
    """
    method = job.method
    if isinstance(method, Composition) and isinstance(method.update, FittedKriging) and method.calibration is not None:
        return method
    raise BadInput(
        option,
        expected="a method of prior and kriging with calibrated error bars",
        found=f"'{method.name}'",
        remedy="name another of the run's methods, or run gwkeras calibrate",
    )


def draw_record(
    job: Job,
    path: Path,
    count: int,
    *,
    months: Sequence[Month],
    seed: int = 0,
    provenance: Provenance | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Writes draws of every month; memory does not depend on the number of months.

    Args:
        job: method, domain and the part that is written.
        path: of the file; one that is there is replaced in the end.
        count: of draws.
        months: ascending.
        seed: of the random numbers.
        provenance: where the fields come from.
        progress: called with the number of months done and in all.
    Raises: BadInput: where the method is none of prior and kriging with calibrated error bars, the region is too large to
        simulate, or the file cannot be written.
    """
    method = require_drawable(job, "--draws")
    domain, (rows, columns) = job.domain, job.fine_part
    errors = ErrorDraws(method, domain, count, seed)
    with draw_file(path, job.grid, count, comment=_COMMENT, provenance=provenance or Provenance()) as append:
        for number, month in enumerate(months):
            found = method.predict(domain, month)
            assert found.sigma is not None
            drawn = found.mean + errors.of(domain.storage_of(month), found.sigma, int(month_number(month)))
            append(month, drawn[:, rows, columns])
            progress(number + 1, len(months))
