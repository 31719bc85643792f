"""`python -m tests.commands.stopped LABEL EPOCH STEP SIGNAL ARGUMENT …`: gwkeras, which gets a signal within its training.

LABEL is what the progress bar says: "training one scale up" or "training". EPOCH and STEP count from 0.
"""

from __future__ import annotations

import os
import sys

from gwkeras.cli import main
from gwkeras.training.fit import StepProgress


def stop_at(label: str, epoch: int, step: int, signal: int) -> None:
    unchanged = StepProgress.on_train_batch_end

    def on_train_batch_end(self: StepProgress, batch: int, logs: dict | None = None) -> None:
        if (self._label, self._epoch, batch) == (label, epoch, step):
            os.kill(os.getpid(), signal)
        unchanged(self, batch, logs)

    StepProgress.on_train_batch_end = on_train_batch_end  # type: ignore[method-assign]


if __name__ == "__main__":
    stop_at(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    sys.argv = ["gwkeras", *sys.argv[5:]]
    main()
