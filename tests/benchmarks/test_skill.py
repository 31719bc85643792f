"""The table of skill: sets that are never mixed, cells that are made once, medians that are medians."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
import yaml

from benchmarks.skill.child import Limits, run_module
from benchmarks.skill.filling import Filling
from benchmarks.skill.plan import WORLDS, Case, Plan, WrongSet, cases_of_files
from benchmarks.skill.table import Cell, cell_path, read_cells, tables, write_into
from gwkeras.core.config.yaml_file import from_dict
from gwkeras.twin.world import TwinConfig

TREE = """
worlds:
  here: {world: arid-plain, south: 20, north: 24, west: 2, east: 7, fine_step: 0.25, factor: 2, climate_first_month: 2001-01,
         first_month: 2002-04, last_month: 2004-12}
  there: {world: boreal}
  real: {climate: ["{real}/no/such.nc"]}
filters: [250.0, 0.0]
conditions:
  as stated: {}
  filter not named: {filtered: true, stated_times: 0.0}
  filter too wide: {filtered: true, stated_times: 1.15}
  another climate: {other_climate: true}
  noise: {noise_times: 3.0}
  cut: {cut_degrees: 1.0}
sets:
  tuning: {seeds: [0, 1], worlds: [here, real]}
  reporting: {seeds: [10, 11, 12], worlds: [here, there]}
small:
  tuning: [{worlds: [here], seeds: [0]}]
  reporting: [{worlds: [here], seeds: [10], filters: [0.0]}, {worlds: [here, there], seeds: [10, 11], filters: [0.0]}]
methods:
  bicubic again: {prior: none, update: {kind: interpolation, kernel: bicubic}}
  nothing: {prior: none, update: {kind: interpolation, kernel: nearest}}
  default: shipped
  a network: {prior: network, settings: {sample: {months: 6}, model: {kind: prior}}}
usual: [nothing]
run: {sample: {factor: 2, months: 3}, split: {block_share: 0.0, span_months: 4}}
"""


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "worlds.yaml"
    file.write_text(TREE)
    return Plan.read(file)


def kept(output, case, method, share, chosen=None, **more):
    """A cell whose method errs `share` times as much as bicubic's 20 mm."""
    path = output / cell_path(case, method)
    path.parent.mkdir(parents=True, exist_ok=True)
    scores = {
        "bicubic": {"rmse": 20.0, "crps": 10.0},
        "bilinear": {"rmse": 22.0, "crps": 11.0},
        "bicubic + conservation": {"rmse": 19.0, "crps": 9.0},
        method: {"rmse": 20.0 * share, "crps": 5.0, "coverage_90": 0.88},
    }
    seconds = {"train": 0.0, "open": 2.0, "fit": 3.0, "month": 0.1}
    of = {**asdict(case), "set": chosen or case.set}
    about = {"case": of, "method": method, "code": "a", "scores": scores, "seconds": seconds, "peak_gib": 1.0, **more}
    path.write_text(json.dumps(about))


def test_the_shipped_sets_share_no_seed_and_the_reporting_set_has_families_of_its_own():
    tree = Plan.read().tree
    sets = tree["sets"]
    assert sets["tuning"]["seeds"] == [0, 1, 2, 3]
    assert min(sets["reporting"]["seeds"]) >= 10
    assert len(sets["reporting"]["seeds"]) >= 5
    assert len(set(sets["reporting"]["worlds"]) - set(sets["tuning"]["worlds"])) >= 4
    assert set(tree["usual"]) <= set(tree["methods"])
    for name, parts in tree["small"].items():
        for part in parts:
            assert set(part["worlds"]) <= set(sets[name]["worlds"])
            assert set(part["seeds"]) <= set(sets[name]["seeds"])
            assert set(part.get("conditions", [])) <= set(tree["conditions"])


def test_every_shipped_world_and_condition_can_be_made():
    plan = Plan.read()
    for world in plan.tree["worlds"].values():
        TwinConfig.of(**{"world": "basins", **{k: v for k, v in world.items() if k != "climate"}})
    assert yaml.safe_load(WORLDS.read_text())["conditions"].keys() == plan.tree["conditions"].keys()
    for case in plan.cases("reporting", full=True):
        TwinConfig.of("basins", **plan.observed(case))
    for method in plan.tree["methods"]:
        from_dict({**plan.run(method), "methods": [{"name": method, **plan.recipe(method)}]})


@pytest.mark.parametrize(
    ("chosen", "asked", "words"),
    [
        ("tuning", {"seeds": [0, 10]}, "seed 10: not in the tuning set"),
        ("reporting", {"seeds": [1]}, "seed 1: not in the reporting set"),
        ("tuning", {"worlds": ["there"]}, "world there: not in the tuning set"),
        ("tuning", {"worlds": ["nowhere"]}, "'nowhere': not known"),
        ("tuning", {"conditions": ["rain"]}, "condition 'rain': not known"),
    ],
)
def test_two_sets_are_not_mixed(plan, chosen, asked, words):
    with pytest.raises(WrongSet, match=words):
        plan.cases(chosen, **asked)


def test_sets_that_share_a_seed_are_refused(tmp_path):
    file = tmp_path / "worlds.yaml"
    file.write_text(TREE.replace("seeds: [10, 11, 12]", "seeds: [1, 11, 12]"))
    with pytest.raises(WrongSet, match=r"share the seeds \[1\]"):
        Plan.read(file)


def test_cases_by_hand(plan):
    assert [(c.world, c.seed, c.filter_km) for c in plan.cases("reporting")] == [
        ("here", 10, 0.0),
        ("here", 11, 0.0),
        ("there", 10, 0.0),
        ("there", 11, 0.0),
    ]
    # Two worlds and three seeds: six conditions through the filter, four without.
    assert len(plan.cases("reporting", full=True)) == 2 * 3 * (6 + 4)
    # Nobody else's climate can be given to a world of real climate.
    assert not [c for c in plan.cases("tuning", full=True) if c.world == "real" and c.condition == "another climate"]
    assert plan.known_methods([]) == ["nothing"]
    assert plan.recipe("default").keys() == {"prior", "update"}
    with pytest.raises(WrongSet, match="method 'kriging': not known"):
        plan.known_methods(["kriging"])
    case = Case("reporting", "here", 12, 200.0, "filter too wide")
    assert plan.partner(case) == 10
    assert plan.observed(case) == {"gaussian_km": 200.0, "stated_km": pytest.approx(230.0)}


def test_settings_of_a_method_stand_beside_those_of_every_run(plan):
    assert plan.recipe("a network") == {"prior": "network"}
    every = {"sample": {"factor": 2, "months": 3}, "split": {"block_share": 0.0, "span_months": 4}}
    assert plan.run("nothing") == plan.run("default") == every
    assert plan.run("a network") == {**every, "sample": {"factor": 2, "months": 6}, "model": {"kind": "prior"}}


def test_medians_by_hand(tmp_path):
    cases = [Case("reporting", "here", seed, 250.0) for seed in (10, 11, 12)]
    for case, share in zip(cases, (0.7, 0.9, 0.6), strict=True):
        kept(tmp_path, case, "kriging", share)
    noisy = Case("reporting", "here", 10, 250.0, "noise")
    kept(tmp_path, noisy, "kriging", 0.95)
    cells = read_cells(tmp_path, "reporting")
    text = tables("reporting", cells)
    assert "4 cells" in text
    assert "| here, 250 km | 3 | 1.100 (1.100–1.100) | 0.950 (0.950–0.950) | 0.700 (0.600–0.900) |" in text
    assert "| noise; here, 250 km | 1 | 1.100 | 0.950 | 0.950 |" in text
    assert "| kriging | 0.880 (0.880–0.880) | 0.500 (0.500–0.500) | 5 | 0.10 | 1.0 |" in text
    assert "| kriging, something not as stated | 0.880 | 0.500 | 5 | 0.10 | 1.0 |" in text
    assert "states of the code" not in text
    kept(tmp_path, noisy, "kriging", 0.95, code="b")
    assert "2 states of the code" in tables("reporting", read_cells(tmp_path, "reporting"))
    assert not read_cells(tmp_path, "reporting", lambda case, method: case.seed > 12)


def test_a_cell_of_another_set_is_not_tabled(tmp_path):
    case = Case("reporting", "here", 10, 0.0)
    kept(tmp_path, case, "kriging", 0.8, chosen="tuning")
    with pytest.raises(WrongSet, match="a cell of the tuning set among those of the reporting set"):
        read_cells(tmp_path, "reporting")
    with pytest.raises(WrongSet, match="holds one set"):
        tables("tuning", [Cell(case, "kriging", {})])


def test_a_table_replaces_what_stood_between_its_markers(tmp_path):
    page = tmp_path / "skill.md"
    page.write_text("a\n<!-- skill tuning: begin -->\nold\n<!-- skill tuning: end -->\nz\n")
    write_into(page, "tuning", "new")
    write_into(page, "tuning", "newer")
    assert page.read_text() == "a\n<!-- skill tuning: begin -->\n\nnewer\n\n<!-- skill tuning: end -->\nz\n"
    with pytest.raises(SystemExit, match="skill reporting: begin"):
        write_into(page, "reporting", "new")


@pytest.mark.slow
def test_cells_are_measured_once(plan, tmp_path, capsys):
    """Bicubic beside itself errs as much as bicubic; what is there is not measured again, what was ordered otherwise is."""
    cases = plan.cases("tuning", seeds=[0], worlds=["here"], filters=[250.0], conditions=["another climate", "cut"])
    group = [(case, "bicubic again") for case in cases]
    filling = Filling(plan, tmp_path)
    filling.fill(group)
    cells = read_cells(tmp_path, "tuning", filling.there)
    assert [cell.case.condition for cell in cells] == ["another climate", "cut"]
    assert [cell.share() for cell in cells] == pytest.approx([1.0, 1.0], rel=1e-9)
    assert cells[0].share(method="nearest") > 1.0
    assert cells[0].score("rmse") != pytest.approx(cells[1].score("rmse"), rel=1e-6)  # a region cut out is another region
    assert all(cell.found["seconds"]["open"] > 0 and 0.05 < cell.found["peak_gib"] < 4 for cell in cells)
    assert not list((tmp_path / "work").iterdir())

    capsys.readouterr()
    filling.fill(group)
    assert not capsys.readouterr().out
    plan.tree["run"]["split"]["span_months"] = 5
    assert not filling.there(*group[0])


@pytest.mark.parametrize(
    ("module", "limits", "why"),
    [
        (["timeit", "-n1", "-r1", "import time; time.sleep(60)"], {"gib": 0.001}, "more than 0.001 GiB"),
        (["timeit", "-n1", "-r1", "import time; time.sleep(60)"], {"minutes": 0.01}, "more than 0.01 minutes"),
        (["timeit", "-n1", "-r1", "1 / 0"], {}, "ZeroDivisionError: division by zero"),
        (["timeit", "-n1", "-r1", "1 + 1"], {}, ""),
    ],
)
def test_a_cell_that_takes_too_much_or_fails_is_stopped_and_says_so(module, limits, why):
    assert run_module(module, Limits(**limits)) == why


def test_a_cell_that_failed_is_done_again(tmp_path):
    case = Case("tuning", "here", 0, 0.0)
    kept(tmp_path, case, "kriging", 0.8)
    assert Cell.read(tmp_path, case, "kriging") is not None
    kept(tmp_path, case, "kriging", 0.8, failed="more than 4 GiB")
    assert Cell.read(tmp_path, case, "kriging") is None


def test_a_world_of_data_that_are_not_there_is_left_out(plan, tmp_path, capsys):
    missing = Plan(plan.tree, None)
    Filling(missing, tmp_path).fill([(Case("tuning", "real", 0, 0.0), "nothing")])
    assert "real: left out, the real data are not there" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.slow
def test_a_world_that_was_made_elsewhere(plan, tiny_world, tmp_path, capsys):
    """Bicubic beside itself again, on files that no plan knows."""
    cases = cases_of_files([tiny_world["truth"].parent])
    wanted = [(case, "bicubic again") for case in cases]
    Filling(plan, tmp_path).fill(wanted)
    (cell,) = read_cells(tmp_path, "outside")
    assert cell.share() == pytest.approx(1.0, rel=1e-9)
    assert f"| {cases[0].world} | 1 |" in tables("outside", [cell])
    with pytest.raises(SystemExit, match="not all of which are there"):
        cases_of_files([tmp_path])
