"""Standardised maps: weighted over land, clipped, and without those that say nothing."""

import numpy as np
import pytest

from gwkeras.domain.memories.maps import Standard


def test_mean_and_deviation_are_those_over_land():
    weight = np.array([[1.0, 3.0], [0.0, 0.0]])
    standard = Standard.of({"soil": np.array([[1.0, 5.0], [100.0, -7.0]])}, weight)
    assert standard.means == pytest.approx([4.0])  # (1 + 3 · 5) / 4
    assert standard.deviations == pytest.approx([np.sqrt(3.0)])  # (9 + 3 · 1) / 4
    maps = standard({"soil": np.array([[1.0, 5.0], [100.0, -7.0]])})
    assert maps[0] == pytest.approx(np.ones((2, 2)))
    assert maps[1] == pytest.approx(np.array([[-np.sqrt(3), 1 / np.sqrt(3)], [4.0, -4.0]]), abs=1e-6)


def test_constant_maps_and_maps_with_gaps_are_left_out_and_told():
    weight = np.ones((2, 3))
    maps = {
        "flat": np.full((2, 3), 8.0),
        "torn": np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]]),
        "soil": np.arange(6.0).reshape(2, 3),
    }
    standard = Standard.of(maps, weight)
    assert standard.names == ("soil",)
    assert standard.left_out == ("flat is constant", "torn has gaps on land")


def test_products_of_maps_are_maps_in_standard_form_too():
    soil = {"soil": np.array([[-1.0, 0.0, 1.0]]), "sand": np.array([[7.0, 5.0, 9.0]])}
    standard = Standard.of(soil, np.ones((1, 3)), ("soil", "unknown"))
    assert standard.products == (("soil", "soil"),)
    # Standard soil is ∓√1.5 and 0; its square 1.5, 0, 1.5 has mean 1 and deviation √0.5.
    assert standard(soil)[3] == pytest.approx(np.array([[np.sqrt(0.5), -np.sqrt(2), np.sqrt(0.5)]]), abs=1e-6)


def test_the_square_of_a_map_of_two_values_says_nothing_new():
    standard = Standard.of({"lake": np.array([[0.0, 1.0, 0.0, 1.0]])}, np.ones((1, 4)), ("lake",))
    assert standard.products == ()
