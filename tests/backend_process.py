"""Programs on a backend of their own: a process has one for life. The time limit is for what hangs, not for what is slow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OTHERS = ("torch", "jax")
BACKENDS = ("tensorflow", *OTHERS)
# XLA thinks for minutes otherwise, and threads that wait for each other do so at full speed.
_ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def run_on(backend: str, root: Path, *arguments: object, python: Path | str = sys.executable) -> str:
    """What `python ARGUMENTS` prints, from the project's folder. Anything but success fails the test, with what it said."""
    environment = {**os.environ, **_ENVIRONMENT, "KERAS_BACKEND": backend, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [str(python), *map(str, arguments)], cwd=root, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-3000:]
    return done.stdout
