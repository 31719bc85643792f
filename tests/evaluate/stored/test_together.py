"""Several evaluations as one: what was judged alike stands together, what was not is refused."""

from __future__ import annotations

import pytest

from gwkeras.core.errors import BadInput
from gwkeras.evaluate.stored.fields import open_fields
from gwkeras.evaluate.stored.together import fields_together, together
from tests.report.small import METHODS, Off, evaluation, truth


def test_methods_stand_beside_each_other_and_interpolations_once():
    found = together({"a": evaluation(), "b": evaluation((METHODS[0], Off("model", 0.5, 1.0, interval=0.5)))})
    assert found.methods == ("nearest", "a: model", "b: model")
    assert [found.scores[m]["rmse"] for m in found.methods] == pytest.approx([2.0, 1.0, 0.5])
    assert found.intervals == {"nearest": None, "a: model": 0.9, "b: model": 0.5}
    assert found.data["rmse_map"].values[2] == pytest.approx(0.5)
    assert found.spread_of("b: model").sum() > 0


def test_one_alone_stays_as_it_is():
    alone = evaluation()
    assert together({"a": alone}) is alone


def higher(month):
    return truth(month) + 1e-3


def test_other_true_values_are_refused():
    with pytest.raises(BadInput, match="run 'b': expected a run scored on the same months, cells and true values, as 'a' is"):
        together({"a": evaluation(), "b": evaluation(of=higher)})


def test_other_months_are_refused(monkeypatch):
    b = evaluation()
    b.data.attrs["held_out"] = "7 held-out months"
    with pytest.raises(
        BadInput, match=r"expected a run scored in 2 held-out months .*found 7 held-out months; report each by itself"
    ):
        together({"a": evaluation(), "b": b})


def test_fields_stand_in_the_same_order(tmp_path):
    a, b = evaluation(fields=tmp_path / "a.nc"), evaluation(fields=tmp_path / "b.nc")
    found = together({"a": a, "b": b})
    with open_fields(tmp_path / "a.nc", a.digest) as fields_a, open_fields(tmp_path / "b.nc", b.digest) as fields_b:
        fields = fields_together({"a": fields_a, "b": fields_b}, found)
        assert tuple(map(str, fields["method"].values)) == found.methods
        assert fields["mean"].dims == ("method", "time", "lat", "lon")
        assert fields["mean"].values[2] == pytest.approx(fields["mean"].values[1])
        assert fields["interval_factor"].values[2] == pytest.approx(1.5)
        assert fields.attrs["judged_months"] == 2
        assert fields_together({"a": fields_a, "b": None}, found) is None
