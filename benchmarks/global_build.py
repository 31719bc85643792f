"""The whole globe: read, bicubic target, 10,500 patches of 32 × 32, on two processes; seconds and peak memory with all children.

Storage is the real record (../shared/data/global, or the folder that GWKERAS_REAL_DATA names); climate is synthetic, of the
same shape, and written beforehand. python -m benchmarks.global_build [--workers 2] [--folder SCRATCH]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import xarray as xr

BAR_SECONDS, BAR_GIB = 120.0, 3.0
CLIMATE = {
    "precipitation": ("mm month-1", 80.0, 60.0),
    "temperature": ("K", 285.0, 12.0),
    "soil_moisture": ("m3 m-3", 0.25, 0.1),
    "surface_pressure": ("Pa", 95000.0, 4000.0),
}


def write_climate(path: Path, months: np.ndarray) -> None:
    """Smooth random months on the product's grid, in plain float32 as files from the CDS become once unpacked."""
    rng = np.random.default_rng(0)
    lat, lon = np.arange(-89.75, 90, 0.5), np.arange(-179.75, 180, 0.5)
    for name, (unit, mean, spread) in CLIMATE.items():
        pattern = np.sin(np.deg2rad(lat))[:, None] * np.cos(np.deg2rad(2 * lon))[None, :]
        season = np.sin(2 * np.pi * np.arange(months.size) / 12)[:, None, None]
        values = mean + spread * (0.5 * pattern + 0.3 * season + 0.2 * rng.random((months.size, lat.size, lon.size), np.float32))
        field = xr.DataArray(
            values.astype(np.float32), {"time": months, "lat": lat, "lon": lon}, ("time", "lat", "lon"), name, {"units": unit}
        )
        field.to_dataset().to_netcdf(path / f"{name}.nc", encoding={name: {"chunksizes": (1, lat.size, lon.size)}})


def build_globe(storage: Path, climate: Path, output: Path, workers: int) -> None:
    """What is timed."""
    from gwkeras.core.config.tree import Config, DataConfig, PatchConfig, SampleConfig, SourceConfig, TargetConfig
    from gwkeras.fields.record import read_fields
    from tfrecords_build.build import build

    start = time.perf_counter()
    config = Config(
        data=DataConfig(
            gwsa=SourceConfig(path=(str(storage),)),
            climate=tuple(
                SourceConfig(path=(str(climate / f"{name}.nc"),), kind="netcdf", variables={name: name}) for name in CLIMATE
            ),
        ),
        sample=SampleConfig(climate=tuple(CLIMATE), covariates=()),
        target=TargetConfig("bicubic"),
        patches=PatchConfig(layout="random", train=8000, validation=2000, test=500),
    )
    fields = read_fields(config.data)
    print(f"read after {time.perf_counter() - start:.1f} s", flush=True)

    def progress(done: int, total: int) -> None:
        if done == 0:
            print(f"fields on the grid after {time.perf_counter() - start:.1f} s", flush=True)

    manifest = build(fields, config, output, workers=workers, progress=progress)
    samples = sum(s.samples for s in manifest.shards)
    print(
        f"{samples} samples, {sum(s.bytes for s in manifest.shards) / 1e9:.2f} GB after {time.perf_counter() - start:.1f} s",
        flush=True,
    )


def watched(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (GiB: resident, mapped files included, summed over the process and all its children)."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command)
    root, done = psutil.Process(process.pid), threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            resident = 0
            try:
                for member in [root, *root.children(recursive=True)]:
                    resident += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            peak = max(peak, resident)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        if process.wait():
            raise SystemExit(process.returncode)
    finally:
        done.set()
        watcher.join()
    return time.perf_counter() - start, peak / 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None, help="scratch folder; the system's by default")
    parser.add_argument("--timed", nargs=3, type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.timed:
        build_globe(*options.timed, options.workers)
        return
    data = Path(os.environ.get("GWKERAS_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    storage = data / "global" / "grace_twsa_jpl_l2_0p5deg.nc"
    if not storage.exists():
        raise SystemExit(f"{storage}: not there; name the folder of the real data by GWKERAS_REAL_DATA")
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        climate = Path(scratch)
        write_climate(climate, np.arange("2001-10", "2025-06", dtype="datetime64[M]").astype("datetime64[ns]"))
        command = [sys.executable, "-m", "benchmarks.global_build", "--workers", str(options.workers), "--timed"]
        seconds, peak = watched([*command, str(storage), str(climate), str(climate / "build")])
    print(
        f"whole globe, 10,500 patches, {options.workers} processes: {seconds:.0f} s (bar {BAR_SECONDS:.0f}), "
        f"{peak:.2f} GiB (bar {BAR_GIB:.0f})"
    )


if __name__ == "__main__":
    main()
