"""GNNWR against its authors' package (PyTorch) on the same rows, network, batches, epochs; then on more rows than n × n allows.

Each fit runs in a process of its own, whose peak memory is the operating system's. The authors' package (`gnnwr`, GPL) is no
dependency: name a Python that has it with --peer; without one our own figures stand alone.

python -m benchmarks.weighted_regression [--rows 10000] [--epochs 10] [--large 1000000] [--peer PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.weighted_regression_peer import BATCH, COLUMNS, HIDDEN, measured

SPEED_BAR, MEMORY_BAR = 2.0, 0.5
REFERENCES = 256


def rows_of(count: int, path: Path) -> None:
    """Writes a field whose coefficients vary with place: u, v, three predictors and a value."""
    rng = np.random.default_rng(0)
    u, v = rng.uniform(size=(2, count))
    x = rng.normal(size=(3, count))
    slopes = 1 + np.sin(3 * u), np.cos(4 * v), u * v
    y = sum(s * each for s, each in zip(slopes, x, strict=True)) + 2 * u + 0.3 * rng.normal(size=count)
    np.savez(path, **dict(zip(COLUMNS, (u, v, *x, y), strict=True)))


def ours(path: Path, epochs: int) -> dict[str, float]:
    """Seconds, peak GiB and R² on the rows held out."""

    def fit(train: np.ndarray, validation: np.ndarray):
        from gwkeras.regression.gnnwr import GNNWR

        model = GNNWR(
            ["u", "v"],
            n_references=REFERENCES,
            hidden=HIDDEN,
            members=1,
            epochs=epochs,
            patience=epochs,
            batch_size=BATCH,
            random_state=0,
        )
        import pandas as pd

        named = [pd.DataFrame(part[:, :-1], columns=COLUMNS[:-1]) for part in (train, validation)]
        model.fit(named[0], train[:, -1], named[1], validation[:, -1])
        return model.predict(named[1])

    return measured(path, fit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--large", type=int, default=1_000_000, help="rows of a fit of our own, of one epoch; 0: none")
    parser.add_argument("--peer", help="a Python that has the package gnnwr")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(ours(options.child, options.epochs)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npz"
        rows_of(options.rows, path)
        own = _child(
            [sys.executable, "-m", "benchmarks.weighted_regression", "--child", str(path), "--epochs", str(options.epochs)]
        )
        print(f"{options.rows} rows, {options.epochs} epochs: gwkeras {_said(own)}")
        if options.peer:
            peer = _child(
                [options.peer, str(Path(__file__).with_name("weighted_regression_peer.py")), str(path), str(options.epochs)]
            )
            print(f"{options.rows} rows, {options.epochs} epochs: gnnwr {_said(peer)}")
            speed, memory = peer["seconds"] / own["seconds"], own["peak_gib"] / peer["peak_gib"]
            print(f"{speed:.1f} × its speed (bar {SPEED_BAR:g}), {memory:.2f} of its memory (bar {MEMORY_BAR:g})")
            if speed < SPEED_BAR or memory > MEMORY_BAR:
                sys.exit("a bar is missed")
        if options.large:
            rows_of(options.large, path)
            own = _child([sys.executable, "-m", "benchmarks.weighted_regression", "--child", str(path), "--epochs", "1"])
            print(f"{options.large} rows, 1 epoch: gwkeras {_said(own)}")


def _child(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _said(found: dict[str, float]) -> str:
    return f"{found['seconds']:.1f} s, peak {found['peak_gib']:.2f} GiB, R² {found['r2']:.3f}"


if __name__ == "__main__":
    main()
