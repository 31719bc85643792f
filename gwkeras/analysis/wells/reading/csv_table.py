"""A CSV file as texts, whatever its encoding, packed or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from gwkeras.analysis.wells.settings import WellsConfig
from gwkeras.core.errors import BadInput


def read_texts(path: Path, config: WellsConfig) -> pd.DataFrame:
    """All cells as text, NaN where empty or one of the texts that stand for no value.

    Args:
        path: of the file.
        config: separator and texts for missing values.
    Raises: BadInput: where there is no such file, or it is no table.
    """
    if not path.is_file():
        raise BadInput(path, expected="a CSV file of wells", found="no such file", remedy="check the path")
    for encoding in ("utf-8-sig", "latin-1"):  # every byte is a letter of the second
        try:
            table = pd.read_csv(
                path,
                sep=config.separator,
                dtype=str,
                na_values=list(config.missing),
                encoding=encoding,
                skipinitialspace=True,
                compression="infer",
            )
        except UnicodeDecodeError:
            continue
        except (OSError, ValueError, EOFError) as error:  # pandas' own errors are ValueErrors
            empty = isinstance(error, pd.errors.EmptyDataError)
            said = "an empty file" if empty else " ".join(str(error).split())[:160] or "nothing in it"
            raise BadInput(path, expected="a CSV table", found=said, remedy="check the file and the separator") from error
        if table.shape[1] < 2 or table.empty:
            raise BadInput(
                path,
                expected="a table of several columns and rows",
                found=f"{len(table)} rows in {table.shape[1]} column{'s' * (table.shape[1] != 1)}",
                remedy="give a table with readings" if table.shape[1] > 1 else "state the separator, as in --set separator=';'",
            )
        return table.rename(columns=lambda heading: str(heading).strip())
    raise AssertionError("latin-1 reads any file")


def numbers(texts: pd.DataFrame | pd.Series, config: WellsConfig, what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Texts as numbers of the same shape, NaN for those that are none, and a note where there are such.

    Args:
        texts: as read.
        config: decimal point.
        what: for the note.
    """
    flat = pd.Series(texts.to_numpy(dtype=object).ravel())
    if config.decimal != ".":
        flat = flat.str.replace(config.decimal, ".", regex=False)
    values = pd.to_numeric(flat, errors="coerce").astype(float)
    odd = flat[values.isna() & flat.notna()]
    values = values.where(np.isfinite(values)).to_numpy()
    notes: tuple[str, ...] = ()
    if len(odd):
        examples = ", ".join(f"'{text}'" for text in odd.drop_duplicates().head(3))
        notes = (f"{what}: {len(odd)} entries are no numbers ({examples}) and count as missing.",)
    return values.reshape(texts.shape), notes
