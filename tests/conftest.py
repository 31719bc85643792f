"""Fixtures of all rooms: where real data lie, and how many examples hypothesis draws."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.tiny import Answer, Command, write_tiny_world

ROOT = Path(__file__).resolve().parent.parent

# CI draws the same examples every time; deadlines would measure the machine's other work.
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# A shell's background jobs begin with Ctrl-C ignored and hand that down; the programs that tests interrupt must not inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of third parties' data: GWKERAS_REAL_DATA, or ../shared/data beside the project."""
    folder = Path(os.environ.get("GWKERAS_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: GWKERAS_REAL_DATA names no folder, and there is none at ../shared/data")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Folder of pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory) -> dict[str, Path]:
    """Files of a small twin world: gwsa, climate, static, truth, config. Read only."""
    return write_tiny_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def gwkeras_command(monkeypatch, capfd) -> Command:
    """`gwkeras` with its arguments, in this process: exit code and both streams."""

    def call(*arguments: object) -> Answer:
        from gwkeras.cli import main

        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["gwkeras", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Answer(int(ended.value.code or 0), *capfd.readouterr())

    return call
