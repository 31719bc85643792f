import numpy as np
import pytest
import xarray as xr

from gwkeras.core.errors import ConfigError, GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.core.months import month_start
from gwkeras.twin.climate import orographic_factor
from gwkeras.twin.observe import write_observations
from gwkeras.twin.terrain import make_terrain
from gwkeras.twin.world import TwinConfig, make_world

SHORT = {"first_month": "2002-04", "last_month": "2004-03", "climate_first_month": "2001-01"}


@pytest.fixture(scope="module")
def world():
    return make_world(TwinConfig(seed=5, south=-3, north=5, west=-4, east=6, sea_share=0.2, gaussian_km=0.0, **SHORT))


@pytest.fixture(scope="module")
def files(world, tmp_path_factory):
    return write_observations(world, tmp_path_factory.mktemp("twin"))


def test_same_seed_same_world(world):
    again = make_world(world.config)
    assert np.array_equal(again.truth, world.truth, equal_nan=True)
    assert np.array_equal(again.product.storage, world.product.storage, equal_nan=True)
    other = make_world(TwinConfig(**{**vars(world.config), "seed": 6}))
    assert not np.array_equal(other.truth, world.truth, equal_nan=True)


@pytest.mark.parametrize(
    ("south", "west", "factor", "step"),
    [
        (-40, 140, 4, 0.125),
        (-1, -2, 2, 0.25),
        (60, -179, 5, 0.1),
        (-2, 176, 4, 0.125),
        (0, 0, 1, 0.5),
    ],
)
def test_any_region_and_factor(south, west, factor, step):
    config = TwinConfig(
        seed=1, south=south, north=south + 4, west=west, east=west + 4, factor=factor, fine_step=step, sea_share=0.0, **SHORT
    )
    world = make_world(config)
    assert world.truth.shape == (24, 8 * factor, 8 * factor)
    assert np.isfinite(world.truth).all()
    assert np.isfinite(world.product.storage).all()
    assert np.nanstd(world.truth) > 1.0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"first_month": "2025-01"}, "first_month"),
        ({"sea_share": 2.0}, "sea_share"),
        ({"factor": 0}, "factor"),
        ({"east": 60.0}, "west"),
        ({"fine_step": 0.001}, "region"),
        ({"first_month": "April"}, "first_month"),
    ],
)
def test_wrong_configuration_is_refused(change, word):
    with pytest.raises(ConfigError, match=word):
        TwinConfig(**change)


def test_a_region_off_the_product_grid_is_refused():
    with pytest.raises(GridMismatch):
        TwinConfig(south=15.2)


def test_the_product_is_the_land_mean_of_the_truth(world):
    """Unfiltered product − block mean = noise, whose stated deviation it has."""
    config, product = world.config, world.product
    months = np.isin(config.months, product.months)
    mean = config.fine.block_mean(world.truth[months].astype(float), config.factor)
    noise = (product.storage - mean) / product.uncertainty
    assert np.nanstd(noise) == pytest.approx(1.0, abs=0.15)
    land_share = config.fine.block_mean(world.terrain.land.astype(float), config.factor)
    assert np.array_equal(np.isfinite(product.storage[0]), land_share >= 0.5)


def test_anomalies_are_relative_to_the_months_of_the_product(world):
    months = np.isin(world.config.months, world.product.months)
    assert np.nanmax(np.abs(world.truth[months].mean(axis=0, dtype=float))) < 1e-3


def test_sea_has_the_share_asked_for(world):
    assert np.mean(~world.terrain.land) == pytest.approx(0.2, abs=0.01)
    assert (world.terrain.elevation[~world.terrain.land] < 0).all()
    assert (world.terrain.elevation[world.terrain.land] > 0).all()
    assert np.array_equal(np.isnan(world.truth[0]), ~world.terrain.land)


def test_rain_falls_before_the_ridge_and_not_behind():
    grid = Grid.covering(0, 6, 0, 10, 0.125)
    ridge = np.broadcast_to(2000 * np.exp(-(((grid.lon - 5) / 0.6) ** 2)), grid.shape)
    factor = orographic_factor(grid, ridge, 1.0, 0.0)[24]
    windward, lee = np.searchsorted(grid.lon, 4.4), np.searchsorted(grid.lon, 5.9)
    assert factor[windward] > 1.3 > 1.0 > factor[lee]
    assert factor[0] == pytest.approx(1.0, abs=0.05)


def test_mountains_are_rougher_than_plains():
    grid = Grid.covering(0, 10, 0, 10, 0.125)
    terrain = make_terrain(grid, 0, 0.0)
    low, high = np.quantile(terrain.elevation, [0.25, 0.75])
    assert terrain.relief[terrain.elevation > high].mean() > 1.3 * terrain.relief[terrain.elevation < low].mean()


def test_product_file(files, world):
    with xr.open_dataset(files["gwsa"]) as file:
        assert file["GWSA"].dims == ("time", "lat", "lon")
        assert file["GWSA"].attrs["units"] == "mm"
        assert file["uncertainty"].attrs["units"] == "mm"
        assert (file["time"].dt.day == 16).all()
        assert file.sizes == {"time": 21, "lat": 16, "lon": 20}
        assert not np.isin(np.array(["2002-06", "2002-07", "2003-06"], "M8[ns]"), month_start(file["time"].values)).any()
        np.testing.assert_allclose(file["lat"], np.arange(-2.75, 5, 0.5))
        np.testing.assert_array_equal(file["GWSA"].values, world.product.storage)


def test_climate_file_has_the_form_of_the_new_cds(files, world):
    with xr.open_dataset(files["climate"]) as file:
        assert file["tp"].dims == ("valid_time", "latitude", "longitude")
        assert file["tp"].dtype == np.float32
        assert {name: file[name].attrs["units"] for name in ("tp", "t2m", "swvl1", "sp")} == {
            "tp": "m",
            "t2m": "K",
            "swvl1": "m**3 m**-3",
            "sp": "Pa",
        }
        assert (np.diff(file["latitude"]) < 0).all()
        assert file["latitude"].attrs["stored_direction"] == "decreasing"
        assert (float(file["latitude"][0]), float(file["latitude"][-1])) == (5.0, -3.0)
        assert file["number"].ndim == 0
        assert file["expver"].dims == ("valid_time",)
        assert file["valid_time"].values[0] == np.datetime64("2001-01-01")
        assert file.sizes["valid_time"] == 39
        assert (file["tp"].isnull() == file["t2m"].isnull()).all()
        assert float(file["tp"].min()) >= 0
        annual = float((file["tp"].mean("valid_time") * 365.25 * 1000).mean())
        land = world.terrain.land
        assert annual == pytest.approx(float(world.climate.precipitation.mean(axis=0)[land].mean() * 12), rel=0.15)
        assert 0.05 < float(file["swvl1"].mean()) < 0.5
        assert 285 < float(file["t2m"].mean()) < 305


def test_static_and_truth_files(files, world):
    with xr.open_dataset(files["static"]) as file:
        assert {name: file[name].attrs["units"] for name in file.data_vars} == {
            "elevation": "m",
            "soil_index": "1",
            "irrigated_share": "1",
        }
        assert 0 <= float(file["irrigated_share"].min())
        assert float(file["irrigated_share"].max()) <= 1
    with xr.open_dataset(files["truth"]) as file:
        assert file["gwsa"].attrs["units"] == "mm"
        assert file.sizes == {"time": 24, "lat": 64, "lon": 80}
        np.testing.assert_array_equal(file["gwsa"].values, world.truth)


def test_yearly_layout_holds_the_same_record(world, tmp_path):
    paths = write_observations(world, tmp_path, gwsa_layout="yearly")
    names = sorted(path.name for path in paths["gwsa"].iterdir())
    assert names == ["GWSA_2002_Ano_twin.nc", "GWSA_2003_Ano_twin.nc", "GWSA_2004_Ano_twin.nc"]
    years = [xr.load_dataset(paths["gwsa"] / name)["GWSA"].values for name in names]
    np.testing.assert_array_equal(np.concatenate(years), world.product.storage)


def test_an_interrupted_write_leaves_the_old_file(files, world, monkeypatch, tmp_path):
    paths = write_observations(world, tmp_path)
    before = paths["climate"].read_bytes()

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("gwkeras.twin.observe.reanalyse", fail)
    with pytest.raises(OSError, match="No space"):
        write_observations(world, tmp_path)
    assert paths["climate"].read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]
