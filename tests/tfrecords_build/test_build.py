"""The build: the same bytes whoever writes them, no leak, nothing lost, nothing half."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, PatchConfig, PointSpreadConfig, SampleConfig, ShardConfig, SplitConfig, TargetConfig
from gwkeras.core.errors import BadInput, RunInUse
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.months import from_month_number
from gwkeras.data.manifest import MANIFEST, Source, read_manifest
from gwkeras.data.verification import intact_shards
from gwkeras.domain.split import divide
from gwkeras.observation.point_spread import PointSpread
from tests.tfrecords_build.fake_domain import FakeDomain, domains_of
from tfrecords_build.build import Origin, build_domains, build_hash, notes_on_target
from tfrecords_build.patches import entries
from tfrecords_build.shards import ShardWriter, units

CONFIG = Config(
    sample=SampleConfig(months=3, height=8, width=8, factor=2),
    target=TargetConfig("bicubic"),
    split=SplitConfig(test_months=("2002-07:2003-01",), validation_months=("2003-02:2003-04",), block_share=0.3, block_cells=3),
    patches=PatchConfig(),
    shards=ShardConfig(samples=25),
)
ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path, config: Config = CONFIG, domain: FakeDomain = FakeDomain(), **options):
    return build_domains(lambda cache: domains_of(config, domain), config, folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != ".lock"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    make(folder)
    return contents(folder)


def written_samples(config: Config, domain: FakeDomain = FakeDomain()):
    """(part, sample) of all samples of a build, before encoding."""
    domains = domains_of(config, domain)
    parts, _ = entries(domains.train, domains.split, config)
    writer = ShardWriter(domains, domain.sample_shape(8, 8), Path(), "none")
    for part, chosen in parts.items():
        for unit in units(part, chosen, 25):
            for sample in writer.samples(unit):
                yield part, sample


def test_manifest_tells_what_the_folder_holds(tmp_path):
    source = Source("gwsa.nc", 12, "ab")
    manifest = make(tmp_path, origin=Origin(sources=(source,), static_units={"elevation": "m"}, notes=("a note",)))
    assert read_manifest(tmp_path) == manifest
    assert intact_shards(tmp_path, manifest) == manifest.shards
    assert manifest.sources == (source,)
    assert manifest.units["elevation"] == "m"
    assert manifest.units["temperature"] == "K"
    assert manifest.units["gwsa"] == "mm"
    assert manifest.notes == ("a note",)
    assert manifest.grids["train"] == (FakeDomain().coarse,)
    assert {p.name for p in tmp_path.iterdir()} == {s.name for s in manifest.shards} | {MANIFEST, ".lock"}
    assert manifest.test_months == ("2002-07", "2002-09", "2002-10", "2002-11", "2002-12", "2003-01")


def test_statistics_equal_numpy_over_all_training_samples(tmp_path):
    manifest = make(tmp_path)
    gwsa, target_cells, change, covariate = [], 0, [], []
    trained = {
        int(np.datetime64(m, "M").astype(int)) - 384 for m in manifest.split.train_months
    }  # 2002-01 is month 384 since 1970
    for part, sample in written_samples(CONFIG):
        if part != "train":
            continue
        fine = np.isfinite(sample["target"][..., 0]) & (sample["land_fine"][..., 0] > 0)
        coarse = (fine[::2, ::2] | fine[1::2, ::2] | fine[::2, 1::2] | fine[1::2, 1::2]) & (sample["land"][..., 0] > 0)
        gwsa.append(sample["gwsa"][..., 0][coarse])
        covariate.append(sample["covariates_fine"][..., 0][fine])
        target_cells += fine.sum()
        if sample["has_previous"] and int(sample["time"]) - 1 in trained:
            change.append((sample["gwsa"] - sample["gwsa_previous"])[..., 0][coarse])
    together = np.concatenate(gwsa).astype(np.float64)
    found = manifest.statistics
    assert found.gwsa_mean == pytest.approx(together.mean(), rel=1e-9)
    assert found.gwsa_std == pytest.approx(together.std(), rel=1e-9)
    assert found.storage_change_std == pytest.approx(np.concatenate(change).std(dtype=np.float64), rel=1e-6)
    assert found.covariate_mean[0] == pytest.approx(np.concatenate(covariate).mean(dtype=np.float64), rel=1e-9)
    assert found.covariate_std[0] == pytest.approx(np.concatenate(covariate).std(dtype=np.float64), rel=1e-9)
    assert found.net_water_input_std == pytest.approx(together.std() / 2, rel=1e-6)  # the fake's P − ET is half its storage


def test_no_held_out_cell_and_no_test_month_is_trained_on():
    domain = FakeDomain()
    split = divide(domain.months, domain.coarse, domain.land, CONFIG.split)
    assert len(split.held_out) == 7  # 0.3 of the 24 blocks of 3 × 3 cells that touch land
    assert split.buffer_degrees == (0.5, 0.5)
    kept = 0
    for part, sample in written_samples(CONFIG):
        month = int(sample["time"])
        assert month in split.months_of(part)
        for other in {"train", "validation", "test"} - {part}:
            assert month not in split.months_of(other)
        lat = sample["latitude"][0] - 0.25 + (np.arange(16) + 0.5) * 0.25
        lon = sample["longitude"][0] - 0.25 + (np.arange(16) + 0.5) * 0.25
        known = np.isfinite(sample["target"][..., 0])
        inside = np.zeros_like(known)
        for box in split.held_out:  # centres of fine cells within half a degree of the box
            inside |= ((lat > box.south - 0.5) & (lat < box.north + 0.5))[:, None] & (
                (lon > box.west - 0.5) & (lon < box.east + 0.5)
            )
        if part == "test":
            kept += (known & inside).sum()
        else:
            assert not (known & inside).any()
            assert known.any()
    assert kept > 0


@pytest.mark.slow
def test_the_result_does_not_depend_on_workers(tmp_path, reference):
    make(tmp_path, workers=2)
    assert contents(tmp_path) == reference


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes(tmp_path, reference):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        make(tmp_path, scheduler=cluster.scheduler_address)
    assert contents(tmp_path) == reference


def test_no_scheduler_at_the_address_is_a_sentence(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def no_answer(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(distributed, "Client", no_answer)
    with pytest.raises(BadInput, match=r"--scheduler tcp://127.0.0.1:9: expected the address of a running Dask scheduler"):
        make(tmp_path, scheduler="tcp://127.0.0.1:9")


def test_a_finished_build_is_left_as_it_is(tmp_path):
    first = make(tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord")}

    def never(cache):
        raise AssertionError("nothing is left to do")

    assert build_domains(never, CONFIG, tmp_path) == first
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord")} == before


def test_only_damaged_shards_are_written_anew(tmp_path, reference):
    make(tmp_path)
    damaged = sorted(tmp_path.glob("train-*"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-5])
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord")}
    make(tmp_path)
    after = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*.tfrecord")}
    assert [name for name in after if after[name] != before[name]] == [damaged.name]
    assert contents(tmp_path) == reference


def test_another_configuration_is_refused_unless_told_to_overwrite(tmp_path):
    make(tmp_path)
    before = contents(tmp_path)
    other = replace(CONFIG, patches=PatchConfig(stride=4))
    with pytest.raises(BadInput, match="expected a new folder or a build of the same configuration"):
        make(tmp_path, other)
    assert contents(tmp_path) == before
    manifest = make(tmp_path, other, overwrite=True)
    assert intact_shards(tmp_path, manifest) == manifest.shards
    assert {p.name for p in tmp_path.glob("*.tfrecord")} == {s.name for s in manifest.shards}


def test_other_training_options_are_the_same_build(tmp_path):
    first = make(tmp_path)
    assert make(tmp_path, replace(CONFIG, training=replace(CONFIG.training, epochs=3))) == first


def test_a_full_disk_is_a_sentence_and_the_old_build_stands(tmp_path):
    make(tmp_path)
    before = contents(tmp_path)
    other = replace(CONFIG, patches=PatchConfig(stride=4))
    with pytest.raises(
        BadInput, match=r"expected room for the shards, found a full disk \(No space left on device\); free some space"
    ):
        make(tmp_path, other, FakeDomain(fail_after=20), overwrite=True)
    assert contents_of_files(tmp_path) == before
    assert not list(tmp_path.rglob("*.partial.*")) + list((tmp_path / ".partial").glob("*.partial"))
    assert list((tmp_path / ".partial").glob("train-*.tfrecord"))  # what was whole is taken up by the next call
    make(tmp_path, other, overwrite=True)
    other_folder = tmp_path.with_name(f"{tmp_path.name}-fresh")
    make(other_folder, other)
    assert contents(tmp_path) == contents(other_folder)


def contents_of_files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != ".lock"}


def test_too_little_space_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(BadInput, match=r"expected 0\.\d GB of free space for the shards, found 0\.0 GB"):
        make(tmp_path)
    assert not list(tmp_path.rglob("*.tfrecord"))


def test_two_builds_in_one_folder_are_refused(tmp_path):
    with folder_lock(tmp_path), pytest.raises(RunInUse, match=f"found process {os.getpid()}"):
        make(tmp_path)


def test_a_build_of_others_in_progress_is_refused(tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "build_hash").write_text("another")
    with pytest.raises(BadInput, match="expected an unfinished build of the same configuration"):
        make(tmp_path)
    make(tmp_path, overwrite=True)


def test_coarser_scales_give_a_part_of_training_months(tmp_path):
    config = replace(CONFIG, target=TargetConfig("coarsen"))
    coarser = FakeDomain(n_lat=6, n_lon=10, step=1.0)
    manifest = build_domains(lambda cache: domains_of(config, FakeDomain(), coarser=(coarser,)), config, tmp_path)
    assert manifest.grids["coarser"] == (coarser.coarse,)
    assert manifest.samples_of("coarser") == 2 * len(
        manifest.split.train_months
    )  # 6 × 10 cells: one row (padded), two columns of patches


def run_build(folder: Path, workers: int, pause: float, limit: int = 0) -> subprocess.Popen:
    code = textwrap.dedent(f"""
        import resource
        from pathlib import Path
        from gwkeras.core.errors import GwkerasError
        from tests.tfrecords_build.fake_domain import FakeDomain
        from tests.tfrecords_build.test_build import CONFIG, make
        if __name__ == "__main__":
            if {limit}:
                resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
            try:
                make(Path({str(folder)!r}), domain=FakeDomain(pause={pause}), workers={workers})
            except GwkerasError as error:
                print(error)
                raise SystemExit(error.exit_code)
        """)
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_build_is_finished_with_the_same_bytes(tmp_path, reference, workers):
    process = run_build(tmp_path, workers, pause=0.01)
    try:
        deadline = time.monotonic() + 60
        while len(list((tmp_path / ".partial").glob("*.tfrecord"))) < 2:
            assert process.poll() is None, "the build ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert not (tmp_path / MANIFEST).exists()
    with pytest.raises(BadInput, match="finished build"):
        read_manifest(tmp_path)
    kept = {p.name for p in (tmp_path / ".partial").glob("*.tfrecord.json")}
    calls = []
    make(tmp_path, progress=lambda done, total: calls.append((done, total)))
    assert contents(tmp_path) == reference
    assert calls[0][0] >= 20 * len(kept) > 0  # shards of the killed build were taken up
    assert calls[-1][0] == calls[-1][1]


@pytest.mark.slow
def test_a_limit_on_file_size_is_a_full_disk(tmp_path):
    process = run_build(tmp_path, 1, 0.0, limit=50_000)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "found a full disk (File too large)" in output
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".tfrecord", ".partial") and p.is_file()]


def test_months_of_the_fake_are_what_the_tests_say():
    assert FakeDomain().months[0] == from_month_number(0)
    assert len(FakeDomain().months) == 30


def test_no_sample_depends_on_the_point_spread():
    """So builds made before there was such a key stay what they are."""
    stated = replace(CONFIG, data=replace(CONFIG.data, point_spread=PointSpreadConfig("gaussian", 250.0)))
    capped = replace(CONFIG, data=replace(CONFIG.data, aridity_cap=0.8))
    assert build_hash(stated, Origin(fingerprint="a")) == build_hash(CONFIG, Origin(fingerprint="a"))
    assert build_hash(capped, Origin(fingerprint="a")) != build_hash(CONFIG, Origin(fingerprint="a"))


@pytest.mark.parametrize(
    ("target", "spread", "words"),
    [
        ("coarsen", PointSpread("gaussian", 250.0), ["half-weight radius 250 km", "target.kind=product, model.kind=prior"]),
        ("coarsen", PointSpread(), []),
        ("product", PointSpread("gaussian", 250.0), []),
    ],
)
def test_who_coarsens_a_filtered_product_is_told_what_would_teach_more(target, spread, words):
    notes = notes_on_target(Config(target=TargetConfig(kind=target)), spread)
    assert len(notes) == bool(words)
    assert all(word in notes[0] for word in words)
