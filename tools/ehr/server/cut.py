"""`_summary` and `_elements`: parts of a resource, marked SUBSETTED as R4 asks (search.html#summary)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from tools.ehr.checks.structure_types import elements, model
from tools.ehr.fhirjson import Resource, dumps
from tools.ehr.store.query import BadSearch
from tools.ehr.store.store import Stored

_ALWAYS = ("resourceType", "id", "meta")
_TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
SUMMARIES = ("true", "text", "data", "count", "false")


@dataclass(frozen=True)
class Cut:
    """Which parts are asked for; `summary` is one of `SUMMARIES`."""

    summary: str = "false"
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: list[tuple[str, str]]) -> tuple[Cut, list[tuple[str, str]]]:
        """What the parameters ask for, and the other parameters (`_summary=count` stays: it is the search's).

        Raises:
            BadSearch: a summary R4 does not have, or both parameters at once.
        """
        given = {name: value for name, value in pairs if name in ("_summary", "_elements")}
        summary = given.get("_summary", "false")
        names = tuple(part for part in given.get("_elements", "").split(",") if part)
        if summary not in SUMMARIES:
            raise BadSearch(f"_summary: found {summary[:40]!r}", found="_summary", expected=", ".join(SUMMARIES))
        if "_elements" in given and (not names or summary not in ("false", "count")):
            raise BadSearch("_elements: found no names, or a _summary beside it", found="_elements",
                            expected="names of elements, without _summary")  # fmt: skip
        rest = [
            (name, value) for name, value in pairs if name != "_elements" and (name != "_summary" or value == "count")
        ]
        return cls(summary, names), rest

    @property
    def whole(self) -> bool:
        """Whether nothing is cut."""
        return self.summary in ("false", "count") and not self.names

    def body(self, stored: Stored) -> str:
        """The JSON of a stored resource, cut."""
        return stored.body if self.whole else dumps(self.apply(stored.resource))

    def apply(self, resource: Resource) -> Resource:
        """The parts asked for; required elements always come."""
        kind = resource["resourceType"]
        if self.summary == "data":
            kept = {key: value for key, value in resource.items() if key != "text"}
        else:
            if self.names:
                asked = {name.removeprefix(f"{kind}.").partition(".")[0] for name in self.names}
            else:
                asked = {"text"} if self.summary == "text" else set(_in_summary(kind))
            asked |= _required(kind)
            groups = {key: item.group for key, item in elements(kind).items()}
            kept = {
                key: value
                for key, value in resource.items()
                if key in _ALWAYS or key.lstrip("_") in asked or groups.get(key.lstrip("_")) in asked
            }
        meta: dict[str, Any] = dict(kept.get("meta") or {})
        tags = [tag for tag in meta.get("tag", []) if tag.get("code") != _TAG["code"]]
        return {**kept, "meta": {**meta, "tag": [*tags, _TAG]}}


@functools.cache
def _required(kind: str) -> frozenset[str]:
    return frozenset(item.group or key for key, item in elements(kind).items() if item.required)


@functools.cache
def _in_summary(kind: str) -> frozenset[str]:
    """Elements R4B's classes mark as belonging to the summary; of types R4B lacks only the required ones are known."""
    fields = getattr(model(kind), "model_fields", {})
    return frozenset(
        item.alias or name
        for name, item in fields.items()
        if (item.json_schema_extra or {}).get("summary_element_property")
    )
