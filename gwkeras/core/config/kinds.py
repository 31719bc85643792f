"""Kinds of priors and updates: what a method is made of, named in a configuration and imported when it is first asked for.

A kind of one's own needs no entry here: `kind: "package.module:Class"` names it where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from gwkeras.core.errors import ConfigError


@dataclass(frozen=True)
class Kinds:
    """The kinds of one part of a method.

    Args:
        part: what they are kinds of, for messages.
        places: kind -> "module:Class", a frozen dataclass that holds the kind's configuration and has a method `fit`.
    """

    part: str
    places: dict[str, str]

    def of(self, kind: str, where: object) -> type:
        """The class of a kind.

        Args:
            kind: one of `places`, or "package.module:Class".
            where: the configuration's key, for messages.
        Raises: ConfigError: where there is no such kind.
        """
        module, colon, name = self.places.get(kind, kind).partition(":")
        if not colon:
            near = get_close_matches(kind, self.places, n=1)
            raise ConfigError(
                where,
                expected=f"a kind of {self.part} ({', '.join(self.places)}), or package.module:Class",
                found=f"'{kind}'",
                remedy=f"did you mean '{near[0]}'" if near else "choose one of these",
            )
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ConfigError(
                where, expected=f"a {self.part} that can be imported", found=f"'{kind}' ({error})", remedy="correct the name"
            ) from error
        if not (isinstance(found, type) and is_dataclass(found) and callable(getattr(found, "fit", None))):
            raise ConfigError(
                where,
                expected=f"a {self.part}: a dataclass with a method fit",
                found=f"'{kind}', which is none",
                remedy="name the class that holds its configuration",
            )
        return found


PRIORS = Kinds(
    "prior",
    {
        "none": "gwkeras.methods.priors.none:NoPrior",
        "seasonal": "gwkeras.methods.priors.seasonal:Seasonal",
        "analogues": "gwkeras.methods.priors.analogues.recipe:Analogues",
        "ridge": "gwkeras.methods.priors.ridge.recipe:Ridge",
        "forest": "gwkeras.methods.priors.forest:Forest",
        "boosting": "gwkeras.methods.priors.boosting:Boosting",
        "perceptron": "gwkeras.methods.priors.perceptron:Perceptron",
        "gnnwr": "gwkeras.methods.priors.weighted_regression.gnnwr:GNNWR",
        "gtnnwr": "gwkeras.methods.priors.weighted_regression.gtnnwr:GTNNWR",
        "ssvaer": "gwkeras.methods.priors.autoencoder.ssvaer:SSVAER",
        "integrated": "gwkeras.methods.priors.integrated:Integrated",
        "storage_model": "gwkeras.methods.priors.storage_model.recipe:StorageModel",
        "network": "gwkeras.methods.priors.network:NetworkPrior",
        "stack": "gwkeras.methods.priors.stacking.stack:Stack",
    },
)
"""What each fine cell should hold, before the product is asked."""

UPDATES = Kinds(
    "update",
    {
        "none": "gwkeras.methods.updates.none:NoUpdate",
        "interpolation": "gwkeras.methods.updates.interpolation:Interpolation",
        "kriging": "gwkeras.methods.updates.kriging.recipe:Kriging",
        "ensemble": "gwkeras.methods.updates.ensemble.recipe:EnsembleFilter",
        "open_loop": "gwkeras.methods.updates.ensemble.recipe:OpenLoop",
    },
)
"""What the product says that the prior has missed."""


def kind_of(part: Any) -> str | None:
    """The kind under which a configuration asks for a part of a method; None for what is no such part."""
    if not callable(getattr(part, "fit", None)):
        return None
    place = f"{type(part).__module__}:{type(part).__qualname__}"
    return next((kind for kinds in (PRIORS, UPDATES) for kind, known in kinds.places.items() if known == place), place)
