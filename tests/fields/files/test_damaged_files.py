"""Truncated and bit-flipped files, inspected and read: a finding or one sentence; no traceback, hang or large allocation.

The files are read in processes of their own with little memory: the C libraries below crash on some damage (which a process can
survive only from outside), and such a crash is counted, not forgiven beyond a few.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fixtures import (
    centres,
    write_era5_legacy,
    write_era5_new,
    write_era5_split,
    write_g3p,
    write_gldas_monthly,
    write_grace_jpl,
    write_zip,
)

ROOT = Path(__file__).resolve().parents[3]
READER = Path(__file__).parents[1] / "read_all.py"
LAT, LON = centres(10.25, 0.5, 6), centres(70.25, 0.5, 8)
MONTHS = ["2002-04", "2002-05", "2002-08"]
CUBE = np.random.default_rng(0).normal(size=(3, 6, 8))
FORMATS = ("g3p.nc", "jpl.nc", "new.nc", "legacy.nc", "gldas.nc4", "split.zip")
SECONDS = 20.0


@cache
def sources() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        return written(Path(folder))


def written(folder: Path) -> dict[str, bytes]:
    fields = {"tp": np.abs(CUBE) * 1e-3, "t2m": CUBE + 290.0}
    write_g3p(folder / "g3p.nc", MONTHS, LAT, LON, CUBE, CUBE)
    write_grace_jpl(folder / "jpl.nc", [(f"{m}-02", f"{m}-28") for m in MONTHS], LAT, LON, CUBE, CUBE)
    write_era5_new(folder / "new.nc", MONTHS, LAT[::-1], LON, fields)
    write_era5_legacy(folder / "legacy.nc", MONTHS, LAT[::-1], LON, fields)
    gldas = write_gldas_monthly(folder / "gldas", MONTHS[:1], LAT, LON, {"SoilMoi0_10cm_inst": CUBE + 30})
    next(gldas.iterdir()).rename(folder / "gldas.nc4")
    write_zip(folder / "split.zip", write_era5_split(folder / "split", MONTHS, LAT[::-1], LON, fields))
    return {name: (folder / name).read_bytes() for name in FORMATS}


def read(folder: Path, files: list[Path]) -> tuple[dict[str, str], list[str]]:
    """Outcome by file, and the files that a process died of; the others are read by a new process."""
    outcomes: dict[str, str] = {}
    died: list[str] = []
    result, good = folder / "result", folder / "sound_g3p.nc"
    good.write_bytes(sources()["g3p.nc"])
    left = [str(f) for f in files]
    while left:
        result.write_text("")
        command = [sys.executable, str(READER), str(result), str(good), *left]
        child = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
        try:
            child.wait(60 + SECONDS * len(left))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        lines = [line.split("\t") for line in result.read_text().splitlines()]
        for line in lines:
            if len(line) == 4:
                outcomes[line[0]] = line[2] if float(line[3]) < SECONDS else f"{line[3]} seconds"
            else:
                died.append(line[0])
        assert lines, "the process died before it read anything"
        left = left[len(lines) :]
    return outcomes, died


def check(folder: Path, contents: dict[str, bytes], tolerated: int = 0) -> dict[str, str]:
    files = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        files.append(folder / name)
    outcomes, died = read(folder, files)
    bad = {Path(name).name: outcome for name, outcome in outcomes.items() if outcome != "ok"}
    assert not bad, bad
    assert len(died) <= tolerated, died
    return outcomes


def test_whole_files_and_files_cut_short(tmp_path):
    cuts = {f"{share}_{name}": content[: int(share * len(content))] for name, content in sources().items() for share in (0.9, 1)}
    check(tmp_path, cuts)


def flipped(content: bytes, places: list[float], values: list[int]) -> bytes:
    damaged = bytearray(content)
    for place, value in zip(places, values, strict=True):
        damaged[int(place * len(damaged))] ^= value
    return bytes(damaged)


DAMAGE = st.tuples(
    st.sampled_from(FORMATS),
    st.lists(
        st.tuples(st.one_of(st.floats(0, 0.1, exclude_max=True), st.floats(0, 1, exclude_max=True)), st.integers(1, 255)),
        min_size=1,
        max_size=4,
    ),
    st.one_of(st.just(1.0), st.floats(0.05, 1.0)),
)


@pytest.mark.slow
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
@given(damages=st.lists(DAMAGE, min_size=25, max_size=25))
def test_flipped_bytes(tmp_path_factory, damages):
    contents = {}
    for number, (name, flips, share) in enumerate(damages):
        whole = flipped(sources()[name], [f[0] for f in flips], [f[1] for f in flips])
        contents[f"{number:02d}_{name}"] = whole[: max(1, int(share * len(whole)))]
    check(tmp_path_factory.mktemp("flipped"), contents, tolerated=2)
