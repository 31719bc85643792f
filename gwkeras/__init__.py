"""Downscaling of satellite groundwater storage with physics-informed networks.

>>> import gwkeras
>>> sorted(name for name in dir(gwkeras) if not name.startswith("_"))
['downscale', 'open_run']
"""

import importlib
from typing import Any

__version__ = "0.1.0"

__all__ = ["downscale", "open_run"]


def __getattr__(name: str) -> Any:
    """What Python users need, imported when it is first asked for, so that `import gwkeras` stays light."""
    if name in __all__:
        return getattr(importlib.import_module("gwkeras.opened_run"), name)
    raise AttributeError(f"module 'gwkeras' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
