"""A document as one HTML page: pictures, styles and scripts inside it, nothing fetched."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import gwkeras
from gwkeras.report.document import Report
from gwkeras.report.html.map_data import MapData, as_script

_HERE = Path(__file__).parent
_SCRIPTS = ("choice", "packed", "fields", "drawing", "cell", "controls")  # parts of one module, in this order
_CODE = re.compile(r"`([^`]+)`")
_MINUS = re.compile(r"(?<![\w.-])-(?=\d+(?:\.\d+)?(?![\w.-]))")  # before a number alone, not within a month or a name
_TOGETHER = re.compile(r"(?<=\d) (?=[%±])|(?<=±) |(?<=\d) (?=to [\d−])|(?<=\d to) (?=[\d−])")  # 5 %, 1 ± 2, 3 to 4


def render(report: Report, figures: tuple[tuple[str, str], ...], data: MapData | None, folder: Path) -> str:
    """The whole page.

    Args:
        report: the document; all texts are escaped.
        figures: (figure, what it is), for the head of the page.
        data: behind the map; None: there is no map.
        folder: that pictures' links start from.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["marked"] = _marked
    environment.filters["cell"] = _cell
    environment.globals["slug"] = _slug
    environment.globals["kind"] = lambda block: type(block).__name__
    environment.globals["picture"] = lambda figure: _picture(folder / figure.link)
    sections = [section for section in report.sections if section.blocks]
    return environment.get_template("page.html.j2").render(
        report=report,
        sections=sections,
        figures=figures,
        version=gwkeras.__version__,
        style=_own("page.css"),
        plotly=_own("plotly-cartesian.min.js") if data is not None else "",
        has_map=data is not None,
        head=Markup(as_script(data.head)) if data is not None else "",
        data=data,
        script=Markup("\n").join(_own(f"map/{name}.js") for name in _SCRIPTS) if data is not None else "",
        printing=_own("printing.js"),
    )


def _marked(text: str) -> Markup:
    """Text with `code`, escaped first."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _cell(text: str) -> Markup:
    """A text of a table, whose numbers keep their signs and units on their line."""
    return _marked(_TOGETHER.sub("\u00a0", _MINUS.sub("−", text)))


def _slug(text: str) -> str:
    """For the address of a section within the page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "top"


def _picture(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _own(name: str) -> Markup:
    """One of this program's own files, which needs no escaping."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))
