"""The reference of the command line, from the declarations of its options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from docs.making.docstring import escaped

_HEAD = """\
# Commands

Made from the declarations of the commands; `gwkeras COMMAND --help` says the same. Each command prints what it wrote and the next
command to run. Exit codes: 0 done, 1 failed, 2 wrong usage or bad input, 130 interrupted. `--debug` shows where a
failure came from.

`--gwsa`, `--climate` and `--static` take several files at once (`--climate era5_*.nc`) or one by one (`--climate A --climate B`).
"""

_VALUES = {int: "N", float: "NUMBER", str: "TEXT", Path: "PATH"}


def command_page(app: typer.Typer) -> str:
    """Every command with its arguments and options, groups of commands last.

    Args:
        app: the command line.
    """
    return "\n".join([_HEAD, *_commands(app, "gwkeras")]).rstrip() + "\n"


def write_command_page(path: Path) -> Path:
    """The page of `gwkeras` itself."""
    from gwkeras.cli import app

    text = command_page(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def _commands(app: typer.Typer, before: str) -> Iterator[str]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield from _described(command.callback, f"{before} {command.name or command.callback.__name__.replace('_', '-')}")
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from _commands(group.typer_instance, f"{before} {group.name}")


def _described(function: Callable[..., Any], name: str) -> Iterator[str]:
    arguments, options = [], []
    hints = get_type_hints(function, vars(inspect.getmodule(function)), include_extras=True)
    for parameter in inspect.signature(function).parameters.values():
        hint, info = _declared(hints[parameter.name])
        if isinstance(info, ArgumentInfo):
            arguments.append((parameter.name.upper(), info.help or "", parameter.default))
        else:
            options.append((_option(parameter.name, hint, info), (info.help if info else "") or "", parameter.default))
    usage = " ".join([name, *(shown for shown, _, _ in arguments), "[OPTIONS]"])
    yield from (f"## `{name}`", "", escaped(" ".join((function.__doc__ or "").split())), "", "```text", usage, "```", "")
    yield from ("| option | meaning | default |", "|---|---|---|")
    for shown, meaning, default in [*arguments, *options]:
        needed = f"{meaning} Required." if default is inspect.Parameter.empty else meaning
        yield f"| `{shown}` | {escaped(' '.join(needed.split()))} | {_default(default)} |"
    yield ""


def _declared(hint: Any) -> tuple[Any, ArgumentInfo | OptionInfo | None]:
    """The type of a parameter without "or None", and what Typer is told of it."""
    info = None
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        info = next((extra for extra in extras if isinstance(extra, ArgumentInfo | OptionInfo)), None)
    given = [part for part in get_args(hint) if part is not NoneType]
    if NoneType in get_args(hint) and len(given) == 1:
        inner, deeper = _declared(given[0])
        return inner, info or deeper
    return hint, info


def _option(name: str, hint: Any, info: OptionInfo | None) -> str:
    given = (info.default, *(info.param_decls or ())) if info else ()  # Typer moves a first name out of the default later
    declared = [text for text in given if isinstance(text, str) and text.startswith("-")]
    shown = ", ".join(declared) or f"--{name.replace('_', '-')}"
    if hint is bool:
        return shown
    if info is not None and info.metavar:
        return f"{shown} {info.metavar}"
    single = get_args(hint)[0] if get_origin(hint) is list else hint
    value = (
        "/".join(member.value for member in single) if inspect.isclass(single) and issubclass(single, Enum) else _VALUES[single]
    )
    return f"{shown} {value}{' …' if get_origin(hint) is list else ''}"


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty or value is None or value is False or value == "":
        return ""
    return f"`{getattr(value, 'value', value)}`"
