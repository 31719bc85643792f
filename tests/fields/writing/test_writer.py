"""Written fields: what other readers see, conventions, and that nothing is ever lost or half written."""

import subprocess
import sys
import textwrap
import warnings

import cf_xarray  # noqa: F401  (registers the accessor)
import netCDF4
import numpy as np
import pytest
import xarray as xr

from gwkeras.core.errors import BadInput, GridMismatch
from gwkeras.core.grid import Grid
from gwkeras.fields.writing.writer import FieldWriter, Provenance

GRID = Grid.covering(10, 12, -5, -2, 0.5)
MONTHS = np.array(["2002-04", "2002-05", "2002-08"], "datetime64[M]")


def slab(month: int) -> np.ndarray:
    values = np.arange(24, dtype=np.float32).reshape(GRID.shape) + 100 * month
    values[0, 0] = np.nan
    return values


def write(path, months=MONTHS, **options):
    with FieldWriter(path, GRID, **options) as writer:
        for k, month in enumerate(months):
            writer.append(month, slab(k), slab(k) / 10, slab(k) - 5, slab(k) + 5, interval=0.9)
    return path


def test_xarray_reads_it_without_help(tmp_path):
    path = write(tmp_path / "new" / "fine.nc", provenance=Provenance(input_hashes={"a.nc": "12", "b.nc": "34"}, config_hash="ab"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = xr.open_dataset(path)
    with found:
        assert found["time"].values.astype("datetime64[D]").tolist() == MONTHS.astype("datetime64[D]").tolist()
        np.testing.assert_array_equal(
            found["time_bounds"][2].values.astype("datetime64[D]"), np.array(["2002-08-01", "2002-09-01"], "datetime64[D]")
        )
        np.testing.assert_array_equal(found["lat_bounds"], [[10, 10.5], [10.5, 11], [11, 11.5], [11.5, 12]])
        np.testing.assert_array_equal(found["lon"], [-4.75, -4.25, -3.75, -3.25, -2.75, -2.25])
        for name, change in (
            ("gwsa", lambda v: v),
            ("gwsa_sigma", lambda v: v / 10),
            ("gwsa_lower", lambda v: v - 5),
            ("gwsa_upper", lambda v: v + 5),
        ):
            np.testing.assert_array_equal(found[name], np.stack([change(slab(k)) for k in range(3)]))
            assert found[name].attrs["units"] == "mm"
            assert found[name].encoding["zlib"]
        assert found.attrs["input_hashes"] == "a.nc=12 b.nc=34"
        assert "90 %" in found["gwsa_lower"].attrs["long_name"]
    assert [p.name for p in path.parent.iterdir()] == ["fine.nc"]


def test_cf_axes_bounds_and_grid_mapping(tmp_path):
    with xr.open_dataset(write(tmp_path / "fine.nc"), decode_coords="all") as found:
        assert found.attrs["Conventions"] == "CF-1.11"
        assert found.cf.axes == {"T": ["time"], "Y": ["lat"], "X": ["lon"]}
        assert {axis: found.cf.bounds[axis] for axis in "TYX"} == {"T": ["time_bounds"], "Y": ["lat_bounds"], "X": ["lon_bounds"]}
        assert found["crs"].attrs["grid_mapping_name"] == "latitude_longitude"
        assert found["gwsa"].encoding["grid_mapping"] == "crs"
        assert found["gwsa"].attrs["cell_methods"] == "time: mean area: mean where land"
        assert found["gwsa"].attrs["ancillary_variables"].split() == ["gwsa_sigma", "gwsa_lower", "gwsa_upper"]
        for standard in ("latitude", "longitude", "time"):
            assert standard in found.cf.standard_names


def test_many_months_in_groups(tmp_path):
    months = np.arange("2002-01", "2007-02", dtype="datetime64[M]")  # 61 months: two groups of 24 and a rest
    with xr.open_dataset(write(tmp_path / "fine.nc", months)) as found:
        assert found["gwsa"].encoding["chunksizes"][0] == 24
        np.testing.assert_array_equal(found["gwsa"], np.stack([slab(k) for k in range(61)]))
        assert found["time"].size == 61
        assert (np.diff(found["time_bounds"][:, 0]) > np.timedelta64(0)).all()


def test_bounds_are_labelled_with_their_own_probability(tmp_path):
    with FieldWriter(tmp_path / "half.nc", GRID) as writer:
        writer.append(MONTHS[0], slab(0), None, slab(0) - 1, slab(0) + 1, interval=0.5)
    with xr.open_dataset(tmp_path / "half.nc") as found:
        for name, word in (("gwsa_lower", "lower"), ("gwsa_upper", "upper")):
            assert found[name].attrs["long_name"].startswith(f"{word} bound of the 50 % interval")
            assert found[name].attrs["interval_probability"] == 0.5
        assert "interval_probability" not in found["gwsa"].attrs


@pytest.mark.parametrize("interval", [None, 0.5])
def test_bounds_without_their_probability_and_the_reverse_are_refused(tmp_path, interval):
    bounds = (None, None) if interval else (slab(0), slab(0))
    with pytest.raises(ValueError, match="together or not at all"), FieldWriter(tmp_path / "fine.nc", GRID) as writer:
        writer.append(MONTHS[0], slab(0), None, *bounds, interval=interval)


def test_one_file_holds_bounds_of_one_probability(tmp_path):
    path = write(tmp_path / "fine.nc")
    before = path.read_bytes()

    def append(writer, *pairs):
        with writer:
            for month, interval in pairs:
                writer.append(np.datetime64(month), slab(0), slab(0), slab(0), slab(0), interval=interval)

    with pytest.raises(ValueError, match=r"interval 0\.5\) cannot follow .*interval 0\.9"):
        append(FieldWriter(path, GRID), ("2003-01", 0.9), ("2003-02", 0.5))
    with pytest.raises(
        BadInput, match=r"expected a variable gwsa_lower that is the lower bound of the 50 % .*'lower bound of the 90 %"
    ):
        append(FieldWriter.continuing(path, GRID), ("2003-01", 0.5))
    assert path.read_bytes() == before


def test_only_what_is_given_is_written(tmp_path):
    with FieldWriter(tmp_path / "fine.nc", GRID) as writer:
        writer.append(MONTHS[0], slab(0))
    with xr.open_dataset(tmp_path / "fine.nc") as found:
        assert "gwsa_sigma" not in found
        assert "ancillary_variables" not in found["gwsa"].attrs


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write(tmp_path / "fine.nc", MONTHS[:1])
    before = path.read_bytes()

    def fail_half_way():
        with FieldWriter(path, GRID) as writer:
            for k, month in enumerate(np.arange("2002-01", "2006-01", dtype="datetime64[M]")):
                writer.append(month, slab(k))
                if k == 30:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_months_and_shapes_are_refused(tmp_path):
    def append(*months, shape=GRID.shape):
        with FieldWriter(tmp_path / "fine.nc", GRID) as writer:
            for month in months:
                writer.append(month, np.zeros(shape))

    with pytest.raises(ValueError, match="cannot follow"):
        append(MONTHS[1], MONTHS[0])
    with pytest.raises(GridMismatch, match="3 × 3 cells"):
        append(MONTHS[0], shape=(3, 3))
    with pytest.raises(BadInput, match="at least one month"):
        append()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_gives_a_sentence(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadInput, match="write elsewhere"):
        write(tmp_path / "taken" / "fine.nc")


def test_a_write_that_fails_gives_a_sentence_and_leaves_nothing(tmp_path):
    """The limit on file size stands in for a disk that fills up while fields are being written."""
    program = textwrap.dedent(f"""
        import resource, signal
        import numpy as np
        from gwkeras.core.errors import BadInput
        from gwkeras.core.grid import Grid
        from gwkeras.fields.writing.writer import FieldWriter
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        rng, grid = np.random.default_rng(0), Grid.covering(0, 20, 0, 20, 0.25)
        try:
            with FieldWriter({str(tmp_path / "fine.nc")!r}, grid) as writer:
                for month in np.arange("2002-01", "2010-01", dtype="datetime64[M]"):
                    writer.append(month, rng.normal(size=grid.shape))
        except BadInput as error:
            assert "write elsewhere" in str(error), error
            raise SystemExit(error.exit_code)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("gwkeras.fields.writing.writer.shutil.disk_usage", lambda path: type("Usage", (), {"free": 0})())

    def refuse(*arguments, **options):
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(netCDF4, "Dataset", refuse)
    with pytest.raises(BadInput, match="full disk"):
        write(tmp_path / "fine.nc")


def test_months_wait_on_disk_and_come_out_the_same(tmp_path, monkeypatch):
    """Groups of two months, kept in a file as soon as there is a byte: nothing but the file is left."""
    monkeypatch.setattr("gwkeras.fields.writing.writer._GROUP_BYTES", 2 * 4 * 4 * 24)
    monkeypatch.setattr("gwkeras.fields.writing.writer._BUFFER_BYTES", 1)
    months = np.arange("2002-01", "2002-08", dtype="datetime64[M]")
    with xr.open_dataset(write(tmp_path / "fine.nc", months)) as found:
        assert found["gwsa"].encoding["chunksizes"][0] == 2
        for name, change in (("gwsa", 0.0), ("gwsa_lower", -5.0)):
            np.testing.assert_array_equal(found[name], np.stack([slab(k) for k in range(7)]) + change)
    assert [p.name for p in tmp_path.iterdir()] == ["fine.nc"]


def test_a_globe_is_chunked_for_time_series_and_maps(tmp_path):
    """225 months of 1440 × 2880 cells: a point's series and a month's map both take fewer than 300 chunks of about 1 MiB."""
    globe = Grid.covering(-90, 90, -180, 180, 0.125)
    with FieldWriter(tmp_path / "fine.nc", globe) as writer:
        writer.append(MONTHS[0], np.zeros(globe.shape, np.float32))
    with netCDF4.Dataset(tmp_path / "fine.nc") as file:
        months, rows, cols = file["gwsa"].chunking()
    assert months * rows * cols * 4 <= 2**20
    assert -(-225 // months) < 50
    assert -(-1440 // rows) * -(-2880 // cols) < 500


def test_a_file_without_flags_is_not_continued_with_them(tmp_path):
    path = write(tmp_path / "fine.nc")
    before = path.read_bytes()
    with pytest.raises(BadInput, match="gwsa_quality"), FieldWriter.continuing(path, GRID) as writer:
        writer.append(np.datetime64("2003-01"), slab(0), slab(0), slab(0), slab(0), np.zeros(GRID.shape, np.uint8), 0.9)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="cannot follow"), FieldWriter.continuing(path, GRID) as writer:
        writer.append(MONTHS[-1], slab(0), slab(0), slab(0), slab(0), interval=0.9)
