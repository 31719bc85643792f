"""Scores and means of all Januaries, all Februaries …"""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.evaluate.findings.calendar_months import mean_by_calendar_month, score_by_calendar_month
from gwkeras.evaluate.measures.metric import Column
from gwkeras.evaluate.measures.metrics import METRICS
from tests.evaluate.many_months import evaluation_of_errors


def test_januaries_are_put_together():
    errors = [1.0] * 12 + [7.0, 2.0]  # the second January 7, the second February 2
    found = evaluation_of_errors(errors)
    rmse = score_by_calendar_month(found, Column(METRICS[0]))[1]
    assert rmse[0] == pytest.approx(5.0)  # √((1 + 49) / 2)
    assert rmse[1] == pytest.approx(np.sqrt(2.5))
    assert rmse[2:] == pytest.approx(np.ones(10))
    assert np.isnan(score_by_calendar_month(evaluation_of_errors(errors[:3]), Column(METRICS[0]))[1, 3:]).all()


def test_the_seasonal_cycle_is_the_mean_over_cells_and_years():
    found = evaluation_of_errors([0.5] * 24)
    cycle = 20.0 * np.cos(2 * np.pi * np.arange(12) / 12)
    assert mean_by_calendar_month(found, "truth")[0] == pytest.approx(cycle, abs=1e-9)
    assert mean_by_calendar_month(found, "predicted")[1] == pytest.approx(cycle + 0.5, abs=1e-9)
