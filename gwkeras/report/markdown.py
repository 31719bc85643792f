"""Documents as Markdown."""

from __future__ import annotations

from gwkeras.report.document import Aside, Block, Figure, Interactive, Report, Table


def render(report: Report) -> str:
    """The whole document."""
    parts = [f"# {report.title}"]
    for section in report.sections:
        if section.blocks:
            parts += [f"{'#' * section.level} {section.title}"] if section.title else []
            parts += map(_block, section.blocks)
    return "\n\n".join(parts) + "\n"


def table(content: Table) -> str:
    """A table, its first column to the left and numbers to the right; its title is a line before it."""
    headings = content.headings
    lines = [_row(headings), "|---" + "|---:" * (len(headings) - 1) + "|", *map(_row, content.rows)]
    return "\n".join([f"{content.title}:", "", *lines] if content.title else lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return table(block)
    if isinstance(block, Figure):
        return f"![{block.description}]({block.link})"
    if isinstance(block, Interactive):
        return block.instead
    if isinstance(block, Aside):
        return "\n\n".join([f"**{block.title}**", *map(_block, block.blocks)])
    if block.form == "paragraphs":
        return "\n\n".join(block.lines)
    return "\n".join(("- " if block.form == "list" else "    ") + line for line in block.lines)
