"""The reference of classes and functions, read from the sources without importing them: it needs no Keras and takes a second."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.making.docstring import as_markdown, escaped
from gwkeras.core.config.kinds import PRIORS, UPDATES, Kinds

_WIDTH = 100  # characters of a signature in one line


@dataclass(frozen=True)
class Page:
    """One page of the reference.

    Args:
        name: of its file.
        title: its heading.
        about: what stands below the heading.
        modules: files or folders below the project's root; of a folder, the modules in it, not those of its sub-folders.
    """

    name: str
    title: str
    about: str
    modules: tuple[str, ...]


def _recipes(kinds: Kinds) -> tuple[str, ...]:
    """The files of the recipes that a configuration can name."""
    return tuple(dict.fromkeys(f"{place.partition(':')[0].replace('.', '/')}.py" for place in kinds.places.values()))


PAGES = (
    Page(
        "python",
        "Runs in Python",
        "`gwkeras.open_run` and `gwkeras.downscale`: what the command line writes, as xarray objects.",
        ("gwkeras/opened_run.py",),
    ),
    Page(
        "methods",
        "Methods",
        "What a way to downscale is made of. [Methods](../../methods.md) explains the idea and shows how to write your own.",
        (
            "gwkeras/methods/method.py",
            "gwkeras/methods/parts.py",
            "gwkeras/methods/composition.py",
            "gwkeras/methods/training.py",
            "gwkeras/methods/fitting.py",
            "gwkeras/methods/baselines.py",
            "gwkeras/core/config/key.py",
            "gwkeras/core/config/kinds.py",
        ),
    ),
    Page(
        "priors",
        "Priors",
        "What each fine cell should hold before the product is asked. See [Configuration](../../configuration.md) for keys.",
        _recipes(PRIORS),
    ),
    Page(
        "updates",
        "Updates",
        "How the product corrects a prior.",
        (
            *_recipes(UPDATES),
            "gwkeras/methods/updates/kriging/fitted.py",
            "gwkeras/methods/updates/kriging/covariance/mixture.py",
            "gwkeras/methods/updates/kriging/covariance/noise.py",
        ),
    ),
    Page(
        "observation",
        "The observation",
        "H: what a product shows of a fine field. See [What a product sees](../../observation.md).",
        ("gwkeras/observation",),
    ),
    Page("layers", "Layers", "Keras layers, in `keras.ops`: they run on TensorFlow, JAX and PyTorch.", ("gwkeras/layers",)),
    Page("losses", "Losses", "The terms of the training loss. See [The physics losses](../../physics.md).", ("gwkeras/losses",)),
    Page("models", "Networks", "The paper's network and ours, built from the layers.", ("gwkeras/models",)),
    Page(
        "domain",
        "Regions, grids and months",
        "What a method sees of a region.",
        (
            "gwkeras/core/grid.py",
            "gwkeras/core/months.py",
            "gwkeras/core/error_bars/calibration.py",
            "gwkeras/core/errors.py",
            "gwkeras/domain",
        ),
    ),
    Page(
        "evaluate",
        "Evaluation",
        "How methods are judged, and what is kept of it. See [Evaluation](../../evaluation.md).",
        ("gwkeras/evaluate",),
    ),
    Page(
        "analysis",
        "Analysis",
        "What is made of a record. See [Analysis](../../analysis.md).",
        (
            "gwkeras/analysis",
            "gwkeras/analysis/wells",
            "gwkeras/analysis/trend",
            "gwkeras/analysis/decomposition",
            "gwkeras/analysis/storage_balance",
            "gwkeras/analysis/three_cornered_hat",
            "gwkeras/analysis/attribution",
        ),
    ),
    Page(
        "regression",
        "Regression estimators",
        "Regressions whose coefficients vary with place and time, for tables of any kind, in the manner of scikit-learn.",
        ("gwkeras/regression",),
    ),
    Page(
        "pipeline",
        "The pipeline",
        "One configuration at work in one run folder.",
        ("gwkeras/pipeline", "gwkeras/application", "gwkeras/training/run_folder.py"),
    ),
    Page(
        "twin",
        "Twin worlds",
        "Worlds whose fine truth is known. See [Worlds](../../worlds.md).",
        ("gwkeras/twin/world.py", "gwkeras/twin/observe.py", "gwkeras/twin/family.py", "gwkeras/twin/hydrology/kinds.py"),
    ),
    Page("serving", "Serving", "The client of exported models. See [Exported models](../../serving.md).", ("gwkeras/serving",)),
)


def write_api_pages(root: Path, folder: Path) -> list[Path]:
    """One file a page, and an index.

    Args:
        root: the project's folder.
        folder: for the pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for page in PAGES:
        written.append(_write(folder / f"{page.name}.md", page_markdown(root, page)))
    listed = "\n".join(
        f"| [{page.title}]({page.name}.md) | {page.about.partition(' See')[0].partition(' [')[0]} |" for page in PAGES
    )
    names = "\n".join(page.name for page in PAGES)
    index = (
        "# Classes and functions\n\nMade from the docstrings. Axes, units and sources stand with each of them.\n\n"
        f"| page | what |\n|---|---|\n{listed}\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )
    return [*written, _write(folder / "index.md", index)]


def page_markdown(root: Path, page: Page) -> str:
    """All public classes and functions of a page's modules, in the order of the sources."""
    parts = [f"# {page.title}", "", page.about, ""]
    for path in _files(root, page.modules):
        parts += module_markdown(path.read_text(encoding="utf-8"), _dotted(path.relative_to(root)))
    return "\n".join(parts).rstrip() + "\n"


def module_markdown(source: str, name: str) -> list[str]:
    """Lines on one module; none where nothing in it is public.

    Args:
        source: its text.
        name: as it is imported.
    """
    tree = ast.parse(source)
    public = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")]
    if not public:
        return []
    lines = [f"## `{name}`", "", as_markdown(ast.get_docstring(tree) or ""), ""]
    for node in public:
        lines += [f"### {escaped(node.name)}", "", *_described(node)]
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not part.name.startswith("_") and ast.get_docstring(part):
                    lines += [f"#### {escaped(node.name)}.{escaped(part.name)}", "", *_described(part)]
    return lines


def signature(node: ast.ClassDef | ast.FunctionDef) -> str:
    """How it is called, in one line or with an argument a line."""
    if isinstance(node, ast.FunctionDef):
        if any(ast.unparse(mark).rpartition(".")[2] in ("property", "cached_property") for mark in node.decorator_list):
            return f"{node.name}: {ast.unparse(node.returns)}" if node.returns else node.name
        arguments, returns = _arguments(node), f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return _laid_out(f"def {node.name}", arguments, returns)
    start = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    if start is not None:
        return _laid_out(f"class {node.name}", _arguments(start), "")
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
    held = [
        ast.unparse(part)
        for part in fields
        if not part.target.id.startswith("_") and "ClassVar" not in ast.unparse(part.annotation)
    ]  # type: ignore[union-attr]
    return _laid_out(f"class {node.name}", [_shortened(part) for part in held], "") if held else f"class {node.name}"


def _described(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    yield from ("```python", signature(node), "```", "")
    yield from (as_markdown(ast.get_docstring(node) or ""), "")


def _arguments(node: ast.FunctionDef) -> list[str]:
    given = node.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + [ast.unparse(value) for value in given.defaults]
    found = [_argument(part, value) for part, value in zip(plain, defaults, strict=True)]
    if given.vararg:
        found.append(f"*{_argument(given.vararg, None)}")
    elif given.kwonlyargs:
        found.append("*")
    for part, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found.append(_argument(part, None if value is None else ast.unparse(value)))
    if given.kwarg:
        found.append(f"**{_argument(given.kwarg, None)}")
    return found[1:] if plain and plain[0].arg in ("self", "cls") else found


def _argument(part: ast.arg, default: str | None) -> str:
    named = f"{part.arg}: {ast.unparse(part.annotation)}" if part.annotation else part.arg
    if default is None:
        return named
    return f"{named} = {default}" if part.annotation else f"{named}={default}"


def _shortened(held: str) -> str:
    """A field of the configuration without the words of its `key`, which the docstring and the configuration have."""
    name, _, value = held.partition(" = ")
    if value.startswith("key("):
        call = ast.parse(value, mode="eval").body
        assert isinstance(call, ast.Call)
        return f"{name} = {ast.unparse(call.args[0])}"
    return held if not value.startswith("field(") else name


def _laid_out(before: str, arguments: list[str], after: str) -> str:
    line = f"{before}({', '.join(arguments)}){after}"
    if len(line) <= _WIDTH or not arguments:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{before}(\n{inner}){after}"


def _files(root: Path, modules: tuple[str, ...]) -> Iterator[Path]:
    for name in modules:
        path = root / name
        yield from sorted(path.glob("*.py")) if path.is_dir() else [path]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _write(path: Path, text: str) -> Path:
    if not path.exists() or path.read_text(encoding="utf-8") != text:  # what is the same is not built again
        path.write_text(text, encoding="utf-8")
    return path
