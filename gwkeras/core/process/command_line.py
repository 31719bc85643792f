"""The command that was typed, for the record of what it makes."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def typed_command() -> str:
    """`gwkeras …` as a shell takes it, on one line.

    What a shell made of `~` is `~` again, so that no home folder is told, and an address is without name and password.
    """
    text = _CREDENTIALS.sub("", shlex.join(["gwkeras", *sys.argv[1:]]))
    home = str(Path.home())
    if home != "/":
        text = re.sub(rf"{re.escape(home)}(?![^/'\s])", "~", text)
    return " ".join(text.split("\n"))
