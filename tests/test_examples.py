"""The examples in docstrings run and give what they say; each public function and class of these rooms has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from itertools import takewhile

import pytest

ROOMS = ("gwkeras.layers", "gwkeras.losses", "gwkeras.models")
INTERFACE = {
    "gwkeras.core.grid": ["Grid"],
    "gwkeras.domain.calendar": ["Calendar"],
    "gwkeras.domain.domain": ["Domain"],
    "gwkeras.domain.split": ["Box"],
    "gwkeras.methods.composition": ["Composition"],
    "gwkeras.methods.method": ["Prediction"],
    "gwkeras.methods.priors.none": ["NoPrior"],
    "gwkeras.methods.updates.kriging.covariance.mixture": ["Covariance"],
    "gwkeras.methods.updates.interpolation": ["Interpolation"],
    "gwkeras.methods.updates.none": ["NoUpdate"],
    "gwkeras.observation.operator": ["Observation"],
    "gwkeras.observation.point_spread": ["PointSpread"],
}
"""What whoever writes a method meets."""
ONE_A_LINE = (*ROOMS, "gwkeras.training")


def modules(rooms: tuple[str, ...]) -> list[str]:
    paths = [(importlib.import_module(room).__path__, f"{room}.") for room in rooms]
    return [module.name for path, prefix in paths for module in pkgutil.walk_packages(path, prefix) if not module.ispkg]


def public(module) -> dict[str, object]:
    """Functions and classes that are defined there."""
    named = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    return {
        name: value
        for name, value in named.items()
        if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__
    }


@pytest.mark.parametrize("name", modules(ROOMS))
def test_examples_give_what_they_say(name):
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert not failed
    assert tried


@pytest.mark.parametrize("name", modules(ROOMS))
def test_everything_public_has_an_example(name):
    without = [name for name, value in public(importlib.import_module(name)).items() if ">>> " not in (value.__doc__ or "")]
    assert not without


@pytest.mark.parametrize("name", INTERFACE)
def test_the_interface_of_methods_has_examples(name):
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert not failed
    assert tried
    assert all(">>> " in getattr(module, owner).__doc__ for owner in INTERFACE[name])


def arguments(docstring: str) -> list[str]:
    """The lines of "Args:", itself included."""
    lines = docstring.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("Args:")]
    return [] if not starts else [lines[starts[0]], *takewhile(lambda line: line.startswith("    "), lines[starts[0] + 1 :])]


@pytest.mark.parametrize("name", modules(ONE_A_LINE))
def test_arguments_stand_one_a_line(name):
    """Under "Args:" `name: …`, one name a line; deeper, the rest of a sentence."""
    documented = list(public(importlib.import_module(name)).values())
    documented += [value for owner in documented if inspect.isclass(owner) for value in vars(owner).values()]
    for value in documented:
        first, *rest = arguments(inspect.getdoc(value) or "") or ["Args:"]
        assert first == "Args:", value
        for line in rest:
            assert line.startswith("     ") or re.match(r"    \w+: \S", line), f"{value}: {line}"
            assert not re.search(r"[;.] [a-z_]+: ", line), f"{value}: {line}"
