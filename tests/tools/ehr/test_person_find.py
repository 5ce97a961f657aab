"""Finding a person: exact matches checked here, ties shown, merged records one person, similar ones only suggested."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.cli_find import as_text
from tools.ehr.bundles import import_document
from tools.ehr.client.client import FhirClient
from tools.ehr.reads.person_find import PersonQuery, find_people, missing, read_words
from tools.ehr.store.store import Store
from tools.errors import BadInput

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def person(id_: str, given: str, family: str, birth: str, number: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "birthDate": birth,
        "gender": "female",
        "identifier": [{"system": "urn:x", "value": number, "type": {"text": "MRN"}}],
        **more,
    }


PEOPLE = [
    person(
        "a",
        "Ada",
        "Müller",
        "1950-05-20",
        "MRN-1",
        telecom=[{"system": "phone", "value": "+44 20 7946 0018"}],
        address=[{"line": ["1 High Street"], "city": "Leeds"}],
    ),
    person("b", "Ada", "Muller", "1950-05-20", "MRN-2", address=[{"line": ["9 Low Road"], "city": "York"}]),
    person("c", "Jonathan", "Marsh", "1961-01-02", "MRN-3", gender="male", deceasedDateTime="2025-12-24"),
    person(
        "d",
        "Eve",
        "Lund",
        "1980-07-07",
        "MRN-4",
        name=[{"family": "Lund", "given": ["Eve"]}, {"use": "maiden", "family": "Berg"}],
    ),
    person(
        "old", "Eva", "Lund", "1980-07-07", "MRN-9", link=[{"type": "replaced-by", "other": {"reference": "Patient/d"}}]
    ),
]


@pytest.fixture(scope="module")
def client() -> FhirClient:
    store = Store()
    for body in PEOPLE:
        import_document(store, body)
    return FhirClient(store=store)


async def ids(client: FhirClient, **query: str) -> list[str]:
    return [row["patient"] for row in (await find_people(client, PersonQuery(**query), NOW)).found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"identifier": "MRN-3"}, ["c"]),
        ({"identifier": "mrn 3"}, []),
        ({"name": "marsh"}, ["c"]),
        ({"name": "marsh jonathan"}, ["c"]),
        ({"name": "Marsh", "sex": "female"}, []),
        ({"name": "berg"}, ["d"]),
        ({"birth_date": "1961-01-02"}, ["c"]),
        ({"phone": "020 7946 0018", "name": "Ada"}, ["a"]),
        ({"identifier": "c"}, ["c"]),
    ],
)
async def test_by_each_element(client: FhirClient, query: dict[str, str], expected: list[str]) -> None:
    assert await ids(client, **query) == expected


async def test_ties_are_shown_with_what_tells_them_apart(client: FhirClient) -> None:
    found = await find_people(client, PersonQuery(name="ada muller", birth_date="1950-05-20"), NOW)
    assert {row["patient"] for row in found.found} == {"a", "b"}
    assert set(found.differ) == {"name", "identifiers", "address", "telephone"}
    assert found.complete


async def test_a_merged_record_leads_to_the_one_in_use(client: FhirClient) -> None:
    found = await find_people(client, PersonQuery(identifier="MRN-9"), NOW)
    assert [row["patient"] for row in found.found] == ["d"]
    assert found.found[0]["same_person"] == ["old"]
    assert found.found[0]["matched"] == ["Patient/old"]
    assert "Eva Lund" in found.found[0]["former_names"]
    assert await ids(client, name="lund") == ["d"]


async def test_death_is_shown(client: FhirClient) -> None:
    row = (await find_people(client, PersonQuery(name="marsh"), NOW)).found[0]
    assert row["deceased"] == "2025-12-24"
    assert "deceased" in row["flags"]
    assert row["age"] == 64


async def test_similar_is_a_suggestion_and_no_match(client: FhirClient) -> None:
    found = await find_people(client, PersonQuery(name="jonathon mash"), NOW)
    assert found.found == []
    assert [(row["patient"], row["differs"]) for row in found.suggestions] == [("c", ["name"])]
    found = await find_people(client, PersonQuery(name="jonathan marsh", birth_date="1961-02-01"), NOW)
    assert (found.found, [row["differs"] for row in found.suggestions]) == ([], [["birth date"]])
    # A number that does not fit is never explained away.
    found = await find_people(client, PersonQuery(name="jonathan marsh", identifier="MRN-33"), NOW)
    assert (found.found, found.suggestions) == ([], [])


async def test_a_server_that_drops_the_filter_changes_nothing(client: FhirClient, monkeypatch: Any) -> None:
    honest = client.search

    async def deaf(kind: str, parameters: list[tuple[str, str]], **more: Any) -> Any:
        kept = parameters if parameters and parameters[0][0] == "link" else []
        return await honest(kind, kept, **more)

    monkeypatch.setattr(client, "search", deaf)
    assert await ids(client, name="marsh", birth_date="1961-01-02") == ["c"]
    assert await ids(client, name="marsh", birth_date="1950-05-20") == []


def test_words_are_read() -> None:
    assert read_words("Ada Müller, born 1950-05-20, MRN MRN-1 female") == PersonQuery(
        "Ada Müller", "1950-05-20", "MRN-1", "female"
    )
    assert read_words("31.12.1949 Marsh").birth_date == "1949-12-31"
    with pytest.raises(BadInput, match="two ways"):
        read_words("Marsh 03/04/1949")
    with pytest.raises(BadInput, match="more than one"):
        read_words("Marsh 123 456")


async def test_nobody_named(client: FhirClient) -> None:
    with pytest.raises(BadInput):
        await find_people(client, PersonQuery(sex="female"), NOW)


async def test_the_terminal_shows_ties_death_and_suggestions(client: FhirClient) -> None:
    async def text(**query: str) -> str:
        found = await find_people(client, PersonQuery(**query), NOW)
        return as_text({**vars(found), "patients": found.found, "complete": found.complete})

    tied = await text(name="ada muller")
    assert tied.startswith("2 persons fit; choose one by its id.")
    assert "They differ in: name, identifiers, address, telephone" in tied
    assert "DECEASED 2025-12-24" in await text(name="marsh")
    near = await text(name="mash")
    assert near.startswith("Nobody fits.\nOnly similar (check before use):")
    assert "[differs in name]" in near
    assert "same person as old" in await text(identifier="MRN-9")


def test_a_name_in_another_script_does_not_fit_everybody() -> None:
    ivan = person("r", "Иван", "Петров", "1950-05-20", "R-1")
    assert missing(ivan, PersonQuery("Сидоров")) == ["name"]
    assert missing(ivan, PersonQuery("петров")) == []
    assert missing(ivan, PersonQuery("?")) == ["name"]
    assert missing(person("x", "Łukasz", "Man", "1950", "R-2"), PersonQuery("Lukasz")) == []
    mailed = person("m", "Ada", "Lund", "1950", "R-3", telecom=[{"system": "email", "value": "a@b.org"}])
    assert missing(mailed, PersonQuery(phone="abc")) == ["telephone"]
    assert read_words("Mei Man") == PersonQuery("Mei Man")


async def test_a_death_after_the_clock_has_not_happened(client: FhirClient) -> None:
    row = (await find_people(client, PersonQuery("Marsh"), datetime(2025, 6, 1, tzinfo=UTC))).found[0]
    assert row["deceased"] is None
    assert "deceased" not in row["flags"]
