"""What a user gets: a wheel with both packages, the configurations, and a command that answers from any folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import gwkeras


def call(*command: str | Path, cwd: Path, without: tuple[str, ...] = ("PYTHONPATH", "PYTHONHOME")) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in without}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, project_root) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project_root, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Folder of an environment that holds the wheel; what gwkeras needs comes from the running one, gwkeras itself does not."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    call(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder.parent)
    own = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder.parent).strip())
    dependencies = folder.parent / "dependencies"
    dependencies.mkdir()
    for site in {path for path in sys.path if path.endswith("site-packages")}:
        for entry in Path(site).iterdir():
            if not re.match(r"_?(gwkeras|tfrecords_build|editable)|__", entry.name, re.IGNORECASE):
                (dependencies / entry.name).symlink_to(entry)
    (own / "dependencies.pth").write_text(f"{dependencies}\n")
    return folder


@pytest.mark.slow
def test_wheel_holds_both_packages_and_the_configurations(wheel, project_root):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"gwkeras/__init__.py", "gwkeras/py.typed", "gwkeras/core/config/tree.py", "tfrecords_build/py.typed"} <= names
    assert {f"gwkeras/configs/{path.name}" for path in (project_root / "configs").glob("*.yaml")} <= names
    sources = {
        path.relative_to(project_root).as_posix()
        for package in ("gwkeras", "tfrecords_build")
        for path in (project_root / package).rglob("*")
        if path.suffix in {".py", ".js", ".css", ".j2"}
    }
    assert sources <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    metadata = zipfile.ZipFile(wheel).read(f"gwkeras-{gwkeras.__version__}.dist-info/METADATA").decode()
    assert f"\nVersion: {gwkeras.__version__}\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert not re.search(r"^Requires-Dist: (torch|jax)\b(?!.*extra)", metadata, re.MULTILINE), "other backends are extras"


@pytest.mark.slow
def test_installed_command_answers_from_another_folder(installed, tmp_path):
    assert call(installed / "bin" / "gwkeras", "--version", cwd=tmp_path) == f"gwkeras {gwkeras.__version__}\n"
    assert "Usage: gwkeras" in call(installed / "bin" / "gwkeras", "--help", cwd=tmp_path)
    where = call(
        installed / "bin" / "python", "-c", "import gwkeras, tfrecords_build; print(gwkeras.__file__)", cwd=tmp_path
    ).strip()
    assert Path(where).is_relative_to(installed), "the wheel's package, not the source tree's"


@pytest.mark.slow
def test_installed_configurations_are_read_from_another_folder(installed, tmp_path):
    code = (
        "from gwkeras.core.config.yaml_file import load_config, shipped_config as s; "
        "print(s('demo')); print(load_config(s('demo')).name)"
    )
    path, name = call(installed / "bin" / "python", "-c", code, cwd=tmp_path).splitlines()
    assert Path(path).is_relative_to(installed)
    assert name == "demo"


def test_python_runs_the_package_as_the_command(project_root):
    said = call(sys.executable, "-m", "gwkeras", "--version", cwd=project_root, without=())
    assert said.split()[-1] == gwkeras.__version__


def test_help_imports_no_room(project_root):
    """`gwkeras --help` within half a second: the heavy libraries stay out until a command runs."""
    code = (
        "import sys, gwkeras.cli; heavy = {'tensorflow', 'keras', 'xarray', 'numpy', 'pandas', 'scipy', 'dask', 'matplotlib'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert call(sys.executable, "-c", code, cwd=project_root) == "[]\n"


def test_commands_give_openblas_one_thread(project_root):
    """Counted in the loaded libraries themselves, after a command has started as the console script starts it."""
    code = (
        "import sys; from gwkeras.cli import main; sys.argv = ['gwkeras', '--version']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "import numpy, scipy.linalg, threadpoolctl\n"
        "print(sorted({lib['num_threads'] for lib in threadpoolctl.threadpool_info() if lib['internal_api'] == 'openblas'}))"
    )
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    assert call(sys.executable, "-c", code, cwd=project_root, without=threads).splitlines()[-1] == "[1]"


def test_versions_are_pinned_without_places(project_root):
    lines = [line for line in (project_root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines), (
        "name==version, no hosts, no local builds"
    )
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}
    project = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(requirement for extra in extras.values() for requirement in extra)]
    names = {re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower() for requirement in wanted}
    assert names - pinned <= {"gwkeras"}, "run `make lock`"


def test_citation_names_the_version(project_root):
    citation = yaml.safe_load((project_root / "CITATION.cff").read_text())
    assert citation["version"] == gwkeras.__version__
    assert citation["license"] == "Apache-2.0"
    assert f"## [{gwkeras.__version__}]" in (project_root / "CHANGELOG.md").read_text()
