import dataclasses

import numpy as np
import pytest
from keras import ops

from gwkeras.core.config.tree import LossConfig
from gwkeras.core.statistics import Statistics
from gwkeras.layers.interpolation import upsample
from gwkeras.losses.composite import composite_loss, regional_block
from gwkeras.losses.storage_change import storage_balance
from tests.gradients import gradient

FACTOR, SIDE = 2, 4
STATISTICS = Statistics(gwsa_std=50.0, net_water_input_std=30.0, storage_change_std=20.0, residual_std=5.0)
CONSTANT = {"gwsa_previous": 95.0, "net_water_input": 30.0, "infiltration_efficiency": 0.25, "land": 1.0}
PHYSICS = ("sign", "magnitude", "regional", "sign_share")


def batch(samples=2, seed=0):
    rng = np.random.default_rng(seed)
    coarse, fine = (samples, SIDE, SIDE, 1), (samples, SIDE * FACTOR, SIDE * FACTOR, 1)
    inputs = {
        "gwsa": 50 * rng.normal(size=coarse),
        "gwsa_previous": 50 * rng.normal(size=coarse),
        "has_previous": np.ones(samples),
        "net_water_input": 30 * rng.normal(size=coarse),
        "infiltration_efficiency": rng.uniform(0.1, 0.5, coarse),
        "land": np.ones(coarse),
        "land_fine": np.ones(fine),
        "latitude": np.tile(10 + 0.5 * np.arange(SIDE), (samples, 1)),
    }
    targets = {"target": 50 * rng.normal(size=fine)}
    outputs = {"mean": 50 * rng.normal(size=fine), "variance": 100 * rng.random(fine) + 1}
    return tuple({name: value.astype("float32") for name, value in part.items()} for part in (inputs, targets, outputs))


def loss(inputs, targets, outputs, config=LossConfig(), statistics=STATISTICS):
    parts = ({name: ops.convert_to_tensor(value) for name, value in part.items()} for part in (inputs, targets, outputs))
    total, terms = composite_loss(*parts, config=config, statistics=statistics, factor=FACTOR, fine_step_degrees=0.25)
    return ops.convert_to_numpy(total), {name: ops.convert_to_numpy(value) for name, value in terms.items()}


def gradient_of_mean(inputs, targets, outputs, config=LossConfig()):
    parts = [{name: ops.convert_to_tensor(value) for name, value in part.items()} for part in (inputs, targets)]

    def total(mean):
        return ops.sum(
            composite_loss(
                *parts,
                {"mean": mean, "variance": ops.convert_to_tensor(outputs["variance"])},
                config=config,
                statistics=STATISTICS,
                factor=FACTOR,
                fine_step_degrees=0.25,
            )[0]
        )

    return gradient(total, outputs["mean"])


def test_total_is_eq_10_one_value_a_sample():
    config = LossConfig(physics_weight=0.3, sign_weight=2.0, magnitude_weight=3.0, regional_weight=5.0, smoothness_weight=0.7)
    total, terms = loss(*batch(), config)
    assert total.shape == (2,)
    expected = (
        terms["data"] + 0.3 * (2 * terms["sign"] + 3 * terms["magnitude"] + 5 * terms["regional"]) + 0.7 * terms["smoothness"]
    )
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    alone, _ = loss(*({name: value[1:] for name, value in part.items()} for part in batch()), config)
    np.testing.assert_allclose(alone, total[1:], rtol=1e-5)


@pytest.mark.parametrize("data", ["nll", "beta_nll", "crps"])
def test_missing_targets_count_nothing_and_poison_nothing(data):
    inputs, targets, outputs = batch()
    config = LossConfig(data=data)
    targets["target"][:, :3] = np.nan
    before, _ = loss(inputs, targets, outputs, config)
    found = gradient_of_mean(inputs, targets, outputs, dataclasses.replace(config, physics_weight=0.0, smoothness_weight=0.0))
    assert np.isfinite(found).all()
    assert not found[:, :3].any()
    assert found[:, 3:].all()
    targets["target"][:] = np.nan
    total, terms = loss(inputs, targets, outputs, config)
    assert np.isfinite(before).all()
    assert np.isfinite(total).all()
    assert not terms["data"].any()


def test_sea_cells_and_their_values_do_not_matter():
    inputs, targets, outputs = batch()
    inputs["land_fine"][:, :, :3] = 0
    inputs["land"][:, :, :1] = 0
    before = loss(inputs, targets, outputs)
    for name in ("mean", "variance"):
        outputs[name][:, :, :3] += 77
    targets["target"][:, :, :3] -= 1e4
    for name in ("gwsa_previous", "net_water_input"):
        inputs[name][:, :, :1] = -55
    after = loss(inputs, targets, outputs)
    np.testing.assert_allclose(after[0], before[0], rtol=1e-6)
    assert not gradient_of_mean(inputs, targets, outputs)[:, :, :3].any()


def test_padding_does_not_matter():
    inputs, targets, outputs = batch()
    inputs["gwsa_previous"] *= 0
    before, _ = loss(inputs, targets, outputs)
    for part in (inputs, targets, outputs):
        for name, value in part.items():
            if value.ndim == 4:
                pad = 2 if value.shape[1] == SIDE else 2 * FACTOR
                part[name] = np.pad(
                    value, ((0, 0), (0, pad), (0, pad), (0, 0)), constant_values=np.nan if name == "target" else 0
                )
    outputs["variance"] += 1e-3
    inputs["latitude"] = np.tile(10 + 0.5 * np.arange(SIDE + 2, dtype="float32"), (2, 1))
    after, _ = loss(inputs, targets, outputs)
    np.testing.assert_allclose(after, before, rtol=1e-3)


def test_a_missing_previous_month_leaves_by_weight():
    inputs, targets, outputs = batch()
    inputs["has_previous"][1] = 0
    _, terms = loss(inputs, targets, outputs)
    for name in PHYSICS:
        assert terms[name][0] > 0
        assert terms[name][1] == 0
    assert (terms["data"] != 0).all()
    physics_only = LossConfig(smoothness_weight=0.0, physics_weight=1.0)
    targets["target"][:] = np.nan
    found = gradient_of_mean(inputs, targets, outputs, physics_only)
    assert found[0].any()
    assert not found[1].any()


def test_unknown_water_input_leaves_the_cell():
    inputs, targets, outputs = batch()
    inputs["infiltration_efficiency"][:, 0] = 0
    before = loss(inputs, targets, outputs)[1]
    inputs["net_water_input"][:, 0] = 1e3
    after = loss(inputs, targets, outputs)[1]
    for name in PHYSICS:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6)
    inputs["infiltration_efficiency"][:] = 0
    assert not any(loss(inputs, targets, outputs)[1][name].any() for name in PHYSICS)


def test_storage_change_is_prediction_minus_interpolated_previous_month():
    inputs, _, outputs = batch()
    inputs["gwsa_previous"][:] = 7.0
    mean = ops.convert_to_tensor(outputs["mean"])
    balance = storage_balance({name: ops.convert_to_tensor(value) for name, value in inputs.items()}, mean, FACTOR)
    np.testing.assert_allclose(ops.convert_to_numpy(balance.storage_change), outputs["mean"] - 7, atol=1e-4)
    expected = np.repeat(np.repeat(inputs["net_water_input"] * inputs["infiltration_efficiency"], FACTOR, 1), FACTOR, 2)
    np.testing.assert_allclose(ops.convert_to_numpy(balance.infiltration), expected, rtol=1e-6)


def test_an_unknown_previous_cell_spreads_no_false_change():
    """Storage of 95 mm everywhere and at all times, a column of it unknown at t − 1: there is no change.

    Keys' kernel has 0.38965 at 0.625 cells: with 0 mm in the unknown column its neighbours would show 37.0 mm at factor 4.
    The column itself is out of the mask.
    """
    side, factor, unknown = 8, 4, 3
    fine = (1, side * factor, side * factor, 1)
    inputs = {name: np.full((1, side, side, 1), value, "float32") for name, value in CONSTANT.items()}
    inputs["gwsa_previous"][:, :, unknown] = inputs["infiltration_efficiency"][:, :, unknown] = 0.0
    inputs["land_fine"] = np.ones(fine, "float32")
    tensors = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    balance = storage_balance(tensors, ops.convert_to_tensor(np.full(fine, 95.0, "float32")), factor)
    change, mask = ops.convert_to_numpy(balance.storage_change), ops.convert_to_numpy(balance.mask)
    assert (~mask).sum() == side * factor * factor
    assert not mask[:, :, unknown * factor : (unknown + 1) * factor].any()
    np.testing.assert_allclose(change[mask], 0.0, atol=1e-4)


def test_a_known_previous_cell_without_water_input_is_not_filled():
    """α = 0 for want of P − ET says nothing about storage: the cell's own 40 mm stay, as at t."""
    inputs = {name: np.full((1, SIDE, SIDE, 1), value, "float32") for name, value in CONSTANT.items()}
    inputs["gwsa_previous"][:, 1, 1], inputs["infiltration_efficiency"][:, 1, 1] = 40.0, 0.0
    inputs["land_fine"] = np.ones((1, SIDE * FACTOR, SIDE * FACTOR, 1), "float32")
    mean = upsample(inputs["gwsa_previous"], FACTOR, "bicubic")
    balance = storage_balance({name: ops.convert_to_tensor(value) for name, value in inputs.items()}, mean, FACTOR)
    np.testing.assert_allclose(ops.convert_to_numpy(balance.storage_change), 0.0, atol=1e-4)


def test_shifting_all_of_the_storage_change():
    inputs, targets, outputs = batch()
    config = LossConfig(centred=True)
    before = loss(inputs, targets, outputs, config)[1]
    shifted = {**outputs, "mean": outputs["mean"] + 10}
    after = loss(inputs, targets, shifted, config)[1]
    for name in ("magnitude", "smoothness"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-4)
    both = loss(
        {**inputs, "gwsa_previous": inputs["gwsa_previous"] + 10}, {"target": targets["target"] + 10}, shifted, LossConfig()
    )[1]
    for name, value in loss(inputs, targets, outputs)[1].items():  # a change of baseline changes nothing at all
        np.testing.assert_allclose(both[name], value, rtol=1e-4, err_msg=name)


def test_units_of_the_record_do_not_matter():
    inputs, targets, outputs = batch()
    before = loss(inputs, targets, outputs)[0]
    for name in ("gwsa", "gwsa_previous", "net_water_input"):
        inputs[name] *= 100
    scaled = Statistics(gwsa_std=5000.0, net_water_input_std=3000.0, storage_change_std=2000.0, residual_std=500.0)
    after = loss(
        inputs,
        {"target": targets["target"] * 100},
        {"mean": outputs["mean"] * 100, "variance": outputs["variance"] * 1e4},
        statistics=scaled,
    )[0]
    np.testing.assert_allclose(after, before, rtol=1e-4)


def test_the_targets_own_error_adds_to_the_variance():
    inputs, targets, outputs = batch()
    config = LossConfig(data="nll")
    with_sigma = loss(inputs, {**targets, "target_sigma": np.full_like(targets["target"], 3.0)}, outputs, config)[1]["data"]
    wider = loss(inputs, targets, {**outputs, "variance": outputs["variance"] + 9}, config)[1]["data"]
    np.testing.assert_allclose(with_sigma, wider, rtol=1e-5)


def test_regions_of_the_papers_size():
    assert regional_block(LossConfig(), 0.125) == 32
    assert regional_block(LossConfig(regional_block_degrees=0.1), 0.25) == 1
