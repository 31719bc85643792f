"""Which domains an experiment has, and that a sample of a coarse domain is what direct computation gives."""

from dataclasses import replace

import numpy as np
import pytest

from gwkeras.core.config.tree import Config, DataConfig, RegionConfig, SampleConfig, SourceConfig, TargetConfig
from gwkeras.core.errors import BadInput, ConfigError, GridMismatch, MissingMonths
from gwkeras.core.grid import Grid
from gwkeras.core.months import from_month_number
from gwkeras.domain.covariates import Covariate
from gwkeras.domain.opening import divide_record, open_domain, open_domains
from gwkeras.fields.grids.interpolation import upsample
from gwkeras.fields.record import read_fields
from tests.fields.in_memory import CLIMATE_FIRST, PRODUCT, STORAGE_MONTHS, fields_map, make_fields, record
from tests.fixtures import centres, write_g3p


def config(kind="coarsen", factor=2, months=3, data=None, **sample) -> Config:
    given = {"covariates": ("elevation", "temperature_mean_2")} | sample
    sample_config = SampleConfig(months=months, factor=factor, **given)
    return Config(data=DataConfig(**data or {}), sample=sample_config, target=TargetConfig(kind))


def test_one_scale_for_each_shift_of_the_coarsening(tmp_path):
    """8 × 9 cells by 2: every shift leaves blocks. One scale up, at most 4 × 4 cells are too few for 3 × 3 blocks of 2."""
    domains = open_domains(make_fields(), config(), tmp_path)
    assert [s.fine_origin for s in domains.train] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [s.coarse.shape for s in domains.train] == [(4, 4), (4, 4), (3, 4), (3, 4)]
    for domain in domains.train:
        row, col = domain.fine_origin
        assert domain.fine.is_close(PRODUCT.window(row, col, *domain.fine.shape))
    assert domains.coarser == ()
    # 12 × 13 -> 6 × 6 or 5 × 6 by any of four shifts; at least 3 × 3 blocks of 2 × 2 fit at one shift of the two unshifted rows.
    larger = open_domains(make_fields(Grid(10.0, 100.0, 0.5, 0.5, 12, 13)), config(), tmp_path).coarser
    assert [s.coarse.shape for s in larger] == [(3, 3), (3, 3)]
    assert [s.coarse.lat_step for s in larger] == [2.0, 2.0]
    assert [s.coarse.west for s in larger] == [100.0, 100.5]


def test_one_scale_up_cells_weigh_by_their_share_of_land(tmp_path):
    """The mean over a block of blocks is the mean over all its land cells, not the mean of the blocks' means."""
    fields = make_fields(Grid(10.0, 100.0, 0.5, 0.5, 12, 12))
    fields.gwsa.values[:, :2, :3] = np.nan  # a block of sea, and half a block
    domain = open_domains(fields, config(), tmp_path).coarser[0]
    cells = fields.gwsa.values[0, :4, :4]
    area = np.cos(np.deg2rad(fields.grid.lat[:4]))[:, None] * np.isfinite(cells)
    assert domain.storage[0, 0, 0] == pytest.approx(np.average(np.nan_to_num(cells), weights=area), abs=1e-3)
    assert domain.land[0, 0] == pytest.approx(10 / 16, abs=2e-3)


@pytest.mark.parametrize("kind", ["bicubic", "coarsen"])
def test_months_with_storage_and_a_whole_climate_sequence(tmp_path, kind):
    fields = make_fields(climate_first=0)
    domain = open_domains(fields, config(kind, months=6), tmp_path).train[0]
    np.testing.assert_array_equal(domain.months, from_month_number([5, 6, 30, 31, 35]))
    np.testing.assert_array_equal(domain.record.months, from_month_number(STORAGE_MONTHS))
    assert domain.storage_of(domain.months[0])[1, 1] == domain.storage[3][1, 1]
    assert [domain.previous_of(m) is None for m in domain.months] == [True, False, True, False, True]
    with pytest.raises(MissingMonths, match=r"expected 37 consecutive months .* found climate of 2002-01 … 2005-04"):
        open_domains(fields, config(kind, months=37), tmp_path)


def test_a_sample_of_the_coarse_scale_by_loops(tmp_path):
    """Storage, climate, covariates, land and target of shift (1, 1), from fields whose climate lies on the product's cells."""
    fields = make_fields(climate_grid=PRODUCT)
    fields.gwsa.values[:, 5, 5] = np.nan
    fields.gwsa.values[4, 2, 2] = np.nan
    domain = open_domains(fields, config(), tmp_path).train[3]
    month = np.datetime64("2002-07")
    sample = domain.sample(month, 0, 0, 3, 4)
    now = 6 - CLIMATE_FIRST
    storage, rain, warmth = fields.gwsa.values[4], *(fields.climate[n].values for n in ("precipitation", "temperature"))
    seen = np.isfinite(fields.gwsa.values).any(axis=0)
    for i in range(3):
        for j in range(4):
            rows, cols = np.ix_([1 + 2 * i, 2 + 2 * i], [1 + 2 * j, 2 + 2 * j])
            area = np.cos(np.deg2rad(PRODUCT.lat[rows])) * np.ones((1, 2))
            land = area * seen[rows, cols]
            known = np.isfinite(storage[rows, cols])
            expected = np.average(storage[rows, cols][known], weights=land[known])
            assert sample["gwsa"][i, j, 0] == pytest.approx(expected, abs=1e-3)
            before = fields.gwsa.values[3][rows, cols]
            held = np.isfinite(before)
            assert sample["gwsa_previous"][i, j, 0] == pytest.approx(np.average(before[held], weights=land[held]), abs=1e-3)
            assert sample["land"][i, j, 0] == pytest.approx(land.sum() / area.sum(), rel=1e-5)
            for step in range(3):
                for k, values in enumerate((rain, warmth)):
                    mean = np.average(values[now - 2 + step][rows, cols], weights=land)
                    assert sample["climate"][step, i, j, k] == pytest.approx(mean, rel=1e-5)
    np.testing.assert_allclose(sample["land_fine"][..., 0], seen[1:7, 1:9])
    target = domain.target(month, 0, 0, 3, 4)[..., 0]
    np.testing.assert_array_equal(target, storage[1:7, 1:9])
    two_months = warmth[now - 1 : now + 1].mean(axis=0)[1:7, 1:9]
    np.testing.assert_allclose(sample["covariates_fine"][..., 1], np.where(seen[1:7, 1:9], two_months, 0), rtol=1e-6)
    heights = PRODUCT.refine(4).block_mean(fields.static["elevation"].values, 4)[1:7, 1:9]
    np.testing.assert_allclose(sample["covariates_fine"][..., 0], np.where(seen[1:7, 1:9], heights, 0), rtol=1e-5)
    np.testing.assert_allclose(domain.fine.block_mean(target, 2, domain.land_fine), sample["gwsa"][..., 0], atol=1e-3)


def test_a_block_with_little_data_in_a_month_is_missing_in_it(tmp_path):
    """Of four cells of land, two with data make half of the area (enough by default), one does not."""
    fields = make_fields()
    fields.gwsa.values[1, 0, :2] = np.nan  # southern row: the larger half by a hair
    fields.gwsa.values[2, 1, :2] = np.nan  # northern row
    fields.gwsa.values[3, 1, :2] = fields.gwsa.values[3, 0, 0] = np.nan
    fields.gwsa.values[:, 2:4, :2] = np.nan  # sea
    fields.gwsa.values[:, 2, 0] = 5.0  # but for one cell
    half = open_domains(fields, config(), tmp_path).train[0].storage
    assert np.isfinite(half[:5, 0, 0]).tolist() == [True, False, True, False, True]
    np.testing.assert_allclose(half[:, 1, 0], 5.0)
    any_share = open_domains(fields, config(data={"minimum_valid_share": 0.0}), tmp_path).train[0].storage
    assert any_share[3, 0, 0] == pytest.approx(fields.gwsa.values[3, 0, 1])


def test_bicubic_scale(tmp_path):
    fields = make_fields()
    fields.gwsa.values[:, 3, 3] = np.nan
    domain = open_domain(fields, config("bicubic", factor=4), tmp_path)
    assert open_domains(fields, config("bicubic", factor=4), tmp_path).coarser == ()
    assert domain.fine.is_close(PRODUCT.refine(4))
    for month in (0, 5):
        expected = upsample(fields.gwsa.values[month], 4, "bicubic")
        np.testing.assert_allclose(domain.target(domain.months[month], 0, 0, 8, 9)[..., 0], expected, rtol=1e-5)
    assert domain.land[3, 3] == 0
    assert domain.land.sum() == 8 * 9 - 1
    sample = domain.sample(domain.months[0], 0, 0, 8, 9)
    land = sample["land_fine"][..., 0] > 0
    np.testing.assert_allclose(sample["covariates_fine"][..., 0], np.where(land, fields.static["elevation"], 0))
    assert open_domain(fields, config("coarsen", factor=4), tmp_path).fine_target is None


def test_reference_scale(tmp_path):
    """The reference on cells half as large as the target's is averaged over them; months that it lacks have no target."""
    fields = make_fields()
    grid = PRODUCT.refine(4)
    months = [m for m in STORAGE_MONTHS if m != 5]
    values = np.random.default_rng(1).normal(size=(len(months), *grid.shape))
    values[:, :2, :2] = np.nan
    fields = replace(fields, reference=record(grid, months, values))
    domain = open_domains(fields, config("reference"), tmp_path).train[0]
    expected = grid.block_mean(values[1], 2)
    np.testing.assert_allclose(domain.target(domain.months[1], 0, 0, 8, 9)[..., 0], expected, rtol=1e-4, atol=1e-6)
    assert np.isnan(domain.target(domain.months[3], 0, 0, 8, 9)).all()
    assert domain.land_fine[0, 0] == 0  # the first field with gaps says where land is
    assert domain.land_fine.sum() == 16 * 18 - 1
    for reference, message in (
        (None, "data.reference: expected a fine field to learn"),
        (record(PRODUCT, months, values[:, ::4, ::4]), r"data\.reference: expected cells of at most 0.25°"),
        (record(grid, [300, 301], values[:2]), "data.reference: expected months in common with the product"),
    ):
        with pytest.raises(BadInput, match=message):
            open_domains(replace(fields, reference=reference), config("reference"), tmp_path)


def test_land_is_the_user_s_own_where_given(tmp_path):
    """A product cell without any land is taken as land as a whole; the coarse share is the mean of the fine ones."""
    fine = PRODUCT.refine(2)
    share = np.ones(fine.shape)
    share[:2, :2], share[0, 2] = 0.0, 0.5
    domain = open_domain(make_fields(land=fields_map(fine, share)), config("bicubic"), tmp_path)
    share[:2, :2] = 1.0
    np.testing.assert_array_equal(domain.land_fine, share.astype(np.float32))
    assert domain.land[0, 0] == 1.0
    assert domain.land[0, 1] == pytest.approx(0.875, abs=1e-4)


def test_a_region_s_product_cell_with_neither_land_nor_data_is_sea(tmp_path):
    """Else the filter would average over the sea. A cell of the product whose land the map misses is land as a whole."""
    share = np.ones(PRODUCT.refine(2).shape)
    share[:2, :4] = 0.0  # two product cells, of which the product knows the second
    fields = make_fields(land=fields_map(PRODUCT.refine(2), share))
    fields.gwsa.values[:, 0, 0] = np.nan
    domain = open_domain(fields, config("bicubic"), tmp_path)
    np.testing.assert_array_equal(domain.land_fine[:2, :4], [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(domain.land[0, :3], [0, 1, 1])
    np.testing.assert_array_equal(domain.observation.land[:2, :4], [[0, 0, 1, 1]] * 2)


def test_derived_channels_may_be_climate_channels(tmp_path):
    names = ("net_water_input", "temperature", "evapotranspiration")
    domain = open_domain(make_fields(), config("bicubic", climate=names), tmp_path)
    assert domain.climate_channels == names
    water, _, loss = np.moveaxis(domain.climate_of(domain.months[3]), -1, 0)
    rain = domain.coarse_drivers.channels["net_water_input"][:] + domain.coarse_drivers.channels["evapotranspiration"][:]
    now = STORAGE_MONTHS[3] - CLIMATE_FIRST
    np.testing.assert_allclose(water + loss, rain[now - 2 : now + 1], rtol=1e-6)
    np.testing.assert_allclose(domain.sample(domain.months[3], 0, 0, 8, 9)["net_water_input"][..., 0], water[-1])
    assert open_domain(make_fields(), config("bicubic"), tmp_path).climate_channels == ("precipitation", "temperature")
    without = config("bicubic", climate=("evapotranspiration",), data={"evapotranspiration": "none"})
    with pytest.raises(BadInput, match=r"sample\.climate: expected channels among precipitation, temperature, found 'evapotr"):
        open_domain(make_fields(), without, tmp_path)
    with pytest.raises(BadInput, match="found 'rain'"):
        open_domain(make_fields(), config("bicubic", climate=("rain",)), tmp_path)


def test_automatic_covariates_are_static_fields_and_channels_that_show_detail(tmp_path):
    fields = make_fields(channels=("precipitation", "temperature", "soil_moisture"))
    coarse_soil = make_fields(climate_grid=PRODUCT, channels=("soil_moisture",)).climate["soil_moisture"]
    fields = replace(fields, climate=fields.climate | {"soil_moisture": coarse_soil})
    wanted = config("bicubic", covariates=("auto", "soil_moisture_mean_2"))
    names = open_domain(fields, wanted, tmp_path).covariates
    assert names[0] == "elevation"
    assert {"precipitation_anomaly_48", "net_water_input_anomaly_1", "temperature_anomaly_12"} < set(names)
    assert names[-1] == "soil_moisture_mean_2"
    assert not any(name.startswith("soil_moisture_anomaly") for name in names)
    assert open_domain(fields, config("bicubic", covariates=()), tmp_path).fine_covariates == ()
    with pytest.raises(ConfigError, match="found 'slope'"):
        open_domain(fields, config("bicubic", covariates=("slope",)), tmp_path)


def test_storage_alone(tmp_path):
    """Without climate every month with storage is used, whatever the memory; only static covariates can be had."""
    domain = open_domain(make_fields(channels=()), config("bicubic", months=6, covariates=("auto",)), tmp_path)
    assert len(domain.months) == len(STORAGE_MONTHS)
    assert domain.fine_covariates == (Covariate("elevation", "elevation", "static"),)
    sample = domain.sample(domain.months[0], 0, 0, 8, 9)
    assert sample["climate"].shape == (6, 8, 9, 0)
    assert not sample["infiltration_efficiency"].any()


def test_a_region_too_small_to_coarsen(tmp_path):
    with pytest.raises(GridMismatch, match="at least 10 × 10 product cells to coarsen by 5, found 8 × 9"):
        open_domains(make_fields(), config(factor=5), tmp_path)


def test_a_region_too_small_to_coarsen_is_open_to_methods_that_need_no_coarsening(tmp_path):
    domain = open_domain(make_fields(), config(factor=5), tmp_path)
    assert (domain.fine.n_lat, domain.fine.n_lon) == (40, 45)
    assert divide_record(make_fields(), config(factor=5), tmp_path).train_months


def test_the_globe_stays_periodic_where_the_coarsening_fills_it(tmp_path):
    globe = Grid(-90.0, -180.0, 15.0, 15.0, 12, 24)
    fields = make_fields(globe, climate_grid=globe, channels=("precipitation",), static={})
    domains = open_domains(fields, config(covariates=()), tmp_path)
    assert [(s.fine_origin, s.coarse.is_periodic) for s in domains.train] == [
        ((0, 0), True),
        ((0, 1), False),
        ((1, 0), True),
        ((1, 1), False),
    ]
    domain = domains.train[2]
    across = domain.sample(domain.months[0], 1, 11, 2, 3)["gwsa"][..., 0]
    np.testing.assert_allclose(across, domain.storage[0][1:3][:, [11, 0, 1]])
    np.testing.assert_array_equal(
        domain.target(domain.months[0], 1, 11, 2, 3)[..., 0], domain.fine_target[0, 3:7, [22, 23, 0, 1, 2, 3]].T
    )


def test_what_a_product_of_the_globe_never_shows_is_no_land(tmp_path):
    """Climate has data at sea, too; of a region's product a hole is a hole, and the filter sees what lies in it."""
    globe = Grid(-90.0, -180.0, 15.0, 15.0, 12, 24)
    for grid, expected in ((globe, 0.0), (Grid(-90.0, -180.0, 15.0, 15.0, 12, 20), 1.0)):
        fields = make_fields(grid, climate_grid=grid, channels=("precipitation",), static={})
        fields.gwsa.values[:, 3, 5:8] = np.nan
        fields.gwsa.values[1, 7, 9] = np.nan  # a month's gap
        domain = open_domain(fields, config("product", covariates=()), tmp_path)
        np.testing.assert_array_equal(domain.land_fine[6:8, 10:16], expected)
        assert domain.land_fine.sum() == domain.land_fine.size - 12 * (1 - expected)
        assert domain.land.sum() == domain.land.size - 3


def test_regions_and_months_of_the_same_files_never_share_an_array(tmp_path):
    lat, lon = centres(10.25, 0.5, 12), centres(100.25, 0.5, 12)
    months = [str(np.datetime64("2002-04", "M") + k) for k in range(6)]
    path = write_g3p(tmp_path / "g3p.nc", months, lat, lon, np.random.default_rng(0).normal(size=(6, 12, 12)))
    options: list[dict] = [
        {},
        {"region": RegionConfig(10, 15, 100, 106)},
        {"region": RegionConfig(11, 16, 100, 106)},
        {"first_month": "2002-05"},
        {"last_month": "2002-08"},
        {"coarsen_product": 2},
    ]
    paths = set()
    for chosen in options:
        data = DataConfig(gwsa=SourceConfig((str(path),)), **chosen)
        domain = open_domain(read_fields(data), replace(config("bicubic", covariates=()), data=data), tmp_path / "cache")
        paths.add(domain.storage.path)
    assert len(paths) == len(options)
