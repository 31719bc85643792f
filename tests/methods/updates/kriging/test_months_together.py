from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from gwkeras.core.errors import ConfigError
from gwkeras.core.months import month_number
from gwkeras.methods.method import Prediction
from gwkeras.methods.updates.kriging import months_together
from gwkeras.methods.updates.kriging.covariance.patterns import Patterns, lasting
from gwkeras.methods.updates.kriging.fitted import FittedKriging
from gwkeras.methods.updates.kriging.months_together import MonthsTogether, are_asked_together
from gwkeras.methods.updates.kriging.recipe import Kriging
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from tests.methods.updates.kriging.worlds import assumed, dense, exponential, small

FIRST = int(month_number(np.datetime64("2005-01", "M")))
OBSERVED = Kriging(conservation="observed", operator_uncertainty=0.0)


def test_what_lasts_falls_off_and_what_is_new_does_not_last():
    """Months 0, 1 and 12 with τ = 12: 0.9 e^(−1/12), 0.9 e^(−11/12), 0.9 e^(−1), and 1 with itself."""
    found = lasting(np.array([0, 1, 12]), 12.0)
    one, eleven, twelve = 0.9 * np.exp(-np.array([1.0, 11.0, 12.0]) / 12)
    np.testing.assert_allclose(found, [[1, one, twelve], [one, 1, eleven], [twelve, eleven, 1]])


def test_two_months_of_one_observation():
    """S = 1, R = 1, T = [[1, ½], [½, 1]], d = (6, 0): K d = T (T + 1)⁻¹ d = (6, 0) · 7/15, 2/15 → 2.8 and 0.8, which months by
    themselves would give for 5.6 and 1.6."""
    found = Patterns.of(np.eye(1), np.eye(1), np.array([[1.0, 0.5], [0.5, 1.0]]), np.ones(2)).as_if_alone(np.array([[6.0, 0.0]]))
    np.testing.assert_allclose(found, [[5.6, 1.6]])


def test_months_that_tell_nothing_of_one_another_stay_as_they_are():
    rng = np.random.default_rng(0)
    root, data = rng.standard_normal((5, 5)), rng.standard_normal((5, 4))
    found = Patterns.of(root @ root.T, np.diag(rng.uniform(1, 2, 5)), np.eye(4), np.array([1.0, 3.0, 1.0, 1.0])).as_if_alone(data)
    np.testing.assert_allclose(found, data)


def test_brute_force_of_space_and_time():
    """(S ⊗ T) (S ⊗ T + R ⊗ B)⁻¹ of dense matrices, with a month that is twice as noisy."""
    rng = np.random.default_rng(1)
    n, months = 4, 5
    root, other = rng.standard_normal((2, n, n))
    signal, noise, worse = root @ root.T, other @ other.T + np.eye(n), np.array([1.0, 1.0, 2.0, 1.0, 1.0])
    together = lasting(np.arange(months), 3.0)
    data = rng.standard_normal((n, months))
    whole = np.kron(signal, together)
    expected = (whole @ np.linalg.solve(whole + np.kron(noise, np.diag(worse)), data.ravel())).reshape(n, months)
    found = Patterns.of(signal, noise, together, worse).as_if_alone(data)
    by_month = [signal @ np.linalg.solve(signal + b * noise, column) for b, column in zip(worse, found.T, strict=True)]
    np.testing.assert_allclose(np.array(by_month).T, expected)


@dataclass(frozen=True)
class Record:
    """A domain of months that differ in their product alone."""

    observation: Observation
    products: np.ndarray
    uncertainty = None

    @property
    def months(self) -> np.ndarray:
        return np.datetime64("2005-01", "M") + np.arange(len(self.products)).astype("timedelta64[M]")

    @property
    def coarse(self):
        return self.observation.coarse

    @property
    def fine(self):
        return self.observation.fine

    @property
    def factor(self) -> int:
        return self.observation.factor

    @property
    def land_fine(self) -> np.ndarray:
        return self.observation.land

    def storage_of(self, month) -> np.ndarray:
        return self.products[int((np.datetime64(month, "M") - self.months[0]).astype(int))]

    def uncertainty_of(self, month) -> None:
        return None


class Nothing:
    digest = "nothing"

    def predict(self, domain, month, part=None) -> Prediction:
        return Prediction(np.zeros(domain.fine.shape))


@pytest.fixture(scope="module")
def record():
    """A storage that stays, seen 24 times through a filter with noise of its own each time."""
    observation = small(8, 9, spread=PointSpread.gaussian(95.0))
    rng = np.random.default_rng(5)
    lon, lat = np.meshgrid(observation.fine.lon, observation.fine.lat)
    truth = 30.0 * np.sin(3.0 * lat) * np.cos(2.0 * lon)
    products = observation(truth) + 8.0 * rng.standard_normal((24, 8, 9))
    return truth, Record(observation, products)


@pytest.mark.parametrize("spread", [PointSpread.gaussian(95.0), PointSpread()])
def test_what_stays_is_seen_the_better_the_more_often_it_is_seen(record, spread):
    """Noise of 8 mm a month: over some ten months of memory it counts a third, so errors shrink, and never grow."""
    truth, domain = record
    if spread.kind == "none":
        observation = small(8, 9)
        domain = replace(
            domain, observation=observation, products=domain.products - domain.observation(truth) + observation(truth)
        )
    alone = assumed(OBSERVED, domain.observation, 600.0, 0.3, 64.0)
    together = replace(alone, lasting_months=12.0)
    errors = {}
    for name, update in (("alone", alone), ("together", together)):
        found = [
            update.apply_in_time(Nothing(), Prediction(np.zeros(truth.shape)), domain, month).mean for month in domain.months
        ]
        missed = [domain.observation(field - truth) for field in found]  # without a filter no month shows more than cells
        errors[name] = np.sqrt(np.mean(np.square(missed), axis=(1, 2)))
    assert errors["together"].mean() < 0.8 * errors["alone"].mean()
    assert (errors["together"] < errors["alone"]).all()


def exact(update, domain):
    """(M, fine) mm², variance of fine storage given the product of all months, from dense matrices."""
    cover, h = dense(domain.observation, update.covariance)
    months = len(domain.products)
    together = lasting(np.arange(months), update.lasting_months)
    noise = update.noise.variance / 2 * (np.eye(len(h)) + exponential(domain.coarse, update.noise.length_km))
    whole = np.kron(together, h @ cover @ h.T) + np.kron(np.eye(months), noise)
    cross = np.kron(together, cover @ h.T).reshape(months, -1, months * len(h))
    return np.stack([np.diag(cover - part @ np.linalg.solve(whole, part.T)) for part in cross])


@pytest.mark.parametrize("spread", [PointSpread.gaussian(120.0), PointSpread()])
def test_their_sigma_is_that_of_all_observations_of_all_months(spread):
    observation = small(4, 5, spread=spread)
    domain = Record(observation, np.zeros((5, 4, 5)))
    update = replace(assumed(OBSERVED, observation, 600.0, 0.3, 64.0), lasting_months=6.0)
    assert update.region.averaged == 1  # else observations are means of cells
    found = np.stack(
        [update.apply_in_time(Nothing(), Prediction(np.zeros(observation.fine.shape)), domain, m).sigma for m in domain.months]
    )
    np.testing.assert_allclose(found.reshape(5, -1) ** 2, exact(update, domain), rtol=0.01)
    alone = update.apply(Prediction(np.zeros(observation.fine.shape)), domain, domain.months[2]).sigma
    assert (found[2] < alone).all()
    assert (found[2] < found[0]).all()  # which has months on both sides


def test_of_many_cells_other_months_share_is_that_of_cells_means(monkeypatch):
    """Interpolated between cells instead of computed for each fine cell: within 2 % of σ, 2.1 % in corners."""
    observation = small(10, 11, south=0.0)
    domain = Record(observation, np.zeros((9, 10, 11)))
    update = replace(assumed(OBSERVED, observation, 600.0, 0.3, 400.0), lasting_months=12.0)
    exactly = np.sqrt(MonthsTogether.of(update, domain).variance(FIRST + 4))
    monkeypatch.setattr(months_together, "FEW", 0)
    found = np.sqrt(MonthsTogether.of(update, domain).variance(FIRST + 4))
    alone = np.sqrt(update.variance_alone(np.ones((10, 11), bool), 1.0))
    assert (exactly / alone).min() < 0.9
    np.testing.assert_allclose(found, exactly, rtol=0.021)


def test_cells_that_keep_to_their_own_product_have_the_sigma_of_a_month_by_itself(record):
    domain = record[1]
    update = replace(assumed(Kriging(conservation="cells"), domain.observation, 600.0, 0.3, 64.0), lasting_months=12.0)
    assert update.together(domain).variance(FIRST) is None


def test_errors_as_large_as_the_prior_s_storage_varies(record):
    """Twice as large all over: σ is the same, since a is relative; a half beside it: more there."""
    domain = record[1]
    sizes = np.ones(domain.fine.shape)
    update = assumed(OBSERVED, domain.observation, 600.0, 0.3, 64.0)
    nothing = Prediction(np.zeros(domain.fine.shape))
    alike = update.apply(nothing, domain, domain.months[0]).sigma
    doubled = replace(update, sizes=2.0 * sizes).apply(nothing, domain, domain.months[0]).sigma
    np.testing.assert_allclose(doubled, alike, rtol=1e-5)
    sizes[:, :4] = 3.0
    uneven = replace(update, sizes=sizes).apply(nothing, domain, domain.months[0]).sigma
    np.testing.assert_allclose((uneven / alike)[:, :4] / (uneven / alike)[:, -4:].mean(), 3.0, rtol=1e-5)


def test_a_month_that_lacks_cells_is_asked_by_itself(record):
    _, domain = record
    products = domain.products.copy()
    products[3, 2:5] = np.nan
    gappy = replace(domain, products=products)
    update = replace(assumed(OBSERVED, domain.observation, 600.0, 0.3, 64.0), lasting_months=12.0)
    first = int(month_number(gappy.months[0]))
    assert set(range(24)) - {3} == {each - first for each in update.together(gappy).residuals(Nothing(), gappy)}
    nothing = Prediction(np.zeros(domain.fine.shape))
    found = update.apply_in_time(Nothing(), nothing, gappy, gappy.months[3])
    np.testing.assert_array_equal(found.mean, update.apply(nothing, gappy, gappy.months[3]).mean)


def test_without_noise_there_is_nothing_to_average(record):
    _, domain = record
    update = replace(assumed(OBSERVED, domain.observation, 600.0, 0.3, 0.0), lasting_months=12.0)
    assert update.together(domain) is None


def test_a_region_of_many_windows_is_asked_month_by_month():
    observation = small(8, 9)
    one, many = OBSERVED.region(observation), replace(OBSERVED, window_cells=2, largest_window=20).region(observation)
    assert (len(one.windows), len(many.windows) > 1) == (1, True)
    assert are_asked_together(one, 12.0)
    assert not are_asked_together(one, 0.0)
    assert not are_asked_together(many, 12.0)


@pytest.mark.parametrize(("lasting_months", "pinned"), [(0.0, True), (12.0, False)])
def test_noise_that_months_tell_from_storage_is_not_forced_into_cells(lasting_months, pinned):
    """Noise of 3 % of the variance, below the 4 % that are forced into cells where nothing else tells it from storage."""
    observation = small(8, 9)
    residuals = 10.0 * np.random.default_rng(2).standard_normal((20, 8, 9))
    stated = np.full((8, 9), np.sqrt(3.0))
    found = Kriging(noise_shares=(1e-3,)).fit_to(residuals, observation, uncertainty=stated, lasting_months=lasting_months)
    assert found.region.pinned == pinned


def test_kept_and_told_apart(record, tmp_path):
    alone = assumed(OBSERVED, record[1].observation, 600.0, 0.3, 64.0)
    together = replace(alone, lasting_months=12.0)
    together.save(tmp_path)
    found = FittedKriging.load(tmp_path)
    assert found.lasting_months == 12.0
    assert found.digest == together.digest != alone.digest


def test_a_time_below_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"update.lasting_months.*not negative"):
        Kriging(lasting_months=-1.0)
