"""What `gwkeras export` makes a graph of: the network of a run, with the update that the configuration puts behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gwkeras.core.config.tree import Config, MethodConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.data.manifest import Manifest
from gwkeras.methods.composition import Composition
from gwkeras.methods.fitting import name_of
from gwkeras.methods.updates.interpolation import Interpolation
from gwkeras.methods.updates.none import NoUpdate
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.serving.model_info import ModelInfo


@dataclass(frozen=True)
class Exportable:
    """A graph, the calibration of its σ, and what it says of itself.

    Args:
        network: a Keras model from the sample's inputs to {"mean", "variance"}.
        calibration: at the probability that is to be served.
        info: of the exported model.
    """

    network: Any
    calibration: Calibration
    info: ModelInfo


def exportable(
    config: Config, run: RunFolder, manifest: Callable[[], Manifest], fitted: Callable[[MethodConfig], Composition]
) -> Exportable:
    """The first of the methods that has a network, as one graph; the network alone where none has.

    Args:
        config: of the run.
        run: with model.keras and calibration.json.
        manifest: gives that of its shards.
        fitted: gives a method as it was fitted in the domain that it is applied to.
    Raises: BadInput: where there is no network, or what stands behind it cannot become a graph.
    """
    from gwkeras.export.description import UpdateInGraph, describe_run
    from gwkeras.methods.network.trained import load_network

    method = next((each for each in config.methods if each.prior.needs_shards), None)
    if method is None and not run.network.exists():
        raise BadInput(
            "gwkeras export",
            expected="a network, alone or with kriging behind it",
            found=f"'{name_of(config.methods[0])}', which needs no server",
            remedy="write its field with gwkeras downscale, or train the network of `model:` first "
            "(gwkeras build-tfrecords, gwkeras train)",
        )
    network, interval = load_network(run), config.downscale.interval
    if config.model.kind == "prior" and (method is None or isinstance(method.update, NoUpdate)):
        raise BadInput(
            "gwkeras export",
            expected="an update behind a network that has not seen the product",
            found="none",
            remedy="put {prior: network, update: kriging} among the methods",
        )
    if method is None or _is_the_network_s_own(method, config):
        calibration = Calibration.read(run.calibration).at(interval)
        return Exportable(network, calibration, describe_run(network, calibration, config, manifest()))
    from gwkeras.methods.network.posterior import halo_of, posterior_model
    from gwkeras.methods.updates.kriging.fitted import FittedKriging

    whole = fitted(method)
    if not isinstance(whole.update, FittedKriging):
        raise BadInput(
            f"method '{whole.name}'",
            expected="a network without an update, or with kriging",
            found=f"the update '{method.update.label}'",
            remedy="put another method with a network first, or write the field with gwkeras downscale",
        )
    graph = posterior_model(network, whole.update, config.sample.factor, whole.detail)
    calibration = (whole.calibration or Calibration()).at(interval)
    behind = UpdateInGraph(method.update.label, halo_of(whole.update), whole.digest)
    return Exportable(graph, calibration, describe_run(graph, calibration, config, manifest(), behind))


def _is_the_network_s_own(method: MethodConfig, config: Config) -> bool:
    """Whether the update leaves the network's field as it is: none, or the one that its detail is measured against."""
    carrying = config.model.kind == "default" and method.update == Interpolation("bicubic", conserving=True)
    return carrying or isinstance(method.update, NoUpdate)
