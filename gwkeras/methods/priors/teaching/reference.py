"""A fine reference as priors learn from it: its fields, and the detail that an interpolation of its own product leaves out."""

from __future__ import annotations

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.months import Month
from gwkeras.domain.domain import Domain
from gwkeras.fields.grids.interpolation import conserve, upsample
from gwkeras.methods.training import Training


def require_reference(prior: str, training: Training) -> None:
    """Whether there is something fine to learn from.

    Args:
        prior: who asks, for the message.
        training: whose domain is asked.
    Raises: BadInput: where its domain holds no reference.
    """
    if training.domain.fine_target is None:
        raise BadInput(
            f"{prior} prior",
            expected="a fine reference",
            found="none",
            remedy="give --reference FILE with target.kind: reference, or another prior",
        )


def reference_field(domain: Domain, month: Month) -> np.ndarray:
    """(s n_lat, s n_lon) mm, float64; NaN where the reference is unknown."""
    assert domain.fine_target is not None
    top, left = domain.fine_origin
    rows, columns = slice(top, top + domain.fine.n_lat), slice(left, left + domain.fine.n_lon)
    return np.asarray(domain.fine_target[domain.record.position(month), rows, columns], dtype=np.float64)


def carried(domain: Domain, product: np.ndarray) -> np.ndarray:
    """I G: what a product field says of fine storage by itself.

    Bicubic interpolation (Keys), with the cells at their own means where the product is no more than cell means.

    Args:
        domain: its grids, land and observation.
        product: (n_lat, n_lon) mm; NaN where unknown.
    Returns: (s n_lat, s n_lon) mm; NaN where the product is.
    """
    fine = upsample(product, domain.factor, "bicubic", periodic=domain.coarse.is_periodic)
    if domain.observation.point_spread.kind == "none":
        fine = conserve(fine, product, domain.fine, domain.factor, domain.land_fine)
    return fine


def reference_detail(domain: Domain, month: Month, withheld: np.ndarray) -> np.ndarray:
    """(I − I H) S of a month: what remains to be known of the reference once its product is.

    Args:
        domain: holds the reference S.
        month: of it.
        withheld: (s n_lat, s n_lon) cells that are never looked at; the product stands in for their means.
    Returns: (s n_lat, s n_lon) mm, NaN where the reference is unknown or withheld.
    """
    known = np.where(withheld, np.nan, reference_field(domain, month))
    seen = domain.observation(known)
    return known - carried(domain, np.where(np.isfinite(seen), seen, domain.storage_of(month)))


def completed_reference(domain: Domain, month: Month, withheld: np.ndarray) -> np.ndarray:
    """The reference with its product's interpolation where it is withheld, so that what lies around is not disturbed.

    Args:
        domain: holds the reference.
        month: of it.
        withheld: (s n_lat, s n_lon) cells that are never looked at.
    Returns: (s n_lat, s n_lon) mm, NaN where unknown.
    """
    known = np.where(withheld, np.nan, reference_field(domain, month))
    if not withheld.any():
        return known
    seen = domain.observation(known)
    return np.where(withheld, carried(domain, np.where(np.isfinite(seen), seen, domain.storage_of(month))), known)
