"""The forms a model fills in. A form is built from what exists, so that an action that does not cannot be expressed;
and it is read again by code, because not every server enforces a schema.

A form is {"answer": one variant per open decision}, each with the decision first and only the fields it needs, so that
a decision without what it needs cannot be expressed either. What is read is enumerated values; `why` is kept as a
model's words; any other field is not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.prompts import clean

MAX_WHY = 200
MAX_LIST = 4
Problem = Literal["not_json", "form", "invented", "no_evidence", "duplicate"]
_FENCED = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class Rejected(ValueError):
    """An answer that cannot be used. The message goes back to the model; `problem` is what is kept of it."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True)
class Said:
    """A decision that passed: everything in it, `why` apart, is one of the values offered."""

    decision: str
    protocols: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    calculators: tuple[str, ...] = ()
    tool: str | None = None
    bindings: Mapping[str, str] | None = None
    why: str = ""


def parse(text: str) -> dict[str, Any]:
    """The JSON object of an answer; a fence or a closed train of thought around it is taken off, nothing is guessed.

    Raises:
        Rejected: it is not one JSON object.
    """
    bare = _THOUGHT.sub("", text).strip()
    if fenced := _FENCED.match(bare):
        bare = fenced.group(1)
    try:
        body = json.loads(bare)
    except (ValueError, RecursionError) as error:
        raise Rejected("not_json", "it is not one JSON object") from error
    if not isinstance(body, dict):
        raise Rejected("not_json", f"it is a JSON {type(body).__name__}, not an object")
    return body


@dataclass(frozen=True)
class ChoiceForm:
    """Which protocols, look-ups or calculators answer the question. Offers only decisions that can be carried out."""

    protocols: tuple[str, ...]
    concepts: tuple[str, ...]
    calculators: tuple[str, ...]

    @property
    def decisions(self) -> list[str]:
        """The decisions that are open."""
        return [
            *(["use_protocol"] if self.protocols else []), *(["use_several"] if len(self.protocols) > 1 else []),
            *(["look_up"] if self.concepts else []), *(["calculate"] if self.calculators else []),
            *(["ask"] if len(self.protocols) > 1 else []), "none",
        ]

    def schema(self) -> dict[str, Any]:
        """JSON Schema, the decision first."""
        one, several = _list_of(self.protocols, 1, 1), _list_of(self.protocols, 2, MAX_LIST)
        fields = {
            "use_protocol": {"protocols": one}, "use_several": {"protocols": several}, "ask": {"protocols": several},
            "look_up": {"concepts": _list_of(self.concepts)}, "calculate": {"calculators": _list_of(self.calculators)},
            "none": {},
        }
        return _form("choice", [_variant(decision, fields[decision]) for decision in self.decisions])

    def read(self, body: Mapping[str, Any]) -> Said:
        """Check an answer against what was offered.

        Raises:
            Rejected: a value that was not offered, or a decision without what it needs.
        """
        body = _answer(body)
        decision, why = _one(body, "decision", self.decisions), _why(body)
        if decision in ("use_protocol", "use_several", "ask"):
            protocols = _many(body, "protocols", self.protocols)
            if (len(protocols) == 1) is not (decision == "use_protocol"):
                wanted = "exactly one id" if decision == "use_protocol" else "two or more ids"
                raise Rejected("form", f"{decision} needs {wanted} in protocols")
            return Said(decision, protocols=protocols, why=why)
        if decision == "look_up":
            return Said(decision, concepts=_many(body, "concepts", self.concepts), why=why)
        if decision == "calculate":
            return Said(decision, calculators=_many(body, "calculators", self.calculators), why=why)
        return Said(decision, why=why)


@dataclass(frozen=True)
class CallForm:
    """One more tool, or none. Every argument is a slot that holds evidence: a literal cannot be expressed.

    Args:
        candidates: tool -> parameter -> slots whose evidence fits.
        done: calls already made, as (tool, bindings).
    """

    candidates: Mapping[str, Mapping[str, Sequence[str]]]
    done: tuple[tuple[str, Mapping[str, str]], ...] = ()

    def schema(self) -> dict[str, Any]:
        """JSON Schema, the decision first."""
        calls = []
        for tool, parameters in self.candidates.items():
            slots = _object({name: {"type": "string", "enum": list(offered)} for name, offered in parameters.items()})
            calls.append(_variant("call", {"tool": {"type": "string", "enum": [tool]}, "arguments": slots}))
        return _form("call", [*calls, _variant("done", {})])

    def read(self, body: Mapping[str, Any]) -> Said:
        """Check an answer against what was offered.

        Raises:
            Rejected: another tool, an argument that is no slot offered for it, or a call made before.
        """
        body = _answer(body)
        decision, why = _one(body, "decision", ["call", "done"]), _why(body)
        if decision == "done":
            return Said("done", why=why)
        tool = _one(body, "tool", list(self.candidates))
        parameters, given = self.candidates[tool], body.get("arguments")
        if not isinstance(given, Mapping):
            raise Rejected("form", "call needs arguments: an object of slots")
        if extra := sorted(str(name) for name in given if name not in parameters):
            raise Rejected("no_evidence", f"{tool} is not offered with argument {clean(', '.join(extra))}")
        for name, offered in parameters.items():
            if not isinstance(given.get(name), str) or given[name] not in offered:
                raise Rejected("no_evidence", f"{name} of {tool} must be one of the slots {', '.join(offered)}")
        bindings = {name: str(given[name]) for name in parameters}
        if (tool, bindings) in [(made, dict(bound)) for made, bound in self.done]:
            raise Rejected("duplicate", f"{tool} has already been run on this; choose done or something else")
        return Said("call", tool=tool, bindings=bindings, why=why)


_WHY = {"type": "string", "maxLength": MAX_WHY}


def _form(title: str, variants: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, **_object({"answer": {"anyOf": variants}})}


def _variant(decision: str, fields: dict[str, Any]) -> dict[str, Any]:
    return _object({"decision": {"type": "string", "enum": [decision]}, **fields, "why": _WHY})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list_of(offered: Sequence[str], least: int = 1, most: int = MAX_LIST) -> dict[str, Any]:
    items = {"type": "string", "enum": list(offered)}
    return {"type": "array", "items": items, "minItems": least, "maxItems": max(least, min(most, len(offered)))}


def _answer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is inside the form; a server that enforces nothing may get it without its wrapper."""
    inside = body.get("answer", body)
    if not isinstance(inside, Mapping):
        raise Rejected("form", "answer is not an object")
    return inside


def _one(body: Mapping[str, Any], field: str, offered: Sequence[str]) -> str:
    found = body.get(field)
    if not isinstance(found, str):
        raise Rejected("form", f"{field} is missing; expected one of {', '.join(offered)}")
    if found not in offered:
        raise Rejected("invented", f"{field} was {clean(repr(found), limit=60)}; expected one of {', '.join(offered)}")
    return found


def _many(body: Mapping[str, Any], field: str, offered: Sequence[str]) -> tuple[str, ...]:
    found = body.get(field)
    if not isinstance(found, list) or not found or not all(isinstance(item, str) for item in found):
        raise Rejected("form", f"{field} is empty; this decision needs one or more of {', '.join(offered)}")
    if foreign := [item for item in found if item not in offered]:
        shown = clean(repr(foreign[0]), limit=60)
        raise Rejected("invented", f"{field} held {shown}; expected only {', '.join(offered)}")
    return tuple(dict.fromkeys(found))[:MAX_LIST]


def _why(body: Mapping[str, Any]) -> str:
    found = body.get("why")
    return clean(found, limit=MAX_WHY) if isinstance(found, str) else ""
