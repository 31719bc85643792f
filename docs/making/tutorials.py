"""Runs the tutorials and compares what they say with what is kept; `--write` keeps what they say now.

python -m docs.making.tutorials [--write] [NAME …]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from docs.making.notebook import notebook_of, read_cells, said_by, sources_of

FOLDER = Path(__file__).resolve().parent.parent / "tutorials"

_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_RELATIVE = 0.02  # machines round differently, and what is chosen by small differences follows
_SECONDS = 300  # that a cell may take


def names() -> list[str]:
    """The tutorials, in the order of their names."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def run(name: str) -> dict[str, Any]:
    """A tutorial with the outputs of its cells, worked in an empty folder of its own.

    Args:
        name: of the source.
    """
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.from_dict(notebook_of(read_cells((FOLDER / f"{name}.py").read_text(encoding="utf-8"))))
    root = str(FOLDER.parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    with tempfile.TemporaryDirectory() as folder:
        sockets = Config({"AsyncKernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})  # no port, no network
        place = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=_SECONDS, resources=place, config=sockets).execute()
    for cell in notebook.cells:
        cell.metadata = {}  # times
    notebook.metadata = {"kernelspec": dict(notebook.metadata.kernelspec), "language_info": {"name": "python"}}
    return json.loads(nbformat.writes(notebook))


def differences(found: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    """What two runs of one tutorial say differently; numbers may differ by two per cent, pictures in everything but their number.

    Args:
        found: a notebook with outputs.
        kept: another one.
    """
    if sources_of(found) != sources_of(kept):
        return ["the source has changed since the notebook was kept"]
    told = []
    for number, (now, before) in enumerate(zip(found["cells"], kept["cells"], strict=True)):
        if now["cell_type"] != "code":
            continue
        if (shown := _pictures(now)) != (expected := _pictures(before)):
            told.append(f"cell {number}: {shown} pictures, kept are {expected}")
        one, other = (_text(cell) for cell in (now, before))
        if not is_close(one, other):
            told.append(f"cell {number}: says\n{one}\nkept is\n{other}")
    return told


def complaints(notebook: dict[str, Any]) -> list[str]:
    """What a tutorial says on its error stream; a reader should see no warning."""
    outputs = [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]
    return [said_by(output) for output in outputs if output.get("name") == "stderr" or output["output_type"] == "error"]


def is_close(one: str, other: str) -> bool:
    """Whether two texts have the same words, and numbers that differ by two per cent or by one of their last digit."""
    if _NUMBER.sub("", one).split() != _NUMBER.sub("", other).split():
        return False
    pairs = zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=False)
    return len(_NUMBER.findall(one)) == len(_NUMBER.findall(other)) and all(_alike(a, b) for a, b in pairs)


def _alike(one: str, other: str) -> bool:
    step = 10.0 ** -len(other.partition(".")[2]) if "e" not in other.lower() else 0.0
    first, second = (float(text.replace("−", "-")) for text in (one, other))
    slack = step if "." in other else 0.0  # whole numbers are counts
    return math.isclose(first, second, rel_tol=_RELATIVE, abs_tol=slack * 1.001)


def _pictures(cell: dict[str, Any]) -> int:
    return sum(map(_is_picture, cell["outputs"]))


def _text(cell: dict[str, Any]) -> str:
    return " ".join(said_by(output) for output in cell["outputs"] if not _is_picture(output))


def _is_picture(output: dict[str, Any]) -> bool:
    return "image/png" in output.get("data", {})


def main() -> None:
    """Exit code 1 where a tutorial says something else than what is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="some of them")
    parser.add_argument("--write", action="store_true", help="keep what they say now")
    options = parser.parse_args()
    wrong = False
    for name in options.names or names():
        started = time.monotonic()
        found, path = run(name), FOLDER / f"{name}.ipynb"
        told = complaints(found)
        if options.write and not told:
            path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        elif not told:
            told = differences(found, json.loads(path.read_text(encoding="utf-8"))) if path.exists() else ["nothing is kept"]
        well = "kept anew" if options.write else "as kept"
        print(f"{name}: {time.monotonic() - started:.0f} s, {'; '.join(told) or well}", flush=True)
        wrong |= bool(told)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
