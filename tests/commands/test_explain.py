"""A run explained and judged by wells, from the command line."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest
import xarray as xr

from tests.bad_input.refusal import refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(tiny_world, tmp_path_factory):
    from gwkeras.core.config.yaml_file import load_config
    from gwkeras.pipeline.experiment import Experiment
    from gwkeras.pipeline.files import with_files
    from gwkeras.training.run_folder import RunFolder

    folder = tmp_path_factory.mktemp("ran") / "run"
    settings = (
        "methods=[{prior: {kind: ridge, time_constants: [2, 12], local: false}, update: interpolation}]",
        "target.kind=product",
        "model.kind=prior",
    )
    given = {"gwsa": [tiny_world["gwsa"]], "climate": [tiny_world["climate"]], "static": [tiny_world["static"]]}
    experiment = Experiment(with_files(load_config(tiny_world["config"], settings), **given), RunFolder(folder))
    experiment.settle()
    return folder


def test_explain(gwkeras_command, ran, tmp_path):
    answer = gwkeras_command("explain", "--run", ran, "--months", 2, "--output", tmp_path / "g.nc")
    assert answer.code == 0, answer.err
    assert "add up to the prediction within" in answer.out.replace("\n", " ")
    with xr.open_dataset(tmp_path / "g.nc") as data:
        whole = data["usual"] + data["contribution"].sum("group", skipna=False)
        np.testing.assert_allclose(whole.values, data["predicted"].values, atol=1e-2)
    answer = gwkeras_command("explain", "--run", ran, "--by", "feature", "--months", 2, "--output", tmp_path / "f.nc")
    assert answer.code == 0, answer.err
    refused(gwkeras_command("explain", "--run", ran, "--method", "no", "--output", tmp_path / "h.nc"), "--method")
    refused(gwkeras_command("explain", "--run", ran, "--output", tmp_path / "f.nc"), "--overwrite")


def test_wells_of_a_run(gwkeras_command, ran, tiny_world, tmp_path):
    """Wells that are the truth itself: every method is judged, the product and interpolations beside it."""
    with netCDF4.Dataset(tiny_world["truth"]) as file:
        name = next(n for n, v in file.variables.items() if v.ndim == 3)
        truth, lat, lon = file[name][:].filled(np.nan), file["lat"][:], file["lon"][:]
        months = [f"{2002 + (3 + k) // 12}-{(3 + k) % 12 + 1:02d}" for k in range(len(truth))]
    known = np.argwhere(np.isfinite(truth).all(axis=0))
    rows = [",".join(["well", "lat", "lon", *months])]
    for k, (i, j) in enumerate(known[:: max(len(known) // 40, 1)]):
        rows.append(",".join([f"w{k}", str(lat[i]), str(lon[j]), *(f"{value:.3f}" for value in truth[:, i, j])]))
    table = tmp_path / "wells.csv"
    table.write_text("\n".join(rows))
    settings = ("--set", "quantity=storage", "--set", "unit=mm", "--set", "draws=200")
    answer = gwkeras_command("wells", table, "--run", ran, *settings, "--output", tmp_path / "w.nc")
    assert answer.code == 0, answer.err
    with xr.open_dataset(tmp_path / "w.nc") as data:
        names = data["field"].values.tolist()
        assert names[:2] == ["product", "bilinear"]
        assert len(names) == 5
        assert (data["median_correlation"].values > 0.3).all()
        np.testing.assert_array_equal(data["specific_yield"].values, 1.0)
