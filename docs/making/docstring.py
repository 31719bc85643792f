"""A docstring of this project as Markdown: its sections, formulas and examples keep their form, and nothing else is markup."""

from __future__ import annotations

import re
from itertools import takewhile

_SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises|Input shape|Output shape|Inputs|Outputs|Source):(?: (.*))?$")
_ENTRY = re.compile(r"    (\*{0,2}\w+): (.*)")
_ITEM = re.compile(r"(?:[*-]|\d+\.) ")


def as_markdown(text: str) -> str:
    """A docstring, its indentation taken away as by `inspect.cleandoc`.

    Args:
        text: the docstring.
    Returns: Markdown. "Args:" becomes a list, an indented block is left as it is, an example becomes a code block.
    """
    lines = text.splitlines()
    made: list[str] = []
    while lines:
        block = _next_block(lines)
        if block:
            made += [*_as_markdown(block), ""]
        lines = lines[max(len(block), 1) :]
    return "\n".join(made).strip()


def escaped(text: str) -> str:
    """Text in which nothing but what stands between backticks is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_<\[\]{}|$~])", r"\\\1", part) for part in parts)


def _next_block(lines: list[str]) -> list[str]:
    """The lines that belong together: to the next blank one, or to the next section; none where the first is blank."""
    if not lines[0]:
        return []
    if lines[0].startswith("    "):
        block = list(takewhile(lambda line: line.startswith("    ") or not line, lines))
        while block and not block[-1]:
            block.pop()
        return block
    block = lines[:1]
    for line in lines[1:]:
        if not line or _SECTION.match(line) or (line.startswith(">>> ") and not lines[0].startswith(">>> ")):
            break
        if (
            line.startswith("    ")
            and not _SECTION.match(lines[0])
            and not lines[0].startswith(">>> ")
            and not _ITEM.match(lines[0])
        ):
            break
        block.append(line)
    return block


def _as_markdown(block: list[str]) -> list[str]:
    if block[0].startswith(">>> "):
        return ["```pycon", *block, "```"]
    if block[0].startswith("    "):
        return ["```text", *(line[4:] for line in block), "```"]
    section = _SECTION.match(block[0])
    if section is None:
        return [escaped(line) if not _ITEM.match(line) else line[:2] + escaped(line[2:]) for line in block]
    name, first = section[1], section[2] or ""
    if name in ("Args", "Attributes"):
        return [f"**{'Arguments' if name == 'Args' else name}**", "", *_entries(block[1:])]
    told = " ".join(line.strip() for line in [first, *block[1:]] if line.strip())
    return [f"**{name}** {escaped(told)}"]


def _entries(lines: list[str]) -> list[str]:
    entries: list[str] = []
    for line in lines:
        found = _ENTRY.match(line)
        if found and not line.startswith("     "):
            entries.append(f"- `{found[1]}`: {escaped(found[2])}")
        elif entries:
            entries[-1] += " " + escaped(line.strip())
        else:
            entries.append(f"- {escaped(line.strip())}")
    return entries
