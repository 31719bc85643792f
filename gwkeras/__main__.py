"""`python -m gwkeras`, where the command itself is not on the path."""

from __future__ import annotations

from gwkeras.cli import main

main()
