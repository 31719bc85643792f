"""`python -m tests.commands.backend_commands COMMANDS.json`: each in turn, in this process; prints how each ended as JSON lines.

One process for all of them: a process has one backend for life, and to start one takes longer than what it does here.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from gwkeras.cli import main

if __name__ == "__main__":
    for arguments in json.loads(Path(sys.argv[1]).read_text()):
        sys.argv = ["gwkeras", *arguments]
        said, begun = io.StringIO(), time.perf_counter()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        took = round(time.perf_counter() - begun, 1)
        sys.stdout.write(json.dumps({"command": arguments[0], "code": code, "said": said.getvalue(), "seconds": took}) + "\n")
