"""The twin filters by exp(−ln 2 (d / r)²), independently of H: how far apart the two are follows from θ = r / R."""

import numpy as np

from gwkeras.core.grid import EARTH_RADIUS_KM, Grid
from gwkeras.observation.operator import Observation
from gwkeras.observation.point_spread import PointSpread
from gwkeras.twin.satellite import gaussian_filter

RADIUS = 250.0
THETA = RADIUS / EARTH_RADIUS_KM


def test_at_twice_the_radius_jekelis_weight_is_greater_by_ln2_theta_squared():
    """2^(−2 (1 + cos θ)) against 2^(−4): the ratio is 2^(2 (1 − cos θ)) = 1 + ln 2 θ² + O(θ⁴)."""
    ratio = PointSpread.gaussian(RADIUS).weight(2 * RADIUS) / 2.0**-4
    np.testing.assert_allclose(ratio - 1, np.log(2) * THETA**2, rtol=THETA**2)


def test_fields_differ_by_less_than_the_kernels():
    """With t = (d / r)² the exponents differ by ln 2 · t (t − 1) θ² / 12, to leading order; weighted by 2^(−t) dt over the plane,
    |difference| is on average at most L² (2 / L³ − 1 / L² + 1/3) θ² / 12, L = ln 2. A mean of values within ±1 then changes by at
    most twice that, and by twice the weight of the rows beyond 4 r, erfc(4 √L) = 2.5e-6, which the twin leaves out.
    """
    grid = Grid(20, 60, 0.5, 0.5, 40, 40)
    field, land = np.random.default_rng(8).uniform(-1, 1, grid.shape), np.ones(grid.shape)
    twins = gaussian_filter(grid, field[None], land, RADIUS)[0]
    ours = Observation(grid, 1, land, PointSpread.gaussian(RADIUS))(field)
    log = np.log(2)
    kernels = log**2 * (2 / log**3 - 1 / log**2 + 1 / 3) * THETA**2 / 12
    np.testing.assert_allclose(ours, twins, rtol=0, atol=2 * (kernels + 2.5e-6))
