"""Tiles as sets of cells: cores share the domain out, windows hold halos, offsets keep the network's stride."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gwkeras.methods.network.tiles import Axis, best_tiles, tiles

AXES = st.builds(Axis, st.integers(1, 200), st.booleans())


@given(axis=AXES, core=st.integers(1, 90), halo=st.integers(0, 40), divisor=st.sampled_from([1, 2, 4, 8]))
def test_cores_share_out_the_axis_and_windows_hold_them_with_their_halo(axis, core, halo, divisor):
    spans = axis.spans(core, halo, divisor)
    owner = np.zeros(axis.cells, int)
    whole = -(-axis.cells // divisor) * divisor
    for span in spans:
        owner[span.first : span.last] += 1
        assert span.first % divisor == span.start % divisor == span.length % divisor == 0
        low, high = span.first - halo, span.last + halo
        if not axis.periodic:
            low, high = max(low, 0), min(high, whole)
            assert 0 <= span.start
            assert span.start + span.length <= whole
        assert span.start <= low
        assert high <= span.start + span.length
    assert (owner == 1).all()
    assert len({span.length for span in spans}) == 1


@given(axis=AXES, parts=st.integers(1, 5), blend=st.integers(0, 6), factor=st.integers(1, 4))
def test_weights_of_all_tiles_add_up_to_one(axis, parts, blend, factor):
    core = max(2 * blend, -(-axis.cells // parts), 1)
    spans = axis.spans(core, blend, 1)
    if spans[-1].last - spans[-1].first < 2 * blend and len(spans) > 1:
        return  # a last core narrower than its ramps; `Mosaic` divides by the sum of the weights for its sake
    total = np.zeros(axis.cells * factor)
    for span in spans:
        domain, window, weights = axis.footprint(span, blend, factor)
        assert (weights > 0).all()
        assert window.min() >= 0
        assert window.max() < span.length * factor
        np.add.at(total, domain, weights)
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


def test_linear_ramp_by_hand():
    """Cores of four cells, blended over one cell on each side of the border at four, at half cells."""
    axis = Axis(8)
    left, right = axis.spans(4, 1, 1)
    domain, _, weights = axis.footprint(left, 1, 2)
    np.testing.assert_array_equal(domain, np.arange(10))
    np.testing.assert_allclose(weights[6:], [0.875, 0.625, 0.375, 0.125])
    np.testing.assert_allclose(axis.footprint(right, 1, 2)[2][:4], [0.125, 0.375, 0.625, 0.875])


def test_ocean_tiles_are_left_out():
    land = np.zeros((40, 60), bool)
    land[3, 3] = land[35, 50] = True
    assert {tile.core[0].start for tile in tiles((Axis(40), Axis(60)), land, 10, 4, 2)} == {0, 30}
    assert best_tiles((Axis(40), Axis(60)), np.zeros((40, 60), bool), 4, 2, 10_000) == []


def test_best_tiles_are_cheaper_than_any_square_ones_of_their_size():
    rng = np.random.default_rng(0)
    land = np.zeros((180, 360), bool)
    for row, col in rng.integers(0, (140, 300), (6, 2)):
        land[row : row + 30, col : col + 40] = True
    axes = Axis(180), Axis(360, periodic=True)
    best = best_tiles(axes, land, 20, 8, 12_000)
    assert max(tile.cells for tile in best) <= 12_000
    for core in (8, 16, 32, 64):
        square = tiles(axes, land, core, 20, 8)
        if square[0].cells <= 12_000:
            assert sum(t.cells for t in best) <= sum(t.cells for t in square)
