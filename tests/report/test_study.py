"""Tables 6 and 7 from what `gwkeras ablate` leaves in its folder."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gwkeras.core.config.tree import Config, SampleConfig
from gwkeras.core.config.yaml_file import write_config
from gwkeras.core.errors import BadInput
from gwkeras.report.document import Table
from gwkeras.report.sections.paper.variants import ablation, memory
from gwkeras.report.stored.study import full_run_of, is_study, read_study
from gwkeras.report.writing import write_whole_report
from tests.report.stored import write_run

HEAD = "kind,variant,seed,metric,value\n"
FIGURES = """\
interpolation,bilinear,,mae,0.5
network,full,0,mae,2.0
network,full,0,physics,3.0
network,full,0,minutes,40
network,full,1,mae,2.5
network,full,1,physics,3.2
network,full,1,minutes,44
network,without physics,0,mae,2.5
network,without physics,1,mae,2.6
network,12 months,0,mae,1.5
network,1 month,0,mae,3.0
network,1 month,0,minutes,30
"""


@pytest.fixture
def study(tmp_path):
    """A study of two parts and three memories; `full` remembers six months."""
    folder = tmp_path / "study"
    for seed in (1, 0):
        run = folder / "full" / f"seed-{seed}"
        evaluation = write_run(run, "tiny")
        write_config(replace(Config(), name="tiny", sample=replace(SampleConfig(), months=6)), run / "config.yaml")
        told = {"judged_by": "the fine truth at 0.5°", "held_out": "2 held-out months", "answer": evaluation.digest}
        (run / "scores.json").write_text(json.dumps(told))
    (folder / "ablation.csv").write_text(HEAD + FIGURES)
    return folder, evaluation


def table_of(section) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table))


def test_parts_are_the_sixth_table(study):
    """Changes by seed are +25 % and +4 %: mean 14.5, standard deviation 10.5 · √2; MAE 2 and 2.5: 2.25 ± 0.5 / √2."""
    folder, evaluation = study
    section = ablation(evaluation, ("tiny",), read_study(folder))
    assert section.title == "Table 6: parts left out"
    table = table_of(section)
    assert table.headings == ("variant", "seeds", "MAE mm", "change", "physics loss")
    assert table.rows == (
        ("bilinear", "", "0.50", "", "–"),
        ("full", "2", "2.25 ± 0.35", "–", "3.10 ± 0.14"),
        ("without physics", "2", "2.55 ± 0.07", "+14.5 ± 14.8 %", "–"),
    )
    assert table.name == "table_6"


def test_memories_are_the_seventh_by_length(study):
    folder, evaluation = study
    table = table_of(memory(evaluation, ("tiny",), read_study(folder)))
    assert table.headings == ("memory", "seeds", "MAE mm", "change", "physics loss", "training, minutes")
    assert table.rows == (
        ("bilinear", "", "0.50", "", "–", "–"),
        ("1 month", "1", "3.00", "+50.0 %", "–", "30.0"),
        ("6 months (full)", "2", "2.25 ± 0.35", "–", "3.10 ± 0.14", "42.0 ± 2.8"),
        ("12 months", "1", "1.50", "-25.0 %", "–", "–"),
    )


def test_a_study_judged_unlike_the_run_is_told(study):
    folder, evaluation = study
    found = read_study(folder)
    assert "Scored against the fine truth at 0.5°, 2 held-out months." in ablation(evaluation, ("a",), found).blocks[0].lines[0]
    assert "errors cannot be compared" not in ablation(evaluation, ("a",), found).blocks[0].lines[0]
    unlike = replace(found, digest="other")
    assert "so errors cannot be compared with theirs" in memory(evaluation, ("a",), unlike).blocks[0].lines[0]


def test_a_study_of_parts_alone_says_so(study):
    folder, evaluation = study
    (folder / "ablation.csv").write_text(HEAD + "network,full,0,mae,2.0\nnetwork,without x,0,mae,2.0\n")
    said = memory(evaluation, ("tiny",), read_study(folder)).blocks[0].lines[0]
    assert said.startswith("The study has one length of memory.")


def test_its_first_full_run_is_reported(study):
    folder, _ = study
    assert is_study(folder)
    assert not is_study(folder / "full" / "seed-0")
    assert full_run_of(folder) == folder / "full" / "seed-0"


@pytest.mark.slow
def test_a_study_alone_and_beside_a_run(study, tmp_path):
    folder, _ = study
    page = write_whole_report([folder], folder).document.read_text(encoding="utf-8")
    assert "| 6 months (full) | 2 | 2.25 ± 0.35 | – | 3.10 ± 0.14 | 42.0 ± 2.8 |" in page
    assert (folder / "tables" / "table_7.csv").is_file()
    write_run(tmp_path / "run", "valley")
    written = write_whole_report([tmp_path / "run", folder], tmp_path / "run")
    assert "# valley\n" in written.document.read_text(encoding="utf-8")
    assert "| without physics | 2 |" in written.document.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ("network,full,0,mae,much\n", "could not convert string to float"),
        ("network,full,0,mae,nan\n", "mae of full is nan"),
        ("network,other,0,mae,1.0\n", "expected scores of 'full', found other"),
    ],
)
def test_a_damaged_study_is_refused(study, gwkeras_command, figures, found):
    folder, _ = study
    (folder / "ablation.csv").write_text(HEAD + figures)
    answer = gwkeras_command("report", folder)
    assert answer.code == 2
    assert found in answer.sentences[0]
    assert answer.sentences[0].endswith("; give gwkeras ablate again.")


def test_what_cannot_be_one_report_is_refused(study, tmp_path, gwkeras_command):
    folder, _ = study
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "ablation.csv").write_text(HEAD)
    answer = gwkeras_command("report", folder, tmp_path / "second")
    assert (answer.code, answer.sentences) == (
        2,
        ["gwkeras: gwkeras report: expected one study of gwkeras ablate at most, found 2; report each by itself."],
    )
    with pytest.raises(BadInput, match="expected a study whose full configuration has been scored, found none"):
        full_run_of(tmp_path / "second")
