"""The files in serving/, read as TF Serving reads them."""

from __future__ import annotations

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow_serving.config import model_server_config_pb2

from gwkeras.core.config.tree import Config

NUMBER, FLAG, TEXT = "google.protobuf.Int64Value", "google.protobuf.BoolValue", "google.protobuf.StringValue"
# session_bundle_config.proto, which tensorflow-serving-api does not contain, by name and type of field.
BATCHING = {
    "max_batch_size": NUMBER,
    "batch_timeout_micros": NUMBER,
    "max_enqueued_batches": NUMBER,
    "num_batch_threads": NUMBER,
    "thread_pool_name": TEXT,
    "enable_large_batch_splitting": FLAG,
    "max_execution_batch_size": NUMBER,
}
FLAGS = {  # of model_servers/main.cc
    "port",
    "rest_api_port",
    "rest_api_timeout_in_ms",
    "enable_batching",
    "allow_version_labels_for_unavailable_models",
    "batching_parameters_file",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "monitoring_config_file",
    "enable_model_warmup",
}


def message(name, fields):
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto", package="test", dependency=["google/protobuf/wrappers.proto"], syntax="proto3"
    )
    kind = file.message_type.add(name=name)
    for number, (field, type_name) in enumerate(fields.items(), 1):
        kind.field.add(name=field, number=number, label=1, type=11, type_name=f".{type_name}")
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"test.{name}"))()


@pytest.fixture(scope="module")
def folder(project_root):
    return project_root / "serving"


def test_models_are_where_export_puts_them(folder):
    config = text_format.Parse((folder / "models.config").read_text(), model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert model.name == Config().name
    assert model.base_path == f"/models/{model.name}"
    assert model.model_platform == "tensorflow"
    served = list(model.model_version_policy.specific.versions)
    assert served == [1]
    assert set(model.version_labels.values()) <= set(served)
    assert "stable" in model.version_labels


def test_batching_has_known_fields_that_fit_together(folder):
    found = text_format.Parse((folder / "batching.config").read_text(), message("Batching", BATCHING))
    assert found.enable_large_batch_splitting.value
    assert found.max_execution_batch_size.value <= found.max_batch_size.value
    # what `gwkeras downscale` sends at once must be let in
    assert found.max_batch_size.value >= 16


def test_the_server_is_started_with_flags_that_it_has_and_files_that_exist(folder):
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    server = services["tensorflow-serving"]
    for argument in server["command"]:
        flag, value = argument.removeprefix("--").split("=")
        assert flag in FLAGS
        if value.startswith("/config/"):
            assert (folder / value.removeprefix("/config/")).is_file()
    assert ".:/config:ro" in server["volumes"]
    assert any(volume.endswith(":/models:ro") for volume in server["volumes"])
    (collector,) = [v for v in services["prometheus"]["volumes"] if v.startswith("./prometheus.yaml:")]
    assert collector.endswith(":ro")


def test_metrics_are_collected_where_the_server_shows_them(folder):
    shown = (folder / "monitoring.config").read_text()
    (job,) = yaml.safe_load((folder / "prometheus.yaml").read_text())["scrape_configs"]
    assert f'enable: true path: "{job["metrics_path"]}"' in shown
    assert job["static_configs"] == [{"targets": ["tensorflow-serving:8501"]}]
