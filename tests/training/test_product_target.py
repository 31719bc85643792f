"""A network that is taught through H on the product: what it holds of the product, and what is said where it stands alone."""

from __future__ import annotations

import numpy as np
import pytest

from gwkeras.core.config.yaml_file import load_config
from gwkeras.core.errors import BadInput, ConfigError
from gwkeras.domain.opening import open_domain
from gwkeras.pipeline.experiment import Experiment
from gwkeras.pipeline.files import with_files
from gwkeras.training.run_folder import RunFolder

TAUGHT = (
    "target.kind=product",
    "model.kind=prior",
    "data.point_spread={kind: gaussian, half_weight_km: 60}",
    "training.epochs=4",
    "training.learning_rate=0.01",
    "training.batch_size=4",
    "methods=[{prior: network, update: kriging}]",
)


@pytest.mark.slow
def test_what_the_product_shows_of_it_is_nearer_to_the_product_than_nothing_is(tiny_world, tmp_path):
    config = with_files(
        load_config(tiny_world["config"], TAUGHT),
        gwsa=[tiny_world["gwsa"]],
        climate=[tiny_world["climate"]],
        static=[tiny_world["static"]],
    )
    experiment = Experiment(config, RunFolder(tmp_path))
    manifest = experiment.build()
    assert manifest.point_spread.half_weight_km == 60.0
    assert manifest.samples_of("coarser") == 0
    trained = experiment.train()
    assert "gwsa" not in {tensor.name for tensor in trained.network.inputs}
    domain = open_domain(experiment.fields, config, tmp_path / "cache", experiment.split)
    method = experiment.fit(config.methods[0], domain)
    missed, shown = [], []
    for month in experiment.training(domain).months:
        seen = domain.observation(np.nan_to_num(method.prior.predict(domain, month).mean))
        known = np.isfinite(seen) & np.isfinite(domain.storage_of(month))
        missed.append(domain.storage_of(month)[known] - seen[known])
        shown.append(domain.storage_of(month)[known])
    assert np.std(np.concatenate(missed)) < 0.9 * np.std(np.concatenate(shown))
    found = method.predict(domain, domain.months[3])
    assert np.isfinite(found.mean).any()
    assert (found.sigma[np.isfinite(found.mean)] > 0).all()
    with pytest.raises(BadInput, match=r"an update behind a network that has not seen the product"):
        Experiment(
            load_config(None, ["target.kind=product", "model.kind=prior", "methods=[{prior: network}]"]), experiment.run
        ).export()


@pytest.mark.parametrize("one", ["target.kind=product", "model.kind=prior"])
def test_target_and_model_go_together(one):
    with pytest.raises(ConfigError, match=r"prior where target\.kind is 'product', and nowhere else"):
        load_config(None, [one])
