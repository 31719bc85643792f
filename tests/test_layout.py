"""What every file of the project has to keep: no machine's paths, no hosts of registries, files of a readable length."""

from __future__ import annotations

import ast
import re
import subprocess

import pytest

PLACES = re.compile(
    r"(?<![\w.$}/-])/(work|tmp|farm|home|root|opt|mnt|scratch)/(?!someone|gw\b)\w|pypi\.org|pythonhosted\.org|file:///"
)


@pytest.fixture(scope="module")
def tracked(project_root):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project_root, capture_output=True, text=True, timeout=60, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [project_root / name for name in listed.stdout.split("\0") if name and (project_root / name).is_file()]


def test_no_file_names_a_machine_or_a_registry(tracked, project_root):
    found = []
    for path in tracked:
        if path.name == "test_layout.py" or path.suffix in {".png", ".jpg", ".nc", ".npz", ".keras"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if PLACES.search(line):
                found.append(f"{path.relative_to(project_root)}:{number}: {line.strip()}")
    assert not found


def test_modules_stay_short_and_are_named_for_what_they_hold(tracked, project_root):
    modules = [
        path
        for path in tracked
        if path.suffix == ".py" and path.relative_to(project_root).parts[0] in ("gwkeras", "tfrecords_build")
    ]
    long = {str(path.relative_to(project_root)) for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    assert not long
    assert not {path.name for path in modules} & {"utils.py", "helpers.py", "common.py", "misc.py"}


def test_files_are_renamed_into_place_by_one_room_alone(tracked, project_root):
    """`core/files/whole_file.py` writes beside, syncs, renames; others move what is whole already: folders, shards, downloads."""
    renames = re.compile(r"os\.(replace|rename)\(|\.(replace|rename)\((self\.)?\w*(path|target|to)\b")
    found = {
        str(path.relative_to(project_root))
        for path in tracked
        if path.suffix == ".py"
        and path.relative_to(project_root).parts[0] in ("gwkeras", "tfrecords_build")
        and renames.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "gwkeras/core/files/whole_file.py",
        "gwkeras/download/era5_land.py",
        "gwkeras/export/saved_model.py",
        "tfrecords_build/build.py",
    }


def test_arguments_stand_one_a_line_and_exist(tracked, project_root):
    found = []
    for path in tracked:
        name = str(path.relative_to(project_root))
        if path.suffix != ".py" or not name.startswith(("gwkeras/", "tfrecords_build/")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found += [f"{name}:{node.lineno} {node.name}: {line}" for line in wrong_arguments(node)]
    assert not found


def wrong_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[str]:
    """Lines under `Args:` that do not stand for one parameter of the function or class, or stand for a second one."""
    lines = (ast.get_docstring(node) or "").splitlines()
    parameters = parameters_of(node)
    wrong: list[str] = []
    for start in (k for k, line in enumerate(lines) if line.startswith("Args:")):
        if lines[start] != "Args:":
            wrong.append(lines[start])
        for line in lines[start + 1 :]:
            if not line.startswith("    "):
                break
            entry = re.match(r"    (\*{0,2}\w+): \S", line)
            unknown = entry is None or (parameters and entry[1].lstrip("*") not in parameters)
            second = any(other in parameters for other in re.findall(r"[.;] (\w+): ", line))
            if second or (unknown and not line.startswith("     ")):
                wrong.append(line.strip())
    return wrong


def parameters_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Names of the parameters; of a class those of `__init__`, or its fields. Empty where they are inherited."""
    if isinstance(node, ast.ClassDef):
        start = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
        if start is None:
            fields = {
                part.target.id
                for part in node.body
                if isinstance(part, ast.AnnAssign)
                and isinstance(part.target, ast.Name)
                and "ClassVar" not in ast.dump(part.annotation)
            }
            return set() if node.bases and not fields else fields
        node = start
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *(a for a in (given.vararg, given.kwarg) if a)]
    return {argument.arg for argument in every} - {"self", "cls"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Args:\n    a: one.\n    b: two,\n        on two lines.", []),
        ("Args:\n    a, b: both.", ["a, b: both."]),
        ("Args: a: one.", ["Args: a: one."]),
        ("Args:\n    a: one. b: two.", ["a: one. b: two."]),
        ("Args:\n    a: one.\n    c: is none.\nReturns: c, d: anything.", ["c: is none."]),
    ],
)
def test_what_the_test_of_arguments_sees(text, wrong):
    function = ast.parse(f'def f(a, b):\n    """F.\n\n{text}\n"""'.replace("\n", "\n    ").replace("    def", "def", 1)).body[0]
    assert wrong_arguments(function) == wrong
