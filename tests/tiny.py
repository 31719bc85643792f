"""A world of 12 × 16 product cells and a configuration that trains on it within seconds; and the command, run in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import netCDF4

from gwkeras.twin.observe import write_observations
from gwkeras.twin.world import TwinConfig, make_world

YAML = """
name: tiny
sample: {months: 3, factor: 2}
model: {convlstm_filters: [4], unet_filters: [8, 8], refinement_filters: 8, refinement_layers: 1}
training: {epochs: 2, batch_size: 16}
patches: {train: 60, validation: 20, test: 20}
shards: {samples: 16}
methods: [{prior: network}]
"""

_BAR = re.compile(r"\d+/\d+ .*\d:\d\d:\d\d|^[IW]\d{4} ")  # or TensorFlow's log, which only a process of its own leaves out


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """What stands on the error stream beside progress bars."""
        return [line for line in self.err.splitlines() if line.strip() and not _BAR.search(line)]


Command = Callable[..., Answer]


def write_tiny_world(folder: Path, **changes: object) -> dict[str, Path]:
    """Files of a twin world of 6° × 8°, 0.5° -> 0.25°, 42 months: gwsa, climate, static, truth, and the configuration."""
    given = {
        "seed": 3,
        "south": 20,
        "north": 26,
        "west": 80,
        "east": 88,
        "fine_step": 0.25,
        "factor": 2,
        "sea_share": 0.15,
        "climate_first_month": "2001-06",
        "first_month": "2002-04",
        "last_month": "2005-09",
        "gaussian_km": 0.0,
    } | changes
    files = write_observations(make_world(TwinConfig(**given)), folder)
    (folder / "tiny.yaml").write_text(YAML)
    return {**files, "config": folder / "tiny.yaml"}


def options(files: dict[str, Path], *names: str) -> list[str]:
    """`--gwsa FILE --climate FILE …` for the names given."""
    return [part for name in names for part in (f"--{name}", str(files[name]))]


def settings(files: dict[str, Path], *names: str) -> list[str]:
    """The same for commands that take a configuration: `--set data.gwsa.path=FILE …`."""
    result = ["--config", str(files["config"])]
    for name in names:
        value = f"{{path: '{files[name]}'}}"
        result += ["--set", f"data.{name}={f'[{value}]' if name in ('climate', 'static') else value}"]
    return result


def edited(path: Path, to: Path, change: Callable[[netCDF4.Dataset], None]) -> Path:
    """A copy of a NetCDF file, changed in place."""
    to.write_bytes(path.read_bytes())
    with netCDF4.Dataset(to, "r+") as file:
        change(file)
    return to


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks and the log."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in (".lock", "gwkeras.log")
    }
