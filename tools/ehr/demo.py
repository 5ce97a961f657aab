"""The demo patients: compact files under `demo/`, each with the question it is there for."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.guideline import read_yaml
from tools.ehr.compact import build_bundle
from tools.errors import UsageError

FOLDER = Path(__file__).parent / "demo"


@dataclass(frozen=True)
class DemoPatient:
    """A synthetic patient; in a twin (`twin_of`) the answer that is right for the other would harm."""

    id: str
    name: str
    question: str
    as_of: str
    twin_of: str | None
    summary: str
    bundle: dict[str, Any] = field(repr=False)


@functools.cache
def _files() -> dict[str, dict[str, Any]]:
    rows = [read_yaml(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {str(row["id"]): row for row in rows}


def compact_patient(id_: str) -> dict[str, Any]:
    """The compact form of a demo patient, a copy of it.

    Raises:
        UsageError: no such demo patient.
    """
    found = _files().get(id_)
    if found is None:
        raise UsageError(f"no demo patient {id_!r}", found=id_, expected=", ".join(_files()), action="see `osler demo`")
    return copy.deepcopy(found)


@functools.cache
def demo_patients() -> tuple[DemoPatient, ...]:
    """Every demo patient, in order of id."""
    return tuple(
        DemoPatient(
            id=key,
            name=f"{row['name']['given']} {row['name']['family']}",
            question=row["question"],
            as_of=str(row["as_of"]),
            twin_of=row.get("twin_of"),
            summary=row["summary"],
            bundle=build_bundle(row),
        )
        for key, row in _files().items()
    )
