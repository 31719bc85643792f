"""`gwkeras downscale` given wrong input: one sentence, exit code 2, nothing written."""

import pytest

RUN = ("--run", "nowhere")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*RUN, "--append", "--overwrite"), "one of --append and --overwrite"),
        ((*RUN,), "a run folder with config.yaml"),
        ((*RUN, "--model", "a", "--server", "b:1"), "a folder or a server"),
    ],
)
def test_wrong_options_are_one_sentence(gwkeras_command, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    answer = gwkeras_command("downscale", *arguments)
    assert answer.code == 2
    assert sentence in " ".join(answer.sentences)
    assert "Traceback" not in answer.err
    assert not list(tmp_path.rglob("*.nc"))


def test_a_file_that_exists_is_refused_before_anything_is_read(gwkeras_command, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text("name: tiny\n")
    (run / "gwsa_fine.nc").write_text("precious")
    answer = gwkeras_command("downscale", "--run", run)
    assert answer.code == 2
    assert "--overwrite or --append" in answer.err
    assert (run / "gwsa_fine.nc").read_text() == "precious"
