"""Unit spellings as they stand in real files, against conversions worked by hand."""

import pytest

from gwkeras.core.errors import UnknownUnits
from gwkeras.core.units import _USUAL, conversion, is_rate

DEPTHS = {
    "mm": 1.0,
    "mm w.e.": 1.0,
    "mm w.eq.": 1.0,
    "mm EWH": 1.0,
    "mm EWT": 1.0,
    "mm H2O": 1.0,
    "mm we": 1.0,
    "mm LWE": 1.0,
    "mm of water": 1.0,
    "mm water equivalent": 1.0,
    "mm of equivalent water height": 1.0,
    "mm (water equivalent)": 1.0,
    "millimeters": 1.0,
    "millimetre": 1.0,
    "[mm]": 1.0,
    "kg m-2": 1.0,
    "kg m**-2": 1.0,
    "kg/m^2": 1.0,
    "kg/m2": 1.0,
    "cm": 10.0,
    "cm w.e.": 10.0,
    "cm EWH": 10.0,
    "centimeters": 10.0,
    "m": 1000.0,
    "m of water equivalent": 1000.0,
    "meters": 1000.0,
    "m w.e.": 1000.0,
    "Gt km-2": 1e6,
}

RATES = {  # mm per day
    "mm d-1": 1.0,
    "mm/d": 1.0,
    "mm day-1": 1.0,
    "mm/day": 1.0,
    "mm day**-1": 1.0,
    "mm·day⁻¹": 1.0,
    "m d-1": 1000.0,
    "m of water equivalent per day": 1000.0,
    "kg m-2 s-1": 86400.0,
    "kg m**-2 s**-1": 86400.0,
    "kg/m^2/s": 86400.0,
    "kg/m2/s": 86400.0,
    "mm s-1": 86400.0,
    "mm/hr": 24.0,
    "mm h-1": 24.0,
    "mm w.e. d-1": 1.0,
}

TOTALS = {
    "mm month-1": 1.0,
    "mm/month": 1.0,
    "mm/mon": 1.0,
    "mm mon-1": 1.0,
    "mm per month": 1.0,
    "mm month**-1": 1.0,
    "mm month^-1": 1.0,
    "mm": 1.0,
    "kg m-2": 1.0,
    "kg m-2 month-1": 1.0,
    "cm month-1": 10.0,
    "m": 1000.0,
    "mm months-1": 1.0,
}


@pytest.mark.parametrize(("unit", "scale"), DEPTHS.items())
def test_depth(unit, scale):
    assert conversion(unit, "mm", "f") == pytest.approx((scale, 0.0), rel=1e-12)


@pytest.mark.parametrize(("unit", "scale"), RATES.items())
def test_rate_is_returned_per_day(unit, scale):
    assert is_rate(unit)
    assert conversion(unit, "mm month-1", "f") == pytest.approx((scale, 0.0), rel=1e-12)


@pytest.mark.parametrize(("unit", "scale"), TOTALS.items())
def test_total_of_the_month_is_no_rate(unit, scale):
    assert not is_rate(unit)
    assert conversion(unit, "mm month-1", "f") == pytest.approx((scale, 0.0), rel=1e-12)


@pytest.mark.parametrize("unit", ["Celsius", "degC", "deg C", "°C", "C", "degrees Celsius", "degree_Celsius"])
def test_celsius(unit):
    assert conversion(unit, "K", "f") == pytest.approx((1.0, 273.15))


def test_other_temperatures():
    assert conversion("K", "K", "f") == conversion("Kelvin", "K", "f") == (1.0, 0.0)
    scale, offset = conversion("degF", "K", "f")
    assert 212 * scale + offset == pytest.approx(373.15)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("m**3 m**-3", 1.0), ("m3 m-3", 1.0), ("m³ m⁻³", 1.0), ("cm^3/cm^3", 1.0), ("1", 1.0), ("fraction", 1.0), ("%", 0.01)],
)
def test_volume_fraction(unit, scale):
    assert conversion(unit, "m3 m-3", "f") == pytest.approx((scale, 0.0))


@pytest.mark.parametrize(("unit", "scale"), [("Pa", 1.0), ("hPa", 100.0), ("mb", 100.0), ("mbar", 100.0), ("kPa", 1000.0)])
def test_pressure(unit, scale):
    assert conversion(unit, "Pa", "f") == pytest.approx((scale, 0.0))


@pytest.mark.parametrize(
    ("unit", "canonical"),
    [
        ("mm month-1", "mm"),
        ("mm d-1", "mm"),
        ("K", "mm"),
        ("furlongs of wine", "mm"),
        ("kg m-2", "m3 m-3"),
        ("K", "mm month-1"),
        ("mm", "K"),
        ("kg", "mm"),
        ("W m-2", "mm month-1"),
    ],
)
def test_another_dimension_is_refused(unit, canonical):
    with pytest.raises(UnknownUnits, match="convertible to"):
        conversion(unit, canonical, "file.nc, variable x")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("gwsa", r"--set data\.gwsa\.units='\{gwsa: cm\}'"),
        ("runoff", r"--set 'data\.climate=\[\{units: \{runoff: cm\}\}\]'"),
        ("", r"units: \{name: unit\}"),
    ],
)
def test_the_remedy_names_the_key(name, key):
    with pytest.raises(UnknownUnits, match=key):
        conversion(None, "mm", "f.nc", name)


@pytest.mark.parametrize("unit", [None, "", "  "])
def test_no_units_is_refused(unit):
    with pytest.raises(UnknownUnits, match=r"file\.nc: expected a units attribute convertible to mm, found none"):
        conversion(unit, "mm", "file.nc")


@pytest.mark.parametrize("unit", sorted(_USUAL))
def test_what_is_usual_is_what_pint_says(unit):
    reference, scale, offset = _USUAL[unit]
    registry = pytest.importorskip("cf_xarray.units").units
    source, target = registry.parse_units(unit), registry.parse_units(reference)
    if source.dimensionality != target.dimensionality:
        source = source * registry.parse_units("mm m2 kg-1")  # mass over area
    zero, one = (registry.Quantity(value, source).to(target).magnitude for value in (0.0, 1.0))
    assert (one - zero, zero) == pytest.approx((scale, offset), rel=1e-12)
