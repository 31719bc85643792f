"""`gwkeras fetch g3p` against an archive that misbehaves: what arrives is the file, whole, or one sentence says why not."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gwkeras.core.errors import BadInput, RunInUse
from gwkeras.core.files.folder_lock import folder_lock
from gwkeras.core.retry import Patience
from gwkeras.download.g3p import fetch_g3p
from gwkeras.download.transfer import transfer
from tests.download.archive_server import Archive, serve
from tests.fixtures import centres, write_g3p

GWSA = "gwsa_g3p_200204_202309_monthly_05_degree_250km_gauss_filtered_gravis.nc"
QUICK = Patience(attempts=4, first_pause=0.01, longest_pause=0.02, connect=2.0, call=0.4)


@pytest.fixture(scope="module")
def netcdf(tmp_path_factory) -> bytes:
    lat, lon = centres(-20.25, 0.5, 80), centres(10.25, 0.5, 80)
    values = np.random.default_rng(0).normal(size=(12, 80, 80)).astype("f4")
    months = [f"2002-{m:02d}" for m in range(1, 13)]
    return write_g3p(tmp_path_factory.mktemp("g3p") / GWSA, months, lat, lon, values).read_bytes()


@pytest.fixture(scope="module")
def content(netcdf) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("G3P_v1.12/G3P_v1.12_readme.txt", "mm")
        archive.writestr(f"G3P_v1.12/GWSA/{GWSA}", netcdf)
        archive.writestr("G3P_v1.12/SWE/swe_g3p.nc", netcdf)
    return packed.getvalue()


@pytest.fixture
def archive(content):
    archive = Archive(content)
    server = serve(archive)
    yield archive
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "misdeeds",
    [
        [],
        ["drop"],
        ["503", "429", "500"],
        ["half"],
        ["half", "half", "drop", "half"],
        ["silence"],
        ["half", "no ranges"],
        ["half", "wrong part"],
        ["half", "416"],
        ["no length"],
        ["announces more", "announces more"],
        ["altered"],
        ["half", "altered"],
        ["announces less"],
        ["page"],
    ],
    ids=", ".join,
)
def test_the_file_arrives_whole_whatever_the_server_does(archive, netcdf, tmp_path, misdeeds):
    archive.misdeeds = list(misdeeds)
    fetched = fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    assert sorted(f.name for f in fetched.files) == ["G3P_v1.12_readme.txt", GWSA]
    assert (tmp_path / GWSA).read_bytes() == netcdf
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "G3P_v1.12_readme.txt", "fetched.json", GWSA]


def test_a_broken_transfer_goes_on_where_it_was(archive, tmp_path):
    archive.misdeeds = ["half", "half"]
    fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    half = len(archive.content) // 2
    assert archive.asked == [None, f"bytes={half}-", f"bytes={half + (len(archive.content) - half) // 2}-"]


def test_a_second_command_goes_on_where_the_first_gave_up(archive, tmp_path):
    archive.misdeeds = ["half", "drop", "drop", "drop"]
    with pytest.raises(BadInput, match="MiB are kept"):
        fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    archive.asked.clear()
    fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    assert archive.asked == [f"bytes={len(archive.content) // 2}-"]


def test_another_edition_on_the_server_starts_anew(archive, content, tmp_path):
    archive.misdeeds = ["half", "drop", "drop", "drop"]
    archive.content = bytes(len(content))
    with pytest.raises(BadInput):
        transfer(archive.url, tmp_path / "file", patience=QUICK)
    archive.content, archive.etag = content, '"second"'
    transfer(archive.url, tmp_path / "file", patience=QUICK)
    assert (tmp_path / "file").read_bytes() == content


def test_what_is_there_is_not_fetched_again(archive, tmp_path):
    fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    archive.asked.clear()
    again = fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    assert again.fresh == ()
    assert archive.asked == []
    (tmp_path / GWSA).write_bytes(b"cut")
    assert fetch_g3p(tmp_path, url=archive.url, patience=QUICK).fresh
    assert (tmp_path / GWSA).stat().st_size > 1000


def test_everything_unpacks_the_other_storages_too(archive, tmp_path):
    assert (tmp_path / "swe_g3p.nc") in fetch_g3p(tmp_path, url=archive.url, everything=True, patience=QUICK).files


def test_a_digest_is_compared(archive, content, tmp_path):
    right = hashlib.sha256(content).hexdigest()
    fetch_g3p(tmp_path / "right", url=archive.url, sha256=right.upper(), patience=QUICK)
    with pytest.raises(BadInput, match="SHA-256"):
        fetch_g3p(tmp_path / "wrong", url=archive.url, sha256="0" * 64, patience=QUICK)
    assert [p.name for p in (tmp_path / "wrong").iterdir()] == [".lock"]
    ledger = json.loads((tmp_path / "right" / "fetched.json").read_text())
    assert ledger["G3P_v1.12.zip"]["request"]["sha256"] == right.upper()


@pytest.mark.parametrize(
    ("misdeeds", "words"),
    [
        (["drop"] * 4, "no connection, 4 times in a row"),
        (["503"] * 4, "HTTP 503"),
        (["silence"] * 4, "no answer in time"),
        (["404"], "look up the present address"),
        (["403"], "login"),
        (["page"] * 2, "a web page"),
        (["altered"] * 2, "wrong checksum|damaged|Bad magic|whole ZIP"),
        (["announces less"] * 2, "whole ZIP"),
        (["half", "416"] * 20, "shorter"),
    ],
)
def test_a_server_that_does_not_mend_its_ways_gets_one_sentence(archive, tmp_path, misdeeds, words):
    (tmp_path / GWSA).write_bytes(b"what was here before")
    archive.misdeeds = list(misdeeds)
    with pytest.raises(BadInput, match=words) as refusal:
        fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    assert "\n" not in str(refusal.value)
    assert (tmp_path / GWSA).read_bytes() == b"what was here before"


def test_no_server_and_no_address(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x.zip"
    with pytest.raises(BadInput, match="no connection"):
        fetch_g3p(tmp_path, url=url, patience=QUICK)
    with pytest.raises(BadInput, match="address"):
        fetch_g3p(tmp_path, url="nonsense", patience=QUICK)


def test_a_member_cannot_leave_the_folder(archive, netcdf, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as evil:
        evil.writestr("../../gwsa_evil.nc", netcdf)
    archive.content = packed.getvalue()
    fetch_g3p(tmp_path / "in", url=archive.url, patience=QUICK)
    assert (tmp_path / "in" / "gwsa_evil.nc").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_an_archive_that_swells_is_refused(archive, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bomb, bomb.open("gwsa.nc", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    archive.content = packed.getvalue()
    with pytest.raises(BadInput, match="GiB"):
        fetch_g3p(tmp_path, url=archive.url, patience=QUICK)


def test_two_at_a_time_do_not_mix(archive, tmp_path):
    with folder_lock(tmp_path), pytest.raises(RunInUse):
        fetch_g3p(tmp_path, url=archive.url, patience=QUICK)


def test_a_killed_command_goes_on(archive, netcdf, tmp_path):
    archive.misdeeds = ["half", "silence", "silence", "silence"]
    code = (
        "import sys; from pathlib import Path; from gwkeras.download.g3p import fetch_g3p; "
        "fetch_g3p(Path(sys.argv[1]), url=sys.argv[2])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), archive.url], env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )
    try:
        for _ in range(1000):
            if len(archive.asked) > 1:
                break
            time.sleep(0.02)
    finally:
        child.kill()
        child.wait(10)
    archive.misdeeds.clear()
    fetch_g3p(tmp_path, url=archive.url, patience=QUICK)
    assert archive.asked[-1] == f"bytes={len(archive.content) // 2}-"
    assert (tmp_path / GWSA).read_bytes() == netcdf


def test_the_command_says_what_it_wrote(archive, tmp_path, gwkeras_command):
    answer = gwkeras_command("fetch", "g3p", "--output", tmp_path, "--url", archive.url)
    assert answer.code == 0, answer.err
    assert "2 files" in answer.out
    assert gwkeras_command("fetch", "g3p", "--output", tmp_path, "--url", archive.url).out.startswith("All 2 files")
    archive.misdeeds = ["404"]
    answer = gwkeras_command("fetch", "g3p", "--output", tmp_path / "b", "--url", archive.url)
    assert answer.code == 2
    assert len(answer.sentences) == 1
