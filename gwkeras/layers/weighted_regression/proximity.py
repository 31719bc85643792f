"""How near a row is to each of some reference points, in space and in time."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="gwkeras")
class Proximity(keras.layers.Layer):
    """Distances to reference points, one of each kind: (‖(u − r)[columns]‖ − centre) / scale.

    GNNWR's weights follow from distances in space (Du et al. 2020, doi 10.1080/13658816.2019.1707834), GTNNWR's from distances in
    space and in time (Wu et al. 2021, doi 10.1080/13658816.2020.1775836). There every training row is a reference; here some
    points stand for all, so that memory does not grow with the square of the rows.

    Args:
        references: (reference, d) coordinates.
        kinds: columns of the coordinates that each kind of distance is taken over.
        centres: of each kind of distance, subtracted.
        scales: of each kind of distance, divided by.
    Input shape: (batch, ..., d).
    Output shape: (batch, ..., reference, kind).

    >>> import numpy as np
    >>> layer = Proximity([[0.0, 0.0, 5.0]], kinds=[[0, 1], [2]], centres=[0.0, 0.0], scales=[1.0, 2.0])
    >>> np.asarray(layer(np.array([[3.0, 4.0, 1.0]], "float32"))).tolist()
    [[[5.0, 2.0]]]
    """

    def __init__(self, references, kinds, centres, scales, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.references = [[float(value) for value in point] for point in references]
        self.kinds = [[int(column) for column in columns] for columns in kinds]
        self.centres, self.scales = [float(c) for c in centres], [float(s) for s in scales]

    def call(self, coordinates):
        found = []
        for columns, centre, scale in zip(self.kinds, self.centres, self.scales, strict=True):
            squares = 0.0
            for column in columns:
                points = ops.convert_to_tensor([point[column] for point in self.references], dtype=self.compute_dtype)
                squares = squares + ops.square(coordinates[..., column, None] - points)
            found.append((ops.sqrt(squares) - centre) / scale)
        return ops.stack(found, axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], len(self.references), len(self.kinds))

    def get_config(self):
        own = {"references": self.references, "kinds": self.kinds, "centres": self.centres, "scales": self.scales}
        return {**super().get_config(), **own}
