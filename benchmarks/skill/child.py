"""A module in a process of its own, within memory and time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Limits:
    """What a process may take.

    Args:
        gib: resident memory, with its children.
        minutes: time.
    """

    gib: float = 4.0
    minutes: float = 10.0


def run_module(arguments: list[str], limits: Limits) -> str:
    """Runs `python -m` with the arguments; why it failed, or nothing."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg", **os.environ}
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
    watched, started, error = psutil.Process(process.pid), time.perf_counter(), ""
    try:
        while True:
            try:
                _, told = process.communicate(timeout=0.3)
                break
            except subprocess.TimeoutExpired:
                error = error or _exceeded(watched, time.perf_counter() - started, limits)
                if error:
                    process.kill()
    finally:
        if process.poll() is None:  # stopped from outside: nothing goes on behind
            process.kill()
            process.wait()
    if error or not process.returncode:
        return error
    lines = [line for line in told.decode(errors="replace").splitlines() if line.strip()] or ["no reason given"]
    return lines[-1][:300]


def _exceeded(watched: psutil.Process, seconds: float, limits: Limits) -> str:
    try:
        resident = sum(each.memory_info().rss for each in (watched, *watched.children(recursive=True)))
    except psutil.NoSuchProcess:
        return ""
    if resident > limits.gib * 2**30:
        return f"more than {limits.gib:g} GiB"
    return f"more than {limits.minutes:g} minutes" if seconds > limits.minutes * 60 else ""
