"""A small exported model, and a server of it: ours, or a real one where GWKERAS_TF_SERVING names it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving.small_model import NAME, Small, export_for_tests

SCRIPT = Path(__file__).with_name("prediction_server.py")
_SECONDS_TO_START = 120


@dataclass
class Server:
    """Addresses of a server; `process` is ours to kill."""

    base: Path
    name: str = NAME
    grpc: str = "127.0.0.1:0"
    rest: str = "http://127.0.0.1:0"
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """On the ports it had before, or on free ones; returns when it serves."""
        ports = [address.rsplit(":", 1)[1] for address in (self.grpc, self.rest)]
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT), str(self.base), self.name, *ports], stdout=subprocess.PIPE, text=True
        )
        ready, _, _ = select.select([self.process.stdout], [], [], _SECONDS_TO_START)
        words = self.process.stdout.readline().split() if ready else []
        assert words[:1] == ["ready"], "the server did not start"
        self.grpc, self.rest = f"127.0.0.1:{words[1]}", f"http://127.0.0.1:{words[2]}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Small:
    return export_for_tests(tmp_path_factory.mktemp("saved_models"))


@pytest.fixture(scope="session")
def server(small):
    """Serves the model `small`: ours, or GWKERAS_TF_SERVING=host:8500 with GWKERAS_TF_SERVING_REST=http://host:8501."""
    if real := os.environ.get("GWKERAS_TF_SERVING"):
        yield Server(small.base, grpc=real, rest=os.environ.get("GWKERAS_TF_SERVING_REST", ""))
        return
    own = Server(small.base)
    own.start()
    yield own
    own.kill()
