"""Finding a person in a store: by name, birth date, identifier, sex, telephone.

The one read that is not bound to a patient, and no tool of a consultation. Every match is checked here against what
was asked, whatever the server did with the question. Several are shown with what tells them apart; none is chosen.
What is only similar is a suggestion and says so.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rapidfuzz.distance import OSA

from tools.ehr.client.client import FhirClient, HttpError
from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import start_of, years_at
from tools.ehr.fhirjson import Resource
from tools.ehr.modifiers import judge
from tools.ehr.record import at_clock, linked
from tools.ehr.shape import readable
from tools.errors import BadInput, UpstreamError

MOST, NEAR = 200, 5
_DATE = re.compile(r"\b(\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./]\d{1,2}[./]\d{4})\b")
_SEX = {"male": "male", "man": "male", "female": "female", "woman": "female"}
_LABELS = {"mrn", "dob", "born", "id", "patient", "name", "number", "phone", "tel", "hospital", "nhs", "no"}
_FORMER = {"old", "maiden", "temp"}
# Letters that Unicode does not take apart into a letter and a sign.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "æ": "ae"})


@dataclass(frozen=True)
class PersonQuery:
    """Whom to find. `name`: words, each of which must begin a part of one of the person's names."""

    name: str = ""
    birth_date: str = ""
    identifier: str = ""
    sex: str = ""
    phone: str = ""

    @property
    def empty(self) -> bool:
        """Whether it asks for nobody in particular."""
        return not (self.name or self.birth_date or self.identifier or self.phone)


@dataclass
class PersonMatches:
    """Who fits, who is only similar, and whether these are provably all."""

    query: PersonQuery
    found: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    differ: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nobody who fits can have been missed."""
        return not self.problems


def read_words(text: str) -> PersonQuery:
    """Words as a query: a date is a birth date, a word with digits an identifier, `male` or `female` the sex.

    Raises:
        BadInput: two dates or two identifiers, or a date that can be read in two ways.
    """
    dates = _DATE.findall(text)
    rest = _DATE.sub(" ", text)
    words = [word.strip(",;:()") for word in rest.split()]
    words = [word for word in words if word and word.casefold().rstrip(".:") not in _LABELS]
    numbers = [word for word in words if any(char.isdigit() for char in word)]
    names = [word for word in words if word not in numbers]
    # "Man" with a capital is a family name.
    said = [word for word in names if word in ("man", "woman") or word.casefold() in ("male", "female")]
    sexes = [_SEX[word.casefold()] for word in said]
    names = [word for word in names if word not in said]
    if len(dates) > 1 or len(numbers) > 1:
        raise BadInput(
            "more than one birth date or number",
            found=text,
            expected="a name, one birth date, one identifier",
            action="use the options --name, --birth-date, --id and --phone",
        )
    return PersonQuery(
        " ".join(names), _iso(dates[0]) if dates else "", numbers[0] if numbers else "", "".join(sexes[:1])
    )


def _iso(text: str) -> str:
    """A birth date as FHIR writes it; day and month are told apart only where one of them cannot be a month."""
    parts = re.split(r"[./]", text)
    if len(parts) == 1:
        return text
    first, second, year = int(parts[0]), int(parts[1]), parts[2]
    if first > 12 >= second or first == second:
        return f"{year}-{second:02}-{first:02}"
    if second > 12 >= first:
        return f"{year}-{first:02}-{second:02}"
    raise BadInput(
        "a birth date that can be read in two ways", found=text, expected="YYYY-MM-DD", action="write the year first"
    )


async def find_people(client: FhirClient, query: PersonQuery, now: datetime, *, limit: int = 20) -> PersonMatches:
    """Everyone who fits, merged records as one person; where nobody does, who is similar.

    Raises:
        BadInput: nothing to find by, or a birth date that is no date.
        UpstreamError: the server failed.
    """
    if query.empty:
        raise BadInput(
            "nobody is named",
            found="",
            expected="a name, birth date, identifier or telephone number",
            action="give one of them",
        )
    if query.birth_date and start_of(query.birth_date) is None:
        raise BadInput("no birth date", found=query.birth_date, expected="YYYY-MM-DD", action="correct it")
    found = PersonMatches(query)
    fitting = [item for item in await _candidates(client, query, found) if not missing(item, query)]
    found.found = await _people(client, fitting[: max(limit, 1)], query, now, found)
    if len(fitting) > limit:
        found.problems.append(f"{limit} of {len(fitting)} shown: give more to find by")
    found.differ = _differ(found.found)
    if not fitting:
        near = [item for item in await _similar(client, query, found) if missing(item, query)]
        ranked = sorted(near, key=lambda item: (_distance(item, query), str(item.get("id"))))
        close = [item for item in ranked if _distance(item, query) < _FAR][:NEAR]
        found.suggestions = [{**shown(item, now), "differs": missing(item, query)} for item in close]
    return found


async def _candidates(client: FhirClient, query: PersonQuery, found: PersonMatches) -> list[Resource]:
    parameters: list[tuple[str, str]] = []
    if query.identifier:
        parameters.append(("identifier", _escaped(query.identifier)))
    if query.birth_date:
        parameters.append(("birthdate", query.birth_date))
    if query.phone:
        parameters.append(("telecom", _escaped(query.phone)))
    if query.sex:
        parameters.append(("gender", query.sex))
    parameters += [("name", _escaped(word)) for word in query.name.split()]
    kept = await _ask(client, parameters, found)
    if query.identifier:
        # A bare number may be the resource's own id, or a telephone number.
        with contextlib.suppress(HttpError, UpstreamError):
            kept.append(await client.read("Patient", query.identifier))
    if query.phone and not kept:
        # Servers compare numbers as written: the digits are compared here.
        rest = [pair for pair in parameters if pair[0] != "telecom"]
        kept = await _ask(client, rest, found) if rest else kept
    return list({str(item.get("id")): item for item in kept}.values())


def _escaped(text: str) -> str:
    return re.sub(r"([,$|\\])", r"\\\1", text)


async def _ask(client: FhirClient, parameters: list[tuple[str, str]], found: PersonMatches) -> list[Resource]:
    """A search, without the parameters that the server refuses (it is checked here anyway, and said)."""
    try:
        matches = await client.search("Patient", parameters, limit=MOST)
    except HttpError as error:
        if error.status not in (400, 404, 501):
            raise
        keep = [pair for pair in parameters if pair[0] in ("identifier", "name", "family", "birthdate")]
        if not keep or keep == parameters:
            found.problems.append(f"the server refuses to search so: {error.message}")
            return []
        return await _ask(client, keep, found)
    found.searched.append("Patient?" + "&".join(name for name, _ in parameters))
    found.problems += [text for text in matches.problems if text not in found.problems]
    return [resource for resource, wrong in map(readable, matches.resources) if not wrong]


def missing(patient: Resource, query: PersonQuery) -> list[str]:
    """What of the query a patient does not fit, in words; empty where everything fits."""
    wrong = []
    names = [_names(row) for row in walk(patient, "name") if isinstance(row, dict)]
    if query.name and not any(_fits(query.name, parts) for parts in names):
        wrong.append("name")
    if query.birth_date and not str(patient.get("birthDate") or "").startswith(query.birth_date):
        wrong.append("birth date")
    if query.sex and patient.get("gender") != query.sex:
        wrong.append("sex")
    numbers = {_plain(str(value)) for value in walk(patient, "identifier.value")} | {_plain(str(patient.get("id")))}
    if query.identifier and (_plain(query.identifier) or None) not in numbers | _phones(patient):
        wrong.append("identifier")
    if query.phone and (_digits(query.phone) or None) not in {_digits(text) for text in _phones(patient)}:
        wrong.append("telephone")
    return wrong


def _fits(name: str, parts: set[str]) -> bool:
    asked = [fold(word) for word in name.split()]
    # A word of signs alone names nobody: the beginning of nothing would be everybody's.
    return all(word and any(part.startswith(word) for part in parts) for word in asked)


def _names(row: dict[str, Any]) -> set[str]:
    texts = [str(row.get("family") or ""), *map(str, row.get("given") or []), str(row.get("text") or "")]
    folded = {fold(word) for text in texts for word in re.split(r"[\s-]+", text) if word}
    return folded | {fold(text) for text in texts if text}


def fold(text: str) -> str:
    """A name as it is compared, in any script: without accents, case and signs."""
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in bare if char.isalnum() or char == " ").casefold()


def _plain(text: str) -> str:
    return re.sub(r"[\s./-]", "", text).casefold()


def _phones(patient: Resource) -> set[str]:
    return {_plain(str(row.get("value") or "")) for row in walk(patient, "telecom") if isinstance(row, dict)}


def _digits(text: str) -> str:
    """The digits of a telephone number that tell it apart: without country code and leading zero."""
    return re.sub(r"\D", "", text)[-9:]


# -- persons ---------------------------------------------------------------------------------------------------------


async def _people(
    client: FhirClient, patients: list[Resource], query: PersonQuery, now: datetime, found: PersonMatches
) -> list[dict[str, Any]]:
    """Patients as persons: records that are linked as the same person are one, told by the one in use."""
    people: dict[str, dict[str, Any]] = {}
    for patient in patients:
        used, ids, problems = await linked(client, patient)
        found.problems += [text for text in problems if text not in found.problems]
        row = people.setdefault(str(used["id"]), shown(used, now))
        others = sorted(ids - {str(used["id"])})
        row["same_person"] = sorted({*row.get("same_person", []), *others})
        matched = "this record" if str(patient["id"]) == str(used["id"]) else f"Patient/{patient['id']}"
        row.setdefault("matched", []).append(matched)
        former = [text for text in shown(patient, now)["names"] if text not in row["names"]]
        row["former_names"] = list(dict.fromkeys([*row["former_names"], *former]))
    return list(people.values())


def shown(patient: Resource, now: datetime) -> dict[str, Any]:
    """Who a patient is: what a clinician compares before opening a record."""
    names = [row for row in walk(patient, "name") if isinstance(row, dict)]
    current = [_called(row) for row in names if row.get("use") not in _FORMER]
    birth = patient.get("birthDate")
    patient = at_clock(patient, now)
    dead = patient.get("deceasedDateTime") or (True if patient.get("deceasedBoolean") else None)
    verdict = judge(patient)
    address = next((row for row in walk(patient, "address") if isinstance(row, dict) and row.get("use") != "old"), {})
    lines = [str(address.get("text") or ", ".join(map(str, address.get("line") or []))), str(address.get("city") or "")]
    return {
        "patient": str(patient.get("id")),
        "names": [text for text in dict.fromkeys(current) if text],
        "former_names": [_called(row) for row in names if row.get("use") in _FORMER],
        "birth_date": birth,
        "age": _age(birth, dead, now),
        "sex": patient.get("gender"),
        "identifiers": [
            {
                "system": row.get("system"),
                "value": row.get("value"),
                "type": (row.get("type") or {}).get("text")
                or next((str(code) for code in walk(row, "type.coding.code")), None),
                **({"use": "old"} if row.get("use") == "old" else {}),
            }
            for row in walk(patient, "identifier")
            if isinstance(row, dict) and row.get("value")
        ],
        "phones": [
            str(row.get("value")) for row in walk(patient, "telecom") if isinstance(row, dict) and row.get("value")
        ],
        "address": ", ".join(text for text in lines if text) or None,
        "deceased": dead,
        "usable": verdict.usable,
        "flags": list(verdict.flags),
        "links": [
            {"type": row.get("type"), "patient": "/".join(local_reference(row.get("other")) or ("", ""))}
            for row in walk(patient, "link")
            if isinstance(row, dict)
        ],
    }


def _called(row: dict[str, Any]) -> str:
    if row.get("text"):
        return str(row["text"])
    return " ".join([*map(str, row.get("given") or []), str(row.get("family") or "")]).strip()


def _age(birth: Any, dead: Any, now: datetime) -> int | None:
    start = start_of(str(birth)) if birth else None
    if start is None:
        return None
    low, high = years_at(str(birth), min(now, start_of(dead) or now) if isinstance(dead, str) else now)
    return low if low == high and low >= 0 else None


_TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "name": lambda row: "; ".join(row["names"]),
    "birth date": lambda row: str(row["birth_date"] or "not recorded"),
    "sex": lambda row: str(row["sex"] or "not recorded"),
    "identifiers": lambda row: "; ".join(str(item["value"]) for item in row["identifiers"]) or "none",
    "address": lambda row: str(row["address"] or "not recorded"),
    "telephone": lambda row: "; ".join(row["phones"]) or "none",
    "deceased": lambda row: str(row["deceased"] or "not recorded as deceased"),
}


def _differ(people: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What tells several apart: each element in which they are not all the same."""
    if len(people) < 2:
        return {}
    rows: dict[str, list[str]] = {}
    for name, read in _TOLD.items():
        values = [read(row) for row in people]
        if len(set(values)) > 1:
            rows[name] = values
    return rows


# -- suggestions -----------------------------------------------------------------------------------------------------

_FAR = 99.0


async def _similar(client: FhirClient, query: PersonQuery, found: PersonMatches) -> list[Resource]:
    """Who could be meant: the same birth date, or a name with the same beginning."""
    searches = [[("birthdate", query.birth_date)]] if query.birth_date else []
    searches += [[("name", _escaped(fold(word)[:2]))] for word in query.name.split() if len(fold(word)) > 2]
    kept: dict[str, Resource] = {}
    for parameters in searches[:4]:
        for item in await _ask(client, parameters, found):
            kept[str(item.get("id"))] = item
    return list(kept.values())


def _distance(patient: Resource, query: PersonQuery) -> float:
    """How far a patient is from the query: edits of the name's words, more for each other element that differs."""
    far = float(len([text for text in missing(patient, query) if text != "name"])) * 1.5
    if query.identifier and "identifier" in missing(patient, query):
        return _FAR
    parts = {part for row in walk(patient, "name") if isinstance(row, dict) for part in _names(row)}
    for word in query.name.split():
        folded = fold(word)
        # Letters to insert, delete, replace or swap to make one word the other.
        best = min((OSA.distance(folded, part) for part in parts), default=99)
        if best > max(1, len(folded) // 3):
            return _FAR
        far += best
    return far if far <= 4 else _FAR
