"""A network as a prior: block means of 0, and with the update that it was taken from, the network's own field again."""

import numpy as np

from gwkeras.core.error_bars.calibration import Calibration
from gwkeras.core.grid import nearest_upsample
from gwkeras.methods.calibrated import Calibrated
from gwkeras.methods.composition import Composition
from gwkeras.methods.network.detail import NetworkDetail
from gwkeras.methods.updates.interpolation import Interpolation
from tests.methods.worlds import as_method, make_domain, make_network


def test_product_and_detail_are_told_apart():
    domain = make_domain(16, 18, sea=0.2)
    month = domain.months[1]
    alone = Calibrated(as_method(*make_network()), Calibration(2.0, 1.6), "abc")
    prior = NetworkDetail(alone)
    field, detail = alone.predict(domain, month).mean, prior.predict(domain, month).mean
    known = nearest_upsample(np.isfinite(domain.storage_of(month)) & (domain.land > 0), domain.factor) & (domain.land_fine > 0)
    assert np.array_equal(np.isfinite(detail), known)
    assert np.abs(detail[known]).max() > 1.0
    means = domain.observation(detail)
    np.testing.assert_allclose(means[np.isfinite(means)], 0.0, atol=1e-3)
    again = Composition("", prior, Interpolation("bicubic", conserving=True)).predict(domain, month)
    np.testing.assert_allclose(again.mean[known], field[known], atol=1e-3)
    assert prior.digest == f"detail of {alone.digest}"
