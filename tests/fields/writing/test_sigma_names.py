"""What a file says its σ is."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gwkeras.core.grid import Grid
from gwkeras.fields.writing.writer import FieldWriter

GRID = Grid(10.0, 70.0, 0.5, 0.5, 2, 3)


@pytest.mark.parametrize(("calibrated", "word"), [(True, "standard error of"), (False, "spread, not calibrated, of")])
def test_only_what_was_measured_is_a_standard_error(tmp_path, calibrated, word):
    field = np.ones(GRID.shape)
    with FieldWriter(tmp_path / "x.nc", GRID) as writer:
        writer.append(np.datetime64("2003-01"), field, 4 * field, detail_sigma=3 * field, calibrated=calibrated)
    with xr.open_dataset(tmp_path / "x.nc") as found:
        assert found["gwsa_sigma"].attrs["long_name"] == f"{word} the groundwater storage anomaly"
        assert found["gwsa_detail_sigma"].attrs["long_name"] == f"{word} the detail of the groundwater storage anomaly"
        assert "the product's own error carried" in found["gwsa_sigma"].attrs["comment"]
        assert "without the product's own error" in found["gwsa_detail_sigma"].attrs["comment"]
        assert found["gwsa"].attrs["ancillary_variables"].split() == ["gwsa_sigma", "gwsa_detail_sigma"]
        assert float(found["gwsa_detail_sigma"].mean()) == 3.0


def test_sigma_without_the_product_s_error_says_so(tmp_path):
    field = np.ones(GRID.shape)
    with FieldWriter(tmp_path / "x.nc", GRID) as writer:
        writer.append(np.datetime64("2003-01"), field, field)
    with xr.open_dataset(tmp_path / "x.nc") as found:
        assert "it does not include the product's own error" in found["gwsa_sigma"].attrs["comment"]
