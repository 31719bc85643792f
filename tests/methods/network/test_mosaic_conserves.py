"""Mosaics of tiles against one pass over the domain, and what becomes of the standard error."""

import numpy as np
import pytest

from gwkeras.core.grid import Grid
from gwkeras.fields.grids.interpolation import conserve
from gwkeras.methods.network.mosaic import Mosaic
from gwkeras.methods.updates.interpolation import conserved_sigma
from tests.methods.worlds import as_method, make_domain, make_network


@pytest.mark.parametrize("kind", ["default", "paper"])
def test_tiles_of_any_size_give_what_one_pass_gives(kind):
    """The bar: 0.01 mm. The domain is no multiple of the network's stride."""
    network, config = make_network(kind)
    domain = make_domain(43, 70)
    whole = as_method(network, config, tile=4096)
    assert len(whole.tiles(domain, domain.land > 0)) == 1
    one_pass = whole.predict(domain, domain.months[1])
    assert np.nanstd(one_pass.mean) > 10
    for tile in (1, 7, 16, 40):
        tiled = as_method(network, config, tile=tile).predict(domain, domain.months[1])
        for name in ("mean", "sigma"):
            np.testing.assert_allclose(getattr(tiled, name), getattr(one_pass, name), atol=0.01, rtol=0)
    cheapest = as_method(network, config, cells_at_once=50 * 50).predict(domain, domain.months[1])
    np.testing.assert_allclose(cheapest.mean, one_pass.mean, atol=0.01, rtol=0)


def test_a_halo_of_one_stride_less_leaves_a_trace():
    """The halo is not merely large: with less than it needs, tiles differ from one pass."""
    network, config = make_network("paper", unet=(4, 6))
    domain = make_domain(40, 40)
    one_pass = as_method(network, config, tile=4096).predict(domain, domain.months[1]).mean
    short = as_method(network, config, tile=8)
    short = as_method(network, config, tile=8, halo=(short.reach - 1) // 2 * 2 - 2).predict(domain, domain.months[1]).mean
    assert np.nanmax(np.abs(short - one_pass)) > 0.01


@pytest.mark.slow
def test_tiles_of_the_paper_s_network():
    """8.2 million weights: tiles of 32 cells within a halo of 56, on a domain of 96 × 120 cells."""
    network, config = make_network("paper", convlstm=(64, 64), unet=(64, 128, 256, 512), factor=4, memory=6)
    domain = make_domain(96, 120, factor=4, memory=6)
    options = {"factor": 4, "memory": 6}
    one_pass = as_method(network, config, tile=4096, **options).predict(domain, domain.months[1])
    method = as_method(network, config, tile=64, **options)
    assert len(method.tiles(domain, domain.land > 0)) == 4
    tiled = method.predict(domain, domain.months[1])
    assert np.nanstd(one_pass.mean) > 5
    np.testing.assert_allclose(tiled.mean, one_pass.mean, atol=0.01, rtol=0)
    np.testing.assert_allclose(tiled.sigma, one_pass.sigma, atol=0.01, rtol=0)


def test_the_globe_has_no_seam():
    """Turning the globe by 180° turns the result: nothing marks the first and the last column."""
    network, config = make_network("paper")
    domain = make_domain(24, 48, step=7.5, west=-180.0, south=-90.0)
    assert domain.coarse.is_periodic
    for tile in (0, 8, 24):
        found = as_method(network, config, tile=tile).predict(domain, domain.months[1]).mean
        turned = as_method(network, config, tile=tile).predict(_turned(domain, 24), domain.months[1]).mean
        np.testing.assert_allclose(np.roll(found, 48, axis=1), turned, atol=0.01)


def test_a_part_is_the_same_cells_of_the_whole():
    network, config = make_network()
    domain = make_domain(40, 40)
    whole = as_method(network, config, tile=8).predict(domain, domain.months[0])
    part = as_method(network, config, tile=8).predict(domain, domain.months[0], (slice(5, 20), slice(11, 30)))
    inside = (slice(10, 40), slice(22, 60))
    np.testing.assert_allclose(part.mean[inside], whole.mean[inside], atol=0.01)
    outside = np.ones_like(part.mean, bool)
    outside[inside] = False
    assert np.isnan(part.mean[outside]).all()


def test_ocean_is_not_computed():
    """Land in one corner of 64 × 64 cells: the network sees one tile."""
    domain = make_domain(64, 64, sea=0.0)
    domain.storage[:, 8:, :] = np.nan
    domain.storage[:, :, 8:] = np.nan
    seen = []
    method = _constant(seen, tile=8)
    predicted = method.predict(domain, domain.months[0])
    assert [x["gwsa"].shape for x in seen] == [(1, 16, 16, 1)]
    assert np.isfinite(predicted.mean).sum() == 16 * 16


def test_tiles_come_in_batches():
    seen = []
    method = _constant(seen, tile=8, cells_at_once=3 * 16 * 16, halo=4)
    whole_land = make_domain(64, 64, sea=0.0)
    method.predict(whole_land, whole_land.months[0])
    assert [x["gwsa"].shape[0] for x in seen] == [3] * 21 + [1]


def test_blended_standard_error_is_that_of_errors_that_go_together():
    """Two tiles with σ = 3 and 5: midway σ = 4, the least that can be promised (Minkowski), not 2.9 as if independent."""
    domain = make_domain(4, 16, sea=0.0)

    def run(inputs):
        batch, height, width = inputs["gwsa"].shape[:3]
        west = inputs["longitude"][:, :1] < domain.coarse.lon[2]
        variance = np.where(west, 9.0, 25.0)[:, :, None, None] * np.ones((batch, 2 * height, 2 * width, 1))
        return {"mean": np.zeros_like(variance), "variance": variance}

    found = Mosaic(run, 1, reach=20, tile=8, halo=2, conserving=False).predict(domain, domain.months[0]).sigma
    # Fine cells of half a coarse cell: weights of the eastern tile are 1/16, 3/16, … over four coarse cells around the border.
    east = (np.arange(8) + 0.5) / 8
    np.testing.assert_allclose(found[3], [*[3.0] * 12, *(3 + 2 * east), *[5.0] * 12], rtol=1e-6)


def test_conservation_takes_the_common_error_away_from_sigma():
    """Monte Carlo: independent errors of unequal σ on cells of unequal land, shifted block by block to the coarse value."""
    rng = np.random.default_rng(0)
    grid, factor = Grid(40.0, 0.0, 0.5, 0.5, 4, 4), 2
    land = rng.uniform(0.1, 1.0, grid.shape)
    sigma = rng.uniform(1.0, 4.0, grid.shape)
    coarse = rng.normal(size=(2, 2))
    truth = conserve(rng.normal(size=grid.shape), coarse, grid, factor, land)
    draws = truth + sigma * rng.normal(size=(40_000, *grid.shape))
    errors = conserve(draws, coarse, grid, factor, land) - truth
    np.testing.assert_allclose(conserved_sigma(sigma, grid, factor, land), errors.std(axis=0), rtol=0.02)


def test_conserving_afterwards_keeps_missing_cells_out():
    grid = Grid(0.0, 0.0, 1.0, 1.0, 2, 2)
    found = conserved_sigma(np.array([[2.0, np.nan], [np.nan, np.nan]]), grid, 2, np.ones((2, 2)))
    assert found[0, 0] == 0.0  # the only cell of its block is known exactly once the block is
    assert np.isnan(found).sum() == 3


def test_conserving_leaves_sigma_as_the_network_states_it():
    network, config = make_network()
    domain = make_domain(16, 16)
    plain = as_method(network, config, conserving=False).predict(domain, domain.months[0])
    inside = as_method(network, config).predict(domain, domain.months[0])
    np.testing.assert_array_equal(plain.sigma, inside.sigma)
    np.testing.assert_allclose(plain.mean, inside.mean, atol=1e-3)
    coarse = domain.storage_of(domain.months[0])
    blocks = domain.fine.block_mean(inside.mean, domain.factor, domain.land_fine)
    np.testing.assert_allclose(blocks[np.isfinite(coarse)], coarse[np.isfinite(coarse)], atol=1e-4)


def _constant(seen: list, **options) -> Mosaic:
    def run(inputs):
        seen.append(inputs)
        batch, height, width = inputs["gwsa"].shape[:3]
        ones = np.ones((batch, 2 * height, 2 * width, 1))
        return {"mean": ones, "variance": ones}

    return Mosaic(run, 4, **{"reach": 4, **options})


def _turned(domain, columns):
    from dataclasses import replace

    def turn(layer, cells):
        channels = {name: np.roll(values, cells, axis=-1) for name, values in layer.channels.items()}
        static = {name: np.roll(values, cells, axis=-1) for name, values in layer.static.items()}
        return replace(layer, channels=channels, static=static, land=np.roll(layer.land, cells, axis=-1))

    return replace(
        domain,
        coarse_drivers=turn(domain.coarse_drivers, columns),
        fine_drivers=turn(domain.fine_drivers, columns * domain.factor),
        storage=np.roll(domain.storage, columns, axis=-1),
    )


def test_another_factor_has_the_same_weights():
    """Factor 3 from a network built for 2: the field is refined, and its coarse means hold."""
    from gwkeras.methods.network.trained import _at_factor

    network, config = make_network(factor=2)
    domain = make_domain(16, 16, factor=3)
    found = as_method(_at_factor(network, 3), config, factor=3).predict(domain, domain.months[0])
    coarse = domain.storage_of(domain.months[0])
    assert found.mean.shape == (48, 48)
    blocks = domain.fine.block_mean(found.mean, 3, domain.land_fine)
    np.testing.assert_allclose(blocks[np.isfinite(coarse)], coarse[np.isfinite(coarse)], atol=1e-4)
    assert np.nanstd(found.mean - np.repeat(np.repeat(coarse, 3, 0), 3, 1)) > 1
