"""Documents as Markdown."""

from __future__ import annotations

from gwkeras.report.document import Block, Figure, Report, Table


def render(report: Report) -> str:
    """The whole document."""
    parts = [f"# {report.title}"]
    for section in report.sections:
        if section.blocks:
            parts += [f"## {section.title}"] if section.title else []
            parts += map(_block, section.blocks)
    return "\n\n".join(parts) + "\n"


def table(content: Table) -> str:
    """A table, its first column to the left and numbers to the right; its title is a line before it."""
    headings = content.headings
    lines = ["| " + " | ".join(headings) + " |", "|---" + "|---:" * (len(headings) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in content.rows]
    return "\n".join([f"{content.title}:", "", *lines] if content.title else lines)


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return table(block)
    if isinstance(block, Figure):
        return f"![{block.description}]({block.file.name})"
    if block.form == "paragraphs":
        return "\n\n".join(block.lines)
    return "\n".join(("- " if block.form == "list" else "    ") + line for line in block.lines)
