"""What a tool read incompletely is said by every one of its results, whichever way the tool was written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from knowledge.evidence import Evidence, FhirElement

FLAG = "incomplete answer"
_READ: ContextVar[dict[str, list[str]] | None] = ContextVar("osler_read", default=None)


@contextlib.contextmanager
def watching() -> Iterator[dict[str, list[str]]]:
    """Collect what is read incompletely inside: by type, the reasons."""
    seen: dict[str, list[str]] = {}
    outer = _READ.get()
    token = _READ.set(seen)
    try:
        yield seen
    finally:
        _READ.reset(token)
        if outer is not None:
            outer.update(seen)


def note(kind: str, problems: Iterable[str]) -> None:
    """Say that a type was read, and why that may not be all of it."""
    seen, reasons = _READ.get(), list(problems)
    if seen is not None and reasons:
        seen[kind] = reasons


def warnings_of(seen: dict[str, list[str]]) -> list[str]:
    """One line for each type."""
    return [f"{FLAG}: {kind}: {'; '.join(reasons)}" for kind, reasons in seen.items()]


def flagged(items: list[Evidence], detail: dict[str, Any]) -> tuple[list[Evidence], dict[str, Any]]:
    """The evidence with the flag (and without what only the whole could tell), and the detail with its new ids."""
    renamed: dict[str, str] = {}
    changed = []
    for number, item in enumerate(items):
        source = item.source
        if not isinstance(source, FhirElement) or (not source.complete and FLAG in source.flags):
            changed.append(item)
            continue
        flags = source.flags if FLAG in source.flags else (*source.flags, FLAG)
        body = item.model_dump(exclude={"id", "kind"})
        body["source"] = source.model_copy(update={"flags": flags, "complete": False})
        if source.reference is None:
            # A count, an absence, an aggregate: of half an answer it is no value.
            body |= {"value": None, "range": None, "comparator": None}
        if (number == 0 or source.reference is None) and "incomplete" not in item.display:
            body["display"] = f"{item.display} ({FLAG})"
        new = Evidence(**body)
        renamed[item.id] = new.id
        changed.append(new)
    return changed, _renamed(detail, renamed)


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _renamed(value, names) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_renamed(value, names) for value in node]
    return names.get(node, node) if isinstance(node, str) else node
