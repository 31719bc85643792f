"""All stages of a run in a row."""

from __future__ import annotations

from gwkeras.core.config.network_method import names_network
from gwkeras.core.config.tree import Config
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.pipeline.experiment import Experiment
from gwkeras.report.summary import summary, write_summary


def run_all(experiment: Experiment, workers: int = 1, overwrite: bool = False) -> Evaluation:
    """build-tfrecords → train → evaluate → export → downscale → report, in one run folder; summary.json comes last.

    Without a network among the methods, there is nothing to build, to train or to export. Given again after a kill, it goes on
    with the build or the training that it was in; a training that is done stays, and so does an export of it.

    Args:
        experiment: what is run, and where.
        workers: local processes that build shards.
        overwrite: replace a build or a training of another configuration.
    Raises: BadInput: where the run folder holds such a one. RunInUse: where another process is at work on the same run.
    """
    require_network_backend(experiment.config)  # before hours of training
    with folder_lock(experiment.run.root):
        return _run_all(experiment, workers, overwrite)


def require_network_backend(config: Config) -> None:
    """Refuses a run whose methods name a network where TensorFlow, which exports it, is not the backend.

    Raises: BadInput: in such a case.
    """
    if names_network(config):
        from gwkeras.export.saved_model import require_tensorflow

        require_tensorflow()


def _run_all(experiment: Experiment, workers: int, overwrite: bool) -> Evaluation:
    facts: dict[str, str] = {}
    training = {}
    if experiment.names_network:
        experiment.training_standing(overwrite)  # before config.yaml is replaced
        experiment.build(workers=workers, overwrite=overwrite)
    else:
        experiment.settle()
    with experiment.timed("evaluate"):
        experiment.judge()  # a truth that cannot serve is told before hours of training
    if experiment.names_network:
        trained = experiment.train_once(overwrite)
        chosen = ", chosen one scale up" if trained.transfer_rmse else ""
        facts["training"] = f"{trained.epochs:.1f} passes over the training samples{chosen}"
        training = {"epochs": round(trained.epochs, 3), "transfer_rmse_mm": [round(r, 4) for r in trained.transfer_rmse]}
    evaluation = experiment.evaluate()
    if experiment.names_network:
        exported, before = experiment.export_once()
        facts["exported model"] = f"{exported.parent.name}/{exported.name}{', exported before' if before else ''}"
    written = experiment.downscale()
    with experiment.timed("report"):
        facts["mass"] = written.conservation
        facts["months downscaled"] = str(written.months)
        experiment.report(evaluation, facts)
    write_summary(
        experiment.run.summary,
        summary(
            evaluation,
            conservation_max_mm=written.conservation_max_mm,
            seconds=experiment.seconds,
            test_months=experiment.split.test_months,
            training=training,
            facts=facts,
        ),
    )
    return evaluation
