"""Time that `gwkeras --help` takes, in a process of its own as a user's.

python -m benchmarks.command_help [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

BAR = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    command = [str(Path(sys.executable).with_name("gwkeras")), "--help"]
    times = []
    for _ in range(parser.parse_args().rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    print(f"gwkeras --help: median {statistics.median(times):.2f} s, shortest {min(times):.2f} s (bar {BAR})")


if __name__ == "__main__":
    main()
