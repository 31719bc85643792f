"""The pages of the tutorials, made of the notebooks that are kept."""

from __future__ import annotations

import json
from pathlib import Path

from docs.making.notebook import page_of

_FOOT = "\n---\n\nThis page is a notebook that was run: [download it]({name}.ipynb). `make tutorials` runs it again.\n"


def write_tutorial_pages(kept: Path, folder: Path) -> list[Path]:
    """A page, its pictures and a copy of the notebook for each of those that are kept.

    Args:
        kept: folder of the notebooks.
        folder: for the pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(kept.glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        page, pictures = page_of(json.loads(text), path.stem)
        for name, picture in pictures.items():
            _keep(folder / name, picture)
        _keep(folder / path.name, text.encode())
        written.append(_keep(folder / f"{path.stem}.md", (page + _FOOT.format(name=path.stem)).encode()))
    return written


def _keep(path: Path, content: bytes) -> Path:
    if not path.exists() or path.read_bytes() != content:  # what is the same is not built again
        path.write_bytes(content)
    return path
