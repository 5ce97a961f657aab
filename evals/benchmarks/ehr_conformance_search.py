"""For every SearchParameter and every example with a value there: does a search for that value find the example?

The values come from the parameter's own FHIRPath expression, evaluated by fhirpathpy, not from Osler's index; the
query is written from the value by R4's rules for the parameter's type.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from evals.benchmarks.ehr_asgi import Server
from tools.ehr.fhirjson import loads
from tools.ehr.store.search_parameters import searchable

Json = dict[str, Any]
_DATE = re.compile(r"^\d{4}(-\d\d(-\d\d(T\S+)?)?)?$")
MOST = 3
"""Values tried for one parameter of one example."""


class Finding:
    """Searches for what the definitions say is there."""

    def __init__(self, server: Server, definitions: list[Json], examples: list[Json]) -> None:
        from fhirpathpy import compile as compile_path
        from fhirpathpy.models import models

        left = searchable().left
        self.server, self.examples = server, examples
        self.rows = [row for row in definitions if row["id"] not in left and row.get("expression")]
        self.kinds = {row["url"]: (row["code"], row["type"]) for row in definitions}
        self.compile: Callable[[str], Any] = functools.cache(
            lambda expression: compile_path(expression, model=models["r4"])
        )

    def run(self) -> Json:
        """The share of values found, by type of parameter."""
        tried: Counter[str] = Counter()
        found: Counter[str] = Counter()
        parameters: dict[str, set[str]] = {}
        failures, unread = [], Counter[str]()
        by_type: dict[str, list[Json]] = {}
        for example in self.examples:
            by_type.setdefault(example["resourceType"], []).append(example)
        for row in self.rows:
            bases = by_type if set(row["base"]) & {"Resource", "DomainResource"} else row["base"]
            examples = [example for kind in bases for example in by_type.get(kind, ())]
            if not examples:
                continue
            for example in examples:
                for query in self._queries(example, row, unread):
                    tried[row["type"]] += 1
                    parameters.setdefault(row["type"], set()).add(row["id"])
                    if self._hit(example, row["code"] + query[0], query[1]):
                        found[row["type"]] += 1
                    else:
                        place = f"{example['resourceType']}/{example['id']}"
                        failures.append(
                            {"parameter": row["id"], "example": place, "query": f"{row['code']}{query[0]}={query[1]}"}
                        )
        return {
            "values": sum(tried.values()),
            "found": sum(found.values()),
            "by_type": {kind: {"found": found[kind], "values": tried[kind], "parameters": len(parameters[kind])}
                        for kind in sorted(tried)},
            "not_found": failures[:200],
            "not_evaluated": dict(unread),
        }  # fmt: skip

    def _queries(self, example: Json, row: Json, unread: Counter[str]) -> list[tuple[str, str]]:
        """Modifier and value of the queries that must find an example."""
        try:
            if row["type"] == "composite":
                return self._composites(example, row)
            values = self._evaluate(row["expression"], example)
        except Exception as error:  # the library raises plain Exceptions
            unread[f"{row['id']}: {type(error).__name__}"] += 1
            return []
        only = _only(row["expression"])
        values = [value for value in values if not only or _leads_to(value, only)][:MOST]
        return [query for value in values if (query := written(row["type"], value)) is not None]

    def _evaluate(self, expression: str, example: Json) -> list[Any]:
        found: list[Any] = self.compile(_for_the_library(expression))(example)
        return found

    def _composites(self, example: Json, row: Json) -> list[tuple[str, str]]:
        """Composites: the first value of every part, of each of the first few elements that have them all."""
        found = []
        for number in range(min(MOST, len(self._evaluate(row["expression"], example)))):
            parts = []
            for part in row["component"]:
                expression = f"({row['expression']})[{number}].select({part['expression']})"
                kind = self.kinds[part["definition"]][1]
                queries = [written(kind, value) for value in self._evaluate(expression, example)[:1]]
                # In a composite there are no modifiers.
                parts += [query[1] for query in queries if query is not None and kind != "string"]
            if len(parts) == len(row["component"]):
                found.append(("", "$".join(parts)))
        return found

    def _hit(self, example: Json, name: str, value: str) -> bool:
        query = urlencode([(name, value), ("_id", example["id"])]).encode()
        reply = self.server.ask("GET", f"/{example['resourceType']}", query)
        body = loads(reply.body)
        return any(
            entry["resource"].get("id") == example["id"] for entry in body.get("entry", []) if "resource" in entry
        )


def _for_the_library(expression: str) -> str:
    """The expression without what it cannot do: `resolve()`, and `as` on several items (`ofType` says the same)."""
    plain = re.sub(r"\.where\(resolve\(\) is \w+\)", "", expression)
    plain = re.sub(r"\.as\((\w+)\)", r".ofType(\1)", plain)
    return re.sub(r"\(([^()|]+) as (\w+)\)", r"(\1.ofType(\2))", plain)


def _only(expression: str) -> str:
    kinds = set(re.findall(r"resolve\(\) is (\w+)", expression))
    return kinds.pop() if len(kinds) == 1 else ""


def _leads_to(value: Any, kind: str) -> bool:
    reference = value.get("reference") if isinstance(value, dict) else None
    return isinstance(reference, str) and f"{kind}/" in reference


def escape(text: Any) -> str:
    """A value with the characters that mean something escaped."""
    return re.sub(r"([\\,|$])", r"\\\1", str(text))


def written(kind: str, value: Any) -> tuple[str, str] | None:
    """Modifier and value of a query for a value, or none where the value cannot be asked for."""
    if kind == "token":
        return _token(value)
    if kind == "reference":
        text = value.get("reference") if isinstance(value, dict) else value
        # Fragments lead inside the resource; URNs and conditions lead to nothing here.
        return (
            ("", escape(text))
            if isinstance(text, str) and not text.startswith(("#", "urn:")) and "?" not in text
            else None
        )
    if kind == "string":
        return _string(value)
    if kind == "date":
        return _date(value)
    if kind == "uri":
        return ("", escape(value)) if isinstance(value, str) else None
    if kind == "number":
        return ("", _text(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if kind == "quantity" and isinstance(value, dict) and isinstance(value.get("value"), int | float):
        if "currency" in value:
            return ("", _text(value["value"]) + f"|urn:iso:std:iso:4217|{escape(value['currency'])}")
        if "code" in value:
            return ("", _text(value["value"]) + f"|{escape(value.get('system', ''))}|{escape(value['code'])}")
        return ("", _text(value["value"]))
    return None


def _text(number: Any) -> str:
    return str(getattr(number, "text", number))


def _token(value: Any) -> tuple[str, str] | None:
    if isinstance(value, bool):
        return ("", "true" if value else "false")
    if isinstance(value, str):
        return ("", escape(value))
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("coding"), list):
        return next((found for coding in value["coding"] if (found := _token(coding))), None)
    # A contact point's system is its kind (phone, email), not a namespace.
    written = value.get("code", value.get("value"))
    if written is None or isinstance(written, dict | list):
        return None
    system = (
        "" if value.get("system") in ("phone", "fax", "email", "pager", "url", "sms", "other") else value.get("system")
    )
    return ("", f"{escape(system)}|{escape(written)}" if system else escape(written))


def _string(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str):
        return (":exact", escape(value)) if value.strip() else None
    if isinstance(value, dict):
        for part in ("family", "text", "city", "country", "state", "given", "line"):
            inner = value.get(part)
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(inner, str):
                return (":exact", escape(inner))
    return None


def _date(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str) and _DATE.match(value):
        return ("", value)
    if isinstance(value, dict) and isinstance(value.get("start"), str):
        return ("", f"ge{value['start']}")
    if isinstance(value, dict) and isinstance(value.get("end"), str):
        return ("", f"le{value['end']}")
    return None
