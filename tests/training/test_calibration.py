"""Calibration on ratios whose factors are known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, DownscaleConfig
from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.errors import BadInput
from gwkeras.training.calibration import calibrate


class Tensor(np.ndarray):
    """An array with the one method of a tensor that is used."""

    def numpy(self) -> np.ndarray:
        return np.asarray(self)


@dataclass
class FixedSamples:
    """Batches of targets around zero, σ of the network one."""

    targets: list[np.ndarray]
    land: np.ndarray
    config: Config = field(default_factory=Config)
    places: dict[str, np.ndarray] = field(default_factory=dict)

    def batches(self, split: str):
        assert split == "validation"
        for target in self.targets:
            inputs = {"land_fine": self.land, **(self.places or one_block(self.land))}
            yield {name: v.view(Tensor) for name, v in inputs.items()}, {"target": target.astype(np.float32).view(Tensor)}


def one_block(land: np.ndarray) -> dict[str, np.ndarray]:
    """A month of one product cell."""
    place = np.full((len(land), 1), 0.1)
    return {"time": np.zeros(len(land)), "latitude": place, "longitude": place}


class Model:
    """Says 0 ± σ everywhere."""

    def __init__(self, sigma: float, shape: tuple[int, ...]) -> None:
        self.sigma, self.shape = sigma, shape

    def predict_on_batch(self, inputs: dict) -> dict[str, np.ndarray]:
        return {"mean": np.zeros(self.shape, np.float32), "variance": np.full(self.shape, self.sigma**2, np.float32)}


def test_by_hand():
    """|y|/σ = 1, 1, 2, 4 with σ = 1: √(22/4) and the 0.9 quantile 3.4; cells without land or target do not count."""
    target = np.array([[1.0, -1.0, 2.0], [-4.0, np.nan, 100.0]])[None, ..., None]
    land = np.array([[1.0, 0.5, 1.0], [1.0, 1.0, 0.0]])[None, ..., None]
    found = calibrate(Model(1.0, target.shape), FixedSamples([target], land), "validation")
    assert found.sigma_scale == pytest.approx(math.sqrt(22 / 4))
    assert found.sigma_scale * found.interval_factor == pytest.approx(2 + 0.7 * 2)
    assert found.interval == 0.9
    assert found.basis == "4 cells of the split 'validation' in 1 group (years × blocks), too few to vouch for 90 %"


def test_a_year_of_a_block_is_one_sample():
    """Twelve blocks of two years: 24 groups, of which 4 are wrong by 6 σ; the 20 others reach 20 / 25 of all."""
    size = 8  # product cells along a block's side, two fine cells in each
    land = np.ones((4, 2 * size, 6 * 2 * size, 1))
    latitude = np.stack([np.arange(size) * 0.5 + 0.25 + 4.0 * (n % 2) for n in range(4)])
    longitude = np.tile(np.arange(6 * size) * 0.5 + 0.25, (4, 1))
    target = np.ones(land.shape)
    target[:2, :, : 2 * 2 * size] = 6.0  # two blocks in either of the first year's samples
    places = {"time": np.array([3, 3, 15, 15]), "latitude": latitude, "longitude": longitude}
    samples = FixedSamples([target], land, Config(downscale=DownscaleConfig(interval=0.8)), places)
    found = calibrate(Model(1.0, target.shape), samples, "validation")
    assert found.groups == 24
    assert found.sigma_scale == pytest.approx(math.sqrt((20 * 1 + 4 * 36) / 24))
    assert found.sigma_scale * found.interval_factor == pytest.approx(1.0)
    assert found.sigma_scale * found.at(0.81).interval_factor == pytest.approx(6.0)
    with pytest.raises(BadInput, match=r"found 0\.97; "):  # 24 groups vouch for 96 %
        found.at(0.97)


@pytest.mark.parametrize("interval", [0.5, 0.9])
def test_normal_errors_three_times_as_large_as_said(interval):
    rng = np.random.default_rng(0)
    targets = [rng.normal(0, 6.0, (8, 40, 40, 1)) for _ in range(4)]
    samples = FixedSamples(targets, np.ones((8, 40, 40, 1)), Config(downscale=DownscaleConfig(interval=interval)))
    found = calibrate(Model(2.0, (8, 40, 40, 1)), samples, "validation")
    assert found.sigma_scale == pytest.approx(3.0, rel=0.02)
    assert found.interval_factor == pytest.approx(NormalDist().inv_cdf(0.5 + interval / 2), rel=0.02)
    half = 2.0 * found.sigma_scale * found.interval_factor
    assert np.mean(np.abs(np.concatenate(targets)) <= half) == pytest.approx(interval, abs=0.01)


def test_heavy_tails_widen_sigma_and_keep_the_coverage():
    """Laplace errors: √2 b, and the quantile b ln 10 in place of 1.645 σ."""
    rng = np.random.default_rng(1)
    targets = [rng.laplace(0, 1.0, (8, 50, 50, 1)) for _ in range(4)]
    found = calibrate(Model(1.0, (8, 50, 50, 1)), FixedSamples(targets, np.ones((8, 50, 50, 1))), "validation")
    assert found.sigma_scale == pytest.approx(math.sqrt(2), rel=0.02)
    assert found.sigma_scale * found.interval_factor == pytest.approx(math.log(10), rel=0.02)


def test_nothing_to_learn_from_leaves_the_networks_own():
    found = calibrate(Model(1.0, (1, 2, 2, 1)), FixedSamples([], np.ones((1, 2, 2, 1))), "validation")
    assert found.sigma_scale == 1.0
    assert found.interval_factor == pytest.approx(1.6449, abs=1e-4)
    assert found.basis.startswith("none")


def test_what_is_written_is_read(tmp_path):
    calibration = Calibration(1.25, 1.5, 0.8, "a split", ((0.5, 0.6), (0.8, 1.5), (0.99, 3.25)))
    calibration.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == calibration
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.json"]
    assert Calibration.read(tmp_path / "absent.json") == Calibration()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        '{"sigma_scale": 0}',
        '{"sigma_scale": -1}',
        '{"interval_factor": Infinity}',
        '{"basis": 1, "x": 2}',
        '{"quantiles": 3}',
        '{"quantiles": {"a": 1}}',
        '{"quantiles": {"0.5": 1, "0.9": 0.5}}',
        '{"quantiles": {"0.9": 1, "0.5": 2}}',
        '{"quantiles": {"0.5": NaN}}',
        '{"quantiles": {"1.5": 1}}',
    ],
)
def test_a_damaged_file_is_refused(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(BadInput, match=r"calibration\.json: expected a calibration in JSON"):
        Calibration.read(tmp_path / "calibration.json")


@pytest.fixture(scope="module")
def laplace() -> Calibration:
    """Errors of Laplace's distribution: P(|e| ≤ q) = 1 − exp(−q / b), whatever the network's σ."""
    rng = np.random.default_rng(2)
    targets = [rng.laplace(0, 1.5, (8, 100, 100, 1)) for _ in range(16)]
    return calibrate(Model(0.5, (8, 100, 100, 1)), FixedSamples(targets, np.ones((8, 100, 100, 1))), "validation")


@pytest.mark.parametrize("probability", [0.01, 0.3, 0.5, 0.6827, 0.9, 0.955, 0.985, 0.99, 0.9985])
def test_an_interval_of_another_probability_holds_it(laplace, probability):
    """Its half width is −b ln(1 − p), which is within 0.001 of p also between two factors that are kept."""
    found = laplace.at(probability)
    assert found.interval == probability
    half = 0.5 * found.sigma_scale * found.interval_factor
    assert 1 - math.exp(-half / 1.5) == pytest.approx(probability, abs=1e-3)
    assert half == pytest.approx(-1.5 * math.log1p(-probability), rel=0.05)


def test_the_probability_that_was_asked_for_keeps_its_own_quantile(laplace):
    assert laplace.at(0.9) is laplace
    assert laplace.at(0.5).at(0.9).interval_factor == pytest.approx(laplace.interval_factor, rel=1e-6)


@pytest.mark.parametrize("probability", [0.001, 0.9999])
def test_beyond_what_was_kept_is_refused(laplace, probability):
    with pytest.raises(BadInput, match=rf"downscale\.interval: expected 0\.9 or one from 0\.01 to 0\.999, .*found {probability}"):
        laplace.at(probability)


def test_a_calibration_of_an_earlier_version_serves_its_own_probability_alone(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text('{"sigma_scale": 1.5, "interval_factor": 1.7, "interval": 0.9, "basis": "40 cells of the split"}')
    old = Calibration.read(path)
    assert old.at(0.9) == old
    assert (old.serves(0.9), old.serves(0.5)) == (True, False)
    with pytest.raises(BadInput, match=r"^downscale\.interval: expected 0\.9, which .*, found 0\.5; .* train again\.$"):
        old.at(0.5)


def test_without_a_measurement_errors_are_normal():
    assert Calibration().at(0.5).interval_factor == pytest.approx(0.6745, abs=1e-4)
    assert Calibration().at(0.9999).interval_factor == pytest.approx(3.8906, abs=1e-4)
