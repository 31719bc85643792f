"""Kinds by content: every file here is called x.nc."""

import numpy as np
import pytest

from gwkeras.fields.files.archive import members
from gwkeras.fields.files.netcdf_file import open_netcdf
from gwkeras.fields.files.recognise import Recognition, recognise_dataset
from tests.fixtures import (
    centres,
    write_era5_legacy,
    write_era5_new,
    write_g3p,
    write_gldas_monthly,
    write_grace_csr,
    write_grace_jpl,
    write_plain,
    write_zip,
)

LAT, LON = centres(0.25, 0.5, 3), centres(10.25, 0.5, 4)
VALUES = np.ones((1, 3, 4))
TOTAL_STORAGE = "a total water storage variable (lwe_thickness)"
RAIN = {"tp": VALUES * 0.01, "t2m": VALUES * 280}


def recognised(file) -> Recognition:
    with open_netcdf(file) as data:
        return recognise_dataset(data)


@pytest.mark.parametrize(
    ("write", "kind", "reason"),
    [
        (lambda p: write_g3p(p, ["2002-04"], LAT, LON, VALUES), "g3p", "a groundwater storage variable (gwsa)"),
        (lambda p: write_g3p(p, ["2002-04"], LAT, LON, VALUES, name="GWSA"), "g3p", "its title names G3P"),
        (lambda p: write_grace_jpl(p, [("2002-04-01", "2002-04-30")], LAT, LON, VALUES, VALUES), "grace", TOTAL_STORAGE),
        (lambda p: write_grace_csr(p, ["2002-04-16"], LAT, LON, VALUES), "grace", TOTAL_STORAGE),
        (lambda p: write_era5_new(p, ["2002-04"], LAT, LON, RAIN), "era5", "GRIB attributes"),
        (lambda p: write_era5_legacy(p, ["2002-04"], LAT, LON, RAIN), "era5", "its history names ECMWF"),
        (lambda p: write_gldas_monthly(p.parent / "g", ["2002-04"], LAT, LON, {"Rainf_f_tavg": VALUES}), "gldas", None),
        (
            lambda p: write_plain(p, ("lat", "lon"), {"lat": LAT, "lon": LON}, {"tp": VALUES[0]}),
            "netcdf",
            "no names of a known product",
        ),
    ],
)
def test_kind_and_reason(tmp_path, write, kind, reason):
    path = write(tmp_path / "x.nc")
    recognition = recognised(next(path.iterdir()) if path.is_dir() else path)
    assert recognition.kind == kind
    assert reason is None or reason in recognition.reasons


def test_a_member_of_a_zip_is_recognised_as_it_would_be_alone(tmp_path):
    rain = write_era5_new(tmp_path / "a.nc", ["2002-04"], LAT, LON, RAIN)
    (member,) = members(write_zip(tmp_path / "z.nc", [rain]))
    assert recognised(member) == recognised(rain)
