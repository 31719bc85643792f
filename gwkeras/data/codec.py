"""Sample <-> serialised tf.train.Example: writing and reading in one file, so that they cannot drift apart.

Every feature is one bytes value of little-endian float32. The message is put together here byte by byte: the lengths are
the same for every sample of a build, so all but the numbers is a constant, and a building process need not load
TensorFlow (5 s and 400 MB each).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from gwkeras.core.errors import BadInput
from gwkeras.core.schema import Feature, SampleShape, features

if TYPE_CHECKING:
    import tensorflow as tf

_DTYPE = np.dtype("<f4")


@dataclass(frozen=True)
class Codec:
    """Encodes and decodes the samples of one build.

    Args:
        shape: what the build's samples hold; features and their order come from core/schema.py.
    """

    shape: SampleShape

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        return features(self.shape)

    @cached_property
    def sample_bytes(self) -> int:
        """Length of one encoded sample, the same for all."""
        return sum(len(prefix) + _nbytes(f, self.shape) for f, prefix in zip(self.features, self._prefixes, strict=True))

    def encode(self, sample: Mapping[str, np.ndarray]) -> bytes:
        """One sample as a serialised tf.train.Example.

        Args:
            sample: feature name -> array of exactly the schema's shape.
        Raises: BadInput: where a feature is missing, not in the schema, or of another shape.
        """
        if sample.keys() != {f.name for f in self.features}:
            raise BadInput(
                "sample",
                expected=f"the features {', '.join(f.name for f in self.features)}",
                found=", ".join(sample),
                remedy="see core/schema.py",
            )
        parts = []
        for feature, prefix in zip(self.features, self._prefixes, strict=True):
            values = np.asarray(sample[feature.name], dtype=_DTYPE)
            if values.shape != feature.shape(self.shape):
                raise BadInput(
                    f"sample feature {feature.name}",
                    expected=f"shape {feature.shape(self.shape)}",
                    found=str(values.shape),
                    remedy="see core/schema.py",
                )
            parts += [prefix, values.tobytes()]
        return b"".join(parts)

    def decode(self, serialised: tf.Tensor) -> dict[str, tf.Tensor]:
        """Serialised samples, (batch,) strings, as feature name -> (batch, ...) float32; runs inside a tf.data graph."""
        import tensorflow as tf  # here, because `encode` runs in many processes that never decode

        columns = tf.io.parse_example(serialised, {f.name: tf.io.FixedLenFeature([], tf.string) for f in self.features})
        batch = tf.shape(serialised)[0]
        return {
            f.name: tf.ensure_shape(
                tf.reshape(tf.io.decode_raw(columns[f.name], tf.float32, little_endian=True), (batch, *f.shape(self.shape))),
                (None, *f.shape(self.shape)),
            )
            for f in self.features
        }

    def inputs_and_targets(self, batch: Mapping[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Divides a decoded batch into what the model sees and what it should say."""
        targets = {f.name for f in features(self.shape, "target")}
        return (
            {name: v for name, v in batch.items() if name not in targets},
            {name: v for name, v in batch.items() if name in targets},
        )

    @cached_property
    def _prefixes(self) -> tuple[bytes, ...]:
        """What stands before each feature's numbers in the message; the first also opens the Example."""
        entries = [_entry_prefix(f.name, _nbytes(f, self.shape)) for f in self.features]
        body = sum(len(prefix) + _nbytes(f, self.shape) for f, prefix in zip(self.features, entries, strict=True))
        return (_field(1, body) + entries[0], *entries[1:])  # Example.features = 1


def _nbytes(feature: Feature, shape: SampleShape) -> int:
    return prod(feature.shape(shape)) * _DTYPE.itemsize


def _entry_prefix(name: str, nbytes: int) -> bytes:
    """Features.feature = 1 {key = 1: name, value = 2: Feature {bytes_list = 1: BytesList {value = 1: ...}}}."""
    value = _field(1, nbytes)
    bytes_list = _field(1, len(value) + nbytes) + value
    entry = _field(1, len(name.encode())) + name.encode() + _field(2, len(bytes_list) + nbytes) + bytes_list
    return _field(1, len(entry) + nbytes) + entry


def _field(number: int, length: int) -> bytes:
    """Tag and length of a length-delimited protocol buffer field."""
    out = bytearray([number << 3 | 2])
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)
