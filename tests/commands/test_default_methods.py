"""The default needs no network; one that is trained later is judged beside the others. On the tiny world, by the commands."""

import json

import pytest
import yaml

from gwkeras.core.config.yaml_file import load_config, load_run_config
from gwkeras.methods.priors.network import NetworkPrior
from tests.tiny import options

STACK = "[{prior: {kind: stack, priors: [{kind: ridge, time_constants: [6], local: false}]}, update: kriging}]"


@pytest.fixture(scope="module")
def config(tiny_world, tmp_path_factory):
    """The tiny configuration with a method that needs no network."""
    tree = yaml.safe_load(tiny_world["config"].read_text()) | {"methods": yaml.safe_load(STACK)}
    tree["training"] |= {"epochs": 1, "scale_transfer": False}
    path = tmp_path_factory.mktemp("default") / "tiny.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def methods_in(run):
    return list(json.loads((run / "summary.json").read_text())["methods"])


@pytest.mark.slow
def test_without_a_network_nothing_is_built_or_trained_until_it_is_asked_for(tiny_world, config, tmp_path, gwkeras_command):
    run, files = tmp_path / "run", options(tiny_world, "gwsa", "climate", "static", "truth")
    done = gwkeras_command("run", *files, "--config", config, "--output", run)
    assert done.code == 0, done.err
    assert "No network was trained, since `methods` has none" in done.out
    assert "Note: stack: ridge 1.00, since ridge is the only member and shrinks itself by held-out product" in done.out
    assert "stack: ridge 1.00" in (run / "report.md").read_text()
    assert [name for name in ("shards", "model.keras", "saved_model", "calibration.json") if (run / name).exists()] == []
    assert (run / "gwsa_fine.nc").exists()
    assert methods_in(run)[4:] == ["stack + kriging"]

    built = gwkeras_command("build-tfrecords", "--config", run / "config.yaml", "--run", run)
    assert built.code == 0, built.err
    assert gwkeras_command("train", "--run", run).code == 0
    judged = gwkeras_command("evaluate", "--run", run)
    assert judged.code == 0, judged.err
    assert [line.split()[1] for line in judged.out.splitlines() if line.startswith("│ model") or "│ stack" in line] == [
        "stack",
        "model",
    ]
    exported = gwkeras_command("export", "--run", run, "--output", tmp_path / "served")
    assert exported.code == 0, exported.err
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
    # The method that is written has nothing to do with the network's calibration.
    (run / "calibration.json").write_text("damaged")
    written = gwkeras_command("downscale", "--run", run, "--overwrite", "--set", "downscale.interval=0.8")
    assert written.code == 0, written.err
    refused = gwkeras_command("downscale", "--run", run, "--overwrite", "--method", "model")
    assert refused.code == 2
    assert "calibration" in refused.err


def test_a_run_folder_from_before_methods_had_names_means_the_network(tmp_path):
    old = tmp_path / "config.yaml"
    old.write_text("name: old\n")
    assert [method.prior for method in load_run_config(old).methods] == [NetworkPrior()]
    assert load_config(old).methods[0].prior.label == "stack"
    old.write_text("methods: [{prior: ridge, update: kriging}]\n")
    assert load_run_config(old) == load_config(old)
