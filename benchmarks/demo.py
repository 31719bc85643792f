"""`gwkeras demo` from an empty folder: seconds, peak memory with all children, and how the network stands against interpolation.

python -m benchmarks.demo [--folder SCRATCH]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.global_build import watched

BAR_SECONDS, BAR_GIB = 360.0, 4.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="scratch folder; the system's by default")
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as scratch:
        output = Path(scratch) / "run"
        seconds, peak = watched([str(Path(sys.executable).with_name("gwkeras")), "demo", "--output", str(output)])
        methods = json.loads((output / "summary.json").read_text())["methods"]
    print(f"gwkeras demo: {seconds:.0f} s (bar {BAR_SECONDS:.0f}), {peak:.2f} GiB (bar {BAR_GIB:.0f})")
    print("  RMSE, mm: " + ", ".join(f"{name} {scores['rmse']:.2f}" for name, scores in methods.items()))


if __name__ == "__main__":
    main()
