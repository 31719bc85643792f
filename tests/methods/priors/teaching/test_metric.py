"""The metric: errors that cells share are whitened away like any other."""

import numpy as np

from gwkeras.methods.priors.teaching.metric import Metric
from gwkeras.methods.updates.kriging.covariance.mixture import LENGTHS_KM, Covariance


def test_errors_that_cells_share_are_part_of_their_covariance():
    east = np.array([0.0, 100.0, 300.0])
    where = np.stack([np.full(3, 6371.0), east, np.zeros(3)], axis=1)
    apart = np.abs(east[:, None] - east)
    storage = 9.0 * np.mean([np.exp(-(apart**2) / (2 * length**2)) for length in LENGTHS_KM], axis=0)  # slope 0: all alike
    shared = np.outer([3.0, 1.0, 0.0], [3.0, 1.0, 0.0])
    (whitener,) = Metric.of((where,), (np.full(3, 0.5),), Covariance(9.0, 0.0), 0.0, (shared,)).whiteners
    assert np.allclose(whitener @ (storage + 0.5 * np.eye(3) + shared) @ whitener.T, np.eye(3), atol=1e-4)
