"""All benchmarks, one after the other, each in a process of its own, and one table of what they found.

python -m benchmarks [--only NAME ...] [--list]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

BENCHMARKS: dict[str, tuple[str, ...]] = {
    "convolution_peak": (),
    "train_step": ("--rounds", "5", "--ablations"),
    "training_feed": (),
    "mirrored": (),
    "input_pipeline": ("--seconds", "5"),
    "command_help": (),
    "global_month": (),
    "global_kriging": (),
    "global_default": ("--years", "2", "--before", "1"),
    "global_build": (),
    "weighted_regression": (),
    "demo": (),
}


def machine() -> str:
    """Processor, cores and memory of this machine."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = "processor of unknown name"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return f"{cores} cores of {model}, {pages * size / 2**30:.0f} GiB"


def measured(name: str, arguments: tuple[str, ...]) -> tuple[float, list[str]]:
    """Seconds that the benchmark took and the lines that it printed; why it did not run, where it did not."""
    start = time.perf_counter()
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], capture_output=True, text=True, env=environment, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        why = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no reason given"]
        lines.append(f"failed with exit code {done.returncode}: {why[0]}")
    return time.perf_counter() - start, lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), help="some of them")
    parser.add_argument("--list", action="store_true", help="their names, and nothing else")
    options = parser.parse_args()
    if options.list:
        print("\n".join(BENCHMARKS))
        return
    print(f"{machine()}; load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    failed = False
    for name in options.only:
        seconds, lines = measured(name, BENCHMARKS[name])
        failed |= any(line.startswith("failed") for line in lines)
        print(f"{name:<17} {seconds:5.0f} s   " + f"\n{'':27}".join(lines), flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
