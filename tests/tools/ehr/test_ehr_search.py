"""Search against an oracle: the same resources judged one by one in plain Python that shares nothing with the store."""

from __future__ import annotations

import datetime
import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.ehr.store.query import BadSearch, Query
from tools.ehr.store.store import Store

UTC = datetime.UTC
LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
CODES = ["2160-0", "2823-3", "718-7", "8480-6", "8462-4"]
FAMILIES = ["Müller", "mullen", "O'Brien", "Åse", "García", "Li"]
GRAMS = {"g/L": 1.0, "mg/dL": 0.01, "g/dL": 10.0, "mmol/L": None, "ug/mL": 0.001}
DATES = [
    "2024",
    "2024-06",
    "2024-06-15",
    "2024-06-15T10:00:00Z",
    "2024-06-15T12:30:00+02:00",
    "2025-01-01",
    "2023-12-31T23:59:59Z",
    "2024-06-15T10:00:00.250Z",
]
Resource = dict[str, Any]


def people(dice: random.Random) -> list[Resource]:
    found = []
    for number in range(12):
        body: Resource = {
            "resourceType": "Patient",
            "id": f"p{number}",
            "gender": dice.choice(["male", "female"]),
            "name": [{"family": dice.choice(FAMILIES), "given": [dice.choice(["Ann", "bob", "Zoë"])]}],
            "identifier": [{"system": f"urn:{dice.choice('ab')}", "value": str(dice.randrange(6))}],
        }
        if dice.random() < 0.7:
            body["birthDate"] = dice.choice(["1950", "1950-05", "1980-01-31", "2001-12-01"])
        if dice.random() < 0.3:
            body["generalPractitioner"] = [{"reference": f"Practitioner/d{dice.randrange(2)}"}]
        found.append(body)
    return found


def results(dice: random.Random) -> list[Resource]:
    found = []
    for number in range(60):
        code = dice.choice(CODES)
        body: Resource = {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": dice.choice(["final", "preliminary", "amended"]),
            "code": {"coding": [{"system": LOINC, "code": code, "display": f"Name of {code}"}]},
            "subject": {"reference": f"Patient/p{dice.randrange(12)}"},
        }
        if dice.random() < 0.3:
            body["code"]["coding"].append({"system": SNOMED, "code": dice.choice(["1", "2"])})
        if dice.random() < 0.2:
            body["code"]["text"] = "Free Text"
        if dice.random() < 0.8:
            body["effectiveDateTime"] = dice.choice(DATES)
        elif dice.random() < 0.7:
            period = {"start": dice.choice(DATES[:5]), "end": "2025-02"}
            body["effectivePeriod"] = {key: period[key] for key in dice.choice([["start"], ["end"], ["start", "end"]])}
        if dice.random() < 0.7:
            body["valueQuantity"] = amount(dice)
        if dice.random() < 0.4:
            body["component"] = [
                {"code": {"coding": [{"system": LOINC, "code": dice.choice(CODES[3:])}]}, "valueQuantity": amount(dice)}
                for _ in range(dice.randrange(1, 3))
            ]
        if dice.random() < 0.3:
            body["meta"] = {"tag": [{"system": "urn:t", "code": dice.choice("xy")}]}
        found.append(body)
    return found


def amount(dice: random.Random) -> Resource:
    unit = dice.choice(list(GRAMS))
    value = dice.choice([0.5, 1, 1.25, 2, 10, 100, 125, 99.6])
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


DICE = random.Random(20261123)
WORLD = [*people(DICE), *results(DICE)]
STORE = Store()
STORE.put_many(WORLD)
BY = {f"{item['resourceType']}/{item['id']}": item for item in WORLD}

# -- the oracle ------------------------------------------------------------------------------------------------------


def interval(text: str) -> tuple[datetime.datetime, datetime.datetime]:
    if "T" in text:
        start = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return start, start + datetime.timedelta(microseconds=1 if "." in text else 1_000_000)
    parts = [int(part) for part in text.split("-")]
    start = datetime.datetime(
        parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1, tzinfo=UTC
    )
    if len(parts) == 3:
        return start, start + datetime.timedelta(days=1)
    if len(parts) == 2:
        return start, datetime.datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
    return start, start.replace(year=start.year + 1)


def dates(body: Resource) -> list[tuple[datetime.datetime, datetime.datetime]]:
    if "effectiveDateTime" in body:
        return [interval(body["effectiveDateTime"])]
    period = body.get("effectivePeriod")
    if period is None:
        return [interval(body["birthDate"])] if "birthDate" in body else []
    low = interval(period["start"])[0] if "start" in period else datetime.datetime.min.replace(tzinfo=UTC)
    high = interval(period["end"])[1] if "end" in period else datetime.datetime.max.replace(tzinfo=UTC)
    return [(low, high)]


def dated(prefix: str, text: str) -> Callable[[Resource], bool]:
    low, high = interval(text)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "": lambda a, b: low <= a and b <= high,
        "eq": lambda a, b: low <= a and b <= high,
        "ne": lambda a, b: not (low <= a and b <= high),
        "gt": lambda a, b: b > high,
        "lt": lambda a, b: a < low,
        "ge": lambda a, b: b > high or (low <= a and b <= high),
        "le": lambda a, b: a < low or (low <= a and b <= high),
        "sa": lambda a, b: a >= high,
        "eb": lambda a, b: b <= low,
    }
    return lambda body: any(tests[prefix](a, b) for a, b in dates(body))


def compare(prefix: str, value: float, asked: float, half: float) -> bool:
    return {
        "": asked - half <= value < asked + half,
        "ne": not asked - half <= value < asked + half,
        "gt": value > asked,
        "lt": value < asked,
        "ge": value >= asked,
        "le": value <= asked,
    }[prefix]


def measured(quantity: Resource, prefix: str, text: str, unit: str | None) -> bool:
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    asked, value = float(text), float(quantity["value"])
    if unit is None or unit == quantity["code"]:
        return compare(prefix, value, asked, half)
    ours, theirs = GRAMS[unit], GRAMS[quantity["code"]]
    if ours is None or theirs is None:
        return False
    scale = ours / theirs
    return compare(prefix, value, float(f"{asked * scale:.12g}"), half * scale)


def plain(text: str) -> str:
    bare = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return bare.casefold()


def codings(body: Resource) -> list[Resource]:
    return list(body.get("code", {}).get("coding", []))


def ask(kind: str, query: str | list[tuple[str, str]]) -> set[str]:
    """Ids found, over all pages; pages are kept small so that they are tested along."""
    found: list[str] = []
    pairs = [tuple(part.split("=", 1)) for part in query.split("&")] if isinstance(query, str) else query
    page = ""
    while True:
        more = [("_count", "7"), *([("_page", page)] if page else [])]
        got = STORE.search(Query.parse(kind, [*pairs, *more], STORE.base))  # type: ignore[list-item]
        found += [item.id for item in got.matches]
        if got.next is None:
            break
        page = got.next
    assert len(found) == len(set(found))
    assert got.total == len(found) or page == ""
    return set(found)


def told(kind: str, test: Callable[[Resource], bool]) -> set[str]:
    return {item["id"] for item in WORLD if item["resourceType"] == kind and test(item)}


def subject(body: Resource) -> Resource:
    return BY[body["subject"]["reference"]]


# -- properties ------------------------------------------------------------------------------------------------------

some = settings(max_examples=60, deadline=None)
prefixes = st.sampled_from(["", "ne", "gt", "lt", "ge", "le"])


@some
@given(
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]), st.sampled_from([*DATES, "2024-05", "2026"])
)
def test_dates(prefix: str, text: str) -> None:
    assert ask("Observation", [("date", prefix + text)]) == told("Observation", dated(prefix, text))
    assert ask("Patient", [("birthdate", prefix + text[:10])]) == told("Patient", dated(prefix, text[:10]))


@some
@given(
    prefixes,
    st.sampled_from(["1", "1.0", "1.25", "2", "100", "100.00", "0.5", "12.5"]),
    st.sampled_from([None, *GRAMS]),
    st.sampled_from([None, *CODES]),
)
def test_quantities(prefix: str, text: str, unit: str | None, code: str | None) -> None:
    value = f"{prefix}{text}" + (f"|{UCUM}|{unit}" if unit else "")

    def whole(body: Resource) -> bool:
        return "valueQuantity" in body and measured(body["valueQuantity"], prefix, text, unit)

    assert ask("Observation", [("value-quantity", value)]) == told("Observation", whole)
    if code:

        def coded(part: Resource) -> bool:
            return any(coding["code"] == code for coding in codings(part)) and whole(part)

        def inside(body: Resource) -> bool:
            return any(coded(part) for part in body.get("component", []))

        assert ask("Observation", [("code-value-quantity", f"{code}${value}")]) == told("Observation", coded)
        pair = [("component-code-value-quantity", f"{LOINC}|{code}${value}")]
        assert ask("Observation", pair) == told("Observation", inside)
        combo = [("combo-code-value-quantity", f"{code}${value}")]
        assert ask("Observation", combo) == told("Observation", lambda body: coded(body) or inside(body))


@some
@given(
    st.sampled_from([*CODES, "1", "2", "none"]),
    st.sampled_from(["", LOINC, SNOMED, "urn:no"]),
    st.booleans(),
    st.sampled_from(["final", "amended"]),
)
def test_tokens(code: str, system: str, negated: bool, status: str) -> None:
    value = f"{system}|{code}" if system else code

    def fits(body: Resource) -> bool:
        return any(item["code"] == code and (not system or item["system"] == system) for item in codings(body))

    name = "code:not" if negated else "code"
    expected = told("Observation", lambda body: fits(body) != negated)
    assert ask("Observation", [(name, value)]) == expected
    both = [(name, value), ("status", f"{status},nothing")]
    assert ask("Observation", both) == expected & told("Observation", lambda body: body["status"] == status)


@some
@given(
    st.sampled_from(["m", "MUL", "müll", "o'b", "a", "å", "garci", "z", "nn"]),
    st.sampled_from(["", "exact", "contains"]),
)
def test_strings(text: str, modifier: str) -> None:
    def fits(value: str) -> bool:
        if modifier == "exact":
            return value == text
        return plain(text) in plain(value) if modifier else plain(value).startswith(plain(text))

    name = f"name:{modifier}" if modifier else "name"
    expected = told("Patient", lambda body: any(map(fits, [body["name"][0]["family"], *body["name"][0]["given"]])))
    assert ask("Patient", [(name, text)]) == expected
    chained = told("Observation", lambda body: subject(body)["id"] in expected)
    assert ask("Observation", [(f"subject:Patient.{name}", text)]) == chained
    assert ask("Observation", [(f"patient.{name}", text)]) == chained


@some
@given(
    st.sampled_from([f"p{number}" for number in range(13)]), st.sampled_from(CODES), st.sampled_from(["male", "female"])
)
def test_references(id_: str, code: str, gender: str) -> None:
    mine = told("Observation", lambda body: body["subject"]["reference"] == f"Patient/{id_}")
    for name, value in (
        ("patient", id_),
        ("subject", f"Patient/{id_}"),
        ("subject:Patient", id_),
        ("subject", id_),
        ("patient", f"{STORE.base}/Patient/{id_}"),
        ("subject:Patient._id", id_),
    ):
        assert ask("Observation", [(name, value)]) == mine
    having = {
        subject(body)["id"]
        for body in WORLD
        if body["resourceType"] == "Observation" and any(coding["code"] == code for coding in codings(body))
    }
    assert ask("Patient", [("_has:Observation:patient:code", code)]) == having
    sexed = told("Patient", lambda body: body["gender"] == gender)
    assert ask("Patient", [("_has:Observation:subject:code", code), ("gender", gender)]) == having & sexed
    nested = told("Observation", lambda body: subject(body)["id"] in having and subject(body)["gender"] == gender)
    got = ask("Observation", [("patient._has:Observation:patient:code", code), ("patient.gender", gender)])
    assert got == nested


@pytest.mark.parametrize("kind", ["Observation", "Patient"])
@pytest.mark.parametrize("down", [False, True])
def test_order_is_by_value_missing_last(kind: str, down: bool) -> None:
    name = "date" if kind == "Observation" else "birthdate"
    query = Query.parse(kind, f"_sort={'-' if down else ''}{name}&_count=100")
    order = [BY[f"{kind}/{item.id}"] for item in STORE.search(query).matches]
    keys = [dates(body)[0][0] if dates(body) else None for body in order]
    there = [key for key in keys if key is not None]
    assert there == sorted(there, reverse=down)
    assert keys[len(there) :] == [None] * (len(keys) - len(there))
    assert len(order) == len(told(kind, lambda body: True))
    pages: list[str] = []
    page: str | None = ""
    while page is not None:
        following = STORE.search(Query.parse(kind, f"_sort={'-' if down else ''}{name}&_count=5&_page={page}"))
        pages += [item.id for item in following.matches]
        page = following.next
    assert pages == [body["id"] for body in order]


@pytest.mark.parametrize(
    ("kind", "query", "test"),
    [
        ("Observation", "code:text=free", lambda body: body["code"].get("text") == "Free Text"),
        ("Observation", "code:text=name of 2160", lambda body: any(c["code"] == "2160-0" for c in codings(body))),
        ("Observation", "date:missing=true", lambda body: not dates(body)),
        ("Observation", "value-quantity:missing=false", lambda body: "valueQuantity" in body),
        ("Observation", "_tag=urn:t|x", lambda body: "x" in [t["code"] for t in body.get("meta", {}).get("tag", [])]),
        ("Observation", "_tag:missing=true", lambda body: "meta" not in body),
        ("Observation", "combo-code=8480-6", lambda body: "8480-6" in str(body)),
        ("Observation", "_id=o1,o2,nothing", lambda body: body["id"] in ("o1", "o2")),
        ("Patient", "identifier=urn:a|", lambda body: body["identifier"][0]["system"] == "urn:a"),
        ("Patient", "identifier=urn:a|3,urn:b|4", lambda b: "|".join(b["identifier"][0].values()) in "urn:a|3 urn:b|4"),
        ("Patient", "general-practitioner=Practitioner/d1", lambda body: "Practitioner/d1" in str(body)),
        ("Patient", "general-practitioner:missing=true", lambda body: "generalPractitioner" not in body),
        ("Patient", "gender=MALE", lambda body: body["gender"] == "male"),
        ("Patient", "gender=http://hl7.org/fhir/administrative-gender|male", lambda body: body["gender"] == "male"),
        ("Patient", "_lastUpdated=gt2020&_lastUpdated=lt2020", lambda body: False),
        ("Patient", "_lastUpdated=gt2020", lambda body: True),
    ],
)  # fmt: skip
def test_other_searches(kind: str, query: str, test: Callable[[Resource], bool]) -> None:
    assert ask(kind, query) == told(kind, test)


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=40),
    st.sampled_from(["code", "name", "date", "value-quantity", "subject", "_sort", "_include", "_page"]),
)
def test_any_text_is_answered_or_refused(text: str, name: str) -> None:
    for kind in ("Observation", "Patient"):
        try:
            STORE.search(Query.parse(kind, [(name, text)]))
        except BadSearch as error:
            assert error.found
