"""Error bars at the product's scale: a kriging whose covariance is the true one, and one that takes errors for half as large."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gwkeras.core.error_bars.calibration import PROBABILITIES, Calibration
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.split import Box, Split
from gwkeras.evaluate.findings.product_scale import product_scale, product_scale_of, with_product_scale
from gwkeras.evaluate.stored.store import read_evaluation, write_evaluation
from gwkeras.methods.composition import Composition
from gwkeras.methods.error_bars.by_held_out_product import carried
from gwkeras.methods.error_bars.unseen_detail import RANGE, UnseenDetail
from gwkeras.methods.priors.none import NoPrior
from gwkeras.methods.updates.interpolation import Interpolation
from gwkeras.methods.updates.kriging.covariance.mixture import Covariance
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.test_kriging import drawn
from tests.methods.updates.kriging.worlds import assumed, small
from tests.report.small import METHODS, evaluation

MONTHS = np.arange("2003-01", "2013-01", dtype="datetime64[M]")
TEST = tuple(map(str, MONTHS[60:]))


@pytest.fixture(scope="module")
def domain():
    observation = small(8, 9)
    _, product = drawn(observation, Covariance(400.0, 0.0), 9.0, len(MONTHS), 3)
    return SimpleNamespace(
        knows_fine_storage=False,
        coarse=observation.coarse,
        fine=observation.fine,
        factor=2,
        land=np.ones((8, 9)),
        land_fine=observation.land,
        calendar=Calendar(MONTHS),
        observation=observation,
        point_spread=PointSpread(),
        storage_of=lambda month: product[int((month.astype("datetime64[M]") - MONTHS[0]).astype(int))],
    )


def method(domain, scale=1.0, update=None) -> Composition:
    from scipy import stats

    normal = tuple((p, float(stats.norm.ppf(0.5 + p / 2))) for p in PROBABILITIES)
    calibration = carried(Calibration(1.0, 1.6448536, 0.9, "draws", normal, 40), RANGE)
    detail = UnseenDetail(scale, 0.4, np.zeros(domain.fine.shape, np.float32), domain.fine)
    kriging = assumed(Kriging(), domain.observation, 400.0, 0.0, 9.0)
    return Composition("kriging", NoPrior(), update or kriging, calibration, detail)


def test_what_is_true_of_the_product_is_found_in_months_and_blocks_that_were_held_out(domain):
    corner = Box(20.0, 22.0, 75.0, 77.0)
    split = Split("blocked", "", tuple(map(str, MONTHS[:60])), (), TEST, (corner,))
    found = product_scale(method(domain), domain, split)
    assert list(found) == ["held_out_months", "held_out_blocks"]
    for level, allowed in ((50, 0.04), (80, 0.03), (90, 0.025), (95, 0.02)):  # 4,320 and 1,920 errors, alike in fours or so
        for each in found.values():
            assert each.figures[f"coverage_at_{level}"] == pytest.approx(level / 100, abs=allowed)
    halved = product_scale(method(domain, 0.5), domain, split)["held_out_months"]
    assert halved.figures["standardised_error"] == pytest.approx(2 * found["held_out_months"].figures["standardised_error"])
    assert halved.figures["coverage_at_90"] == pytest.approx(0.589, abs=0.04)  # P(|z| < 1.645 / 2)
    assert halved.crps > found["held_out_months"].crps


def test_it_is_kept_with_the_evaluation(domain, tmp_path):
    found = product_scale(method(domain), domain, Split("blocked", "", (), (), TEST))
    assert list(found) == ["held_out_months"]  # no block is held out
    name = METHODS[0].name
    kept = with_product_scale(evaluation(), {name: found})
    write_evaluation(kept, tmp_path / "evaluation.nc")
    read = read_evaluation(tmp_path / "evaluation.nc")
    figures = product_scale_of(read, name)["held_out_months"]
    assert figures["crps"] == found["held_out_months"].crps
    assert figures["coverage_at_80"] == found["held_out_months"].figures["coverage_at_80"]
    assert product_scale_of(read, METHODS[1].name) == {}
    assert product_scale_of(evaluation(), name) == {}


def test_what_the_product_cannot_contradict(domain):
    split = Split("blocked", "", (), (), TEST)
    assert product_scale(method(domain, update=Interpolation("bicubic")), domain, split) == {}
    assert product_scale(Composition("raw", NoPrior(), method(domain).update), domain, split) == {}
    assert product_scale(method(domain), domain, Split("blocked", "", (), (), ())) == {}
