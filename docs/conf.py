"""The documentation site: `make site`. Pages are the Markdown files of this folder and those made from the code (docs/making)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

import gwkeras  # noqa: E402
from docs.making.api_pages import write_api_pages  # noqa: E402
from docs.making.command_page import write_command_page  # noqa: E402
from docs.making.tutorial_pages import write_tutorial_pages  # noqa: E402

project = "gwkeras"
author = "gwkeras contributors"
copyright = "gwkeras contributors, Apache-2.0"
release = version = gwkeras.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["making", "tutorials/*.py", "tutorials/*.ipynb"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"gwkeras {version}"
html_static_path: list[str] = []
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it fetches pages, which a browser refuses where the site is a folder
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5a8a", "color-brand-content": "#0b5a8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ee", "color-brand-content": "#7cc4ee"},
}

made = FOLDER / "made"  # by the next three lines; no part of the repository
write_api_pages(FOLDER.parent, made / "api")
write_command_page(made / "commands.md")
write_tutorial_pages(FOLDER / "tutorials", made / "tutorials")


def _link_to_pages(app: Any, name: str, source: list[str]) -> None:
    """Pages link to notebooks, which a reader of the repository can open; on the site, to the pages made of them."""
    source[0] = re.sub(r"\]\(((?:\.\./)*)tutorials/(\w+)\.ipynb\)", r"](\1made/tutorials/\2.md)", source[0])


def _list_all_pages(app: Any, name: str, source: list[str]) -> None:
    """A page that the index does not list yet stands at the end of its manual, so that a new page needs no second edit."""
    if name == "index":
        listed = set(source[0].split())
        others = sorted({path.stem for path in FOLDER.glob("*.md")} - listed - {"index"})
        source[0] = source[0].replace("\nserving\n```", "\n".join(["\nserving", *others, "```"]))


def _reach_by_keyboard(app: Any, failed: Exception | None) -> None:
    """What the theme leaves out for readers without a mouse: code that scrolls takes the focus, captions say their level."""
    if failed is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            page = path.read_text(encoding="utf-8")
            page = page.replace("<pre>", '<pre tabindex="0">')
            page = page.replace('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">')
            path.write_text(page, encoding="utf-8")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _link_to_pages)
    app.connect("source-read", _list_all_pages)
    app.connect("build-finished", _reach_by_keyboard)
