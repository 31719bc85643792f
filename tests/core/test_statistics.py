import json

import pytest

from gwkeras.core.errors import ConfigError
from gwkeras.core.statistics import Statistics

GIVEN = Statistics((1.0, 2.0), (3.0, 4.0), 5.0, 6.0, 7.0, 8.0, (9.0,), (10.0,), (11.0,), 12.0)


def test_json_round_trip():
    assert Statistics.from_dict(json.loads(json.dumps(GIVEN.to_dict()))) == GIVEN


@pytest.mark.parametrize(
    "wrong",
    [
        {"climate_mean": (1.0,), "climate_std": ()},
        {"residual_std": 0.0},
        {"gwsa_std": float("nan")},
        {"climate_mean": (1.0,), "climate_std": (-1.0,)},
        {"gwsa_mean": float("inf")},
    ],
)
def test_impossible_statistics_are_refused(wrong):
    with pytest.raises(ConfigError, match="statistics"):
        Statistics(**wrong)


def test_other_keys_are_refused():
    values = GIVEN.to_dict()
    values.pop("residual_std")
    with pytest.raises(ConfigError, match="residual_std"):
        Statistics.from_dict(values)
