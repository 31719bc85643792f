"""`gwkeras fetch era5-land` with a store that answers as the Climate Data Store does, well and badly."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gwkeras.core.config import Config, DataConfig, RegionConfig, SampleConfig
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.download import era5_land
from gwkeras.download.era5_land import Order, fetch_era5_land, order_for
from tests.fixtures import write_era5_new, write_era5_split, write_zip

SHORT = {"total_precipitation": "tp", "2m_temperature": "t2m", "total_evaporation": "e", "surface_pressure": "sp",
         "volumetric_soil_water_layer_1": "swvl1"}  # fmt: skip
ORDER = Order(np.datetime64("2002-11"), np.datetime64("2003-02"), ("precipitation", "temperature"), (11.0, 1.0, 10.0, 2.0))


class Store:
    """Answers requests with files in the store's layout; `fault` is what it does wrong, once."""

    def __init__(self, folder: Path, *faults: str, split: bool = False) -> None:
        self.folder, self.faults, self.split = folder, list(faults), split
        self.requests: list[dict[str, Any]] = []

    def retrieve(self, name: str, request: dict[str, Any], target: str) -> None:
        assert name == "reanalysis-era5-land-monthly-means"
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else ""
        if fault.startswith("says "):
            Path(target).write_bytes(b"the beginning")
            raise RuntimeError(fault.removeprefix("says "))
        if fault == "nothing":
            return
        months = [f"{request['year'][0]}-{m}" for m in request["month"]]
        months = months[:-1] if fault == "a month less" else months
        north, west, south, east = request["area"]
        lat, lon = np.arange(north, south - 0.05, -0.1), np.arange(west, east + 0.05, 0.1)
        names = [SHORT[v] for v in request["variable"]]
        names = names[:1] if fault == "a variable less" else names
        fields = {n: np.full((len(months), lat.size, lon.size), 290.0 if n == "t2m" else 0.001, "f4") for n in names}
        self.folder.mkdir(exist_ok=True)
        if self.split:
            write_zip(Path(target), write_era5_split(self.folder, months, lat, lon, fields))
        else:
            write_era5_new(self.folder / "data.nc", months, lat, lon, fields)
            shutil.copy(self.folder / "data.nc", target)
        if fault == "half":
            os.truncate(target, Path(target).stat().st_size // 2)
        if fault == "a page":
            Path(target).write_text("<html>maintenance</html>")


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_request_a_year_for_the_months_and_the_area():
    requests = ORDER.requests()
    assert list(requests) == [2002, 2003]
    assert requests[2002] == {
        "product_type": ["monthly_averaged_reanalysis"], "variable": ["total_precipitation", "2m_temperature"], "year": ["2002"],
        "month": ["11", "12"], "time": ["00:00"], "data_format": "netcdf", "download_format": "unarchived",
        "area": [11.0, 1.0, 10.0, 2.0],
    }  # fmt: skip
    assert requests[2003]["month"] == ["01", "02"]


def test_the_order_follows_from_the_configuration():
    region = RegionConfig(south=15, north=35, west=70, east=94)
    config = Config(data=DataConfig(region=region, first_month="2005-01", last_month="2006-12", evapotranspiration="file"),
                    sample=SampleConfig(months=12, climate=("precipitation",)))  # fmt: skip
    order = order_for(config)
    assert str(order.first) == "2001-02"  # the 48 months that end with 2005-01
    assert str(order.last) == "2006-12"
    assert order.channels == ("precipitation", "evapotranspiration")
    assert order.area == (35.5, 69.5, 14.5, 94.5)
    assert order_for(Config()).area is None
    assert order_for(Config(), region=RegionConfig(south=60, north=90, west=-180, east=0)).area == (90.0, -180.0, 59.5, 0.5)
    assert str(order_for(config, first="2005-01").first) == "2005-01"


@pytest.mark.parametrize("split", [False, True], ids=["NetCDF", "a ZIP that calls itself .nc"])
def test_years_arrive_and_are_read(tmp_path, split):
    fetched = fetch_era5_land(tmp_path / "era", ORDER, client=Store(tmp_path / "store", split=split))
    parts = ["_1", "_2"] if split else [""]
    expected = [f"era5_land_monthly_{year}{part}.nc" for year in (2002, 2003) for part in parts]
    assert names_in(tmp_path / "era") == [".lock", *expected, "fetched.json"]
    assert [f.name for f in fetched.fresh] == expected
    from gwkeras.core.config import SourceConfig
    from gwkeras.fields.readers import read_climate

    climate = read_climate(SourceConfig(path=(str(tmp_path / "era"),)))
    assert climate["precipitation"].sizes["time"] == 4
    np.testing.assert_allclose(climate["precipitation"].isel(time=0).values, 30.0, rtol=1e-5)  # 1 mm a day in November


def test_what_is_there_is_not_asked_for_again_and_a_longer_year_is(tmp_path):
    store = Store(tmp_path / "store")
    fetch_era5_land(tmp_path / "era", ORDER, client=store)
    assert not fetch_era5_land(tmp_path / "era", ORDER, client=store).fresh
    assert len(store.requests) == 2
    longer = Order(ORDER.first, np.datetime64("2003-03"), ORDER.channels, ORDER.area)
    assert [f.name for f in fetch_era5_land(tmp_path / "era", longer, client=store).fresh] == ["era5_land_monthly_2003.nc"]
    store.split = True
    (tmp_path / "era" / "era5_land_monthly_2003.nc").unlink()
    fetch_era5_land(tmp_path / "era", longer, client=store)
    assert names_in(tmp_path / "era") == [".lock", "era5_land_monthly_2002.nc", "era5_land_monthly_2003_1.nc",
                                          "era5_land_monthly_2003_2.nc", "fetched.json"]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("says 403 Client Error: required licences not accepted", "accept its licence"),
        ("says 401 Client Error: Authentication failed", "check the key"),
        ("says Your request is too large, cost limits exceeded", "smaller region"),
        ("says MultiAdaptorNoDataError\nno data", "no data"),
        ("nothing", "found none"),
        ("half", "truncated or damaged|cannot be read"),
        ("a page", "a web page"),
        ("a variable less", "no temperature"),
        ("a month less", "none for 2003-02"),
    ],
)
def test_a_store_that_fails_gets_one_sentence_and_earlier_years_stay(tmp_path, fault, words):
    store = Store(tmp_path / "store", "", fault)
    with pytest.raises(BadInput, match=words) as refusal:
        fetch_era5_land(tmp_path / "era", ORDER, client=store)
    assert "\n" not in str(refusal.value)
    assert names_in(tmp_path / "era") == [".lock", "era5_land_monthly_2002.nc", "fetched.json"]
    fetch_era5_land(tmp_path / "era", ORDER, client=store)
    assert [r["year"] for r in store.requests] == [["2002"], ["2003"], ["2003"]]


def test_impossible_orders_are_refused():
    with pytest.raises(MissingMonths, match="1950"):
        Order(np.datetime64("1940-01"), np.datetime64("2003-02"))
    with pytest.raises(BadInput, match="precipitaton"):
        Order(ORDER.first, ORDER.last, ("precipitaton",))


def test_without_a_key_the_command_says_where_one_is_had(tmp_path, monkeypatch, gwkeras_command):
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
    for name in ("CDSAPI_URL", "CDSAPI_KEY"):
        monkeypatch.delenv(name, raising=False)
    answer = gwkeras_command(
        "fetch", "era5-land", "--output", tmp_path / "era", "--first-month", "2002-01", "--last-month", "2002-01"
    )
    assert answer.code == 2
    assert len(answer.sentences) == 1
    assert "gwkeras[download]" in answer.err or "cds.climate.copernicus.eu" in answer.err


def test_the_command_takes_months_and_area_from_its_options(tmp_path, monkeypatch, gwkeras_command):
    store = Store(tmp_path / "store")
    monkeypatch.setattr(era5_land, "_client", lambda: store)
    edges = ("--south", "10", "--north", "12", "--west", "1", "--east", "3")
    months = ("--first-month", "2002-11", "--last-month", "2003-02")
    answer = gwkeras_command("fetch", "era5-land", "--output", tmp_path / "era", *months, *edges, "--channel", "precipitation")
    assert answer.code == 0, answer.err
    assert "2 of 2 files" in answer.out
    assert store.requests[0]["area"] == [12.5, 0.5, 9.5, 3.5]
    assert store.requests[0]["variable"] == ["total_precipitation"]
    refused = gwkeras_command("fetch", "era5-land", "--output", tmp_path / "b", "--first-month", "soon")
    assert refused.code == 2
