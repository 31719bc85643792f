"""The machine, in a phrase, beside times that were measured on it."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def hardware() -> str:
    """Such as "2 cores, AMD EPYC"."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{cores} core{'s' if cores > 1 else ''}, {_processor()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return next((name for name in named if name), platform.machine() or "a processor without a name")
