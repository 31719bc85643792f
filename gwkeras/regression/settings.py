"""Settings of estimators that cannot be, in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

LIMITS: Mapping[str, tuple[float, float]] = {
    "n_references": (1, float("inf")),
    "members": (1, 1000),
    "latent": (1, 1000),
    "dropout": (0, 0.9),
    "evidence": (0, float("inf")),
    "epochs": (0, float("inf")),
    "batch_size": (1, float("inf")),
    "learning_rate": (1e-12, 1),
    "weight_decay": (0, 1),
    "validation_fraction": (0, 0.9),
    "patience": (1, float("inf")),
}
"""Least and greatest value of each."""


def check_settings(given: Mapping[str, object]) -> None:
    """Whether all numbers among the settings lie within their limits.

    Raises: ValueError: where one does not.
    """
    for name, (least, greatest) in LIMITS.items():
        value = given.get(name, least)
        if not isinstance(value, (int, float)) or not least <= value <= greatest:
            raise ValueError(f"{name}: expected a number from {least:g} to {greatest:g}, found {value!r}")
    units = given.get("hidden", 1)
    if not all(isinstance(n, int) and n > 0 for n in (units if isinstance(units, (tuple, list)) else (units,))) or not units:
        raise ValueError(f"hidden: expected units of each layer, at least one, found {units!r}")
