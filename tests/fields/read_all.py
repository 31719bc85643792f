"""A process of its own that inspects files whatever may be in them: usage `read_all.py RESULT FILE …`.

One line of RESULT for each file, written before and after, so that the parent knows which one the process died of.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
import warnings
from pathlib import Path

from gwkeras.fields import inspection
from gwkeras.inspection import inspect_path

ROOM = 2**30  # bytes that a damaged file of a few kilobytes may make us take, beside what the libraries take anyway


def main(result: str, files: list[str]) -> None:
    warnings.simplefilter("ignore")
    inspection._PATIENCE = 8.0
    virtual = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (virtual + ROOM, resource.RLIM_INFINITY))
    with open(result, "a", encoding="utf-8") as out:
        for file in files:
            out.write(f"{file}\tstarted")
            out.flush()
            started = time.monotonic()
            stuck = False
            try:
                findings = inspect_path(file)
                said = "; ".join(f"{f.what} {' '.join(f.faults)}" for f in findings)
                outcome = "ok" if all("\n" not in fault for f in findings for fault in f.faults) else f"several lines: {said!r}"
            except inspection.StuckFile:
                outcome, stuck = "ok", True
            except BaseException:
                outcome = "traceback: " + repr(traceback.format_exc()[-1500:])
            out.write(f"\t{outcome}\t{time.monotonic() - started:.2f}\n")
            out.flush()
            if stuck:
                break  # nothing more can be read here; our parent starts anew with the next file


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
