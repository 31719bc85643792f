"""From files to a downscaled record: the stages of a run, each usable alone, and all of them in a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import gwkeras
from gwkeras.application.opening import provenance, trained_range
from gwkeras.application.writing import Job, Written, downscale_record
from gwkeras.core.config.tree import Config, SourceConfig
from gwkeras.core.config.yaml_file import from_dict, load_config, to_dict, write_config
from gwkeras.core.errors import BadInput
from gwkeras.core.folder_lock import folder_lock
from gwkeras.core.whole_file import replacing_path
from gwkeras.data.manifest import MANIFEST, Manifest, read_manifest
from gwkeras.domain.opening import open_domain
from gwkeras.evaluate.compare import Comparison, Judge, choose_judge, compare
from gwkeras.export.description import describe_run
from gwkeras.export.saved_model import export_saved_model, require_tensorflow
from gwkeras.export.saved_model_finding import exported_before
from gwkeras.export.warmup import real_samples
from gwkeras.fields.record import Fields, read_fields
from gwkeras.methods.interpolation import BASELINES
from gwkeras.methods.network.mosaic import Network
from gwkeras.methods.network.trained import load_network, network_method
from gwkeras.report.page import write_report
from gwkeras.report.picture import draw_month
from gwkeras.report.summary import summary, write_summary
from gwkeras.serving.model_info import ModelInfo
from gwkeras.training.calibration import Calibration
from gwkeras.training.devices import Devices
from gwkeras.training.run_folder import RunFolder
from gwkeras.training.standing import TrainingRecord, standing
from gwkeras.training.train import Trained, train
from tfrecords_build.build import build

Progress = Callable[[str, int, int], None]
"""Called with a label, the number done and the number in all."""


def silent(label: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass
class Experiment:
    """One configuration at work in one run folder; what a stage has read or made stays for the next one.

    Args:
        config: what is done.
        run: where.
        progress: told of every stage.
        seconds: what the stages have taken so far.
        history: the command that asks for it, for the files that are written; empty: the function that writes them.
    """

    config: Config
    run: RunFolder
    progress: Progress = silent
    seconds: dict[str, float] = field(default_factory=dict)
    history: str = ""
    _fields: Fields | None = None
    _judge: Judge | None = None

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
                remedy="run gwkeras build-tfrecords first, or name the folder with --run",
            )
        return cls(load_config(folder.config), folder, progress)

    @property
    def fields(self) -> Fields:
        if self._fields is None:
            self._fields = read_fields(self.config.data)
        return self._fields

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.run.shards)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the block's duration to `seconds`."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def build(self, workers: int = 1, scheduler: str | None = None, overwrite: bool = False) -> Manifest:
        """Shards and config.yaml in the run folder."""
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
            write_config(self.config, self.run.config)
        return manifest

    def train(self, devices: Devices | None = None, resume: bool = False) -> Trained:
        """The network, its calibration and its history."""
        with self.timed("train"):
            return train(self.config, self.run, self.progress, devices=devices, resume=resume)

    def train_once(self, overwrite: bool = False) -> TrainingRecord:
        """The training that this configuration asks for, unless it is done; one that was stopped goes on.

        Args:
            overwrite: replace a training with other settings.
        Raises: BadInput: where the run folder holds such a training.
        """
        found = self._standing(overwrite, self.manifest.build_hash)
        if found == "finished":
            self.progress("training, done before", 1, 1)
        else:
            self.train(resume=found == "unfinished")
        record = TrainingRecord.read(self.run)
        assert record is not None
        return record

    def method(self) -> Network:
        """The trained network as a method."""
        return network_method(load_network(self.run), self._calibration(), self.config)

    def judge(self) -> Judge:
        """What all methods are judged by."""
        if self._judge is None:
            self._judge = choose_judge(self.fields, self.config, self.manifest, self.run.cache)
        return self._judge

    def evaluate(self) -> Comparison:
        """Scores of all methods on the held-out months; evaluation.nc, the picture and report.md."""
        with self.timed("evaluate"):
            manifest, method = self.manifest, self.method()
            judge = self.judge()
            comparison = compare(judge, [*BASELINES, method], manifest, partial(self.progress, "evaluating"))
            with replacing_path(self.run.evaluation) as partial_file:
                comparison.by_month.to_netcdf(partial_file)
            draw_month(judge, method, self.run.picture)
            self._report(comparison)
        return comparison

    def export(self, output: Path | None = None) -> Path:
        """The SavedModel, as the next version in `output`."""
        with self.timed("export"):
            network = load_network(self.run)
            return self._export(network, self._described(network), output or self.run.saved_model)

    def export_once(self) -> tuple[Path, bool]:
        """The run's SavedModel, and whether it was there before.

        A newest version that was made of the same network, calibration and settings stays the newest.
        """
        with self.timed("export"):
            network = load_network(self.run)
            info = self._described(network)
            before = exported_before(self.run.saved_model, info)
            if before is None:
                return self._export(network, info, self.run.saved_model), False
            self.progress("export, done before", 1, 1)
            return before, True

    def _described(self, network: Any) -> ModelInfo:
        return describe_run(network, self._calibration(), self.config, self.manifest)

    def _export(self, network: Any, info: ModelInfo, folder: Path) -> Path:
        manifest = (self.run.shards / MANIFEST).read_bytes()
        samples = real_samples(self.run.shards, self.manifest, info.inputs)
        return export_saved_model(network, self._calibration(), folder, info=info, samples=samples, manifest=manifest).folder

    def downscale(self, output: Path | None = None) -> Written:
        """The downscaled record of all months."""
        with self.timed("downscale"):
            domain = open_domain(self.fields, self.config, self.run.cache, self.manifest.split)
            method = self.method()
            job = Job(method, domain, trained_range(self.manifest))
            made_from = provenance(
                self.config,
                self.fields,
                self.run,
                method,
                self.history or f"gwkeras {gwkeras.__version__}: Experiment.downscale",
            )
            return downscale_record(
                job,
                output or self.run.fine,
                provenance=made_from,
                existing="overwrite",
                progress=partial(self.progress, "downscaling, fine cells"),
            )

    def _calibration(self) -> Calibration:
        return Calibration.read(self.run.calibration).at(self.config.downscale.interval)

    def _standing(self, overwrite: bool, samples: str | None = None) -> str:
        try:
            return standing(self.config, self.run, samples)
        except BadInput:
            if not overwrite:
                raise
            return "none"

    def _report(self, comparison: Comparison, facts: dict[str, str] | None = None) -> None:
        manifest, calibration = self.manifest, self._calibration()
        samples = ", ".join(f"{manifest.samples_of(s)} {s}" for s in dict.fromkeys(s.split for s in manifest.shards))
        factors = (
            f"σ × {calibration.sigma_scale:.2f}, {100 * calibration.interval:g} % interval ± {calibration.interval_factor:.2f} σ"
        )
        write_report(
            self.run.report,
            config=self.config,
            manifest=manifest,
            comparison=comparison,
            picture=self.run.picture,
            notes=manifest.notes,
            facts={"samples": samples, "calibration": f"{factors}, from {calibration.basis}", **(facts or {})},
        )


def run_all(experiment: Experiment, workers: int = 1, overwrite: bool = False) -> Comparison:
    """build-tfrecords → train → evaluate → export → downscale → report, in one run folder; summary.json comes last.

    Given again after a kill, it goes on with the build or the training that it was in; a training that is done stays.

    Args:
        overwrite: replace a build or a training of another configuration.
    Raises: BadInput: where the run folder holds such a one. RunInUse: where another process is at work on the same run.
    """
    require_tensorflow()  # before hours of training
    with folder_lock(experiment.run.root):
        return _run_all(experiment, workers, overwrite)


def _run_all(experiment: Experiment, workers: int, overwrite: bool) -> Comparison:
    experiment._standing(overwrite)  # a training with other settings is refused before config.yaml is replaced
    manifest = experiment.build(workers=workers, overwrite=overwrite)
    with experiment.timed("evaluate"):
        experiment.judge()  # a truth that cannot serve is told before hours of training
    trained = experiment.train_once(overwrite)
    comparison = experiment.evaluate()
    exported, before = experiment.export_once()
    written = experiment.downscale()
    with experiment.timed("report"):
        facts = {
            "training": f"{trained.epochs:.1f} passes over the training samples"
            + (", chosen one scale up" if trained.transfer_rmse else ""),
            "largest conservation error": f"{written.conservation_max_mm:.1e} mm",
            "months downscaled": str(written.months),
            "exported model": f"{exported.parent.name}/{exported.name}" + (", exported before" if before else ""),
        }
        experiment._report(comparison, facts)
    write_summary(
        experiment.run.summary,
        summary(
            comparison,
            conservation_max_mm=written.conservation_max_mm,
            seconds=experiment.seconds,
            test_months=manifest.test_months,
            training={"epochs": round(trained.epochs, 3), "transfer_rmse_mm": [round(r, 4) for r in trained.transfer_rmse]},
        ),
    )
    return comparison


def with_files(
    config: Config,
    *,
    gwsa: Sequence[Path] = (),
    climate: Sequence[Path] = (),
    static: Sequence[Path] = (),
    truth: Path | None = None,
    reference: Path | None = None,
    target: str | None = None,
) -> Config:
    """`config` with the files of a command line in the place of its own; kinds are recognised by content.

    A `reference` target without a reference of its own learns from the truth, which then judges in the held-out months only.
    """

    def source(*paths: Path) -> SourceConfig:
        return SourceConfig(path=tuple(str(p.absolute()) for p in paths))

    data = config.data
    if gwsa:
        data = replace(data, gwsa=source(*gwsa))
    if climate:
        data = replace(data, climate=(source(*climate),))
    if static:
        data = replace(data, static=tuple(source(p) for p in static))
    if truth is not None:
        data = replace(data, truth=source(truth))
    if reference is not None:
        data = replace(data, reference=source(reference))
    if target == "reference" and data.reference is None and data.truth is not None:
        data = replace(data, reference=data.truth)
    kind = replace(config.target, kind=target) if target else config.target  # type: ignore[arg-type]
    return from_dict(to_dict(replace(config, data=data, target=kind)), "the command line")
