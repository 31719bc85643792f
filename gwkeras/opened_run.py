"""Runs in Python: what the command line writes, as xarray objects. `gwkeras.open_run` and `gwkeras.downscale` stand here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from gwkeras.core.config.tree import Config
from gwkeras.core.config.yaml_file import load_run_config
from gwkeras.core.errors import BadInput
from gwkeras.evaluate.stored.fields import open_fields
from gwkeras.evaluate.stored.store import read_evaluation
from gwkeras.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gwkeras.evaluate.stored.evaluation import Evaluation


@dataclass(frozen=True)
class OpenedRun:
    """A run folder. Files are read when they are asked for.

    Args:
        folder: as `gwkeras run --output` names it.
    """

    folder: Path

    @property
    def config(self) -> Config:
        """The configuration, as it was resolved."""
        return load_run_config(RunFolder(self.folder).config)

    @property
    def record(self) -> xr.Dataset:
        """gwsa_fine.nc: `gwsa`, its σ, its interval and quality flags, mm, dims (time, lat, lon); read lazily.

        Raises: BadInput: where nothing has been downscaled.
        """
        path = RunFolder(self.folder).fine
        if not path.is_file():
            raise BadInput(
                path, expected="a downscaled record", found="none", remedy="run gwkeras downscale, or gwkeras.downscale"
            )
        return xr.open_dataset(path, engine="netcdf4")

    @property
    def evaluation(self) -> Evaluation:
        """Scores, maps and sums; `evaluation.data` is an xarray.Dataset.

        Raises: BadInput: where the run has not been evaluated.
        """
        return read_evaluation(RunFolder(self.folder).evaluation)

    @property
    def scores(self) -> pd.DataFrame:
        """Methods by scores, over all cells and months: errors in mm, the rest as shares."""
        return pd.DataFrame({name: s.as_dict() for name, s in self.evaluation.scores.items()}).T.astype(float)

    @property
    def judged_fields(self) -> xr.Dataset:
        """Means and σ of every method, truth and product in the scored months, mm; read lazily.

        Raises: BadInput: where none are kept.
        """
        path = RunFolder(self.folder).evaluation_fields
        found = open_fields(path, self.evaluation.digest)
        if found is None:
            raise BadInput(path, expected="the fields that were scored", found="none", remedy="run gwkeras evaluate again")
        return found

    def __repr__(self) -> str:
        run = RunFolder(self.folder)
        parts = (("configuration", run.config), ("evaluation", run.evaluation), ("record", run.fine), ("network", run.network))
        there = [name for name, path in parts if path.exists()]
        return f"OpenedRun({str(self.folder)!r}: {', '.join(there) or 'empty'})"


def open_run(folder: str | Path) -> OpenedRun:
    """A run folder, to be looked at.

    Args:
        folder: as `gwkeras run --output` names it.
    Raises: BadInput: where there is no run.
    """
    path = Path(folder)
    if not RunFolder(path).config.is_file():
        raise BadInput(path, expected="a run folder with config.yaml", found="none", remedy="make one with gwkeras run")
    return OpenedRun(path)


def downscale(
    run: str | Path | OpenedRun,
    *,
    method: str | None = None,
    south: float | None = None,
    north: float | None = None,
    west: float | None = None,
    east: float | None = None,
    first_month: str | None = None,
    last_month: str | None = None,
) -> xr.Dataset:
    """The downscaled record of a run, in memory: `gwsa`, its σ, its interval and quality flags, mm, dims (time, lat, lon).

    Args:
        run: a run folder.
        method: one of the run's methods; None: the first.
        south: southern edge, degrees north; edges are widened to whole cells of the product. None: the run's.
        north: northern edge.
        west: western edge, degrees east.
        east: eastern edge.
        first_month: such as "2002-04"; None: the first that the run has.
        last_month: likewise.
    Raises: BadInput: as `gwkeras downscale`.
    """
    from gwkeras.application.opening import Wanted, open_application
    from gwkeras.application.writing import downscale_record
    from gwkeras.core.box import Edges

    folder = RunFolder(open_run(run.folder if isinstance(run, OpenedRun) else run).folder)
    config = load_run_config(folder.config)
    wanted = Wanted(Edges(south, north, west, east).checked(), first_month, last_month)
    application = open_application(config, folder, wanted, method_name=method, history="gwkeras.downscale")
    with tempfile.TemporaryDirectory(prefix="gwkeras-") as place:
        path = Path(place) / "gwsa_fine.nc"
        downscale_record(application.job, path, provenance=application.provenance, months=application.months)
        with xr.open_dataset(path, engine="netcdf4") as found:
            return found.load()
