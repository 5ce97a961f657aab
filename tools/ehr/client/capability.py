"""What a server says it can do: its CapabilityStatement, reduced to what a search needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.ehr.fhirjson import Resource

# R4 gives every type these; servers leave them out of their lists more often than not.
_EVERYWHERE = frozenset({"_id", "_lastUpdated"})
CONTROL = frozenset(
    {"_sort", "_count", "_include", "_revinclude", "_summary", "_total", "_elements", "_contained", "_containedType"}
    | {"_format", "_pretty", "_offset", "_page", "_cursor"}
)


@dataclass(frozen=True)
class TypeCapability:
    """One resource type; an empty set means that the server lists none, which is not the same as having none."""

    interactions: frozenset[str] = frozenset()
    parameters: dict[str, str] = field(default_factory=dict)
    includes: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Capability:
    """A CapabilityStatement as far as it was readable; `types` is empty where the server does not say."""

    software: str = ""
    fhir_version: str = ""
    types: dict[str, TypeCapability] = field(default_factory=dict)
    interactions: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, statement: Resource) -> Capability:
        """Read a statement; what is not one gives a capability that says nothing."""
        if statement.get("resourceType") != "CapabilityStatement":
            return cls()
        servers = [row for row in _rows(statement, "rest") if row.get("mode", "server") == "server"]
        software = statement.get("software")
        shared = {str(row.get("name")): str(row.get("type")) for rest in servers for row in _rows(rest, "searchParam")}
        return cls(
            software=" ".join(
                str(software[key]) for key in ("name", "version") if isinstance(software, dict) and software.get(key)
            ),
            fhir_version=str(statement.get("fhirVersion", "")),
            types={
                str(row["type"]): _type(row, shared)
                for rest in servers
                for row in _rows(rest, "resource")
                if row.get("type")
            },
            interactions=frozenset(str(row.get("code")) for rest in servers for row in _rows(rest, "interaction")),
            operations=frozenset(_operations(servers)),
        )

    def supports(self, kind: str, parameter: str) -> bool | None:
        """Whether the server declares a search parameter of a type; None where it does not say."""
        if self.types and kind not in self.types:
            return False
        known = self.types.get(kind)
        name = parameter.partition(":")[0].partition(".")[0]
        if known is None or not known.parameters:
            return None
        return name in known.parameters or name in _EVERYWHERE or name in CONTROL or name == "_has"

    def includes(self, kind: str, include: str) -> bool | None:
        """Whether the server declares an `_include`; None where it does not say."""
        known = self.types.get(kind)
        if known is None or not known.includes:
            return None
        start = ":".join(include.split(":")[:2])
        return any(row == "*" or row == include or ":".join(row.split(":")[:2]) == start for row in known.includes)

    def scope(self, kind: str) -> str | None:
        """The parameter by which a type is found by its patient; None where the server declares none."""
        names = ("patient", "subject") if kind != "Patient" else ("_id",)
        said = [(name, self.supports(kind, name)) for name in names]
        if all(answer is None for _, answer in said):
            return names[0]
        return next((name for name, answer in said if answer), None)


def _type(row: Resource, shared: dict[str, str]) -> TypeCapability:
    own = {str(item.get("name")): str(item.get("type", "")) for item in _rows(row, "searchParam")}
    includes = row.get("searchInclude")
    return TypeCapability(
        interactions=frozenset(str(item.get("code")) for item in _rows(row, "interaction")),
        parameters={**shared, **own} if own else {},
        includes=frozenset(str(item) for item in includes) if isinstance(includes, list) else frozenset(),
        operations=frozenset(_operations([row])),
    )


def _operations(parts: list[Resource]) -> Iterator[str]:
    for part in parts:
        for row in _rows(part, "operation"):
            yield str(row.get("name", "")).removeprefix("$")


def _rows(parent: Any, name: str) -> list[Resource]:
    rows = parent.get(name) if isinstance(parent, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
