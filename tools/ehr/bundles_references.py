"""References between the resources of one Bundle or file: `urn:uuid:` and conditional ones become `Type/id`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tools.ehr.fhirjson import Resource
from tools.ehr.store.query import BadSearch, Query
from tools.ehr.store.store import Store, Stored
from tools.errors import BadInput

Lost = Callable[[dict[str, Any], str, str], dict[str, Any]]
"""What becomes of a Reference that leads nowhere: `(reference object, its text, element path)`."""
# Parameters that choose no resource.
_CONTROL = {
    "_count",
    "_offset",
    "_page",
    "_sort",
    "_summary",
    "_include",
    "_revinclude",
    "_total",
    "_elements",
    "_format",
    "_pretty",
    "_contained",
    "_containedType",
}


class Ambiguous(BadInput):
    """A condition that fits several resources (HTTP 412)."""


def fitting(store: Store, kind: str, condition: str, where: str = "") -> Stored | None:
    """The one resource a condition (`identifier=system|value`) fits, if any.

    Raises:
        Ambiguous: several.
        BadInput: a condition that chooses nothing, or that cannot be searched for.
    """
    name = f"{where}: {kind}?{condition}" if where else f"{kind}?{condition}"
    pairs = parse_qsl(condition, keep_blank_values=True)
    if not any(key.partition(":")[0] not in _CONTROL for key, _ in pairs):
        raise BadInput(
            f"{name[:200]} chooses no resource",
            found=condition[:80],
            expected="search parameters",
            action="name what it depends on",
        )
    try:
        found = store.search(Query.parse(kind, [*pairs, ("_count", "2")], store.base))
    except BadSearch as error:
        raise BadInput(
            f"{name[:200]}: {error.message}",
            found=condition[:80],
            expected=str(error.expected),
            action="correct the condition",
        ) from error
    if len(found.matches) > 1 or (found.total or 0) > 1:
        count = found.total if found.total is not None else "several"
        raise Ambiguous(
            f"{name[:200]} fits {count} resources",
            found=count,
            expected="at most one",
            action="make the condition unambiguous",
        )
    return found.matches[0] if found.matches else None


class Resolver:
    """Rewrites references.

    Args:
        store: where conditional references look.
        names: fullUrl (or `Type/id`) -> `Type/id` of what the Bundle itself holds.
        kept: `Type/id` -> resource of the Bundle, for conditional references by identifier.
        lost: what to do with a reference that leads nowhere.
    """

    def __init__(self, store: Store, names: dict[str, str], kept: dict[str, Resource], where: str, lost: Lost) -> None:
        self.store, self.names, self.kept, self.where, self.lost = store, names, kept, where, lost
        self._found: dict[str, str | None] = {}

    def resolve(self, value: Any, path: str = "") -> Any:
        """The value with every `reference` in it resolved, and every URI that is the fullUrl of an entry."""
        if isinstance(value, list):
            return [self.resolve(item, path) for item in value]
        if not isinstance(value, dict):
            return value
        body = {}
        for key, item in value.items():
            if isinstance(item, dict | list):
                body[key] = self.resolve(item, f"{path}.{key}" if path else key)
            elif key in ("valueUri", "valueUrl", "url") and isinstance(item, str) and item.startswith("urn:"):
                body[key] = self.names.get(item, item)
            else:
                body[key] = item
        reference = body.get("reference")
        return self._reference(body, reference, path) if isinstance(reference, str) else body

    def _reference(self, body: dict[str, Any], reference: str, path: str) -> dict[str, Any]:
        target = self.names.get(reference) or self.names.get(reference.partition("/_history/")[0])
        if target:
            return {**body, "reference": target}
        if reference.startswith("urn:"):
            return self.lost(body, reference, path)
        if "?" in reference and not urlsplit(reference).scheme:
            if reference not in self._found:
                self._found[reference] = self._conditional(reference)
            found = self._found[reference]
            return {**body, "reference": found} if found else self.lost(body, reference, path)
        return body

    def _conditional(self, reference: str) -> str | None:
        kind, _, condition = reference.partition("?")
        inside = self._within(kind, condition)
        if inside:
            return inside
        found = fitting(self.store, kind, condition, self.where)
        return f"{kind}/{found.id}" if found else None

    def _within(self, kind: str, condition: str) -> str | None:
        """A conditional reference to something in the same Bundle: by identifier, as bundles write it."""
        name, _, value = condition.partition("=")
        if name != "identifier":
            return None
        system, bar, code = value.rpartition("|")
        found = [
            reference
            for reference, resource in self.kept.items()
            if resource["resourceType"] == kind
            and any(
                item.get("value") == code and (not bar or item.get("system", "") == system)
                for item in _identifiers(resource)
            )
        ]
        if len(found) > 1:
            raise Ambiguous(
                f"{self.where}: {kind}?{condition} fits {len(found)} entries",
                found=found,
                expected="one",
                action="make the condition unambiguous",
            )
        return found[0] if found else None


def _identifiers(resource: Resource) -> Iterable[dict[str, Any]]:
    found = resource.get("identifier", [])
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]
