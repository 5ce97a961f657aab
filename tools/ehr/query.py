"""A FHIR search as SQL. What is not supported is refused by name: an ignored parameter is a silent wrong answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from tools.ehr import index
from tools.ehr.compartment import local_reference
from tools.ehr.dates import interval
from tools.errors import BadInput

DEFAULT_COUNT, MAX_COUNT, MAX_LENGTH = 50, 1000, 20_000
_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+-])")
_IDLE = {"_format", "_pretty"}
_CONTROL = ("_count", "_offset", "_sort", "_summary", "_include", "_total")
_MODIFIERS = {"token": ("not",), "string": ("exact", "contains"), "reference": (), "date": (), "quantity": ()}
Condition = tuple[str, list[Any]]


class BadSearch(BadInput):
    """A search that is not supported or does not parse; `found` is the parameter."""

    code = "bad_search"


def _refuse(name: str, expected: str, found: str | None = None) -> BadSearch:
    message = f"search parameter {name!r} is not supported here" if found is None else f"{name}: found {found!r}"
    return BadSearch(message, found=found or name, expected=expected, action="remove or correct the parameter")


@dataclass
class Query:
    """A parsed search on one type."""

    type: str
    base: str = ""
    conditions: list[Condition] = field(default_factory=list)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    includes: list[tuple[str, str]] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    offset: int = 0
    only_count: bool = False

    @classmethod
    def parse(cls, kind: str, text: str | list[tuple[str, str]], base: str = "") -> Query:
        """Read a query string.

        Raises:
            BadSearch: a parameter, modifier or value that is not supported, named.
        """
        if isinstance(text, str) and len(text) > MAX_LENGTH:
            raise _refuse("query", f"at most {MAX_LENGTH} characters", f"{len(text)} characters")
        pairs = parse_qsl(text, keep_blank_values=True) if isinstance(text, str) else text
        query = cls(kind, base)
        for name, value in pairs:
            if name in _IDLE:
                continue
            if "\x00" in value:
                raise _refuse(name, "text without NUL", "NUL")
            if name in _CONTROL:
                query._control(name, value)
            else:
                query.conditions.append(query._condition(name, value))
        return query

    def _control(self, name: str, value: str) -> None:
        if name in ("_count", "_offset"):
            if not value.isascii() or not value.isdigit() or len(value) > 9:
                raise _refuse(name, "a whole number", value)
            number = int(value)
            if name == "_count":
                self.count = min(number, MAX_COUNT)
            else:
                self.offset = number
        elif name == "_summary":
            if value not in ("count", "false"):
                raise _refuse(name, "count or false", value)
            self.only_count = value == "count"
        elif name == "_total":
            if value not in ("accurate", "estimate", "none"):
                raise _refuse(name, "accurate, estimate or none", value)
        elif name == "_include":
            parts = value.split(":")
            known = index.parameters(self.type)
            if (
                len(parts) not in (2, 3)
                or parts[0] != self.type
                or parts[1] not in known
                or (known[parts[1]].kind != "reference")
            ):
                raise _refuse(name, f"{self.type}:PARAMETER with a reference parameter of {self.type}", value)
            self.includes.append((parts[1], parts[2] if len(parts) == 3 else ""))
        else:
            for part in value.split(","):
                key = part.removeprefix("-")
                if key not in ("_id", "_lastUpdated") and key not in index.parameters(self.type):
                    raise _refuse(name, f"parameters of {self.type}", part)
                self.sort.append((key, part.startswith("-")))

    def _condition(self, name: str, value: str) -> Condition:
        key, _, modifier = name.partition(":")
        values = _split(value)
        if key == "_id" and not modifier:
            return f"r.id IN ({','.join('?' * len(values))})", list(values)
        if key == "_lastUpdated" and not modifier:
            return _any([_dates("r.updated", "r.updated + 1", item, name) for item in values])
        parameter = index.parameters(self.type).get(key)
        if parameter is None:
            known = [*sorted(index.parameters(self.type)), "_id", "_lastUpdated", *_CONTROL]
            raise _refuse(name, f"one of {', '.join(known)}")
        rows = f"SELECT t.rid FROM {parameter.kind} t WHERE t.type=? AND t.param=?"  # noqa: S608  (names of ours)
        if modifier == "missing":
            if value not in ("true", "false"):
                raise _refuse(name, "true or false", value)
            return f"r.rid {'NOT ' if value == 'true' else ''}IN ({rows})", [self.type, key]
        if parameter.kind == "reference" and modifier[:1].isupper():
            values = [item if "/" in item else f"{modifier}/{item}" for item in values]
            modifier = ""
        if modifier and modifier not in _MODIFIERS[parameter.kind]:
            raise _refuse(name, f"modifiers missing, {', '.join(_MODIFIERS[parameter.kind])} of a {parameter.kind}")
        if any(not item for item in values):
            raise _refuse(name, "a value", value)
        sql, arguments = _any([self._match(parameter.kind, key, name, modifier, item) for item in values])
        negated = "NOT " if modifier == "not" else ""
        return f"r.rid {negated}IN ({rows} AND ({sql}))", [self.type, key, *arguments]

    def _match(self, kind: str, key: str, name: str, modifier: str, value: str) -> Condition:
        if kind == "token":
            system, bar, code = value.rpartition("|")
            code = _plain(code)
            if not bar:
                return "t.b=?", [code]
            return ("t.b=? AND t.a=?", [code, _plain(system)]) if code else ("t.a=?", [_plain(system)])
        if kind == "reference":
            if "/" not in value:
                return ("t.b=? AND t.a='Patient'", [value]) if key == "patient" else ("t.b=?", [value])
            target = local_reference(value, self.base)
            if target is None:
                return "t.c=?", [value]
            return "t.b=? AND t.a=?", [target[1], target[0]]
        if kind == "date":
            return _dates("t.a", "t.b", value, name)
        if kind == "quantity":
            return _quantities(value, name)
        plain = _plain(value)
        if modifier == "exact":
            return "t.b=?", [plain]
        folded = index.fold(plain).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return "t.a LIKE ? ESCAPE '\\'", [f"{'%' if modifier == 'contains' else ''}{folded}%"]

    def where(self) -> Condition:
        """The WHERE clause over `resource r`, with its arguments."""
        parts, arguments = ["r.type=?"], [self.type]
        for sql, values in self.conditions:
            parts.append(sql)
            arguments += values
        return " AND ".join(parts), arguments

    def order(self) -> Condition:
        """The ORDER BY clause; `rid` last, so that pages never overlap."""
        parts: list[str] = []
        arguments: list[Any] = []
        for key, down in self.sort:
            direction = "DESC" if down else "ASC"
            if key in ("_id", "_lastUpdated"):
                parts.append(f"r.{'id' if key == '_id' else 'updated'} {direction}")
                continue
            kind = index.parameters(self.type)[key].kind
            column = "b" if kind in ("token", "reference") else "a"
            edge = "max" if down else "min"
            parts.append(  # names of ours only
                f"(SELECT {edge}(t.{column}) FROM {kind} t WHERE t.rid=r.rid AND t.param=?) {direction} NULLS LAST"  # noqa: S608
            )
            arguments.append(key)
        return ", ".join([*parts, "r.rid"]), arguments


def _any(conditions: list[Condition]) -> Condition:
    return " OR ".join(f"({sql})" for sql, _ in conditions), [item for _, values in conditions for item in values]


def _split(value: str) -> list[str]:
    """Values separated by commas; `\\,` is a comma of the value."""
    return re.split(r"(?<!\\),", value)


def _plain(value: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", value)


def _prefixed(value: str) -> tuple[str, str]:
    match = _PREFIX.match(value)
    return (match.group(1), value[2:]) if match else ("eq", value)


def _dates(low: str, high: str, value: str, name: str) -> Condition:
    prefix, text = _prefixed(value)
    try:
        first, after = (index.microseconds(moment) for moment in interval(text.replace(" ", "+")))
    except (ValueError, OverflowError) as error:
        raise _refuse(name, "a date with one of the prefixes eq ne gt lt ge le sa eb ap", value) from error
    inside: Condition = (f"{low} >= ? AND {high} <= ?", [first, after])
    if prefix == "ap":  # R4: within a tenth of the time that lies between then and now
        slack = abs(index.microseconds(datetime.now(UTC)) - first) // 10
        return f"{low} < ? AND {high} > ?", [after + slack, first - slack]
    return {
        "eq": inside,
        "ne": (f"NOT ({inside[0]})", inside[1]),
        "gt": (f"{high} > ?", [after]),
        "lt": (f"{low} < ?", [first]),
        "ge": (f"({high} > ? OR ({inside[0]}))", [after, *inside[1]]),
        "le": (f"({low} < ? OR ({inside[0]}))", [first, *inside[1]]),
        "sa": (f"{low} >= ?", [after]),
        "eb": (f"{high} <= ?", [first]),
    }[prefix]


def _quantities(value: str, name: str) -> Condition:
    prefix, text = _prefixed(value)
    parts = text.split("|")
    try:
        number = float(parts[0])
        digits = len(parts[0].lower().partition("e")[0].partition(".")[2])
    except ValueError as error:
        raise _refuse(name, "a number, or number|system|code", value) from error
    if len(parts) not in (1, 3) or not abs(number) < 1e300:
        raise _refuse(name, "a number, or number|system|code", value)
    half = 0.5 * 10.0**-digits if "e" not in parts[0].lower() else abs(number) * 0.05
    half = abs(number) * 0.1 if prefix == "ap" else half
    near: Condition = ("t.a >= ? AND t.a < ?", [number - half, number + half])
    sql, arguments = {
        "eq": near,
        "ap": near,
        "ne": (f"NOT ({near[0]})", near[1]),
        "gt": ("t.a > ?", [number]),
        "lt": ("t.a < ?", [number]),
        "ge": ("t.a >= ?", [number]),
        "le": ("t.a <= ?", [number]),
        "sa": ("t.a > ?", [number]),
        "eb": ("t.a < ?", [number]),
    }[prefix]
    if len(parts) == 3 and parts[1]:
        return f"({sql}) AND t.b=?", [*arguments, f"{parts[1]}|{parts[2]}"]
    if len(parts) == 3 and parts[2]:
        return f"({sql}) AND (t.c=? OR t.b LIKE '%|' || ?)", [*arguments, parts[2], parts[2]]
    return sql, arguments
