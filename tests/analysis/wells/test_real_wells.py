"""Two national networks of wells against real GRACE: India's quarterly depths, Chile's monthly levels."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gwkeras.analysis.wells.settings import ColumnsConfig, WellsConfig
from gwkeras.application.analysis.wells import judge_files
from gwkeras.core.config.tree import SourceConfig

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_india(real_data):
    """The data's README: the median correlation of −depth with TWS is about 0.6."""
    config = WellsConfig(table=str(real_data / "india/cgwb_wells_2000_2022.csv"), quantity="depth")
    started = time.process_time()
    found = judge_files(config, SourceConfig(path=(str(real_data / "india/grace_tws_reconstructed_0p5deg.nc"),)), {})
    assert time.process_time() - started < 20
    assert float(found.data["median_correlation"][0]) == pytest.approx(0.6, abs=0.03)
    assert found.data.sizes["well"] + len(found.judged.dropped) == 2759
    assert all(entry.reason for entry in found.judged.dropped)


def test_chile(real_data):
    columns = ColumnsConfig(well="cr2sub_id", latitude="cr2sub_lat", longitude="cr2sub_lon", date="date")
    config = WellsConfig(
        table=str(real_data / "chile/cr2sub_gwl_monthly_clean.csv.gz"),
        attributes=str(real_data / "chile/cr2sub_attributes.csv"),
        columns=columns,
        classes={"elevation": "cr2sub_elev", "aridity": "cr2sub_camels_aridity"},
        quantity="head",
        unit="m",
    )
    started = time.process_time()
    found = judge_files(config, SourceConfig(path=(str(real_data / "global/grace_twsa_jpl_l2_0p5deg.nc"),)), {})
    assert time.process_time() - started < 20
    assert found.data.sizes["well"] + len(found.judged.dropped) == 1137
    assert "Coastal leakage" in found.data.attrs["notes"]
    names = found.data["class"].values.tolist()
    assert sum(name.startswith("elevation: ") for name in names) == 3
    assert sum(name.startswith("aridity: ") for name in names) == 3
    assert np.isfinite(found.data["class_correlation"].values).all()
