"""`gwkeras fetch era5-land` by the real cdsapi: a store on loopback answers as the Climate Data Store does, well and badly."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, DataConfig, RegionConfig, SampleConfig, SourceConfig
from gwkeras.core.errors import BadInput, MissingMonths
from gwkeras.core.retry import Patience
from gwkeras.download import era5_land
from gwkeras.download.climate_store import Access, ClimateStore
from gwkeras.download.era5_land import Order, fetch_era5_land, order_for
from gwkeras.fields.readers import read_climate
from tests.download.climate_store import KEY, Store, serve

ORDER = Order(np.datetime64("2002-11"), np.datetime64("2003-02"), ("precipitation", "temperature"), (11.0, 1.0, 10.0, 2.0))
QUICK = Patience(call=0.4, total=5.0, connect=1.0, first_pause=0.01, longest_pause=0.02, attempts=4)
QUICK_STORE = partial(ClimateStore, QUICK, QUICK, (0.01, 0.02))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The store, and an environment in which it is the one."""
    store = Store(tmp_path / "store")
    server = serve(store)
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "cdsapirc"))
    monkeypatch.setenv("CDSAPI_URL", store.url)
    monkeypatch.setenv("CDSAPI_KEY", KEY)
    yield store
    server.shutdown()
    server.server_close()


def fetch(folder, order=ORDER):
    return fetch_era5_land(folder, order, store=QUICK_STORE())


def names_in(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_request_a_year_for_the_months_and_the_area():
    requests = ORDER.requests()
    assert list(requests) == [2002, 2003]
    assert requests[2002] == {
        "product_type": ["monthly_averaged_reanalysis"],
        "variable": ["total_precipitation", "2m_temperature"],
        "year": ["2002"],
        "month": ["11", "12"],
        "time": ["00:00"],
        "data_format": "netcdf",
        "download_format": "unarchived",
        "area": [11.0, 1.0, 10.0, 2.0],
    }
    assert requests[2003]["month"] == ["01", "02"]


def test_the_order_follows_from_the_configuration():
    region = RegionConfig(south=15, north=35, west=70, east=94)
    config = Config(
        data=DataConfig(region=region, first_month="2005-01", last_month="2006-12", evapotranspiration="file"),
        sample=SampleConfig(months=12, climate=("precipitation",)),
    )
    order = order_for(config)
    assert str(order.first) == "2001-02"  # the 48 months that end with 2005-01
    assert str(order.last) == "2006-12"
    assert order.channels == ("precipitation", "evapotranspiration")
    assert order.area == (35.5, 69.5, 14.5, 94.5)
    assert order_for(Config()).area is None
    assert order_for(Config(), region=RegionConfig(south=60, north=90, west=-180, east=0)).area == (90.0, -180.0, 59.5, 0.5)
    assert str(order_for(config, first="2005-01").first) == "2005-01"


@pytest.mark.parametrize("split", [False, True], ids=["NetCDF", "a ZIP that calls itself .nc"])
def test_years_arrive_and_are_read(store, tmp_path, split):
    store.split = split
    fetched = fetch(tmp_path / "era")
    parts = ["_1", "_2"] if split else [""]
    expected = [f"era5_land_monthly_{year}{part}.nc" for year in (2002, 2003) for part in parts]
    assert names_in(tmp_path / "era") == [".lock", *expected, "fetched.json"]
    assert [f.name for f in fetched.fresh] == expected
    climate = read_climate(SourceConfig(path=(str(tmp_path / "era"),)))
    assert climate["precipitation"].sizes["time"] == 4
    np.testing.assert_allclose(climate["precipitation"].isel(time=0).values, 30.0, rtol=1e-5)  # 1 mm a day in November


def test_what_is_there_is_not_asked_for_again_and_a_longer_year_is(store, tmp_path):
    fetch(tmp_path / "era")
    assert not fetch(tmp_path / "era").fresh
    assert len(store.orders) == 2
    longer = Order(ORDER.first, np.datetime64("2003-03"), ORDER.channels, ORDER.area)
    assert [f.name for f in fetch(tmp_path / "era", longer).fresh] == ["era5_land_monthly_2003.nc"]
    store.split = True
    (tmp_path / "era" / "era5_land_monthly_2003.nc").unlink()
    fetch(tmp_path / "era", longer)
    assert names_in(tmp_path / "era") == [
        ".lock",
        "era5_land_monthly_2002.nc",
        "era5_land_monthly_2003_1.nc",
        "era5_land_monthly_2003_2.nc",
        "fetched.json",
    ]


@pytest.mark.parametrize(
    "misdeeds",
    [
        {"at_order": ["drop"]},
        {"at_order": ["503", "429", "500"]},
        {"at_order": ["page"]},
        {"at_status": ["502", "drop", "silence"]},
        {"at_results": ["503", "page"]},
        {"at_results": ["another checksum"]},
        {"at_results": ["a checksum of another kind"]},
        {"at_file": ["drop", "503"]},
        {"at_file": ["half", "half", "drop"]},
        {"at_file": ["altered"]},
        {"at_file": ["announces half"]},
        {"at_file": ["silence"]},
    ],
    ids=str,
)
def test_what_passes_is_waited_for(store, tmp_path, misdeeds):
    for place, deeds in misdeeds.items():
        setattr(store, place, list(deeds))
    fetch(tmp_path / "era")
    assert names_in(tmp_path / "era") == [".lock", "era5_land_monthly_2002.nc", "era5_land_monthly_2003.nc", "fetched.json"]
    for year, job in ((2002, "job-1"), (2003, "job-2")):
        assert (tmp_path / "era" / f"era5_land_monthly_{year}.nc").read_bytes() == store.files[job]
    assert not any(getattr(store, place) for place in misdeeds)


def test_a_broken_transfer_goes_on_where_it_was(store, tmp_path):
    store.at_file = ["half"]
    fetch(tmp_path / "era")
    assert store.ranges == [None, f"bytes={len(store.files['job-1']) // 2}-", None]


def test_an_order_keeps_its_place_in_the_queue_when_the_command_ends(store, tmp_path):
    store.at_status = ["503"] * 4
    with pytest.raises(BadInput, match="HTTP 503, 4 times"):
        fetch(tmp_path / "era")
    assert names_in(tmp_path / "era") == [".era5_land_monthly_2002.order", ".lock"]
    store.at_file = ["half", "drop", "drop", "drop"]
    with pytest.raises(BadInput, match="no connection, 4 times"):
        fetch(tmp_path / "era")
    fetch(tmp_path / "era")
    assert [r["year"] for r in store.orders] == [["2002"], ["2003"]]
    assert store.ranges[-2] == f"bytes={len(store.files['job-1']) // 2}-"
    assert names_in(tmp_path / "era") == [".lock", "era5_land_monthly_2002.nc", "era5_land_monthly_2003.nc", "fetched.json"]


@pytest.mark.parametrize("meanwhile", ["forgotten", "failed", "another order"])
def test_an_order_that_came_to_nothing_is_placed_again(store, tmp_path, meanwhile):
    store.at_status = ["503"] * 4
    with pytest.raises(BadInput):
        fetch(tmp_path / "era")
    if meanwhile == "forgotten":
        del store.looks["job-1"]
    order = ORDER
    if meanwhile == "failed":
        store.at_status = ["invalid"]
    if meanwhile == "another order":
        order = Order(ORDER.first, ORDER.last, ("precipitation",), ORDER.area)
    fetch(tmp_path / "era", order)
    assert [r["year"] for r in store.orders] == [["2002"], ["2002"], ["2003"]]


@pytest.mark.parametrize(
    ("misdeeds", "words"),
    [
        ({"at_order": ["licence"]}, "required licences not accepted.*accept its licence"),
        ({"at_order": ["key"]}, "check the key"),
        ({"at_order": ["too large"]}, "reduce your selection.*smaller region"),
        ({"at_order": ["invalid"]}, "check your selection.*correct the months"),
        ({"at_order": ["echo"]}, "PRIVATE-TOKEN …"),
        ({"at_order": ["drop"] * 4}, "no connection, 4 times"),
        ({"at_order": ["page"] * 4}, "a page in the place of an answer"),
        ({"at_order": ["404"]}, "check the address"),
        ({"at_status": ["503"] * 4}, "HTTP 503"),
        ({"at_status": ["silence"] * 4}, "no answer in time"),
        ({"states": ("accepted", "failed")}, "The job has failed.*MultiAdaptorNoDataError"),
        ({"states": ("dismissed",)}, "dismissed"),
        ({"at_results": ["no asset"]}, "not the store's"),
        ({"at_results": ["a file address"]}, "expected an http or https address"),
        ({"at_results": ["a larger size"]}, "expected [0-9]+ bytes"),
        ({"at_file": ["half", "drop", "drop", "drop"]}, "4 times in a row"),
        ({"at_file": ["404"]}, "HTTP 404"),
        ({"at_file": ["announces half"] * 2}, "expected [0-9]+ bytes"),
        ({"content": ["cut"]}, "truncated or damaged|cannot be read"),
        ({"content": ["a page"]}, "a web page"),
        ({"content": ["a damaged ZIP"]}, "ZIP"),
        ({"content": ["a variable less"]}, "no temperature"),
        ({"content": ["a month less"]}, "none for 2003-02"),
    ],
    ids=str,
)
def test_what_does_not_pass_is_one_sentence_and_earlier_years_stay(store, tmp_path, misdeeds, words, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    first = Order(ORDER.first, np.datetime64("2002-12"), ORDER.channels, ORDER.area)
    fetch(tmp_path / "era", first)
    states = store.states
    for place, deeds in misdeeds.items():
        setattr(store, place, deeds)
    with pytest.raises(BadInput, match=words) as refusal:
        fetch(tmp_path / "era")
    said = str(refusal.value)
    assert "\n" not in said
    assert "Signature" not in said
    everything = said + "".join(capfd.readouterr()) + caplog.text
    everything += "".join(p.read_text(errors="replace") for p in (tmp_path / "era").iterdir())
    assert KEY not in everything
    left = {name for name in names_in(tmp_path / "era") if not name.startswith(".era5_land_monthly_2003")}
    assert left == {".lock", "era5_land_monthly_2002.nc", "fetched.json"}
    store.states, store.at_status = states, []
    fetch(tmp_path / "era")
    assert names_in(tmp_path / "era") == [".lock", "era5_land_monthly_2002.nc", "era5_land_monthly_2003.nc", "fetched.json"]


def test_the_store_and_key_are_found_where_cdsapi_finds_them(store, tmp_path, monkeypatch):
    monkeypatch.delenv("CDSAPI_KEY")
    (tmp_path / "cdsapirc").write_text(f"url: https://somewhere.else/api\nkey: {KEY}\n")
    assert Access.found() == Access(store.url, KEY)  # the environment goes before the file
    assert KEY not in repr(Access.found())
    monkeypatch.delenv("CDSAPI_URL")
    assert Access.found().url == "https://somewhere.else/api"
    for lines, words in (
        ("key: 1234:aaaa-bbbb", "before 2024"),
        (f"url: https://cds.climate.copernicus.eu/api/v2\nkey: {KEY}", "before 2024"),
        (f"url: {store.url}\nkey: two words", "blanks"),
        (f"url: {store.url}", "Missing/incomplete"),
        (f"url: {store.url}\nkey: {KEY}\nverify: maybe", "invalid literal"),
    ):
        (tmp_path / "cdsapirc").write_text(lines if "url" in lines else f"url: {store.url}\n{lines}")
        with pytest.raises(BadInput, match=words) as refusal:
            Access.found()
        assert "aaaa-bbbb" not in str(refusal.value)


def test_nobody_at_the_address(store, tmp_path, monkeypatch):
    for url, words in (("http://127.0.0.1:9/api", "no connection, 4 times"), ("nonsense", "check the address")):
        monkeypatch.setenv("CDSAPI_URL", url)
        with pytest.raises(BadInput, match=words):
            fetch(tmp_path / "era")


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


def test_the_command_takes_months_and_area_from_its_options(store, tmp_path, monkeypatch, gwkeras_command):
    monkeypatch.setattr(era5_land, "ClimateStore", QUICK_STORE)
    edges = ("--south", "10", "--north", "12", "--west", "1", "--east", "3")
    months = ("--first-month", "2002-11", "--last-month", "2003-02")
    command = ("fetch", "era5-land", "--output", tmp_path / "era", *months, *edges, "--channel", "precipitation")
    answer = gwkeras_command(*command)
    assert answer.code == 0, answer.err
    assert "2 of 2 files" in answer.out
    assert store.orders[0]["area"] == [12.5, 0.5, 9.5, 3.5]
    assert store.orders[0]["variable"] == ["total_precipitation"]
    log = (tmp_path / "era" / "gwkeras.log").read_text()
    assert "status has been updated to running" in log
    assert KEY not in log + answer.err + answer.out
    refused = gwkeras_command("fetch", "era5-land", "--output", tmp_path / "b", "--first-month", "soon")
    assert refused.code == 2
    store.at_order = ["licence"]
    refused = gwkeras_command(*command[:2], "--output", tmp_path / "c", *command[4:])
    assert (refused.code, len(refused.sentences)) == (2, 1)
    assert "accept its licence" in refused.err
