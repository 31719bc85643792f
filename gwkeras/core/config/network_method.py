"""The trained network among a configuration's methods: named there, or judged beside them once it is there."""

from __future__ import annotations

from dataclasses import replace

from gwkeras.core.config.kinds import PRIORS, UPDATES
from gwkeras.core.config.tree import Config, MethodConfig


def names_network(config: Config) -> bool:
    """Whether one of the methods has to be trained from shards."""
    return any(method.prior.needs_shards for method in config.methods)


def network_alone() -> MethodConfig:
    """The network of the section `model`, by itself: it has seen the product, so there is nothing to update."""
    return MethodConfig(prior=PRIORS.of("network", "methods")(), update=UPDATES.of("none", "methods")())


def with_network(config: Config) -> Config:
    """`config` with the network after its methods, unless one of them is a network already."""
    return config if names_network(config) else replace(config, methods=(*config.methods, network_alone()))
