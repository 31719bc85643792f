"""A running Dask cluster, found by its address."""

from __future__ import annotations

from typing import Any

from gwkeras.core.errors import BadInput


def connect(scheduler: str) -> Any:
    """A `distributed.Client` of the scheduler at that address; close it, or use it as a context manager.

    Raises: BadInput: where nothing answers there. ImportError: without the package distributed.
    """
    from distributed import Client

    try:
        return Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--scheduler {scheduler}",
            expected="the address of a running Dask scheduler",
            found=str(error) or "no answer",
            remedy="start one with `dask scheduler`, or use --workers",
        ) from error
