"""Configurations and options that cannot be: one sentence."""

from __future__ import annotations

import pytest

from tests.bad_input.refusal import refused


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training: {epoch: 3}", ("training.epoch", "epochs")),
        ("sampel: {factor: 2}", ("sampel", "sample")),
        ("training: {epochs: many}", ("training.epochs", "a whole number", "'many'")),
        ("sample: {factor: 1.5}", ("sample.factor", "a whole number")),
        ("split: {test_share: 1.5}", ("split.test_share", "1.5")),
        ("target: {kind: cubic}", ("target.kind", "bicubic")),
        ("training: [1, 2]", ("training", "a section")),
        ("training: {epochs: 3", ("YAML",)),
        ("- a\n- b", ("mapping",)),
    ],
)
def test_a_wrong_configuration(run, tmp_path, text, words):
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    refused(run(config=file), "wrong.yaml", *words)
    assert not (tmp_path / "out").exists()


def test_wrong_settings(run, tmp_path):
    refused(run("--set", "training.epochs"), "key.path=value")
    refused(run("--set", "training.eposch=3"), "training.eposch", "epochs")
    refused(run(config=tmp_path / "no.yaml"), "no.yaml", "no such file")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "--output", "x", "--target", "cubic"),
        ("run", "--outptu", "x"),
        ("no-such-command",),
        ("build-tfrecords", "--workers", "0"),
        ("twin", "--output", "x", "--seed", "-1"),
        ("demo", "--seed", "a"),
    ],
)
def test_wrong_usage(gwkeras_command, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = gwkeras_command(*arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert not list(tmp_path.iterdir())


def test_a_twin_off_its_grid(gwkeras_command, tmp_path):
    refused(gwkeras_command("twin", "--output", tmp_path / "w", "--south", "15.2"), "region", "0.5° cells")
