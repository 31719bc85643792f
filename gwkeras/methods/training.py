"""All that a method may learn from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gwkeras.core.config.tree import Config
from gwkeras.core.months import Month, month_number
from gwkeras.domain.domain import Domain
from gwkeras.domain.split import Split
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.methods.parts import FittedPrior, Prior, Progress


@dataclass(frozen=True)
class Training:
    """The domain, who learns from what in it, and a seed; never the truth of held-out months.

    Args:
        domain: storage, climate and maps, and the observation between its two grids.
        split: the months and the blocks of cells to learn from.
        config: of the run, for what depends on its network.
        run: the run folder.
        seed: of everything drawn.
        fitted: priors that were fitted before, so that methods that name the same share its fit; copies with another split too.
    """

    domain: Domain
    split: Split
    config: Config
    run: RunFolder
    seed: int = 0
    fitted: dict[tuple[str, str], FittedPrior] = field(default_factory=dict, repr=False, compare=False)

    def prior(self, recipe: Prior, progress: Progress) -> FittedPrior:
        """A prior fitted to this training: now, or as it was before.

        Args:
            recipe: of the prior.
            progress: told where it is fitted now.
        Raises: as `Prior.fit`.
        """
        if recipe.needs_shards:  # trained elsewhere, perhaps anew
            return recipe.fit(self, progress)
        key = repr(recipe), self.digest
        if key not in self.fitted:
            self.fitted[key] = recipe.fit(self, progress)
        return self.fitted[key]

    @property
    def months(self) -> tuple[Month, ...]:
        """Those to learn from, in their order."""
        return self._months("train")

    @property
    def validation_months(self) -> tuple[Month, ...]:
        """Those to choose and calibrate by, in their order."""
        return self._months("validation")

    @property
    def withheld(self) -> np.ndarray:
        """(s n_lat, s n_lon) bool: fine cells whose targets nobody learns from."""
        return self.split.untrained(self.domain.fine)

    @property
    def digest(self) -> str:
        """Sixteen digits that change with the data, the grids, the split or the seed."""
        known = [self.domain.digest, asdict(self.split), self.seed]
        return hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()[:16]

    def _months(self, part: str) -> tuple[Month, ...]:
        wanted = set(self.split.months_of(part))
        return tuple(month for month in self.domain.calendar if int(month_number(month)) in wanted)
