"""A disk that is full: one sentence, and nothing that was there is lost."""

from __future__ import annotations

import gc
import resource
import shutil

import pytest

from tests.bad_input.refusal import refused
from tests.tiny import contents


@pytest.fixture
def largest_file():
    """Lets no file of this process grow beyond so many bytes: what a full disk does, with another word for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1_000, 20_000, 200_000])
def test_a_disk_full_during_a_build(run, built, largest_file, tmp_path, tiny_world, gwkeras_command, size):
    """The build that stands stays; another one says what to do, and is done by the same command when there is room."""
    folder = tmp_path / "run"
    shutil.copytree(built / "shards", folder / "shards")
    shutil.copy(built / "config.yaml", folder)
    before = contents(folder)
    build = ("build-tfrecords", "--run", folder, "--config", built / "config.yaml", "--set", "sample.months=4", "--overwrite")
    largest_file(size)
    refused(gwkeras_command(*build), "a full disk", "free some space")
    left = contents(folder)
    assert {name: left[name] for name in before} == before
    assert not [name for name in left if name.endswith(".partial")]
    largest_file(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    done = gwkeras_command(*build)
    assert done.code == 0, done.err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("stage", ["evaluate", "export", "downscale"])
@pytest.mark.slow
def test_a_disk_full_during_a_stage(trained, copy_of, largest_file, gwkeras_command, stage):
    folder = copy_of(trained)
    (folder / "gwsa_fine.nc").write_bytes(b"the record of yesterday")
    (folder / "saved_model" / "1").mkdir(parents=True)
    (folder / "evaluation.nc").write_bytes(b"the scores of yesterday")
    before = contents(folder)
    output = ("--output", folder / "saved_model") if stage == "export" else ()
    largest_file(3_000)
    answer = gwkeras_command(stage, "--run", folder, *output)
    largest_file(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    refused(answer)
    after = contents(folder)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "partial" in name or name.endswith(".tmp")]
    assert not (folder / "saved_model" / "2").exists()
    gc.collect()
