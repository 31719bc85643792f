"""What a product sees, as its files say it; file names and attributes as the public files have them."""

import netCDF4
import numpy as np
import pytest

from gwkeras.core.config.tree import PointSpreadConfig, SourceConfig
from gwkeras.core.errors import UnclearPointSpread
from gwkeras.fields.readers import read_fine, read_storage
from gwkeras.observation.point_spread import PointSpread
from tests.fixtures import centres, write_g3p, write_g3p_yearly, write_grace_csr, write_grace_jpl

LAT, LON = centres(8.25, 0.5, 4), centres(-3.75, 0.5, 5)
MONTHS = ["2002-04", "2003-05"]
VALUES = np.random.default_rng(3).normal(0, 60, (2, 4, 5)).astype("f4")
G3P_112 = "gwsa_g3p_200204_202309_monthly_05_degree_250km_gauss_filtered_gravis.nc"


def g3p(path, name="gwsa", **attributes):
    write_g3p(path, MONTHS, LAT, LON, VALUES, name=name)
    with netCDF4.Dataset(path, "a") as file:
        file.setncatts(attributes)
    return path


def read(path, **config):
    return read_storage(SourceConfig(path=(str(path),)), PointSpreadConfig(**config))


@pytest.mark.parametrize(
    ("name", "radius"),
    [
        (G3P_112, 250.0),
        ("GWSA_2002_Ano_0.5_degree_Gauss_250km_land_masked_GravIS.nc", 250.0),
        ("GWSA_2002_Ano_0.5_degree_Gauss_200km_land_masked_GravIS.nc", 200.0),
        ("mine_Gauss-300km.nc", 300.0),
    ],
)
def test_g3p_says_it_in_the_files_name(tmp_path, name, radius):
    record = read(g3p(tmp_path / name))
    assert record.point_spread == PointSpread("gaussian", radius, "land")
    assert record.notes == (f"point spread: Gaussian, half weight at {radius:g} km, over land, from the file's name ({name})",)


def test_yearly_files_agree(tmp_path):
    folder = write_g3p_yearly(tmp_path / "yearly", MONTHS, LAT, LON, VALUES, VALUES)
    assert read(folder).point_spread == PointSpread.gaussian(250)


@pytest.mark.parametrize(
    ("text", "radius"),
    [
        ("filtered with a Gaussian filter of 250 km", 250.0),
        ("smoothed by a 300 km Gauss, destriped", 300.0),
        ("200.5 km half-width Gaussian smoothing", 200.5),
        ("Gaussian smoothing (radius 350 km); 500 km from the coast", 350.0),
        ("Gaussian filter, full width at half maximum 300 km", 150.0),
        ("Gaussian filter with FWHM = 300 km", 150.0),
        ("Gaussian filter, 300 km full width at half maximum", 150.0),
        ("Gaussian filter, 300 km FWHM", 150.0),
        ("Gauss, with a half-weight radius of 250 km, on a 50 km grid", 250.0),
        ("half-weight radius 150 km", 150.0),
        ("spatially smoothed (smoothing radius: 300 km)", 300.0),
        ("low-pass filtered, 340 km full-width at half maximum", 170.0),
        ("block means of the fine truth over land, 250 km Gaussian filter, with correlated noise", 250.0),
    ],
)
def test_attributes_say_it(tmp_path, text, radius):
    record = read(g3p(tmp_path / "a.nc", history=text))
    assert record.point_spread.half_weight_km == radius
    assert "from its attribute history" in record.notes[-1]


@pytest.mark.parametrize(
    ("attributes", "radius"),
    [
        ({"filter_type": "Gaussian", "filter_radius": "250 km"}, 250.0),
        ({"gaussian_radius_km": 350.0}, 350.0),
        ({"filter_fwhm_km": 300}, 150.0),
        ({"title": "GWSA, 300 km Gaussian", "comment": "half-weight radius 150 km"}, 150.0),  # the width, then the radius
    ],
)
def test_attributes_of_their_own_say_it(tmp_path, attributes, radius):
    record = read(g3p(tmp_path / "a.nc", **attributes))
    assert (record.point_spread, record.spread_maybe_full_width) == (PointSpread.gaussian(radius), False)


@pytest.mark.parametrize(
    "attributes",
    [
        {"comment": "noise correlated over 300 km full width at half maximum"},
        {"earth_radius": "6371 km"},
        {"earth_radius_km": 6371.0},
        {"comment": "sampled on a 50 km grid, Gaussian, 50 km grid"},
    ],
)
def test_other_lengths_are_no_filter(tmp_path, attributes):
    assert not read(g3p(tmp_path / "a.nc", **attributes)).spread_is_known


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("smoothed with a 300 km Gaussian", True),
        ("smoothed with a Gaussian of 300 km radius", False),
        ("Gaussian, FWHM 600 km", False),
    ],
)
def test_a_number_alone_may_be_the_radius_or_the_full_width(tmp_path, text, unclear):
    record = read(g3p(tmp_path / "a.nc", history=text))
    assert (record.point_spread.half_weight_km, record.spread_maybe_full_width) == (300.0, unclear)
    said = ", which does not say if its number is the radius or the full width; taken as the radius unless the data differ"
    assert record.notes[-1].endswith(said if unclear else "from its attribute history")


def test_a_file_that_says_there_is_no_filter(tmp_path):
    record = read(g3p(tmp_path / "a.nc", comment="block means of the fine truth over land, no filter, with correlated noise"))
    assert record.point_spread == PointSpread()
    assert record.notes == ("point spread: none, from its attribute comment",)


def test_a_file_that_speaks_of_a_filter_without_its_radius(tmp_path):
    record = read(g3p(tmp_path / "a.nc", comment="smoothed by a Gaussian"))
    assert record.point_spread == PointSpread()
    assert not record.spread_is_known
    assert record.notes == (
        "point spread: a.nc states a Gaussian filter without its radius; methods estimate one from the product",
    )
    settled = read(tmp_path / "a.nc", kind="product")
    assert settled.spread_is_known
    assert settled.notes[-1].startswith("point spread: none, for a.nc states a Gaussian filter without its radius; if there is")


def test_mascons_have_their_documented_footprint(tmp_path):
    """300 km, the full width at half maximum, over land."""
    lwe = VALUES.astype("f8")
    jpl = write_grace_jpl(
        tmp_path / "GRCTellus.nc", [("2002-04-01", "2002-04-30"), ("2003-05-01", "2003-05-31")], LAT, LON, lwe, lwe
    )
    csr = write_grace_csr(tmp_path / "CSR.nc", ["2002-04-16", "2003-05-16"], LAT, LON, lwe)
    for path in (jpl, csr):
        record = read(path)
        assert record.point_spread == PointSpread("gaussian", 150.0, "land")
        assert "documented footprint of mascons" in record.notes[-1]


def test_harmonics_are_smoothed_over_everything(tmp_path):
    text = "synthesised from Level-2 spherical harmonics, 300 km Gauss"
    assert read(g3p(tmp_path / "a.nc", name="twsa", comment=text)).point_spread == PointSpread.gaussian(300, "everything")
    # groundwater is what is left when land's other waters, filtered over land, are subtracted
    assert read(g3p(tmp_path / "b.nc", comment=text)).point_spread == PointSpread.gaussian(300, "land")


@pytest.mark.parametrize(
    ("name", "history", "found"),
    [
        (G3P_112, "Gaussian filter of 200 km", r"250 km in the file's name \(.*\) and 200 km in its attribute history"),
        ("a.nc", "Gaussian filter of -250 km", "-250 km in its attribute history"),
        ("a.nc", "Gaussian filter of 2500 km", "2500 km in its attribute history"),
        ("Gauss_0km.nc", "", None),
    ],
)
def test_contradictions_get_one_sentence_and_the_configuration_settles_them(tmp_path, name, history, found):
    path = g3p(tmp_path / name, history=history)
    if found is not None:
        with pytest.raises(UnclearPointSpread, match=f"{name}: expected .* radius .*, found {found}; state the one that holds"):
            read(path)
    else:
        assert read(path).point_spread == PointSpread()
    assert read(path, kind="gaussian", half_weight_km=225.0).point_spread == PointSpread.gaussian(225)
    assert read(path, kind="none").point_spread == PointSpread()
    np.testing.assert_array_equal(read_fine(SourceConfig(path=(str(path),))).values, VALUES)


def test_the_configuration_comes_first(tmp_path):
    path = g3p(tmp_path / G3P_112)
    record = read(path, kind="gaussian", half_weight_km=300.0, over="everything")
    assert record.point_spread == PointSpread.gaussian(300, "everything")
    assert record.notes == (
        "point spread: Gaussian, half weight at 300 km, over everything, the sea as zero, by the configuration",
    )
    assert read(path, kind="none").notes == ("point spread: none, by the configuration",)
    assert read(path, over="everything").point_spread == PointSpread.gaussian(250, "everything")


@pytest.mark.real
def test_real_records(real_data):
    """`lwe_thickness` and `twsa` name "300 km Gauss" of JPL's Level 2; India's record is a mean of mascons, and cites them."""
    for name, spread in (
        ("vietnam/grace_twsa_jpl_l2_0p5deg.nc", PointSpread.gaussian(300, "everything")),
        ("global/grace_twsa_jpl_l2_0p5deg.nc", PointSpread.gaussian(300, "everything")),
        ("india/grace_tws_reconstructed_0p5deg.nc", PointSpread.gaussian(150)),
    ):
        assert read(real_data / name).point_spread == spread
