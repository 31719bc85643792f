"""One process at a time in a folder, however the one before ended."""

import os
import subprocess
import sys

import pytest

from gwkeras.core.errors import RunInUse
from gwkeras.core.files.folder_lock import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from gwkeras.core.files.folder_lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


def test_a_folder_is_held_by_one(tmp_path):
    folder = tmp_path / "a" / "b"
    with folder_lock(folder), pytest.raises(RunInUse, match=f"found process {os.getpid()} at work"), folder_lock(folder):
        pytest.fail("held twice")
    with folder_lock(folder), folder_lock(tmp_path / "c"):
        pass


def test_it_is_let_go_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), folder_lock(tmp_path):
        raise ZeroDivisionError
    with folder_lock(tmp_path):
        assert (tmp_path / ".lock").read_text() == str(os.getpid())
    assert (tmp_path / ".lock").read_text() == ""


def test_another_process_is_named_and_its_death_frees_the_folder(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            with pytest.raises(RunInUse, match=f"found process {other.pid} at work"), folder_lock(tmp_path):
                pytest.fail("held twice")
        finally:
            other.kill()
    with folder_lock(tmp_path):
        assert (tmp_path / ".lock").read_text() == str(os.getpid())
