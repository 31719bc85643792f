"""The study: every variant trained with every seed, each in a run folder of its own, and one table of what came out."""

from __future__ import annotations

import gc
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras

from gwkeras.ablation.ground import Ground, prepare, require_same, samples_of, share
from gwkeras.ablation.result import Result, physics_of, result_of
from gwkeras.ablation.table import Report, cells_differ
from gwkeras.ablation.variants import FULL, Suite, configurations
from gwkeras.core.config.network_method import names_network
from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import load_run_config, to_dict, write_config
from gwkeras.core.errors import BadInput, GwkerasError, Interrupted
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.progress import Progress, silent
from gwkeras.data.manifest import digest, read_manifest
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.stored.store import write_evaluation
from gwkeras.fields.record import Fields, read_fields
from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.fitting import fit_method
from gwkeras.methods.training import Training
from gwkeras.report.stored.told import Told
from gwkeras.training.resuming.standing import SPLITS
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.strategies.devices import Devices, check_batch
from gwkeras.training.train import train

_Results = dict[str, dict[int, Result]]  # variant -> seed -> result
_AVERAGED = re.compile(r"_(?:mean|anomaly)_(\d+)$")


@dataclass(frozen=True)
class Study:
    """What is compared, and where.

    Args:
        root: folder of the study: <variant>/seed-<n> are run folders.
        config: `full`.
        suites: one table each.
        seeds: of weights, dropout and shuffling.
        command: for the table.
    """

    root: Path
    config: Config
    suites: tuple[Suite, ...]
    seeds: tuple[int, ...]
    command: str = ""

    @property
    def table(self) -> Path:
        return self.root / "ablation.md"

    @property
    def figures(self) -> Path:
        return self.root / "ablation.csv"


@dataclass(frozen=True)
class Trial:
    """One training: a variant with a seed."""

    variant: str
    seed: int
    config: Config
    run: RunFolder


def trials_of(study: Study) -> list[Trial]:
    """All trainings, every variant with the first seed before any with the second: an interrupted study compares like with like.

    Raises: ConfigError: for unknown keys and values.
    """
    configs = configurations(study.config, study.suites)
    folders = {v.name: v.folder for suite in study.suites for v in suite.variants}
    return [
        Trial(
            name,
            seed,
            replace(config, training=replace(config.training, seed=seed)),
            RunFolder(study.root / folders[name] / f"seed-{seed}"),
        )
        for seed in study.seeds
        for name, config in configs.items()
    ]


def run_study(study: Study, progress: Progress = silent, *, workers: int = 1, overwrite: bool = False) -> Report:
    """Trains and judges what is missing; the table is written anew after each training.

    Args:
        workers: local processes that build shards.
        overwrite: replace trainings of other configurations or data where the folder holds such.
    Raises: BadInput: for a wrong variant, or where the folder holds results of others. Interrupted: by Ctrl-C.
        RunInUse: where another process is at work on the study.
    """
    trials = trials_of(study)
    for trial in trials:
        check_batch(trial.config.training.batch_size, trial.config.training.accumulate, Devices())
    results: _Results = {trial.variant: {} for trial in trials}
    with folder_lock(study.root):
        try:
            return _carry_out(study, trials, results, progress, workers, overwrite)
        except (KeyboardInterrupt, Interrupted):
            done = sum(map(len, results.values()))
            raise Interrupted(
                f"interrupted; {done} of {len(trials)} trainings are kept in {study.root}, and the same command goes on with the "
                "rest."
            ) from None


def _carry_out(
    study: Study, trials: Sequence[Trial], results: _Results, progress: Progress, workers: int, overwrite: bool
) -> Report:
    if not overwrite:
        _refuse([trial for trial in trials if _is_other(trial)])
    grounds = _grounds(study, trials, workers, progress)
    others = [trial for trial in trials if _is_other(trial, grounds[trial.variant])]
    if not overwrite:
        _refuse(others)
    for trial in trials:
        if trial not in others and (kept := Result.read(trial.run.root)) is not None:
            results[trial.variant][trial.seed] = kept
    failures: list[str] = []
    report = _write(study, results, grounds, failures)
    for number, trial in enumerate(trials, start=1):
        if trial.seed in results[trial.variant]:
            continue
        if trial in others:
            shutil.rmtree(trial.run.root)
        label = f"{number}/{len(trials)} {trial.variant}, seed {trial.seed}"
        try:
            results[trial.variant][trial.seed] = _train(trial, grounds[trial.variant], label, progress)
        except (BadInput, Interrupted):
            raise
        except GwkerasError as error:
            failures.append(f"{trial.variant}, seed {trial.seed}, failed: {error}")
        report = _write(study, results, grounds, failures)
    return report


def _write(study: Study, results: _Results, grounds: dict[str, Ground], failures: Sequence[str]) -> Report:
    """The table and its figures as they stand."""
    report = _report(study, results, grounds, failures)
    write_atomically(study.figures, report.csv().encode())
    write_atomically(study.table, report.markdown().encode())
    return report


def _grounds(study: Study, trials: Sequence[Trial], workers: int, progress: Progress) -> dict[str, Ground]:
    """Variant -> its ground; one build for all that have the same samples.

    Raises: BadInput: where two of them cannot be compared.
    """
    records: dict[str, Fields] = {}
    built: dict[str, Ground] = {}
    found: dict[str, Ground] = {}
    for variant, config in {trial.variant: trial.config for trial in trials}.items():  # no sample depends on the seed
        data = digest(to_dict(config.data))
        records[data] = fields = records.get(data) or read_fields(config.data)
        samples = samples_of(fields, config)
        if samples not in built:
            label = f"building shards, {variant}"
            built[samples] = prepare(fields, config, study.root, workers, partial(progress, label))
        found[variant] = built[samples]
        require_same(found[FULL], found[variant], variant)
    return found


def _is_other(trial: Trial, ground: Ground | None = None) -> bool:
    """Whether the trial's folder holds a training of another configuration or, where the ground is known, of other data."""
    if not trial.run.config.exists():
        return False
    try:
        if _settings(load_run_config(trial.run.config)) != _settings(trial.config):
            return True
        if ground is None:
            return False
        if read_manifest(trial.run.shards).build_hash != ground.manifest.build_hash:
            return True
        result = Result.read(trial.run.root)
        return result is not None and result.answer != ground.answer
    except BadInput:
        return True


def _settings(config: Config) -> str:
    """Digest of all but names and the data, whose content the builds' hashes tell."""
    return digest({name: part for name, part in to_dict(config).items() if name not in ("name", "data")})


def _refuse(others: Sequence[Trial]) -> None:
    if others:
        raise BadInput(
            others[0].run.root,
            expected="a new folder, or trainings of this configuration and these data",
            found="one of others",
            remedy="choose another folder with --run, or replace such trainings with --overwrite",
        )


def _train(trial: Trial, ground: Ground, label: str, progress: Progress) -> Result:
    config, run = trial.config, trial.run
    # The configuration comes last: with it the folder is a run, and its shards are whole.
    share(ground, config, run.shards)
    write_config(config, run.config)
    also: dict[str, float] = {}

    def told(stage: str, done: int, total: int) -> None:
        progress(f"{label}: {stage}", done, total)

    if names_network(config):
        keras.utils.clear_session()  # a study of many trainings would else come to hold all of their graphs
        gc.collect()
        fresh = not any(run.checkpoint(split).exists() for split in SPLITS)
        started = time.perf_counter()
        trained = train(config, run, told, resume=True)
        also = {"passes": trained.epochs, **physics_of(run.history, trained.kept_epoch)}
        if fresh:
            also["minutes"] = (time.perf_counter() - started) / 60
    training = Training(ground.judge.domain, ground.manifest.split, config, run, config.training.seed)
    methods = [fit_method(method, training, told) for method in config.methods]
    words = Told(config.name, config.target.kind, ground.manifest.split.description).attributes()
    evaluation = compare(ground.judge, [*BASELINES, *methods], lambda done, total: told("evaluating", done, total), words)
    write_evaluation(evaluation, run.evaluation)
    result = result_of(evaluation, methods[0].name, samples=ground.manifest.build_hash, answer=ground.answer, also=also)
    result.write(run.root)
    return result


def _report(study: Study, results: _Results, grounds: dict[str, Ground], failures: Sequence[str]) -> Report:
    shapes = {variant: ground.manifest.sample for variant, ground in grounds.items()}
    memories = [shape.months for shape in shapes.values()]
    notes = list(failures)
    missing = len(results) * len(study.seeds) - sum(map(len, results.values())) - len(failures)
    if missing:
        notes.append(f"Trainings still to come: {missing}.")
    if len(set(memories)) > 1:
        notes.append(f"All are trained and scored on the same months: those with {max(memories)} months of climate before them.")
        averaged = [int(match[1]) for name in shapes[FULL].covariates if (match := _AVERAGED.search(name))]
        if study.config.model.kind == "default" and max(averaged, default=1) > 1:
            notes.append(
                f"Months of memory are those of the ConvLSTM's sequence; fine covariates average climate over up to "
                f"{max(averaged)} months in every row."
            )
    if odd := cells_differ(results):
        notes.append(f"Scored on other cells than {FULL}, since they have no value in some: {', '.join(odd)}.")
    months = shapes[FULL].months
    names = {"Memory": {FULL: f"{months} month{'s' if months > 1 else ''} ({FULL})"}}
    return Report(study.suites, results, names, study.command, tuple(notes))
