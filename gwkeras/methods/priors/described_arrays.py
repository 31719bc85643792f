"""What a fitted prior is kept as: a description that people can read, and arrays; data, never code."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gwkeras.core.errors import BadInput


@dataclass(frozen=True)
class DescribedArrays:
    """A description and arrays by name.

    Args:
        description: what JSON can write.
        arrays: numbers.
    """

    description: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def digest(self) -> str:
        """Sixteen digits that change with any of it."""
        found = hashlib.sha256(json.dumps(self.description, sort_keys=True).encode())
        for _, array in sorted(self.arrays.items()):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def save(self, folder: Path, name: str) -> None:
        """Writes `name`.json and `name`.npz into `folder`, which is made where there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / f"{name}.npz", **self.arrays)  # type: ignore[arg-type]
        (folder / f"{name}.json").write_text(json.dumps(self.description, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, name: str) -> DescribedArrays:
        """Inverse of `save`.

        Raises: BadInput: where the folder does not hold the two files, or one cannot be read.
        """
        try:
            description = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            with np.load(folder / f"{name}.npz", allow_pickle=False) as kept:
                arrays = {each: kept[each] for each in kept.files}
        except FileNotFoundError as error:
            raise BadInput(
                folder, expected=f"{name}.json and {name}.npz", found="not both", remedy="fit the prior again"
            ) from error
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise BadInput(
                folder,
                expected=f"{name}.json and {name}.npz",
                found=f"one that cannot be read ({error})",
                remedy="fit the prior again",
            ) from error
        return cls(description, arrays)
