"""The stack: several priors, each believed as far as it predicts product that it has not seen.

f = Σ w f, with w ≥ 0 and Σ w ≤ 1. Members that hold themselves back by held-out product count, where they are not 0, by what
they explain of it, and less where one puts more than the others where the product sees nothing (`shares.py`). Others are weighed
by months and places that are left out by turns: by the product through H in the metric (H C Hᵀ + R)⁻¹ or, where a fine reference
is learned, by its detail; where nothing predicts better there than no prior, all weights are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from gwkeras.core.config.key import key
from gwkeras.core.config.kinds import PRIORS
from gwkeras.core.errors import BadInput, ConfigError, GwkerasError
from gwkeras.core.months import Month
from gwkeras.core.progress import Progress, silent
from gwkeras.domain.domain import Domain
from gwkeras.methods.parts import FittedPrior
from gwkeras.methods.priors.stacking.asking import Product, Reference, together
from gwkeras.methods.priors.stacking.fitted_stack import FittedStack, Member
from gwkeras.methods.priors.stacking.shares import shares, unseen_gram
from gwkeras.methods.priors.stacking.weights import HeldOut, Weights, weigh
from gwkeras.methods.priors.teaching.product import teaching_of
from gwkeras.methods.training import Training

_FEWEST_MONTHS = 12  # that a fold leaves to learn from


def _default() -> tuple[Any, ...]:
    return tuple(PRIORS.of(kind, "prior.priors")() for kind in ("ridge", "storage_model"))


@dataclass(frozen=True)
class Stack:
    """Several priors weighed by how well they predict held-out product, or held-out reference where one is learned.

    Args:
        priors: the members' recipes.
        folds: parts of months and places that are left out by turns where a member does not hold itself back by held-out product;
            every member is then fitted once more for each.
    Raises: ConfigError: where there is no member, or one that is trained from shards.
    """

    priors: tuple[Any, ...] = key(_default, "the members, each a kind or a section with its kind and its keys", kinds=PRIORS)
    folds: int = key(
        3, "number of folds, to weight members that do not shrink themselves by held-out product", at_least=2, at_most=20
    )

    label: ClassVar[str] = "stack"
    needs_shards: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.priors:
            raise ConfigError(
                "prior.priors", expected="at least one prior", found="none", remedy="leave the key out, or name one"
            )
        if any(prior.needs_shards for prior in self.priors):
            raise ConfigError(
                "prior.priors",
                expected="priors that can be fitted again with a part left out",
                found="one that is trained from shards",
                remedy="let it be a method by itself",
            )

    def fit(self, training: Training, progress: Progress = silent) -> FittedStack:
        """Weights from what no member was taught on, and the members that count fitted on all training months.

        Args:
            training: storage of other months than the training's, and of held-out blocks, is never looked at.
            progress: told of every member in every fold.
        Raises: BadInput: where no member can be fitted, in the words of the first.
        """
        if len(self.priors) == 1 and getattr(self.priors[0], "holds_back", False):
            return self._unweighed(
                training, progress, f"{self.priors[0].label} is the only member and shrinks itself by held-out product"
            )
        if not _learns_reference(training) and all(getattr(prior, "holds_back", False) for prior in self.priors):
            return self._by_shares(training, progress)
        fewest = len(training.months) * (self.folds - 1) // self.folds
        if fewest < _FEWEST_MONTHS:
            return self._unweighed(training, progress, f"{len(training.months)} training months are too few to estimate weights")
        return self._by_folds(training, progress)

    def _by_shares(self, training: Training, progress: Progress) -> FittedStack:
        """Members fitted once; those that are not 0 count by what they say of held-out product, and of what it cannot show.

        Weights that fit the product's cells best favour the prior that knows these cells best, not the one that knows what is
        within (docs/skill.md).
        """
        fitted, refused = self._fit(range(len(self.priors)), training, progress)
        months = training.months or (training.domain.months[0],)
        counted = [p for p, prior in fitted.items() if np.any(np.nan_to_num(prior.predict(training.domain, months[0]).mean))]
        weights, sizes = _shares([fitted[p] for p in counted], training.domain, months)
        members = tuple(Member(p, weight, fitted[p]) for p, weight in zip(counted, weights, strict=True) if weight > 0)
        told = ", ".join(f"{self.priors[m.position].label} {m.weight:.2f}" for m in members) or "0 everywhere"
        left_out = [f"stack: {self.priors[position].label} left out: {error}" for position, error in refused.items()]
        silent = tuple(note for p, prior in fitted.items() if p not in counted for note in getattr(prior, "notes", ()))
        said = f"stack: weights {told}, by the share of held-out product that members explain{sizes}"
        return FittedStack(members, (said, *left_out, *silent, *_members_notes(members)))

    def _by_folds(self, training: Training, progress: Progress) -> FittedStack:
        """Members fitted once more for each part of months and places that is left out, and weighed there."""
        asked = Reference(training) if _learns_reference(training) else Product(training, teaching_of(training))
        candidates, left_out = list(range(len(self.priors))), []
        found: list[HeldOut] = []
        for number, fold in enumerate(asked.folds(self.folds), start=1):
            said = f"weighting priors, part {number} of {self.folds}"
            fitted, refused = self._fit(candidates, fold.training, lambda label, *done: progress(f"{said}: {label}", *done))  # noqa: B023
            if refused:
                if number > 1:
                    raise next(iter(refused.values()))
                candidates = [position for position in candidates if position not in refused]
                left_out = [f"stack: {self.priors[position].label} left out: {error}" for position, error in refused.items()]
            found.append(asked.ask(list(fitted.values()), fold, partial(progress, f"{said}: months")))
        weights = weigh(together(found))
        counted = [position for position, weight in zip(candidates, weights.values, strict=True) if weight > 0]
        fitted, refused = self._fit(counted, training, progress)
        if refused:
            raise next(iter(refused.values()))
        by_position = dict(zip(candidates, weights.values, strict=True))
        members = tuple(Member(position, float(by_position[position]), prior) for position, prior in fitted.items())
        return FittedStack(members, (*self._notes(candidates, weights, asked.basis), *left_out, *_members_notes(members)))

    def load(self, folder: Path, training: Training) -> FittedStack:
        """What `FittedStack.save` has kept.

        Raises: BadInput: where the folder holds no such stack.
        """
        return FittedStack.load(folder, self.priors, training)

    def _unweighed(self, training: Training, progress: Progress, reason: str) -> FittedStack:
        """All members alike, where nothing can be left out, or need be."""
        fitted, _ = self._fit(range(len(self.priors)), training, progress)
        members = tuple(Member(position, 1 / len(fitted), prior) for position, prior in fitted.items())
        return FittedStack(
            members,
            (
                f"stack: {', '.join(f'{self.priors[m.position].label} {m.weight:.2f}' for m in members)}, since {reason}",
                *_members_notes(members),
            ),
        )

    def _fit(
        self, positions: Sequence[int], training: Training, progress: Progress
    ) -> tuple[dict[int, FittedPrior], dict[int, GwkerasError]]:
        """Position -> the member fitted, or what it said instead.

        Raises: BadInput: where there are members, and none can be fitted.
        """
        fitted: dict[int, FittedPrior] = {}
        refused: dict[int, GwkerasError] = {}
        for position in positions:
            try:
                fitted[position] = training.prior(self.priors[position], progress)
            except BadInput as error:
                refused[position] = error
        if refused and not fitted:
            raise next(iter(refused.values()))
        return fitted, refused

    def _notes(self, candidates: Sequence[int], weights: Weights, basis: str) -> tuple[str, ...]:
        labels = [self.priors[position].label for position in candidates]
        how = f"{weights.gain:.3f} ± {weights.gain_error:.3f} of the power of {basis} explained"
        alone = ", ".join(f"{label} {gain:.3f}" for label, gain in zip(labels, weights.alone, strict=True))
        if not weights.values.any():
            return (f"stack: 0 everywhere, since no prior predicts {basis} ({how}; alone: {alone})",)
        shares = [f"{label} {weight:.2f}" for label, weight in zip(labels, weights.values, strict=True)]
        shares.append(f"none {max(0.0, 1 - float(np.sum(weights.values))):.2f}")
        return (f"stack: {', '.join(shares)}: {how}; alone: {alone}",)


def _learns_reference(training: Training) -> bool:
    return training.config.target.kind == "reference" and training.domain.fine_target is not None


def _shares(priors: Sequence[FittedPrior], domain: Domain, months: Sequence[Month]) -> tuple[list[float], str]:
    """Shares of fitted members; and, where there are two or more, what they put where the product sees nothing, for the note."""
    if len(priors) < 2:
        return [1.0] * len(priors), ""
    gram = unseen_gram(priors, domain, months)
    weights = shares(gram, [getattr(prior, "explained", None) for prior in priors])
    sizes = " and ".join(f"{size:.2g}" for size in np.sqrt(gram.diagonal()))
    return weights.tolist(), f" and by the variance that the product cannot show ({sizes} mm, root mean square)"


def _members_notes(members: Sequence[Member]) -> tuple[str, ...]:
    return tuple(note for member in members for note in getattr(member.prior, "notes", ()))
