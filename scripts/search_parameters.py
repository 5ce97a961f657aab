"""Distil `tools/ehr/store/search_parameters.json` from the SearchParameters of R4 (4.0.1), published by HL7 under CC0.

    python scripts/search_parameters.py FOLDER

FOLDER holds the SearchParameter and CompartmentDefinition resources, one a file. Kept are facts: code, type, targets,
and the expression, resolved for each base type into paths of FHIR JSON with their data types (`value.as(Quantity)`
becomes `valueQuantity:Quantity`).
FHIRPath is parsed by fhirpathpy and typed by its model of R4; an expression beyond paths, `as`, `ofType`, `extension`,
`where(element = 'text')` and `where(resolve() is Type)` is kept as it is, for the library (`=EXPRESSION`).
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fhirpathpy.models import models
from fhirpathpy.parser import parse

OUT = Path(__file__).resolve().parent.parent / "tools" / "ehr" / "store" / "search_parameters.json"
MODEL = models["r4"]
REFUSED = {
    "_filter": "another query language inside a query: a filter that is misread gives a silent wrong answer",
    "_query": "named queries: none is defined here",
    "_content": "full text over everything: `osler ehr ask` searches the record in words",
    "_text": "full text over the narrative: `osler ehr ask` searches the record in words",
    "near": "distance between places: no geography here",
}
WRAPPERS = {"TermExpression", "InvocationTerm", "ParenthesizedTerm", "LiteralTerm", "QualifiedIdentifier"}
NO_EXPRESSION = "its definition has no expression"


class Beyond(Exception):
    """An expression that is left to the library."""


@dataclass(frozen=True)
class At:
    """Where a step has led: keys of the JSON, the model's path or type, and the only type a reference may lead to."""

    keys: tuple[str, ...]
    path: str
    only: str = ""

    def spelt(self) -> str:
        """As it stands in the table."""
        return f"{'.'.join(self.keys)}:{self.path}{'>' + self.only if self.only else ''}"


def member(at: At, name: str) -> list[At]:
    """One element further; a choice is all its types."""
    owner: str | None = at.path
    while owner:
        path = MODEL["pathsDefinedElsewhere"].get(f"{owner}.{name}", f"{owner}.{name}")
        if path in MODEL["choiceTypePaths"]:
            kinds = [(f"{name}{suffix}", path + suffix) for suffix in MODEL["choiceTypePaths"][path]]
            return [At((*at.keys, key), MODEL["path2Type"].get(full, full)) for key, full in kinds]
        kind = MODEL["path2Type"].get(path)
        if kind:
            nested = kind in ("BackboneElement", "Element")
            return [At((*at.keys, name), path if nested else kind.replace("System.String", "string"))]
        if any(key.startswith(f"{path}.") for key in MODEL["path2Type"]):
            return [At((*at.keys, name), path)]
        owner = MODEL["type2Parent"].get(owner)
    return []


def same(kind: str, wanted: str) -> bool:
    """Is it of the type? The specification writes DateTime and dateTime, String and string."""
    return kind.lower() == wanted.lower()


def only(node: dict[str, Any]) -> dict[str, Any]:
    """The single child of wrappers."""
    while node["type"] in (
        "TermExpression",
        "InvocationTerm",
        "ParenthesizedTerm",
        "LiteralTerm",
        "QualifiedIdentifier",
    ):
        node = node["children"][0]
    return node


def function(node: dict[str, Any], states: list[At]) -> list[At]:
    functn = node["children"][0]
    name = functn["children"][0]["text"]
    arguments = functn["children"][1]["children"] if len(functn["children"]) > 1 else []
    none: dict[str, Any] = {"type": "", "text": ""}
    argument: dict[str, Any] = only(arguments[0]) if len(arguments) == 1 else none
    if name in ("as", "ofType") and argument["type"] == "MemberInvocation":
        return [at for at in states if same(at.path, argument["children"][0]["text"])]
    if name == "extension" and argument["type"] == "StringLiteral":
        url = argument["text"].strip("'")
        return [At((*at.keys, f"extension[url={url}]"), "Extension") for at in states]
    if name == "where" and argument["type"] == "EqualityExpression":
        left, right = (only(child) for child in argument["children"])
        if left["type"] == "MemberInvocation" and right["type"] == "StringLiteral":
            test = f"[{left['children'][0]['text']}={right['text'].strip(chr(39))}]"
            return [replace(at, keys=(*at.keys[:-1], at.keys[-1] + test)) for at in states]
    if name == "where" and argument["type"] == "TypeExpression":
        asked = only(argument["children"][0])
        if asked["type"] == "FunctionInvocation" and asked["children"][0]["children"][0]["text"] == "resolve":
            wanted = argument["children"][1]["text"]
            return [replace(at, only=wanted) for at in states if at.path in ("Reference", "canonical", "uri")]
    raise Beyond


def walk(node: dict[str, Any], start: At, base: str) -> list[At]:
    """All places an expression leads to."""
    node = only(node)
    kind = node["type"]
    if kind == "UnionExpression":
        return [at for child in node["children"] for at in walk(child, start, base)]
    if kind == "TypeExpression" and node["terminalNodeText"] == ["as"]:
        states = walk(node["children"][0], start, base)
        return [at for at in states if same(at.path, node["children"][1]["text"])]
    if kind == "MemberInvocation":
        name = node["children"][0]["text"]
        if name in (base, "Resource", "DomainResource"):
            return [At((), base)]
        return [] if name[:1].isupper() else member(start, name)
    if kind == "ExternalConstantTerm" and node["children"][0]["children"][0]["text"] == "resource":
        return [At(("%",), base)]
    if kind == "InvocationExpression":
        states = walk(node["children"][0], start, base)
        step = node["children"][1]
        if step["type"] == "MemberInvocation":
            return [found for at in states for found in member(at, step["children"][0]["text"])]
        if step["type"] == "FunctionInvocation":
            return function(step, states)
    raise Beyond


def tree(expression: str) -> dict[str, Any]:
    """An expression, parsed."""
    found: dict[str, Any] = parse(expression)["children"][0]  # type: ignore[no-untyped-call]
    return found


def resolved(expression: str, base: str) -> list[At]:
    """The places of an expression within one type."""
    return list(dict.fromkeys(walk(tree(expression), At((), base), base)))


def paths(expression: str, base: str) -> list[str]:
    """The same as it stands in the table."""
    try:
        return [at.spelt() for at in resolved(expression, base)]
    except Beyond:
        # hasExtension is the specification's alone; in FHIRPath it is extension().exists().
        return ["=" + re.sub(r"hasExtension\(('[^']*')\)", r"extension(\1).exists()", expression)]


def composite(row: dict[str, Any], base: str, kinds: dict[str, str]) -> dict[str, Any]:
    """Context -> for each component its type and paths, which are relative to the context (`%` is the resource)."""
    found: dict[str, Any] = {}
    for context in resolved(row["expression"], base):
        parts = []
        for part in row["component"]:
            places = walk(tree(part["expression"]), At((), context.path), base)
            parts.append([kinds[part["definition"].rsplit("/", 1)[-1]], *(at.spelt() for at in places)])
        found[".".join(context.keys)] = parts
    return found


def compartments(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Compartment -> type -> the parameters by which its resources belong to it."""
    found = {}
    for name in ("device", "encounter", "patient", "practitioner", "relatedPerson"):
        row = json.loads((folder / f"CompartmentDefinition-{name}.json").read_text(encoding="utf-8"))
        found[row["code"]] = {item["code"]: item["param"] for item in row["resource"] if item.get("param")}
    return found


def main() -> None:
    """Write the table."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in Path(sys.argv[1]).glob("SearchParameter-*.json")]
    rows.sort(key=lambda row: str(row["id"]))
    kinds = {row["id"]: row["type"] for row in rows}
    types = {key for key, parent in MODEL["type2Parent"].items() if parent == "DomainResource"}
    types |= {key for key, parent in MODEL["type2Parent"].items() if parent == "Resource"} - {"DomainResource"}
    table: dict[str, dict[str, Any]] = {}
    left: dict[str, str] = {}
    for row in rows:
        code = row["code"]
        if code in REFUSED or "expression" not in row:
            left[row["id"]] = REFUSED.get(code, NO_EXPRESSION)
            continue
        lost = []
        for base in row["base"]:
            entry: list[Any] = [row["type"]]
            if row["type"] == "composite":
                entry.append(composite(row, base, kinds))
                lost += [] if all(part[1:] for parts in entry[1].values() for part in parts) and entry[1] else [base]
            else:
                found = paths(row["expression"], "Patient" if base == "Resource" else base)
                lost += [] if found else [base]
                entry.append(" ".join(found) if not found or found[0][0] != "=" else found[0])
                targets = sorted(row.get("target", []))
                if targets:
                    entry.append("*" if len(targets) > 100 else " ".join(targets))
            if base not in lost:
                table.setdefault(base, {})[code] = entry
        if lost:
            left[row["id"]] = f"its expression leads nowhere in {', '.join(lost)}"
    lines = [
        f'"{kind}": {{\n'
        + ",\n".join(f" {json.dumps(code)}: {json.dumps(entry)}" for code, entry in sorted(e.items()))
        + "\n}"
        for kind, e in sorted(table.items())
    ]
    places = compartments(Path(sys.argv[1]))
    head = f'"compartments": {json.dumps(places)},\n"definitions": {len(rows)},\n'
    head += f'"left": {json.dumps(left, indent=1, sort_keys=True)},\n'
    known = f'"types": {json.dumps(sorted(types))},\n'
    OUT.write_text("{" + head + known + '"parameters": {\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")
    print(f"{len(rows)} definitions, {len(rows) - len(left)} kept, {OUT.stat().st_size} bytes")
    for name, reason in sorted(left.items()):
        print(f"{name}: {reason}")


if __name__ == "__main__":
    main()
