"""The sample of the paper by hand, and what a schema must not contain."""

from gwkeras.core.schema import CLIMATE_UNITS, FEATURES, SampleShape, features
from gwkeras.core.units import conversion

PAPER = SampleShape(
    months=6,
    height=32,
    width=32,
    factor=4,
    climate=("precipitation", "evapotranspiration", "soil_moisture", "temperature", "surface_pressure"),
)


def test_shapes_of_the_papers_sample():
    shapes = {feature.name: feature.shape(PAPER) for feature in features(PAPER)}
    assert shapes["climate"] == (6, 32, 32, 5)
    assert shapes["gwsa"] == shapes["gwsa_previous"] == shapes["land"] == shapes["net_water_input"] == (32, 32, 1)
    assert shapes["target"] == shapes["land_fine"] == (128, 128, 1)
    assert (shapes["has_previous"], shapes["latitude"], shapes["longitude"]) == ((), (32,), (32,))
    assert "covariates_fine" not in shapes
    assert "target_sigma" not in shapes


def test_optional_features_appear_when_configured():
    rich = SampleShape(3, 8, 12, 2, ("precipitation",), ("elevation", "slope"), target_sigma=True)
    shapes = {feature.name: feature.shape(rich) for feature in features(rich)}
    assert shapes["climate"] == (3, 8, 12, 1)
    assert shapes["covariates_fine"] == (16, 24, 2)
    assert shapes["target_sigma"] == (16, 24, 1)


def test_roles_select():
    assert {feature.name for feature in features(PAPER, "target")} == {"target"}
    assert {f.name for f in features(PAPER, "input", "target", "place")} == {f.name for f in features(PAPER)}


def test_names_are_unique_and_units_are_known():
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names))
    for channel, unit in CLIMATE_UNITS.items():
        assert conversion(unit, unit, channel) == (1.0, 0.0)
