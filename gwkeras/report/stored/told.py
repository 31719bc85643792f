"""Facts about a run besides its scores, kept in the attributes of evaluation.nc, so that a report needs no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gwkeras.data.manifest import Source


@dataclass(frozen=True)
class Told:
    """Words of a run.

    Args:
        title: its name.
        target: what was learned from.
        split: who learned from what, in sentences.
        notes: sentences on the data, and on what was chosen for the methods.
        facts: name -> value.
        sources: files that all comes from.
    """

    title: str
    target: str
    split: str = ""
    notes: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def attributes(self) -> dict[str, str]:
        """For the head of a file."""
        return {
            "run": self.title,
            "target": self.target,
            "split_description": self.split,
            "notes": json.dumps(self.notes, ensure_ascii=False),
            "facts": json.dumps(dict(self.facts), ensure_ascii=False),
            "sources": json.dumps([asdict(source) for source in self.sources], ensure_ascii=False),
        }

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Told:
        """What `attributes` wrote; what is not there is not told."""
        return cls(
            str(attributes.get("run", "")),
            str(attributes.get("target", "")),
            str(attributes.get("split_description", "")),
            tuple(json.loads(attributes.get("notes", "[]"))),
            json.loads(attributes.get("facts", "{}")),
            tuple(Source(**each) for each in json.loads(attributes.get("sources", "[]"))),
        )
