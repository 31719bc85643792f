"""`gwkeras downscale` from a run, from its export's folder and from a server: one record."""

from __future__ import annotations

import os
import socket

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.config.yaml_file import load_config
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from tests.serving.conftest import Server
from tests.tiny import options
from tests.untrained import untrained_run

pytestmark = pytest.mark.slow
MONTHS = ("--first-month", "2004-01", "--last-month", "2004-02")


@pytest.fixture(scope="module")
def run(tiny_world, tmp_path_factory):
    """A run whose network has weights drawn at random, and its export in the folder `versions`."""
    folder = tmp_path_factory.mktemp("run")
    config = with_files(
        load_config(tiny_world["config"], ("training.scale_transfer=false",)),
        **{name: [tiny_world[name]] for name in ("gwsa", "climate", "static")},
    )
    Experiment.open(untrained_run(folder, config)).export(folder / "versions")
    return folder


@pytest.fixture(scope="module")
def tiny_server(run):
    if os.environ.get("GWKERAS_TF_SERVING"):
        pytest.skip("GWKERAS_TF_SERVING names a server of another model")
    own = Server(run / "versions", name="tiny")
    own.start()
    yield own
    own.kill()


@pytest.fixture
def record(run, gwkeras_command, tmp_path):
    def downscale(*arguments):
        answer = gwkeras_command("downscale", "--run", run, *MONTHS, *arguments, "--output", tmp_path / "fine.nc", "--overwrite")
        assert answer.code == 0, answer.err
        with xr.open_dataset(tmp_path / "fine.nc") as data:
            return data.load()

    return downscale


def test_one_record_from_a_run_a_folder_and_a_server(record, run, tiny_server):
    own = record()
    assert own.sizes["time"] == 2
    assert float(own["gwsa"].max() - own["gwsa"].min()) > 10
    for way in (
        ("--model", run / "versions"),
        ("--server", tiny_server.grpc, "--model-name", "tiny"),
        ("--server", tiny_server.rest, "--model-name", "tiny@stable"),
    ):
        found = record(*way)
        for name in ("gwsa", "gwsa_sigma", "gwsa_lower", "gwsa_upper"):
            np.testing.assert_allclose(found[name], own[name], atol=1e-3, rtol=0, equal_nan=True)


def test_what_is_wrong_with_a_server_is_one_sentence_and_the_old_record_stays(run, tiny_server, gwkeras_command, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    (tmp_path / "fine.nc").write_text("old")
    for way, words in (
        (("--server", nobody, "--model-name", "tiny"), "start the server or check the address"),
        (("--server", tiny_server.grpc, "--model-name", "other"), "expected a server of the gwkeras model 'other'"),
        (("--server", tiny_server.rest, "--model-name", "other"), "expected a server of the gwkeras model at /v1/models/other"),
        (("--server", tiny_server.grpc, "--model-name", "tiny@7"), "Specific(tiny, 7)"),
        (("--server", tiny_server.rest[7:], "--model-name", "tiny"), "expected a TF Serving server that answers"),
        (("--model", run / "shards"), "expected a SavedModel, found none"),
        (("--model", run / "versions", "--timeout", "5"), "expected --server beside --timeout and --patience"),
    ):
        wait = ("--timeout", "0.5", "--patience", "0.5") if "--server" in way else ()
        answer = gwkeras_command("downscale", "--run", run, *MONTHS, *way, *wait, "--output", tmp_path / "fine.nc", "--overwrite")
        assert answer.code == 2
        (sentence,) = [s for s in answer.sentences if s.startswith("gwkeras:")]
        assert words in sentence
        assert (tmp_path / "fine.nc").read_text() == "old"


def test_data_of_another_kind_than_the_models(run, tiny_server, tiny_world, gwkeras_command, tmp_path):
    way = ("--server", tiny_server.grpc, "--model-name", "tiny", "--set", "sample.months=5")
    answer = gwkeras_command("downscale", "--run", run, *options(tiny_world), *MONTHS, *way, "--output", tmp_path / "fine.nc")
    assert answer.code == 2, answer.out
    assert not (tmp_path / "fine.nc").exists()
