"""One configuration at work in one run folder: its stages, each usable alone.

Rooms that need Keras or TensorFlow are imported by the stages that need them: methods without a network are judged without.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import gwkeras
from gwkeras.application.provenance import provenance, trained_range
from gwkeras.application.writing import Job, Written, downscale_record
from gwkeras.core.config.network_method import names_network, with_network
from gwkeras.core.config.tree import Config, MethodConfig
from gwkeras.core.config.yaml_file import load_run_config, write_config
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.core.process.hardware import hardware
from gwkeras.core.progress import Progress, silent
from gwkeras.data.manifest import MANIFEST, Manifest, Source, read_manifest
from gwkeras.domain.domain import Domain
from gwkeras.domain.opening import divide_record, open_domain
from gwkeras.domain.split import Split
from gwkeras.evaluate.compare import compare
from gwkeras.evaluate.findings.product_scale import product_scale, with_product_scale
from gwkeras.evaluate.judge import Judge, choose_judge
from gwkeras.evaluate.stored.evaluation import Evaluation
from gwkeras.evaluate.stored.store import write_evaluation
from gwkeras.fields.record import Fields, read_fields
from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.composition import Composition
from gwkeras.methods.fitting import fit_method
from gwkeras.methods.point_spread import with_point_spread
from gwkeras.methods.training import Training
from gwkeras.pipeline.exportable import Exportable, exportable
from gwkeras.report.page import report_of, write_report
from gwkeras.report.stored.told import Told
from gwkeras.training.run_folder import RunFolder
from tfrecords_build.held_out import held_out_by, held_out_in

if TYPE_CHECKING:
    from gwkeras.methods.parts import FittedPrior
    from gwkeras.training.resuming.standing import TrainingRecord
    from gwkeras.training.strategies.devices import Devices
    from gwkeras.training.train import TrainingOutcome


@dataclass
class Experiment:
    """One configuration at work in one run folder; what a stage has read or made stays for the next one.

    Args:
        config: what is done.
        run: where.
        progress: told of every stage.
        seconds: what the stages have taken so far.
        history: the command that asks for it, for the files that are written; empty: the function that writes them.
        notes: what the methods judged last say of what was chosen for them.
    """

    config: Config
    run: RunFolder
    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)
    history: str = ""
    notes: tuple[str, ...] = ()
    _fields: Fields | None = None
    _split: Split | None = None
    _judge: Judge | None = None
    _fitted: dict[tuple[str, str], FittedPrior] = field(default_factory=dict, repr=False)
    _fit_seconds: dict[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, run: Path, progress: Progress = silent) -> Experiment:
        """The experiment of an existing run folder.

        Raises: BadInput: where the folder holds no configuration.
        """
        folder = RunFolder(run)
        if not folder.config.exists():
            raise BadInput(
                run,
                expected="a run folder with config.yaml",
                found="none",
                remedy="run gwkeras build-tfrecords first, name the folder with --run, or give --config",
            )
        return cls(load_run_config(folder.config), folder, progress)

    @property
    def fields(self) -> Fields:
        if self._fields is None:
            read = read_fields(self.config.data)
            split = divide_record(read, self.config, self.run.cache)
            self._fields = with_point_spread(read, split, self.run, self.progress)
        return self._fields

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.run.shards)

    @property
    def has_shards(self) -> bool:
        return (self.run.shards / MANIFEST).exists()

    @property
    def names_network(self) -> bool:
        """Whether one of the methods has to be trained from shards."""
        return names_network(self.config)

    @property
    def judges_network(self) -> bool:
        """Whether a network is among what is judged: a method names it, or it has been trained with this configuration."""
        return self.names_network or (self.has_shards and self.run.network.exists() and self._is_trained())

    @property
    def split(self) -> Split:
        """What is held out: by the shards where there are some, else by the configuration."""
        if self._split is None:
            if self.has_shards:
                self._split = held_out_in(self.manifest, self.fields, self.run.cache)
            else:
                self._split = held_out_by(self.fields, self.config, self.run.cache)
        return self._split

    def settle(self) -> None:
        """config.yaml in the run folder."""
        self.run.root.mkdir(parents=True, exist_ok=True)
        write_config(self.config, self.run.config)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the block's duration to `seconds`."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def build(self, workers: int = 1, scheduler: str | None = None, overwrite: bool = False) -> Manifest:
        """Shards and config.yaml in the run folder."""
        from tfrecords_build.build import build

        with self.timed("build"):
            manifest = build(
                self.fields,
                self.config,
                self.run.shards,
                workers=workers,
                scheduler=scheduler,
                overwrite=overwrite,
                progress=partial(self.progress, "building shards"),
            )
            self.settle()
        self._split = None
        return manifest

    def train(self, devices: Devices | None = None, resume: bool = False) -> TrainingOutcome:
        """The network, its calibration and its history."""
        if self.config.training.members > 1:
            from gwkeras.training.members import train_members as train
        else:
            from gwkeras.training.train import train

        with self.timed("train"):
            return train(self.config, self.run, self.progress, devices=devices, resume=resume)

    def train_once(self, overwrite: bool = False) -> TrainingRecord:
        """The training that this configuration asks for, unless it is done; one that was stopped goes on.

        Args:
            overwrite: replace a training with other settings.
        Raises: BadInput: where the run folder holds such a training.
        """
        from gwkeras.training.resuming.standing import TrainingRecord

        found = self.training_standing(overwrite, self.manifest.build_hash)
        if found == "finished":
            self.progress("training, done before", 1, 1)
        else:
            self.train(resume=found == "unfinished")
        record = TrainingRecord.read(self.run)
        assert record is not None
        return record

    def training(self, domain: Domain) -> Training:
        """What methods may learn from in a domain."""
        return Training(domain, self.split, self.config, self.run, self.config.training.seed, self._fitted)

    def fit(self, method: MethodConfig, domain: Domain) -> Composition:
        """A method of the configuration, fitted in a domain, or as it was fitted there before."""
        started, clock = time.perf_counter(), time.time()
        fitted = fit_method(method, self.training(domain), self.progress)
        if any(kept.stat().st_mtime >= clock for kept in self.run.methods.glob("*/method.json")):  # not read back
            self._fit_seconds[fitted.name] = round(time.perf_counter() - started, 3)
        return fitted

    def methods(self, domain: Domain) -> list[Composition]:
        """The configuration's methods, in its order; after them the network, where it has been trained and none names it."""
        config = with_network(self.config) if self.judges_network else self.config
        return [self.fit(method, domain) for method in config.methods]

    def judge(self) -> Judge:
        """What all methods are judged by."""
        if self._judge is None:
            self._judge = choose_judge(self.fields, self.config, self.split, self.run.cache)
        return self._judge

    def evaluate(self) -> Evaluation:
        """Scores of all methods on what is held out; evaluation.nc, the picture and report.md."""
        from gwkeras.report.pictures.one_month import draw_example

        with self.timed("evaluate"):
            judge = self.judge()
            methods = self.methods(judge.domain)
            made_from = provenance(self.config, self.fields, self.run, methods[0], self._said("evaluate")).attributes()
            fit_seconds = json.dumps(self._fit_seconds)
            domain = open_domain(self.fields, self.config, self.run.cache, self.split)
            written = self._as_written(methods, judge.domain, domain)
            self.notes = _notes(written, methods)
            evaluation = compare(
                judge,
                [*BASELINES, *methods],
                partial(self.progress, "evaluating"),
                attributes={
                    **made_from,
                    **self._told().attributes(),
                    "fit_seconds": fit_seconds,
                    "hardware": hardware(),
                },
                fields=self.run.evaluation_fields,
            )
            at_product_scale = {method.name: product_scale(method, domain, self.split) for method in written}
            evaluation = with_product_scale(evaluation, at_product_scale)
            write_evaluation(evaluation, self.run.evaluation)
            draw_example(evaluation, methods[0].name, self.run.picture)
            self.report(evaluation)
        return evaluation

    def _as_written(self, methods: list[Composition], judged: Domain, domain: Domain) -> list[Composition]:
        """Methods in the domain that they are applied to; judged one scale up they are fitted anew, as `downscale` will."""
        if domain.digest == judged.digest:
            return methods
        return [self.fit(method, domain) for method in self.config.methods if not method.prior.needs_shards]

    def export(self, output: Path | None = None) -> Path:
        """The SavedModel, as the next version in `output`: a network, with the kriging behind it where a method says so."""
        with self.timed("export"):
            return self._export(self._exportable(), output or self.run.saved_model)

    def export_once(self) -> tuple[Path, bool]:
        """The run's SavedModel, and whether it was there before.

        A newest version that was made of the same network, update, calibration and settings stays the newest.
        """
        from gwkeras.export.saved_model_finding import exported_before

        with self.timed("export"):
            found = self._exportable()
            before = exported_before(self.run.saved_model, found.info)
            if before is None:
                return self._export(found, self.run.saved_model), False
            self.progress("export, done before", 1, 1)
            return before, True

    def _exportable(self) -> Exportable:
        def fitted(method: MethodConfig) -> Composition:
            return self.fit(method, open_domain(self.fields, self.config, self.run.cache, self.split))

        return exportable(self.config, self.run, lambda: self.manifest, fitted)

    def _export(self, found: Exportable, folder: Path) -> Path:
        from gwkeras.export.saved_model import export_saved_model
        from gwkeras.export.warmup import real_samples

        manifest = (self.run.shards / MANIFEST).read_bytes()
        samples = real_samples(self.run.shards, self.manifest, found.info.inputs)
        return export_saved_model(
            found.network, found.calibration, folder, info=found.info, samples=samples, manifest=manifest
        ).folder

    def downscale(self, output: Path | None = None) -> Written:
        """The downscaled record of all months, by the first of the methods."""
        with self.timed("downscale"):
            domain = open_domain(self.fields, self.config, self.run.cache, self.split)
            method = self.fit(self.config.methods[0], domain)
            job = Job(method, domain, trained_range(self.manifest) if self.has_shards else None, self.fields.part)
            return downscale_record(
                job,
                output or self.run.fine,
                provenance=provenance(self.config, self.fields, self.run, method, self._said("downscale")),
                existing="overwrite",
                progress=partial(self.progress, "downscaling, fine cells"),
            )

    def training_standing(self, overwrite: bool, samples: str | None = None) -> str:
        """How far the run's training has come; see `gwkeras.training.resuming.standing.standing`.

        Args:
            overwrite: take one with other settings for none.
            samples: hash of the build; None before it is known.
        Raises: BadInput: where the run folder holds a training with other settings.
        """
        from gwkeras.training.resuming.standing import standing

        try:
            return standing(self.config, self.run, samples)
        except BadInput:
            if not overwrite:
                raise
            return "none"

    def report(self, evaluation: Evaluation, facts: dict[str, str] | None = None) -> None:
        """report.md, from what was found; nothing is predicted for it."""
        told = self._told()
        report = report_of(evaluation, replace(told, facts={**told.facts, **(facts or {})}), picture=self.run.picture)
        write_report(report, self.run.report)

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Of the data, what it has been smoothed by among them, of shards where there are any, and of the methods judged last."""
        data = self.manifest.notes if self.has_shards else self.fields.notes
        return tuple(dict.fromkeys((*data, *self.notes)))

    def _told(self) -> Told:
        """What the run tells of itself beside its scores."""
        told: dict[str, str] = {}
        sources = [Source(**each) for each in self.fields.sources]
        if self.has_shards:
            manifest = self.manifest
            told["samples"] = ", ".join(f"{manifest.samples_of(s)} {s}" for s in dict.fromkeys(s.split for s in manifest.shards))
            sources = list(manifest.sources)
        if self.judges_network:
            calibration = self._calibration()
            probability = f"{100 * calibration.interval:g} %"
            factors = f"σ × {calibration.sigma_scale:.2f}, {probability} interval ± {calibration.interval_factor:.2f} σ"
            told["calibration"] = f"{factors}, from {calibration.basis}"
        return Told(
            title=self.config.name,
            target=self.config.target.kind,
            split=self.split.description,
            notes=self.all_notes,
            facts=told,
            sources=tuple(sources),
        )

    def _is_trained(self) -> bool:
        """Whether the network there was trained with this configuration and these shards."""
        from gwkeras.training.resuming.standing import standing

        try:
            return standing(self.config, self.run, self.manifest.build_hash) == "finished"
        except BadInput:
            return False

    def _calibration(self) -> Calibration:
        return Calibration.read(self.run.calibration).at(self.config.downscale.interval)

    def _said(self, stage: str) -> str:
        return self.history or f"gwkeras {gwkeras.__version__}: Experiment.{stage}"


def _notes(written: list[Composition], judged: list[Composition]) -> tuple[str, ...]:
    """What methods say of themselves: first those behind the record, then what is said one scale up, where they are scored."""
    found = [note for method in written for note in method.notes]
    names = {method.name for method in written}
    for method in judged:
        told = [note for note in method.notes if note not in found]
        found += [f"scored one scale up, {note}" for note in told] if method.name in names else told
    return tuple(dict.fromkeys(found))
