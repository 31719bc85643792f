"""One global month: 360 × 720 product cells to 1440 × 2880, land only, the paper's network, at the tiling that `downscale` uses.

python benchmarks/global_month.py [--months 1] [--kind paper|default] [--tile 0] [--patch]

Wall and processor time, peak memory of the process, and the share of the convolution peak of the same machine in the same run
(the multiply-accumulates are those of the tiles that were run, their halos included). Fields are random on the land of a made-up
globe: two fifths of the cells between 60°S and 84°N, in continents.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from gwkeras.core.process.memory import peak_of_this_process

MEMORY, FACTOR = 6, 4
CLIMATE = ("precipitation", "soil_moisture", "temperature", "surface_pressure")
MEANS, STDS = (80.0, 0.3, 290.0, 95_000.0), (40.0, 0.1, 8.0, 5_000.0)


def globe(months: int):
    """A `Domain` in memory whose land has the extent of the Earth's without Antarctica."""
    from gwkeras.core.grid import Grid
    from gwkeras.domain.calendar import Calendar
    from gwkeras.domain.domain import Domain
    from gwkeras.domain.drivers import Drivers

    rng = np.random.default_rng(0)
    coarse = Grid.covering(-90, 90, -180, 180, 0.5)
    rough = rng.normal(size=(12, 24))
    smooth = np.kron(rough, np.ones((30, 30)))
    inside = (coarse.lat > -56) & (coarse.lat < 84)
    threshold = np.quantile(smooth[inside], 0.6)
    land = ((smooth > threshold) & inside[:, None]).astype(np.float32)
    calendar = np.arange("2002-01", "2006-01", dtype="datetime64[M]")[: MEMORY + months]
    shape = (len(calendar), *coarse.shape)
    channels = {
        name: (mean + std * rng.normal(size=shape)).astype(np.float32)
        for name, mean, std in zip(CLIMATE, MEANS, STDS, strict=True)
    }
    stamps = calendar[MEMORY:]
    storage = np.where(land > 0, 60 * rng.normal(size=(months, *coarse.shape)), np.nan).astype(np.float32)
    fine_land = np.repeat(np.repeat(land, FACTOR, 0), FACTOR, 1)
    nowhere = Path("unused")
    return Domain(
        FACTOR,
        MEMORY,
        CLIMATE,
        (),
        Drivers(coarse, Calendar(calendar), channels, {}, land, nowhere, ""),
        Drivers(coarse.refine(FACTOR), Calendar(calendar), {}, {}, fine_land, nowhere, ""),
        (0, 0),
        Calendar(stamps),
        Calendar(stamps),
        storage,
        None,
        None,
        0.25,
    )


def method_of(kind: str, tile: int):
    """The network at its published (or our default) size, untrained: its weights cost the same."""
    import keras

    from gwkeras.core.config.tree import Config, DownscaleConfig, ModelConfig, SampleConfig
    from gwkeras.core.error_bars.calibration import Calibration
    from gwkeras.core.schema import SampleShape
    from gwkeras.core.statistics import Statistics
    from gwkeras.methods.network.trained import network_method
    from gwkeras.models.build import build_model

    keras.utils.set_random_seed(0)
    sizes = {"convlstm_filters": (64, 64), "unet_filters": (64, 128, 256, 512)} if kind == "paper" else {}
    model = ModelConfig(kind=kind, **sizes)
    sample = SampleShape(MEMORY, 32, 32, FACTOR, CLIMATE)
    network = build_model(model, sample, Statistics(MEANS, STDS, 0.0, 60.0))
    config = Config(model=model, sample=SampleConfig(months=MEMORY, factor=FACTOR), downscale=DownscaleConfig(tile=tile))
    return network, network_method(network, Calibration(), config)


def macs_a_cell(network) -> float:
    """Multiply-accumulates for one coarse cell of a large tile, from the layers' kernels and strides."""
    total, domain = 0.0, {}
    for layer in network.layers:
        name = layer.name
        if name.startswith("convlstm"):
            kernel, recurrent = (float(np.prod(w.shape)) for w in (layer.kernel, layer.recurrent_kernel))
            total += MEMORY * kernel + (MEMORY - 1) * recurrent
        elif name.startswith(("encoder", "decoder", "bottleneck")) and hasattr(layer, "kernel"):
            depth = (
                len([k for k in network.layers if k.name.endswith("_pool")]) if name.startswith("bottleneck") else int(name[7])
            )
            total += float(np.prod(layer.kernel.shape)) / 4 ** (depth + ("_up" in name)) / 1.0
        elif name.startswith("refinement") and hasattr(layer, "kernel"):
            total += float(np.prod(layer.kernel.shape)) * FACTOR**2
        elif hasattr(layer, "kernel"):
            domain[name] = float(np.prod(layer.kernel.shape))
            total += domain[name]
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--kind", default="paper", choices=["paper", "default"])
    parser.add_argument("--tile", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--patch", action="store_true", help="time one 32 × 32 patch instead")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    from gwkeras.application.writing import Job, downscale_record
    from gwkeras.fields.writing.writer import Provenance

    domain = globe(options.months)
    network, method = method_of(options.kind, options.tile)
    if options.patch:
        time_patch(domain, method)
        return
    mosaic = method.inner
    tiles = mosaic.tiles(domain, domain.land > 0)
    cells = sum(tile.cells for tile in tiles)
    flop = 2 * cells * macs_a_cell(network)
    print(
        f"land {np.mean(domain.land > 0):.1%} of the cells; halo {mosaic.reach}; {len(tiles)} tiles of "
        f"{tiles[0].rows.length} × {tiles[0].cols.length} cells, "
        f"{cells / domain.land.size:.2f} globes, {flop / 1e12:.2f} TFLOP a month"
    )
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            wall, processor = time.perf_counter(), time.process_time()
            downscale_record(Job(method, domain), Path(folder) / "fine.nc", provenance=Provenance())
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            size = (Path(folder) / "fine.nc").stat().st_size
        peak = peak_of_this_process() / 2**30
        print(
            f"months {options.months}, load {os.getloadavg()[0]:.1f}: {wall / options.months:.1f} s a month "
            f"({processor / options.months:.1f} s of processor), peak memory {peak:.2f} GiB, file {size / 2**20:.0f} MiB"
        )
    from benchmarks.convolution_peak import tensorflow_peak

    rate = tensorflow_peak()
    print(
        f"convolution peak {rate:.0f} GFLOP/s; reached {flop * options.months / wall / 1e9:.0f} GFLOP/s over all, "
        f"{flop * options.months / wall / 1e9 / rate:.0%}"
    )


def time_patch(domain, method) -> None:
    """One patch of 32 × 32 cells through the network, as a client calls it."""
    row, col = np.argwhere(domain.land[:320, :680] > 0)[0]
    sample = domain.sample(domain.months[0], int(row), int(col), 32, 32)
    inputs = {name: value[None] for name, value in sample.items()}
    method.inner.network(inputs)
    times = []
    for _ in range(30):
        start = time.perf_counter()
        method.inner.network(inputs)
        times.append(time.perf_counter() - start)
    print(
        f"load {os.getloadavg()[0]:.1f}: one 32 × 32 patch {1e3 * statistics.median(times):.0f} ms median, "
        f"{1e3 * min(times):.0f} ms least"
    )


if __name__ == "__main__":
    main()
