"""The words by which a person could be known: what is kept from every model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def naming(patient: Mapping[str, Any]) -> list[str]:
    """Id, names and their parts, identifiers, telephone numbers and address lines of a Patient resource."""
    found: list[str] = [str(patient.get("id") or "")]
    for name in patient.get("name", []):
        whole = [name.get("text", ""), name.get("family", ""), *name.get("given", [])]
        found += [*whole, *(part for text in whole for part in text.split())]
    found += [row.get("value", "") for key in ("identifier", "telecom") for row in patient.get(key, [])]
    found += [line for row in patient.get("address", []) for line in [row.get("text", ""), *row.get("line", [])]]
    return [part for part in dict.fromkeys(found) if len(part) > 1]
