"""The files of a command line in the place of a configuration's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gwkeras.core.config.tree import Config, SourceConfig
from gwkeras.core.config.yaml_file import from_dict, to_dict


def with_files(
    config: Config,
    *,
    gwsa: Sequence[Path] = (),
    climate: Sequence[Path] = (),
    static: Sequence[Path] = (),
    truth: Path | None = None,
    reference: Path | None = None,
    target: str | None = None,
) -> Config:
    """`config` with the files of a command line in the place of its own; kinds are recognised by content.

    A `reference` target without a reference of its own learns from the truth, which then judges in the held-out months only.
    """

    def source(*paths: Path) -> SourceConfig:
        return SourceConfig(path=tuple(str(p.absolute()) for p in paths))

    data = config.data
    if gwsa:
        data = replace(data, gwsa=source(*gwsa))
    if climate:
        data = replace(data, climate=(source(*climate),))
    if static:
        data = replace(data, static=tuple(source(p) for p in static))
    if truth is not None:
        data = replace(data, truth=source(truth))
    if reference is not None:
        data = replace(data, reference=source(reference))
    if target == "reference" and data.reference is None and data.truth is not None:
        data = replace(data, reference=data.truth)
    kind = replace(config.target, kind=target) if target else config.target  # type: ignore[arg-type]
    return from_dict(to_dict(replace(config, data=data, target=kind)), "the command line")
