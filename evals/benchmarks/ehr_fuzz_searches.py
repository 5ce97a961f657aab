"""Searches, made by R4's grammar with mistakes in it, and by no grammar at all (seeded)."""

from __future__ import annotations

import random
from urllib.parse import quote

from tools.ehr.checks.structure_types import resource_types
from tools.ehr.store.search_parameters import parameters

_MODIFIERS = ("", "", "", ":missing", ":exact", ":contains", ":not", ":text", ":in", ":not-in", ":above", ":below",
              ":identifier", ":of-type", ":ofType", ":Patient", ":Group", ":Wizard", ":", ":iterate",
              ":missing:not")  # fmt: skip
_PREFIXES = ("", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "zz")
_DATES = ("2026", "2026-02", "2026-02-20", "2026-02-20T07:10:00Z", "2026-02-20T08:10:00+01:00", "2026-02-30", "0000",
          "9999-12-31", "9999", "2026-02-20T08:10", "1", "-1", "2026-02-20T08:10:00 01:00")  # fmt: skip
_NUMBERS = (
    "0",
    "-1",
    "1.10",
    "5e3",
    "1e400",
    "1e-400",
    "999999999999999999999",
    "NaN",
    "1.",
    ".5",
    "-",
    "0x1",
    "1e5000000",
)
_UNITS = (
    "",
    "|http://unitsofmeasure.org|mg/dL",
    "||mg",
    "|http://unitsofmeasure.org|mmol/L",
    "|",
    "||",
    "|||",
    "|x|y|z",
)
_TOKENS = ("final", "http://loinc.org|2160-0", "|final", "http://loinc.org|", "|", "a\\,b", "a\\|b", "true", "\\", "||",
           "http://hl7.org/fhir/ValueSet/observation-status", "%00", "\ud800", "é", "a" * 3000,
           "urn:x|42")  # fmt: skip
_REFERENCES = ("Patient/demo-af", "demo-af", "http://osler.local/fhir/Patient/demo-af", "Patient/", "/x", "#a",
               "urn:uuid:x", "Patient/demo-af/_history/1", "http://other/Patient/1", "Wizard/1", "Patient?identifier=x",
               "..")  # fmt: skip
_STRINGS = ("a", "Ma", "Müller", "%", "_", "%25", "'", "\"; DROP TABLE resource; --", "\\", "*", "", " ", "\t", "𝔘",
            "a,b", "\\,", "ﬁ", "\u0301", "İ")  # fmt: skip
_CONTROL = {
    "_count": ("0", "1", "50", "99999999", "-1", "x", "", "1e3", "٣"),
    "_page": ("0", "5", "999999999", "-1", "x", "", "AAAA", "a:b", "99999999999999999999"),
    "_sort": (
        "date",
        "-date",
        "_id",
        "-_lastUpdated",
        "name,-birthdate",
        "x",
        "-",
        ",",
        "date,date,date,date,date,date,date",
    ),
    "_summary": ("true", "text", "data", "count", "false", "x"),
    "_elements": ("id", "status,code", "", ",", "Observation.status", "nonsense", "\ud800"),
    "_total": ("none", "estimate", "accurate", "x"),
    "_include": (
        "*",
        "Observation:subject",
        "Observation:*",
        "Observation:subject:Patient",
        "x",
        "::",
        "Observation:code",
    ),
    "_include:iterate": ("Patient:general-practitioner", "*", "Observation:subject"),
    "_revinclude": ("Observation:subject", "*", "Provenance:target", "x"),
    "_type": ("Patient", "Patient,Observation", "Wizard", ""),
    "_format": ("json", "xml", "application/fhir+json", ""),
    "_pretty": ("true", "x"),
    "_contained": ("true", "both"),
    "_filter": ("name eq x",),
    "_text": ("x",),
    "_content": ("x",),
    "_lastUpdated": ("ge2020", "x"),
    "_id": ("demo-af", "a,b", "", "'", "a" * 5000),
    "_has:Observation:patient:code": ("2160-0", ""),
    "_has:Observation:patient:_has:Provenance:target:agent": ("x",),
    "_has:x": ("1",),
    "_has:Observation:code:code": ("1",),
}
_CLINICAL = (
    "Patient",
    "Observation",
    "Condition",
    "MedicationRequest",
    "Encounter",
    "DiagnosticReport",
    "AllergyIntolerance",
)


class Searches:
    """An endless row of searches: `(method, path, query string)`."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.types = sorted(resource_types())

    def one(self) -> tuple[str, str, bytes]:
        """The next one."""
        kind = self.dice.choice(_CLINICAL if self.dice.random() < 0.5 else self.types)
        if self.dice.random() < 0.04:
            return "GET", f"/{kind}", bytes(self.dice.randrange(256) for _ in range(self.dice.randrange(80)))
        path = self._path(kind)
        pairs = [self._pair(kind) for _ in range(self.dice.choice((0, 1, 1, 1, 2, 2, 3, 5)))]
        text = "&".join(f"{self._written(name)}={self._written(value)}" for name, value in pairs)
        if self.dice.random() < 0.05 and text:
            place = self.dice.randrange(len(text))
            text = text[:place] + self.dice.choice("&=%+;#:.,$|\\\x00é") + text[place + 1 :]
        return self.dice.choice(("GET", "GET", "GET", "HEAD")), path, text.encode("utf-8", "surrogatepass")

    def _path(self, kind: str) -> str:
        roll = self.dice.random()
        if roll < 0.80:
            return f"/{kind}"
        return self.dice.choice((
            "/", "/_history", f"/{kind}/_history", "/Patient/demo-af/_history", f"/Patient/demo-af/{kind}",
            "/Patient/demo-af/*",
            "/Patient/demo-af/$everything", "/Observation/$lastn", "/Patient/demo-af", f"/{kind}/x", f"/{kind}/$x",
            "/metadata",
            f"/Patient/x/{kind}", "/Patient/demo-af/_history/x", "//", "/%00", "/Wizard", f"/{kind}/_search",
            "/é/../x",
        ))  # fmt: skip

    def _pair(self, kind: str) -> tuple[str, str]:
        roll = self.dice.random()
        if roll < 0.25:
            name = self.dice.choice(list(_CONTROL))
            return name, self.dice.choice(_CONTROL[name])
        known = parameters(kind)
        if not known or roll < 0.30:
            return self.dice.choice(("favourite", "", ".", "a.b.c", "code.", ":not", "near", "_list", "subject:")), "1"
        name = self.dice.choice(sorted(known))
        steps = 0
        while known[name].kind == "reference" and self.dice.random() < 0.3 and steps < 8:
            target = self.dice.choice(("", ":Patient", ":Observation", ":Encounter"))
            return f"{name}{target}.{self._chained()}", self._value()
        modifier = self.dice.choice(_MODIFIERS) if self.dice.random() < 0.35 else ""
        values = [
            self._value(known[name].kind if self.dice.random() < 0.92 else "")
            for _ in range(self.dice.choice((1, 1, 1, 2, 4)))
        ]
        return name + modifier, ",".join(values)

    def _chained(self) -> str:
        parts = ("name", "identifier", "subject:Patient.name", "patient.general-practitioner.name", "code", "x", "",
                 "_has:Observation:patient:code", "_id",
                 "encounter.subject.organization.partof.partof.partof.partof.name")  # fmt: skip
        return self.dice.choice(parts)

    def _value(self, kind: str = "") -> str:
        pick = self.dice.choice
        if kind == "date":
            return pick(_PREFIXES) + pick(_DATES)
        if kind in ("number", "quantity"):
            return pick(_PREFIXES) + pick(_NUMBERS) + (pick(_UNITS) if kind == "quantity" else "")
        if kind == "token":
            return pick(_TOKENS)
        if kind == "reference":
            return pick(_REFERENCES)
        if kind in ("string", "uri"):
            return pick(_STRINGS)
        if kind == "composite":
            return "$".join(self._value(pick(("token", "quantity", "date"))) for _ in range(pick((1, 2, 2, 2, 3))))
        return pick((*_TOKENS, *_STRINGS, *_DATES, *_NUMBERS, *_REFERENCES, "true", "false", "$", "$$"))

    def _written(self, text: str) -> str:
        return text if self.dice.random() < 0.1 else quote(text.encode("utf-8", "surrogatepass"))
