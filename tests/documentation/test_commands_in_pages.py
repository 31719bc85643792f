"""Every command that the documentation shows exists, and so does every option that it gives."""

from __future__ import annotations

import re

import pytest

from docs.making.command_page import command_page
from gwkeras.cli import app

_COMMAND = re.compile(r"gwkeras ((?:fetch )?[a-z][a-z0-9-]*)((?: .*)?)")


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    sections = command_page(app).split("\n## `gwkeras ")[1:]
    return {section.partition("`")[0]: set(re.findall(r"--[a-z][a-z0-9-]*", section)) for section in sections}


def shown_commands(text: str) -> list[tuple[str, str]]:
    """(command, arguments) of the blocks of code, lines that end with a backslash joined, comments left out."""
    joined = text.replace("\\\n", " ")
    blocks = [line.strip() for line in joined.splitlines() if line.startswith("    ")]
    for block in re.findall(r"^```(?:text|bash)?\n(.*?)^```", joined, re.MULTILINE | re.DOTALL):
        blocks += [line.strip() for line in block.splitlines()]
    plain = [re.split(r"\s#\s", line)[0] for line in blocks]
    found = [_COMMAND.match(re.sub(r"^(?:[A-Z_]+=\S+ )*(?:\S*/)?(?=gwkeras )", "", line)) for line in plain]
    return [(match[1].strip(), match[2]) for match in found if match]


def pages(root) -> list:
    return [
        *sorted((root / "docs").glob("*.md")),
        *sorted((root / "docs").glob("*/*.md")),
        root / "README.md",
        root / "serving/README.md",
    ]


def test_commands_and_options_exist(project_root, options):
    wrong, seen = [], 0
    for page in pages(project_root):
        if "made" in page.parts:
            continue
        for command, arguments in shown_commands(page.read_text(encoding="utf-8")):
            seen += 1
            given = set(re.findall(r"(?<![\w'\"])--[a-z][a-z0-9-]*", arguments))
            if command not in options:
                wrong.append(f"{page.name}: gwkeras {command}")
            else:
                wrong += [f"{page.name}: gwkeras {command} {name}" for name in given - options[command] - {"--help", "--debug"}]
    assert not wrong
    assert seen > 60, "the pages show commands"


def test_what_counts_as_a_command():
    text = (
        "    gwkeras run --gwsa A \\\n        --output B   # --not-an-option\n\ngwkeras is a word\n\n"
        "    KERAS_BACKEND=jax .venv/bin/gwkeras fetch g3p --url X\n"
    )
    assert [(command, arguments.split()) for command, arguments in shown_commands(text)] == [
        ("run", ["--gwsa", "A", "--output", "B"]),
        ("fetch g3p", ["--url", "X"]),
    ]
