"""A process of its own that inspects files whatever may be in them, and reads them as a run does.

Usage `read_all.py RESULT GOOD FILE …`.
One line of RESULT for each file, written before and after, so that the parent knows which one the process died of.
GOOD is a sound storage record, beside which a file is read as climate and as a map.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
import warnings
from contextlib import suppress
from pathlib import Path

from gwkeras.core.config.tree import DataConfig, SourceConfig
from gwkeras.core.errors import GwkerasError
from gwkeras.fields.files import openable
from gwkeras.fields.record import read_fields
from gwkeras.inspection import inspect_path

ROOM = 2**30  # bytes that a damaged file of a few kilobytes may make us take, beside what the libraries take anyway


def read_as_a_run_does(good: str, file: str) -> None:
    """As storage, climate and maps; refusals are expected, anything else is not."""
    sound, odd = SourceConfig(path=(good,)), (SourceConfig(path=(file,)),)
    for data in (DataConfig(gwsa=odd[0]), DataConfig(gwsa=sound, climate=odd), DataConfig(gwsa=sound, static=odd)):
        with suppress(GwkerasError):
            read_fields(data)


def main(result: str, good: str, files: list[str]) -> None:
    warnings.simplefilter("ignore")
    openable.PATIENCE = 4.0
    virtual = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (virtual + ROOM, resource.RLIM_INFINITY))
    with open(result, "a", encoding="utf-8") as out:
        for file in files:
            out.write(f"{file}\tstarted")
            out.flush()
            started = time.monotonic()
            try:
                findings = inspect_path(file)
                read_as_a_run_does(good, file)
                said = "; ".join(f"{f.what} {' '.join(f.faults)}" for f in findings)
                outcome = "ok" if all("\n" not in fault for f in findings for fault in f.faults) else f"several lines: {said!r}"
            except BaseException:
                outcome = "traceback: " + repr(traceback.format_exc()[-1500:])
            out.write(f"\t{outcome}\t{time.monotonic() - started:.2f}\n")
            out.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
