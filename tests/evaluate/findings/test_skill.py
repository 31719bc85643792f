"""Beside the best interpolation: the ratio of errors, and the paired test against other libraries and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gwkeras.evaluate.findings.skill import best_interpolation, paired_test, skill_of
from tests.evaluate.many_months import evaluation_of_errors
from tests.report.small import Off, evaluation


def test_without_correlation_it_is_students_paired_test():
    rng = np.random.default_rng(2)
    a, b = rng.normal(4, 2, 30), rng.normal(5, 2, 30)
    assert paired_test(a - b, 1) == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-12)


def test_the_correction_for_neighbours_by_hand():
    """Differences 1, 3, 2, 2: mean 2, autocovariances 1/2 and −1/4; at length 2 their sum is 0, Bartlett's 1/4."""
    found = paired_test(np.array([1.0, 3.0, 2.0, 2.0]), 2)
    shortened = (4 + 1 - 4 + 2 * 1 / 4) / 4
    statistic = 2.0 / math.sqrt(0.25 / 4) * math.sqrt(shortened)
    assert found == pytest.approx(2 * stats.t.sf(statistic, 3), rel=1e-12)


def test_months_that_go_together_say_less():
    rng = np.random.default_rng(3)
    blocks = np.repeat(rng.normal(0.4, 1.0, 20), 6)
    assert paired_test(blocks, 6) > 3 * paired_test(blocks, 1)


def test_by_chance_it_says_so_as_often_as_it_should():
    rng = np.random.default_rng(4)
    found = [paired_test(rng.normal(size=40), 3) < 0.1 for _ in range(800)]
    assert np.mean(found) == pytest.approx(0.1, abs=0.04)


def test_too_few_months_say_nothing():
    assert math.isnan(paired_test(np.array([1.0, 2.0]), 1))
    assert math.isnan(paired_test(np.zeros(12), 2))


def test_the_best_interpolation_is_the_one_with_the_least_error():
    found = evaluation((Off("nearest", 2.0), Off("bilinear", 1.5), Off("model", 0.75, 1.5)))
    assert best_interpolation(found) == "bilinear"
    skill = skill_of(found, "model")
    assert (skill.best, skill.ratio, skill.months_better) == ("bilinear", pytest.approx(0.5), 1.0)
    assert math.isnan(skill.p_value)  # two months
    assert best_interpolation(evaluation((Off("model", 1.0),))) is None


def test_an_interpolation_that_methods_are_judged_by_stands_aside():
    """The paper's target is the bicubic interpolation: it has no error, and nothing can be a share of that."""
    found = evaluation((Off("nearest", 2.0), Off("bilinear", 0.5), Off("bicubic", 0.0), Off("model", 1.5)))
    assert best_interpolation(found) == "bilinear"
    assert skill_of(found, "model").ratio == pytest.approx(3.0)
    alone = evaluation((Off("bicubic", 0.0), Off("model", 1.5)))
    assert best_interpolation(alone) == "bicubic"
    assert skill_of(alone, "model") is None


def test_ratio_and_its_interval():
    rng = np.random.default_rng(6)
    errors = rng.uniform(0.5, 1.5, 48)
    skill = skill_of(evaluation_of_errors(errors, [2.0] * 48), "model")
    assert skill.ratio == pytest.approx(math.sqrt(np.mean(errors**2)) / 2.0, rel=1e-9)
    assert skill.low < skill.ratio < skill.high < 1.0
    assert skill.p_value < 1e-6
    assert skill.months_better == 1.0
    even = skill_of(evaluation_of_errors([2.0, -2.0] * 24, [2.0] * 48), "model")
    assert (even.ratio, even.months_better) == (pytest.approx(1.0), 0.0)
