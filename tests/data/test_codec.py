"""The codec against TensorFlow's own protocol buffer, and there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gwkeras.core.errors import BadInput
from gwkeras.core.schema import SampleShape, features
from gwkeras.data.codec import Codec

tf = pytest.importorskip("tensorflow")


@st.composite
def shapes(draw: st.DrawFn) -> SampleShape:
    size = st.integers(1, 5)
    return SampleShape(
        months=draw(st.integers(1, 4)),
        height=draw(size),
        width=draw(size),
        factor=draw(st.integers(1, 5)),
        climate=tuple(f"c{i}" for i in range(draw(st.integers(0, 4)))),
        covariates=tuple(f"k{i}" for i in range(draw(st.integers(0, 3)))),
        target_sigma=draw(st.booleans()),
    )


def random_sample(shape: SampleShape, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sample = {f.name: rng.normal(0, 100, f.shape(shape)).astype(np.float32) for f in features(shape)}
    sample["target"][rng.random(sample["target"].shape) < 0.3] = np.nan
    return sample


@settings(max_examples=40, deadline=None)
@given(shape=shapes(), seed=st.integers(0, 2**31))
def test_what_is_encoded_is_decoded(shape, seed):
    codec = Codec(shape)
    samples = [random_sample(shape, seed), random_sample(shape, seed + 1)]
    encoded = [codec.encode(s) for s in samples]
    assert all(len(e) == codec.sample_bytes for e in encoded)
    inputs, targets = codec.inputs_and_targets(codec.decode(tf.constant(encoded)))
    assert set(targets) == {"target", "target_sigma"} & set(samples[0])
    for name, value in {**inputs, **targets}.items():
        np.testing.assert_array_equal(value.numpy(), np.stack([s[name] for s in samples]))


def test_message_is_what_tensorflow_writes():
    """The same message from TensorFlow's protocol buffer classes, whose map field may order features otherwise."""
    shape = SampleShape(2, 3, 4, 2, ("precipitation",), ("elevation",))
    sample = random_sample(shape, 7)
    example = tf.train.Example.FromString(Codec(shape).encode(sample))
    assert set(example.features.feature) == set(sample)
    for name, values in sample.items():
        assert example.features.feature[name].bytes_list.value[:] == [values.astype("<f4").tobytes()]
    assert example.ByteSize() == Codec(shape).sample_bytes


def test_latitude_is_latitude():
    shape = SampleShape(1, 2, 3, 1, ("precipitation",))
    sample = random_sample(shape, 0) | {"latitude": np.float32([10.25, 10.75]), "longitude": np.float32([100.25, 100.75, 101.25])}
    decoded = Codec(shape).decode(tf.constant([Codec(shape).encode(sample)]))
    assert decoded["latitude"].numpy().tolist() == [[10.25, 10.75]]
    assert decoded["longitude"].numpy().tolist() == [[100.25, 100.75, 101.25]]


@pytest.mark.parametrize("change", ["drop", "add", "reshape"])
def test_sample_that_is_not_the_schemas_is_refused(change):
    shape = SampleShape(1, 2, 3, 1, ("precipitation",))
    sample = random_sample(shape, 0)
    if change == "drop":
        del sample["gwsa"]
    elif change == "add":
        sample["surprise"] = np.zeros(1)
    else:
        sample["gwsa"] = sample["gwsa"][:, :, 0]
    with pytest.raises(BadInput):
        Codec(shape).encode(sample)
