"""Fields for the page: what is packed is what is unpacked, and levels of detail keep the page small."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.evaluate.stored.fields import open_fields
from gwkeras.report.html.map_data import as_script, blocks_of, map_data, pack, unpack
from tests.report.small import METHODS, Off, evaluation


@given(st.lists(st.one_of(st.floats(-3200, 3200), st.just(float("nan"))), min_size=1, max_size=40))
def test_packing_rounds_to_a_tenth_of_a_millimetre(values):
    field = np.array(values)[None, :]
    land = np.ones(field.shape, bool)
    assert unpack(pack(field, land), land) == pytest.approx(field, abs=0.0501, nan_ok=True)


def test_only_land_is_packed_and_by_differences():
    land = np.array([[True, False, True]])
    raw = zlib.decompress(pack(np.array([[1.0, 99.0, 0.9]]), land))
    assert raw == bytes([10, 255, 0, 255])  # 10 and then −1, low bytes before high ones
    assert unpack(pack(np.array([[1.0, 99.0, 0.9]]), land), land) == pytest.approx(np.array([[1.0, np.nan, 0.9]]), nan_ok=True)


def test_blocks_are_means_over_their_land():
    values = np.array([[1.0, 3.0, 5.0], [np.nan, 7.0, 9.0]])
    land = np.array([[1.0, 1.0, 1.0], [1.0, 0.5, 0.0]])
    assert blocks_of(values, land, 2) == pytest.approx(np.array([[(1 + 3 + 3.5) / 2.5, 5.0]]))
    assert np.isnan(blocks_of(values, land, 1)[1, 2])


@pytest.fixture
def stored(tmp_path):
    found = evaluation((Off("bicubic", 2.0), METHODS[1]), fields=tmp_path / "f.nc")
    with open_fields(tmp_path / "f.nc", found.digest) as fields:
        yield fields


def test_a_page_s_data_hold_every_layer(stored):
    data = map_data(stored, "model", "the truth", "truth", 10**7)
    head, fields = data.head, {**data.first, **data.others}
    assert head["grid"] == {"south": 10.0, "west": 20.0, "latStep": 0.5, "lonStep": 0.5, "rows": 4, "columns": 6}
    assert head["months"] == ["2003-01", "2003-02"]
    assert head["methods"][head["first"]]["name"] == "model"
    assert head["methods"][0]["sigma"] is None
    assert head["methods"][1]["factor"] == pytest.approx(1.5)
    assert {layer["block"] for number, layer in enumerate(head["layers"]) if number != head["product"]} == {1}
    assert set(fields) == {"land", *(f"{number}-{month}" for number in range(len(head["layers"])) for month in (0, 1))}
    land = np.ones((4, 6), bool)
    truth = unpack(base64.b64decode(fields[f"{head['truth']}-0"]), land)
    mean = unpack(base64.b64decode(fields[f"{head['methods'][1]['mean']}-0"]), land)
    assert mean - truth == pytest.approx(np.ones((4, 6)), abs=0.11)
    product = unpack(base64.b64decode(fields[f"{head['product']}-0"]), np.ones((2, 3), bool))
    assert product == pytest.approx(np.full((2, 3), 7.0))
    assert head["layers"][head["product"]]["block"] == 2
    assert json.loads(as_script(head)) == head


def test_what_is_shown_first_stands_first(stored):
    """The land and the first month of the method that the report is about, for which a browser need not read the rest."""
    data = map_data(stored, "model", "the truth", "truth", 10**7)
    assert list(data.first) == ["land", f"{data.head['methods'][1]['mean']}-0"]


def test_detail_gives_way_to_size(stored):
    head = map_data(stored, "model", "the truth", "truth", 1).head
    blocks = {layer["block"] for number, layer in enumerate(head["layers"]) if number != head["product"]}
    assert min(blocks) > 1
    assert all(head["methods"][k]["mean"] is not None for k in (0, 1))


def test_nothing_ends_the_script(stored):
    head = map_data(stored, "model", "</script><b>", "truth", 10**7).head
    assert "<" not in as_script(head)
    assert json.loads(as_script(head))["judgedBy"] == "</script><b>"
