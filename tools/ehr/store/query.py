"""A FHIR search, read. What is not supported is refused by name: an ignored parameter is a silent wrong answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tools.ehr.store import query_values as values
from tools.ehr.store.index import fold
from tools.ehr.store.query_values import BadSearch, Value, refuse
from tools.ehr.store.search_parameters import Parameter, parameters, refused, types

__all__ = ["BadSearch", "Query"]

DEFAULT_COUNT, MAX_COUNT, MAX_LENGTH, MAX_DEPTH, MAX_VALUES = 50, 1000, 20_000, 6, 500
_IDLE = {"_format", "_pretty"}
CONTROL = ("_count", "_include", "_page", "_revinclude", "_sort", "_summary", "_total", "_type")
MODIFIERS = {
    "token": ("not", "text", "in", "not-in", "above", "below", "of-type"),
    "string": ("exact", "contains"),
    "reference": ("identifier",),
    "uri": ("above", "below"),
}


@dataclass(frozen=True)
class Test:
    """One parameter with the values any of which it may have."""

    type: str
    parameter: Parameter
    modifier: str
    values: tuple[Value | tuple[Value, ...], ...]


@dataclass(frozen=True)
class Missing:
    """A parameter without a value, or with any."""

    type: str
    parameter: Parameter
    missing: bool


@dataclass(frozen=True)
class Ids:
    """Resources with one of these ids."""

    type: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Updated:
    """Resources written at some time."""

    values: tuple[values.Span, ...]


@dataclass(frozen=True)
class Chain:
    """A reference to a resource for which a condition holds; one alternative for each type it may lead to."""

    parameter: Parameter
    alternatives: tuple[tuple[str, Condition], ...]


@dataclass(frozen=True)
class Has:
    """A resource of another type refers to this one, and a condition holds for it."""

    type: str
    parameter: Parameter
    condition: Condition


Condition = Test | Missing | Ids | Updated | Chain | Has


@dataclass(frozen=True)
class Include:
    """`source:parameter[:target]`; with `*` as parameter, every reference. `back` for _revinclude."""

    source: str
    parameter: str
    target: str = ""
    back: bool = False
    iterate: bool = False


@dataclass
class Query:
    """A parsed search: on one type, or (`type` empty) on those of `_type`."""

    type: str
    base: str = ""
    types: tuple[str, ...] = ()
    conditions: list[tuple[str, str]] = field(default_factory=list)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    page: str = ""
    total: str = ""
    only_count: bool = False
    compartment: tuple[str, str] | None = None
    """Type and id of the resource to whose compartment matches belong."""
    ignored: list[str] = field(default_factory=list)
    """Parameters left out because the caller is lenient."""

    @classmethod
    def parse(
        cls,
        kind: str,
        text: str | list[tuple[str, str]],
        base: str = "",
        *,
        lenient: bool = False,
        compartment: tuple[str, str] | None = None,
    ) -> Query:
        """Read a query string; with `lenient`, unknown parameters are left out and named in `ignored`.

        Args:
            kind: the type searched, empty for a search over types (`_type` names them).
            text: the query string, or its pairs.
            base: address of the store, so that absolute references to it are known.
            lenient: leave out unknown parameters.
            compartment: type and id of the resource to whose compartment the matches belong.

        Raises:
            BadSearch: a parameter, modifier or value that is not supported, named.
        """
        if isinstance(text, str) and len(text) > MAX_LENGTH:
            raise refuse("query", f"at most {MAX_LENGTH} characters", f"{len(text)} characters")
        pairs = parse_qsl(text, keep_blank_values=True) if isinstance(text, str) else text
        query = cls(kind, base, (kind,) if kind else (), compartment=compartment)
        if kind and kind not in types():
            raise refuse("type", "a resource type of R4", kind)
        for name, value in pairs:
            if name == "_type" and not kind:
                query._types(value)
        for name, value in pairs:
            if name in _IDLE or name == "_type":
                if name == "_type" and kind:
                    raise refuse(name, "a search over types: address without a type")
                continue
            if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
                raise refuse(name, "text", "NUL or half a character")
            try:
                query._add(name, value)
            except BadSearch:
                if not lenient or query._known(name):
                    raise
                query.ignored.append(name)
        return query

    def _types(self, value: str) -> None:
        named = tuple(dict.fromkeys(value.split(",")))
        for name in named:
            if name not in types():
                raise refuse("_type", "resource types of R4", name)
        self.types = named

    def _known(self, name: str) -> bool:
        key = name.partition(":")[0].partition(".")[0]
        return key in CONTROL or key == "_has" or any(key in parameters(kind) for kind in self.types)

    def _add(self, name: str, value: str) -> None:
        key, _, modifier = name.partition(":")
        if key in CONTROL and (not modifier or key in ("_include", "_revinclude")):
            getattr(self, f"_set{key}")(value, modifier)
            return
        if not self.types:
            raise refuse(name, "_type=... beside it: a search over types names them")
        for kind in self.types:
            condition(kind, name, value, self.base)  # refused here, so that nothing is half searched
        self.conditions.append((name, value))

    def _set_count(self, value: str, modifier: str) -> None:
        if not value.isascii() or not value.isdigit() or len(value) > 9:
            raise refuse("_count", "a whole number", value)
        self.count = min(int(value), MAX_COUNT)

    def _set_page(self, value: str, modifier: str) -> None:
        self.page = value

    def _set_total(self, value: str, modifier: str) -> None:
        if value not in ("accurate", "estimate", "none"):
            raise refuse("_total", "accurate, estimate or none", value)
        self.total = value

    def _set_summary(self, value: str, modifier: str) -> None:
        if value not in ("count", "false"):
            raise refuse("_summary", "count or false (the REST server also cuts resources: true, text, data)", value)
        self.only_count = value == "count"

    def _set_include(self, value: str, modifier: str) -> None:
        self._including("_include", value, modifier)

    def _set_revinclude(self, value: str, modifier: str) -> None:
        self._including("_revinclude", value, modifier)

    def _including(self, name: str, value: str, modifier: str) -> None:
        back, iterate = name == "_revinclude", modifier == "iterate"
        if modifier not in ("", "iterate"):
            raise refuse(f"{name}:{modifier}", f"{name} or {name}:iterate")
        parts = [*self.types[:1], "*"] if value == "*" and not back and self.type else value.split(":")
        if len(parts) not in (2, 3) or parts[0] not in types() or (len(parts) == 3 and parts[2] not in types()):
            raise refuse(name, "TYPE:PARAMETER or TYPE:PARAMETER:TARGET", value)
        known = parameters(parts[0]).get(parts[1])
        if parts[1] != "*" and (known is None or known.kind != "reference"):
            raise refuse(name, f"a reference parameter of {parts[0]}", value)
        if not back and not iterate and self.types and parts[0] not in self.types:
            raise refuse(name, f"{' or '.join(self.types)} as the source, or :iterate", value)
        self.includes.append(Include(parts[0], parts[1], parts[2] if len(parts) == 3 else "", back, iterate))

    def _set_sort(self, value: str, modifier: str) -> None:
        for part in value.split(","):
            key = part.removeprefix("-")
            for kind in self.types or ("Resource",):
                found = parameters(kind).get(key)
                if found is None or found.kind in ("composite", "special") or (not self.type and key[:1] != "_"):
                    raise refuse("_sort", f"parameters of {kind}", part)
            self.sort.append((key, part.startswith("-")))
        if len(self.sort) > MAX_DEPTH:
            raise refuse("_sort", f"at most {MAX_DEPTH} parameters", value)

    def of(self, kind: str) -> list[Condition]:
        """The conditions as they read for a type."""
        return [condition(kind, name, value, self.base) for name, value in self.conditions]


def condition(kind: str, name: str, value: str, base: str, depth: int = 0) -> Condition:
    """Read one parameter of a type.

    Raises:
        BadSearch: it is not supported, named.
    """
    if depth > MAX_DEPTH:
        raise refuse(name, f"chains of at most {MAX_DEPTH} steps")
    if name.startswith("_has:"):
        return _has(kind, name, value, base, depth)
    head, dot, rest = name.partition(".")
    key, _, modifier = head.partition(":")
    parameter = parameters(kind).get(key)
    if parameter is None:
        if key in refused():
            raise refuse(name, f"a search without it ({refused()[key]})")
        known = [*sorted(parameters(kind)), "_has", *CONTROL]
        raise refuse(name, f"one of {', '.join(known)}")
    if dot:
        return _chain(parameter, modifier, rest, value, base, (name, depth))
    if key in ("_id", "_lastUpdated"):
        return _own(kind, key, modifier, name, value)
    if modifier == "missing":
        if value not in ("true", "false"):
            raise refuse(name, "true or false", value)
        if parameter.kind == "composite":
            raise refuse(name, "no :missing of a composite: ask for its parts")
        return Missing(kind, parameter, value == "true")
    parts = values.split(value, ",")
    if any(not item for item in parts) or len(parts) > MAX_VALUES:
        raise refuse(name, f"1 to {MAX_VALUES} values", value[:80])
    return _test(kind, parameter, modifier, parts, name, base)


def _test(kind: str, parameter: Parameter, modifier: str, parts: list[str], name: str, base: str) -> Test:
    if parameter.kind == "reference" and modifier in types():
        if parameter.only and parameter.only != modifier:
            raise refuse(name, f":{parameter.only}, to which {parameter.name} leads")
        return Test(kind, parameter, "", tuple(values.target(name, part, base, modifier) for part in parts))
    allowed = MODIFIERS.get(parameter.kind, ())
    if modifier and (modifier not in allowed or (modifier == "of-type" and not _identifies(parameter))):
        raise refuse(name, f"modifiers {', '.join(('missing', *allowed))} of a {parameter.kind}")
    if parameter.kind == "composite":
        return Test(kind, parameter, modifier, tuple(_tuple(parameter, part, name, base) for part in parts))
    return Test(kind, parameter, modifier, tuple(_value(parameter, modifier, part, name, base) for part in parts))


def _identifies(parameter: Parameter) -> bool:
    return any(place.type == "Identifier" for atom in parameter.atoms for place in atom.places)


def _value(parameter: Parameter, modifier: str, part: str, name: str, base: str) -> Value:
    kind = parameter.kind
    if modifier == "of-type":
        pieces = values.split(part, "|")
        if len(pieces) != 3 or not pieces[1] or not pieces[2]:
            raise refuse(name, "system|code|value, the first two being the identifier's type", part)
        system, code, value = (values.plain(piece) for piece in pieces)
        return values.Token(f"{system}|{code}", value)
    if modifier == "text" or kind in ("string", "uri") or modifier in ("in", "not-in"):
        if kind != "uri" and not fold(part):
            raise refuse(name, "a text", part)
        return values.plain(part)
    if kind == "token" or modifier == "identifier":
        return values.token(name, part)
    if kind == "reference":
        return values.target(name, part, base, parameter.only)
    if kind == "date":
        return values.span(name, part)
    return values.amount(name, part, unit=kind == "quantity")


def _tuple(parameter: Parameter, part: str, name: str, base: str) -> tuple[Value, ...]:
    pieces = values.split(part, "$")
    if len(pieces) != len(parameter.parts) or not all(pieces):
        raise refuse(name, f"{len(parameter.parts)} values joined by $", part)
    made = zip(parameter.parts, pieces, strict=True)
    return tuple(_value(Parameter(name, kind), "", piece, name, base) for kind, piece in made)


def _own(kind: str, key: str, modifier: str, name: str, value: str) -> Condition:
    if modifier:
        raise refuse(name, f"{key} without a modifier")
    parts = values.split(value, ",")
    if len(parts) > MAX_VALUES:
        raise refuse(name, f"at most {MAX_VALUES} values", value[:80])
    if key == "_id":
        return Ids(kind, tuple(values.plain(part) for part in parts))
    return Updated(tuple(values.span(name, part) for part in parts))


def _chain(parameter: Parameter, modifier: str, rest: str, value: str, base: str, origin: tuple[str, int]) -> Condition:
    name, depth = origin
    if parameter.kind != "reference" or (modifier and modifier not in types()):
        raise refuse(name, "a chain over a reference, REFERENCE.PARAMETER or REFERENCE:TYPE.PARAMETER")
    if not any(place.type in ("Reference", "") for atom in parameter.atoms for place in atom.places):
        raise refuse(name, "no chain over a canonical address: search by the address")
    kinds = [modifier] if modifier else [parameter.only] if parameter.only else list(parameter.targets)
    if modifier and parameter.only and modifier != parameter.only:
        raise refuse(name, f":{parameter.only}, to which {parameter.name} leads")
    if not kinds:
        raise refuse(name, f"a type, as in {parameter.name}:Patient.{rest}: this reference may lead to any")
    found: list[tuple[str, Condition]] = []
    errors: list[BadSearch] = []
    for kind in kinds:
        try:
            found.append((kind, condition(kind, rest, value, base, depth + 1)))
        except BadSearch as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return Chain(parameter, tuple(found))


def _has(kind: str, name: str, value: str, base: str, depth: int) -> Condition:
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[1] not in types() or not parts[3]:
        raise refuse(name, "_has:TYPE:REFERENCE:PARAMETER")
    parameter = parameters(parts[1]).get(parts[2])
    if parameter is None or parameter.kind != "reference":
        raise refuse(name, f"a reference parameter of {parts[1]}")
    leads = (parameter.only,) if parameter.only else parameter.targets
    if leads and kind not in leads:
        raise refuse(name, f"a reference of {parts[1]} that leads to {kind}")
    return Has(parts[1], parameter, condition(parts[1], parts[3], value, base, depth + 1))
