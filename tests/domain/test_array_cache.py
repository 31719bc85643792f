"""Arrays on disk: computed once, in blocks, whole or not at all."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from gwkeras.domain import array_cache
from gwkeras.domain.array_cache import cached_array


def test_what_is_on_disk_is_not_computed_again(tmp_path):
    calls = []

    def compute(part):
        calls.append(part)
        return np.arange(24.0).reshape(4, 2, 3)[part]

    first, second = (cached_array(tmp_path / "new", ["a", 1], (4, 2, 3), compute) for _ in range(2))
    np.testing.assert_array_equal(first.values, np.arange(24.0).reshape(4, 2, 3))
    np.testing.assert_array_equal(second[1:3, 0], [[6, 7, 8], [12, 13, 14]])
    assert calls == [slice(0, 4)]
    assert first.path == second.path
    assert first.values.dtype == np.float32
    assert not first.values.flags.writeable


def test_another_key_or_shape_is_another_file(tmp_path):
    made = [cached_array(tmp_path, key, shape, lambda part: 0.0) for key in ("a", "b", ["a"]) for shape in ((2, 3), (3, 2))]
    assert len({array.path for array in made}) == 6
    assert (
        cached_array(tmp_path, {"x": 1, "y": 2}, (1, 1), lambda part: 0.0).path
        == cached_array(tmp_path, {"y": 2, "x": 1}, (1, 1), lambda part: 0.0).path
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_blocks_are_bounded_by_what_is_read_and_what_is_written(tmp_path, monkeypatch, axis):
    monkeypatch.setattr(array_cache, "_BLOCK_BYTES", 4 * 100)
    whole = np.random.default_rng(0).normal(size=(10, 12, 5)).astype(np.float32)
    sizes: list[int] = []

    def compute(part):
        sizes.append(part.stop - part.start)
        return whole[(slice(None),) * axis + (part,)]

    written = cached_array(tmp_path, "written", whole.shape, compute, axis=axis)
    np.testing.assert_array_equal(written.values, whole)
    # A step along the first axis is 60 values, along the second 50: one and two steps make up to 100.
    assert sizes == ([1] * 10 if axis == 0 else [2] * 6)
    sizes.clear()
    read = cached_array(tmp_path, "read", whole.shape, compute, axis=axis, step_bytes=4 * 90)
    np.testing.assert_array_equal(read.values, whole)
    assert sizes == [1] * whole.shape[axis]


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(array_cache, "_BLOCK_BYTES", 8)

    def compute(part):
        if part.start:
            raise ZeroDivisionError
        return 1.0

    with pytest.raises(ZeroDivisionError):
        cached_array(tmp_path, "a", (4, 2), compute)
    assert not list(tmp_path.iterdir())
    np.testing.assert_array_equal(cached_array(tmp_path, "a", (4, 2), lambda part: 2.0).values, np.full((4, 2), 2.0))


def test_a_full_disk_is_an_error_and_no_signal(tmp_path):
    """A limit on the file size stands in for a disk that is full; nothing is computed for it."""
    program = f"""
import resource, sys
from pathlib import Path
from gwkeras.core.errors import disk_is_full
from gwkeras.domain.array_cache import cached_array
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
try:
    cached_array(Path({str(tmp_path)!r}), "a", (8, 2**18), lambda part: sys.exit("computed"))
except OSError as error:
    sys.exit(40 + disk_is_full(error))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 41, done.stderr
    assert not list(tmp_path.iterdir())


def test_the_disk_is_claimed_before_anything_is_computed(tmp_path):
    """A sparse file would have no blocks yet; on a full disk, writing to its map would end the process by SIGBUS."""
    claimed = []

    def compute(part):
        claimed.append(next(tmp_path.glob("*.partial/*")).stat().st_blocks * 512)
        return 0.0

    cached_array(tmp_path, "a", (4, 2**18), compute)
    assert claimed[0] >= 4 * 2**20


def test_a_copy_for_another_process_is_a_path(tmp_path):
    array = cached_array(tmp_path, "a", (50, 1000), lambda part: 3.0)
    assert array.values.sum() == 150_000
    packed = pickle.dumps(array)
    assert len(packed) < 1000
    copy = pickle.loads(packed)
    assert copy.shape == (50, 1000)
    np.testing.assert_array_equal(np.asarray(copy), array.values)
