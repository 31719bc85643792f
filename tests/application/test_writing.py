"""The written record: months, parts, flags, files that exist, and who computes."""

import tracemalloc
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from gwkeras.application.quality import TrainedRange
from gwkeras.application.writing import Job, Written, downscale_record
from gwkeras.core.errors import BadInput, GridMismatch, MissingMonths
from gwkeras.domain.calendar import Calendar
from gwkeras.domain.domain import Domain
from gwkeras.fields.writing.writer import Provenance
from gwkeras.methods.baselines import BASELINES
from gwkeras.methods.method import Prediction
from tests.methods.worlds import make_domain

OPTIONS = {"provenance": Provenance(config_hash="ab")}
BICUBIC = BASELINES[-1]  # bicubic + conservation
SEEN = TrainedRange((-1e9, 0.0), (1e9, 295.0))


def job(months: int = 4, **changes) -> Job:
    return Job(BICUBIC, make_domain(8, 10, months=months), SEEN, **changes)


@dataclass(frozen=True)
class Sure:
    """Bicubic interpolation ± 1 mm, which is said to hold with a probability of its own."""

    interval: float
    name: str = "sure"

    def predict(self, domain: Domain, month: int, part=None) -> Prediction:
        mean = BICUBIC.predict(domain, month).mean
        return Prediction(mean, None, mean - 1, mean + 1, self.interval)


@dataclass(frozen=True)
class Breaking:
    """Bicubic interpolation that fails in one month."""

    at: int
    name: str = "breaking"

    def predict(self, domain: Domain, month: np.datetime64, part=None) -> Prediction:
        if month == domain.months[self.at]:
            raise RuntimeError("no more")
        return BICUBIC.predict(domain, month)


def test_what_is_written_is_what_the_method_says(tmp_path):
    written = downscale_record(job(), tmp_path / "fine.nc", **OPTIONS)
    assert (written.months, written.conservation_max_mm < 1e-4) == (4, True)
    with xr.open_dataset(written.path) as found:
        domain = job().domain
        np.testing.assert_array_equal(found["time"].values.astype("datetime64[M]"), domain.months)
        for month in range(4):
            np.testing.assert_array_equal(
                found["gwsa"][month], BICUBIC.predict(domain, domain.months[month]).mean.astype(np.float32)
            )
        assert written.cells == int(np.isfinite(found["gwsa"]).sum())


def test_the_probability_of_the_bounds_is_the_method_s(tmp_path):
    for interval, percent in ((0.5, "50 %"), (0.9, "90 %")):
        task = replace(job(), method=Sure(interval))
        written = downscale_record(task, tmp_path / "fine.nc", existing="overwrite", **OPTIONS)
        assert written.interval == interval
        with xr.open_dataset(written.path) as found:
            assert f"of the {percent} interval" in found["gwsa_upper"].attrs["long_name"]
            np.testing.assert_allclose(found["gwsa_upper"] - found["gwsa_lower"], found["gwsa"] * 0 + 2, atol=1e-4)
    assert downscale_record(job(), tmp_path / "none.nc", **OPTIONS).interval is None
    with pytest.raises(BadInput, match="90 %"):
        downscale_record(replace(job(months=5), method=Sure(0.5)), tmp_path / "fine.nc", existing="append", **OPTIONS)


def test_flags_are_cf_flags(tmp_path):
    written = downscale_record(job(), tmp_path / "fine.nc", **OPTIONS)
    with xr.open_dataset(written.path, mask_and_scale=False) as found:
        flags = found["gwsa_quality"]
        assert flags.dtype == np.uint8
        assert flags.attrs["flag_meanings"].split() == ["near_coast", "extrapolates", "no_predecessor"]
        np.testing.assert_array_equal(flags.attrs["flag_masks"], np.array([1, 2, 4], np.uint8))
        assert "gwsa_quality" in found["gwsa"].attrs["ancillary_variables"].split()
        known = flags.values != flags.attrs["_FillValue"]
        with xr.open_dataset(written.path) as fields:
            np.testing.assert_array_equal(known, np.isfinite(fields["gwsa"].values))
        assert (flags.values[0][known[0]] & 4 > 0).all()
        assert not (flags.values[1:][known[1:]] & 4).any()
        hot = np.repeat(np.repeat((job().domain.climate_of(job().domain.months[1])[..., 1] > 295).any(axis=0), 2, 0), 2, 1)
        np.testing.assert_array_equal((flags.values[1] & 2 > 0)[known[1]], hot[known[1]])
        assert written.extrapolating == pytest.approx((flags.values[known] & 2 > 0).mean())


def test_months_and_part(tmp_path):
    part = (slice(2, 7), slice(1, 9))
    whole = downscale_record(job(), tmp_path / "whole.nc", **OPTIONS).path
    cut = downscale_record(job(part=part), tmp_path / "part.nc", months=list(job().domain.months[[1, 3]]), **OPTIONS).path
    with xr.open_dataset(whole) as a, xr.open_dataset(cut) as b:
        xr.testing.assert_identical(a.isel(time=[1, 3], lat=slice(4, 14), lon=slice(2, 18))["gwsa"], b["gwsa"])
        np.testing.assert_allclose([b["lat_bounds"].min(), b["lon_bounds"].min()], [-10 + 1.0, 10 + 0.5])


def test_a_file_that_exists_is_refused_and_stays(tmp_path):
    path = tmp_path / "fine.nc"
    path.write_text("precious")
    with pytest.raises(BadInput, match="--overwrite or --append"):
        downscale_record(job(), path, **OPTIONS)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("existing", ["overwrite", "append"])
def test_a_failed_run_leaves_the_old_file_whole(tmp_path, existing):
    path = tmp_path / "fine.nc"
    downscale_record(job(months=2), path, **OPTIONS)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="no more"):
        downscale_record(replace(job(), method=Breaking(3)), path, existing=existing, **OPTIONS)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["fine.nc"]
    downscale_record(job(), path, existing=existing, **OPTIONS)
    with xr.open_dataset(path) as found:
        assert found["time"].size == 4


def test_the_newest_month_is_appended(tmp_path):
    """Two months and then all four: the file is the one that four months at once give, but for its history."""
    path, once = tmp_path / "fine.nc", tmp_path / "once.nc"
    domain = job().domain
    early = replace(domain, calendar=Calendar(domain.months[:2]))
    downscale_record(Job(BICUBIC, early, SEEN), path, **OPTIONS)
    written = downscale_record(job(), path, existing="append", **OPTIONS)
    assert written.months == 2
    downscale_record(job(), once, **OPTIONS)
    with xr.open_dataset(path) as found, xr.open_dataset(once) as expected:
        xr.testing.assert_equal(found, expected)
        assert len(found.attrs["history"].splitlines()) == 2


def test_nothing_to_append_and_files_that_do_not_fit(tmp_path):
    path = tmp_path / "fine.nc"
    downscale_record(job(), path, **OPTIONS)
    with pytest.raises(BadInput, match="months after 2002-07"):
        downscale_record(job(), path, existing="append", **OPTIONS)
    with pytest.raises(GridMismatch):
        downscale_record(job(part=(slice(0, 4), slice(0, 4))), path, existing="append", **OPTIONS)
    with pytest.raises(BadInput, match="config_hash"):
        downscale_record(job(), path, existing="append", provenance=Provenance(config_hash="cd"))
    with pytest.raises(BadInput, match="leave out --append"):
        downscale_record(job(), tmp_path / "none.nc", existing="append", **OPTIONS)
    damaged = tmp_path / "damaged.nc"
    damaged.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadInput, match="something else"):
        downscale_record(job(), damaged, existing="append", **OPTIONS)
    assert len(damaged.read_bytes()) == 2000


def test_progress_counts_cells(tmp_path):
    seen = []
    downscale_record(job(), tmp_path / "fine.nc", progress=lambda done, total: seen.append((done, total)), **OPTIONS)
    cells = int(((np.repeat(np.repeat(job().domain.land, 2, 0), 2, 1) > 0) & (job().domain.land_fine > 0)).sum())
    assert seen == [(cells * k, cells * 4) for k in range(1, 5)]


def test_memory_does_not_grow_with_months(tmp_path, monkeypatch):
    """Fields of 320 × 400 fine cells, chunks of two months that wait on disk: two months against eight, within 10 %."""
    monkeypatch.setattr("gwkeras.fields.writing.writer._GROUP_BYTES", 2 * 320 * 400 * 5)
    monkeypatch.setattr("gwkeras.fields.writing.writer._BUFFER_BYTES", 1)

    def peak(months: int) -> int:
        task = Job(BICUBIC, make_domain(160, 200, months=months))
        tracemalloc.start()
        downscale_record(task, tmp_path / "fine.nc", existing="overwrite", **OPTIONS)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(8) < 1.1 * peak(2)


@pytest.mark.slow
def test_a_cluster_gives_the_same_file(tmp_path):
    from distributed import LocalCluster

    alone = downscale_record(job(), tmp_path / "alone.nc", **OPTIONS).path
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        together = downscale_record(job(), tmp_path / "together.nc", scheduler=address, **OPTIONS).path
        with pytest.raises(MissingMonths, match="2009-01, which it lacks"):
            downscale_record(
                job(),
                tmp_path / "broken.nc",
                months=[*job().domain.months[:2], np.datetime64("2009-01")],
                scheduler=address,
                **OPTIONS,
            )
    with xr.open_dataset(alone) as a, xr.open_dataset(together) as b:
        xr.testing.assert_equal(a, b)
    assert not Path(tmp_path / "broken.nc").exists()


def test_no_scheduler_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="running Dask scheduler"):
        downscale_record(job(), tmp_path / "fine.nc", scheduler="nonsense://nowhere", **OPTIONS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("gap", "said"), [(15.04, "15 mm"), (0.0121, "0.012 mm"), (250.4, "250 mm"), (3.1e-5, "3.1e-05 mm")])
def test_how_far_block_means_are_from_the_product_is_said_in_plain_digits(tmp_path, gap, said):
    assert Written(tmp_path, 1, gap).conservation == f"block means differ from the product by at most {said}"
