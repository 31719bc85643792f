"""TensorFlow's remarks about itself while it loads: heard, and kept from the terminal."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

# Its C++ parts write to descriptor 2 before any setting is read. A process of its own lets through what is no remark, so that
# even the last words of a TensorFlow that aborts (a processor without AVX) reach the terminal.
_FILTER = """
import re, sys
remark = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if line.strip() and not remark.search(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""
_REMARKS = (
    r"^WARNING: All log messages before absl|^[IW]\d{4} |^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IW] "
    r"|Unable to register cu\w+ factory"
)
_NO_DEVICE = r"|failed call to cuInit"  # an error only where there is a device


def quiet_tensorflow() -> None:
    """From now on, the first import of TensorFlow also lists its devices, and says nothing but what is wrong.

    Its lesser log is off by `TF_CPP_MIN_LOG_LEVEL`, where the environment does not set it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").addFilter(_is_no_retracing)
    if "tensorflow" not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _is_no_retracing(record: logging.LogRecord) -> bool:
    """A process that trains one network after the other makes a graph for each, and TensorFlow takes that for a mistake."""
    return "tf.function retracing" not in str(record.msg)


class _Finder:
    """Steps in for the first import of TensorFlow, wherever it stands, and is gone."""

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(_load, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _load(execute: Any, module: ModuleType) -> None:
    with _without_remarks():
        execute(module)
        module.config.list_physical_devices()  # looks for a driver, which it remarks upon too


@contextmanager
def _without_remarks() -> Iterator[None]:
    remarks = _REMARKS if any(Path("/dev").glob("nvidia[0-9]*")) else _REMARKS + _NO_DEVICE
    sys.stderr.flush()
    terminal = os.dup(2)
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", _FILTER, remarks], stdin=subprocess.PIPE) as reader:
        assert reader.stdin is not None
        os.dup2(reader.stdin.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            reader.stdin.close()
