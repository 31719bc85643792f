"""The built site is read without a network: no page loads a script, a style, a font or a picture from elsewhere.

python -m docs.making.offline FOLDER
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
_NOT_LOADED = {"canonical", "next", "prev", "author", "license", "search"}  # relations of <link>
_ELSEWHERE = re.compile(r"(?:https?:)?//")
_IN_STYLE = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")


class _Loaded(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get(_LOADS.get(tag, "")) or ""
        if tag == "link" and (given.get("rel") or "") in _NOT_LOADED:
            return
        if _ELSEWHERE.match(address):
            self.found.append(address)


def loaded_from_elsewhere(folder: Path) -> list[str]:
    """ "file: address" of all that a browser would fetch from another place than the folder.

    Args:
        folder: of the site.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".html":
            page = _Loaded()
            page.feed(path.read_text(encoding="utf-8"))
            addresses = page.found + _IN_STYLE.findall(path.read_text(encoding="utf-8"))
        elif path.suffix == ".css":
            addresses = _IN_STYLE.findall(path.read_text(encoding="utf-8"))
        else:
            continue
        found += [f"{path.relative_to(folder)}: {address}" for address in addresses]
    return found


if __name__ == "__main__":
    elsewhere = loaded_from_elsewhere(Path(sys.argv[1]))
    print("\n".join(elsewhere) or "Everything that the site loads lies in it.")
    sys.exit(1 if elsewhere else 0)
