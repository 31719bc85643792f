"""Linux counts in kibibytes, macOS in bytes; the figure itself is held against the kernel's in tests/report."""

from __future__ import annotations

import resource
import sys
from types import SimpleNamespace

import pytest

from gwkeras.core.process import memory
from gwkeras.report.summary import peak_memory_mib


@pytest.mark.parametrize(("platform", "expected"), [("linux", 3 * 2**30), ("darwin", 3 * 2**20)])
def test_each_system_s_own_unit(platform, expected, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=3 * 2**20))
    assert memory.peak_of_this_process() == memory.peak_of_children() == expected
    assert peak_memory_mib() == expected / 2**20
