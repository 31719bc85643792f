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

    What the configuration says of a source that names no file, such as `--set data.gwsa.units='{gwsa: cm}'`, is said of the
    files given; what it says of files of its own goes with them. A `reference`
    target without a reference of its own learns from the truth, which then judges in the held-out months only.
    """

    def source(own: SourceConfig | None, *paths: Path) -> SourceConfig:
        told = own if own is not None and not own.path else SourceConfig()
        return replace(told, path=tuple(str(p.absolute()) for p in paths))

    data = config.data
    if gwsa:
        data = replace(data, gwsa=source(data.gwsa, *gwsa))
    if climate:
        data = replace(data, climate=(source(data.climate[0] if len(data.climate) == 1 else None, *climate),))
    if static:
        data = replace(data, static=tuple(source(None, p) for p in static))
    if truth is not None:
        data = replace(data, truth=source(data.truth, truth))
    if reference is not None:
        data = replace(data, reference=source(data.reference, reference))
    if target == "reference" and data.reference is None and data.truth is not None:
        data = replace(data, reference=data.truth)
    kind = replace(config.target, kind=target) if target else config.target  # type: ignore[arg-type]
    return from_dict(to_dict(replace(config, data=data, target=kind)), "the command line")
