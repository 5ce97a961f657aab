"""A written dose, route, rate and timing as an R4 Dosage.

What is written in a form that is read here with certainty goes into the coded elements (doseQuantity in UCUM, route in
SNOMED CT, rate, timing); all of it stands in the text as well, and what is not certain stands in the text only.
"""

from __future__ import annotations

import re
from typing import Any

from knowledge.coding import SYSTEMS
from tools.ehr.fhirjson import Resource

# UCUM codes. Pieces are annotations: UCUM has no unit for a tablet or a puff.
UNITS = {
    "mg": "mg", "milligram": "mg", "g": "g", "gram": "g", "gm": "g", "kg": "kg", "mcg": "ug", "ug": "ug",
    "microgram": "ug", "ng": "ng", "nanogram": "ng", "ml": "mL", "millilitre": "mL", "milliliter": "mL", "l": "L",
    "litre": "L", "liter": "L", "meq": "meq", "milliequivalent": "meq", "mmol": "mmol", "millimole": "mmol",
    "mol": "mol", "iu": "[iU]", "unit": "[iU]", "international unit": "[iU]", "mg/kg": "mg/kg", "mcg/kg": "ug/kg",
    "ug/kg": "ug/kg", "g/kg": "g/kg", "ml/kg": "mL/kg", "meq/kg": "meq/kg", "mmol/kg": "mmol/kg",
    "unit/kg": "[iU]/kg", "drop": "[drp]", "tablet": "{tbl}", "tab": "{tbl}", "capsule": "{capsule}",
    "cap": "{capsule}", "puff": "{puff}", "patch": "{patch}", "suppository": "{suppository}", "spray": "{spray}",
    "sachet": "{sachet}", "vial": "{vial}", "ampoule": "{ampoule}", "%": "%",
}  # fmt: skip
# SNOMED CT codes of the R4 value set http://hl7.org/fhir/ValueSet/route-codes.
ROUTES: dict[str, tuple[str, str]] = {
    "oral": ("26643006", "Oral route"),
    "intravenous": ("47625008", "Intravenous route"),
    "intramuscular": ("78421000", "Intramuscular route"),
    "subcutaneous": ("34206005", "Subcutaneous route"),
    "sublingual": ("37839007", "Sublingual route"),
    "rectal": ("37161004", "Per rectum"),
    "nasal": ("46713006", "Nasal route"),
    "topical": ("6064005", "Topical route"),
    "transdermal": ("45890007", "Transdermal route"),
    "buccal": ("54471007", "Buccal route"),
}
_ROUTE_WORDS = {
    "oral": r"orally|oral|p\.?o\.?|per os|by mouth",
    "intravenous": r"intravenous(?:ly)?|i\.?v\.?(?:pb)?",
    "intramuscular": r"intramuscular(?:ly)?|i\.?m\.?",
    "subcutaneous": r"subcutaneous(?:ly)?|subcut|sub-?q|s\.?c\.?|s/c|sq",
    "sublingual": r"sublingual(?:ly)?|s\.?l\.?|under the tongue",
    "rectal": r"rectal(?:ly)?|per rectum|p\.?r\.?",
    "nasal": r"intranasal(?:ly)?|nasal(?:ly)?",
    "topical": r"topical(?:ly)?",
    "transdermal": r"transdermal(?:ly)?",
    "buccal": r"buccal(?:ly)?",
}
ROUTE = re.compile("|".join(f"(?<![\\w/])(?P<{name}>{words})(?![\\w/])" for name, words in _ROUTE_WORDS.items()), re.I)
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_UNIT = r"[A-Za-zµμ%][A-Za-zµμ%]*(?: unit)?s?(?:/kg)?"
# Not after a point or a comma: ".125 mg" is not 125 mg, "0,1 mg" not 1 mg.
DOSE = re.compile(rf"(?<![\w.,/-])(?P<low>{_NUMBER})(?:\s*(?:-|–|to)\s*(?P<high>{_NUMBER}))?\s*(?P<unit>{_UNIT})", re.I)
_TIME = {"s": "s", "sec": "s", "second": "s", "min": "min", "minute": "min", "h": "h", "hr": "h", "hour": "h", "d": "d",
         "day": "d", "wk": "wk", "week": "wk", "mo": "mo", "month": "mo"}  # fmt: skip
_SPAN = r"(?P<{0}>\d+(?:\.\d+)?|an?|one|two|three|four|six|eight|twelve)\s*-?\s*(?P<{0}_unit>{1})s?\b"
_NAMES = "|".join(sorted(_TIME, key=len, reverse=True))
OVER = re.compile(r"\bover\s+(?:a period of\s+)?" + _SPAN.format("over", _NAMES), re.I)
_BARE_OVER = re.compile(_SPAN.format("over", _NAMES), re.I)
_RATE = re.compile(rf"({_NUMBER})\s*({_UNIT})\s*(?:/|per)\s*({_NAMES})\b", re.I)
_COUNTS = {"a": 1, "an": 1, "one": 1, "once": 1, "two": 2, "twice": 2, "three": 3, "thrice": 3, "four": 4, "six": 6,
           "eight": 8, "twelve": 12}  # fmt: skip
_DAY = r"(?:a|per|each|every)\s*day|daily|/\s*day"
_WORD = r"\d+|one|two|three|four|six|eight|twelve"
_TIMING: tuple[tuple[re.Pattern[str], Any], ...] = tuple(
    (re.compile(pattern, re.I), make)
    for pattern, make in (
        (rf"\b({_WORD})\s*(?:x|times)\s*(?:{_DAY})", lambda m: _every(_count(m[1]), 1, "d")),
        (rf"\b(?:once\s*(?:{_DAY})|every day|o\.?d\.?|q\.?d\.?|daily)(?!\w)", lambda m: _every(1, 1, "d")),
        (rf"\b(?:twice\s*(?:{_DAY})?|b\.?i\.?d\.?|b\.?d\.?)(?!\w)", lambda m: _every(2, 1, "d")),
        (rf"\b(?:thrice\s*(?:{_DAY})?|t\.?i\.?d\.?|t\.?d\.?s\.?)(?!\w)", lambda m: _every(3, 1, "d")),
        (r"\b(?:q\.?i\.?d\.?|q\.?d\.?s\.?)(?!\w)", lambda m: _every(4, 1, "d")),
        (
            rf"\b(?:every|q)\s*({_WORD})\s*-?\s*(h|hrs?|hours?|hourly|min|minutes?|days?|weeks?)\b",
            lambda m: _every(1, _count(m[1]), _unit_of(m[2])),
        ),
        (r"\bhourly\b|\bevery hour\b", lambda m: _every(1, 1, "h")),
        (r"\b(?:every other day|(?:on )?alternate days)\b", lambda m: _every(1, 2, "d")),
        (r"\b(?:once (?:a|per) week|once weekly|weekly|every week)\b", lambda m: _every(1, 1, "wk")),
        (
            r"\b(?:at )?(?:bedtime|q\.?h\.?s\.?|nocte|at night|nightly)(?!\w)",
            lambda m: {"when": ["HS"], **_every(1, 1, "d")},
        ),
        (r"\b(?:in the morning|every morning|mane)\b", lambda m: {"when": ["MORN"], **_every(1, 1, "d")}),
        (r"\b(?:once(?: only)?|single dose|one dose|one[- ]off|stat|now|x\s*1)(?!\w)", lambda m: {"count": 1}),
    )
)
_FOR = re.compile(r"\bfor\s+" + _SPAN.format("for", "days?|weeks?|months?|hours?"), re.I)
_NEEDED = re.compile(r"\b(?:prn|as needed|when required|if needed|as required)\b", re.I)


def _every(frequency: int, period: int, unit: str) -> Resource:
    return {"frequency": frequency, "period": period, "periodUnit": unit}


def _unit_of(word: str) -> str:
    return _TIME[word.lower().removesuffix("ly").removesuffix("s") if len(word) > 1 else word.lower()]


def _count(word: str) -> int:
    return _COUNTS.get(word.lower()) or int(word)


def ucum(unit: str) -> str | None:
    """The UCUM code of a written unit of a dose, where it has one."""
    plain = " ".join(unit.replace("µ", "u").replace("μ", "u").lower().split())
    head, slash, tail = plain.partition("/")
    singular = head if head in UNITS else head.removesuffix("s")
    return UNITS.get(singular + slash + tail)


def number(text: str) -> int | float:
    """A written number; whole numbers stay whole."""
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() else value


def quantity(value: str, unit: str) -> Resource:
    """A Quantity: coded in UCUM where the unit has a code, else with its word."""
    code = ucum(unit)
    coded = {"system": SYSTEMS["ucum"], "code": code} if code else {}
    return {"value": number(value), "unit": unit, **coded}


def dose_of(text: str) -> Resource:
    """`doseQuantity` or `doseRange` of a dose that is nothing else than one; empty where it is more."""
    match = DOSE.fullmatch(text.strip())
    if match is None or ucum(match["unit"]) is None:
        return {}
    low = quantity(match["low"], match["unit"])
    if not match["high"]:
        return {"doseQuantity": low}
    return {"doseRange": {"low": low, "high": quantity(match["high"], match["unit"])}}


def route_of(text: str) -> str | None:
    """The one route that a text names."""
    found = {str(match.lastgroup) for match in ROUTE.finditer(text)}
    return found.pop() if len(found) == 1 else None


def route(text: str) -> Resource:
    """A route as a CodeableConcept: its words as said, and the SNOMED CT code where they name one route."""
    name = route_of(text)
    body: Resource = {"text": text}
    if name:
        code, display = ROUTES[name]
        body["coding"] = [{"system": SYSTEMS["snomed"], "code": code, "display": display}]
    return body


def span(text: str) -> tuple[str, str] | None:
    """How long: `(number, UCUM unit)` of "over 2 hours" or "2 h"."""
    match = OVER.search(text) or _BARE_OVER.fullmatch(text.strip())
    if match is None:
        return None
    word = match["over"]
    return (str(_COUNTS.get(word.lower(), word)), _TIME[match["over_unit"].lower()])


def rate(dose: Resource, over: str) -> Resource:
    """`rateRatio` (the dose over a time, as said, nothing divided) or `rateQuantity` ("100 mL/h")."""
    if (said := span(over)) and (whole := dose.get("doseQuantity")):
        below = {"value": number(said[0]), "unit": said[1], "system": SYSTEMS["ucum"], "code": said[1]}
        return {"rateRatio": {"numerator": whole, "denominator": below}}
    match = _RATE.fullmatch(over.strip())
    code = ucum(match[2]) if match else None
    if match is None or code is None:
        return {}
    per = _TIME[match[3].lower()]
    return {"rateQuantity": {**quantity(match[1], match[2]), "unit": f"{match[2]}/{per}", "code": f"{code}/{per}"}}


def timing(text: str) -> tuple[Resource, bool]:
    """`(Timing, as needed)`. `repeat` only where every word of the text was understood."""
    rest, repeat = text, {}
    needed = bool(_NEEDED.search(rest))
    rest = _NEEDED.sub(" ", rest)
    if bound := _FOR.search(rest):
        unit = _unit_of(bound["for_unit"])
        value = {"value": _count(bound["for"]), "unit": unit, "system": SYSTEMS["ucum"], "code": unit}
        repeat["boundsDuration"] = value
        rest = rest.replace(bound[0], " ")
    found = [(match, make) for pattern, make in _TIMING if (match := pattern.search(rest))]
    if found:
        match, make = min(found, key=lambda pair: (pair[0].start(), -len(pair[0][0])))
        repeat |= make(match)
        rest = rest[: match.start()] + " " + rest[match.end() :]
    body: Resource = {"code": {"text": text}}
    if repeat and not re.sub(r"[\s,.;]+|\band\b", "", rest):
        body["repeat"] = repeat
    return body, needed


def dosage(given: dict[str, str]) -> list[Resource]:
    """The one dosage line of an order, from its fields dose, route, over and timing."""
    said = dict(given)
    if said.get("over") and span(said["over"]) and not said["over"].lower().startswith("over"):
        said["over"] = f"over {said['over']}"
    text = ", ".join(said[name] for name in ("dose", "route", "over", "timing") if said.get(name))
    if not text:
        return []
    body: Resource = {"text": text}
    if said.get("timing"):
        body["timing"], needed = timing(said["timing"])
        if needed:
            body["asNeededBoolean"] = True
    if said.get("route"):
        body["route"] = route(said["route"])
    dose = dose_of(said.get("dose") or "")
    row = dose | (rate(dose, said["over"]) if said.get("over") else {})
    if row:
        body["doseAndRate"] = [row]
    return [body]
