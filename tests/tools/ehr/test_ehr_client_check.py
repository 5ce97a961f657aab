"""A server that ignores parameters, does not know them or finds nothing by them: noticed, named and made up for."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tools.ehr.bundles import import_document
from tools.ehr.client.capability import Capability
from tools.ehr.client.capability_probe import probe
from tools.ehr.client.check import Quirks
from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import HttpError
from tools.ehr.client.match import NotSupported
from tools.ehr.demo import demo_patients
from tools.ehr.server.server import MEDIA, application
from tools.ehr.store.store import Store

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def observation(number: int, patient: str, code: str, value: float) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{number}",
        "status": "final" if number % 3 else "preliminary",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2026-01-{number + 1:02}T08:00:00Z",
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
    }


@pytest.fixture(scope="module")
def data() -> Store:
    store = Store()
    for patient, gender in (("a", "female"), ("b", "male"), ("c", "female")):
        body = {"resourceType": "Patient", "id": patient, "gender": gender, "birthDate": "1950-01-01"}
        import_document(store, {**body, "name": [{"family": f"Family-{patient}"}]})
        for number in range(9):
            code = "2823-3" if number % 2 else "2951-2"
            if patient != "c" or code == "2951-2":
                import_document(store, observation(number, patient, code, 3.0 + number / 2))
    return store


class Server:
    """The embedded store with habits: parameters it ignores, finds nothing by, refuses, leaves out of its list."""

    def __init__(
        self,
        store: Store,
        *,
        ignores: tuple[str, ...] = (),
        blind: tuple[str, ...] = (),
        refuses: tuple[str, ...] = (),
        lists: dict[str, list[str]] | None = None,
        echoes: bool = True,
    ) -> None:
        self.inner = application(store)
        self.ignores, self.blind, self.refuses, self.lists, self.echoes = ignores, blind, refuses, lists, echoes
        self.asked: list[str] = []

    def client(self, store: Store, **more: Any) -> FhirClient:
        return FhirClient(store.base, transport=httpx.MockTransport(self), **more)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        pairs = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        names = {name.partition(":")[0] for name, _ in pairs}
        self.asked.append(f"{request.url.path.rpartition('/')[2]}?{'&'.join(f'{k}={v}' for k, v in pairs)}")
        if self.lists is not None and request.url.path.endswith("/metadata"):
            rows = [
                {"type": kind, "searchParam": [{"name": name, "type": "token"} for name in listed]}
                for kind, listed in self.lists.items()
            ]
            return httpx.Response(200, json={"resourceType": "CapabilityStatement", "rest": [{"resource": rows}]})
        if names & set(self.refuses):
            return httpx.Response(400, json={"resourceType": "OperationOutcome", "issue": [{"code": "not-supported"}]})
        if names & set(self.blind):
            return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "total": 0})
        kept = [(name, value) for name, value in pairs if name.partition(":")[0] not in self.ignores]
        url = request.url.copy_with(query=httpx.QueryParams(kept).__str__().encode())
        root = urlsplit(str(request.url)).path.rpartition("/fhir")[1]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.inner, root_path=root)) as inside:
            answer = await inside.get(url, headers={"Accept": MEDIA})
        body = answer.json()
        if not self.echoes:
            body.pop("link", None)
        return httpx.Response(answer.status_code, json=body)


GREATER = [("patient", "a"), ("value-quantity", "gt5.2")]
HAS = [("_has:Observation:patient:code", f"{LOINC}|2823-3")]
TRUE = {"a-5", "a-6", "a-7", "a-8"}


async def ids(client: FhirClient, kind: str, parameters: list[tuple[str, str]]) -> tuple[set[str], list[str]]:
    found = await client.search(kind, parameters)
    assert found.complete, found.problems
    return {str(item["id"]) for item in found.resources}, found.notes


async def test_what_works_is_relied_on_after_one_trial(data: Store) -> None:
    server = Server(data)
    client = server.client(data)
    assert await ids(client, "Observation", GREATER) == (TRUE, [])
    tried = len(server.asked)
    assert await ids(client, "Observation", [("patient", "b"), ("value-quantity", "gt5.2")]) == (
        {"b-5", "b-6", "b-7", "b-8"},
        [],
    )
    assert len(server.asked) == tried + 1


@pytest.mark.parametrize(
    ("habit", "says"),
    [
        ({"blind": ("value-quantity",)}, "the server finds nothing by value-quantity gt"),
        ({"ignores": ("value-quantity",)}, "the server ignores value-quantity gt"),
        ({"ignores": ("value-quantity",), "echoes": False}, "the server ignores value-quantity gt"),
        ({"refuses": ("value-quantity",)}, "the server refuses value-quantity gt"),
        ({"lists": {"Observation": ["patient", "code"]}}, "the server does not declare value-quantity gt"),
    ],
)
async def test_a_silent_gap_is_noticed_named_and_made_up_for(data: Store, habit: dict[str, Any], says: str) -> None:
    client = Server(data, **habit).client(data)
    for _ in range(2):
        assert await ids(client, "Observation", GREATER) == (TRUE, [f"{says}; Osler chose among 9"])


async def test_an_ignored_parameter_across_patients_leaves_no_wrong_ones(data: Store) -> None:
    client = Server(data, ignores=("code",), echoes=False).client(data)
    found, notes = await ids(client, "Observation", [("code", f"{LOINC}|2823-3")])
    assert found == {f"{patient}-{number}" for patient in "ab" for number in (1, 3, 5, 7)}
    assert notes == ["the server ignores code; Osler chose among 23"]


async def test_nothing_found_across_patients_by_something_untried_says_so(data: Store) -> None:
    client = Server(data, blind=("value-quantity",)).client(data)
    found, notes = await ids(client, "Observation", [("value-quantity", "gt5.2")])
    assert found == set()
    assert notes == ["not tried whether the server heeds value-quantity: osler ehr probe"]
    await probe(client, "a")
    found, notes = await ids(client, "Observation", [("value-quantity", "gt5.2")])
    assert len(found) == 10 and notes == ["the server finds nothing by value-quantity gt; Osler chose among 23"]


async def joins(store: Store, query: list[tuple[str, str]], kind: str) -> bool:
    """Whether the embedded store, which the servers here are made of, can do it itself."""
    try:
        return bool((await FhirClient(store=store).search(kind, query)).resources)
    except HttpError:
        return False


@pytest.mark.parametrize("habit", [{}, {"blind": ("_has",)}, {"ignores": ("_has",)}, {"refuses": ("_has",)}])
async def test_has_is_looked_up_in_two_steps_where_the_server_cannot(data: Store, habit: dict[str, Any]) -> None:
    client = Server(data, **habit).client(data)
    for _ in range(2):
        found, notes = await ids(client, "Patient", [("_has:Observation:patient:code", f"{LOINC}|2823-3")])
        assert found == {"a", "b"}
        assert bool(notes) is (bool(habit) or not await joins(data, HAS, "Patient"))


async def test_a_chain_is_looked_up_in_two_steps_where_the_server_cannot(data: Store) -> None:
    for habit in ({"blind": ("patient.gender",)}, {"refuses": ("patient.gender",)}):
        client = Server(data, **habit).client(data)
        found, notes = await ids(client, "Observation", [("patient.gender", "male")])
        assert found == {f"b-{number}" for number in range(9)} and notes


async def test_what_nobody_can_search_by_is_refused_by_name(data: Store) -> None:
    client = Server(data, lists={"Observation": ["patient"], "Patient": ["name"]}).client(data)
    with pytest.raises(NotSupported) as failed:
        await client.search("Observation", [("patient", "a"), ("no-such", "x")])
    assert failed.value.found == "no-such"
    with pytest.raises(HttpError):
        await Server(data, refuses=("code",)).client(data).search("Observation", [("code", "x")])
    with pytest.raises(NotSupported):
        await (
            Server(data, refuses=("encounter.status",))
            .client(data)
            .search("Observation", [("encounter.status", "finished")])
        )


async def test_a_server_that_ignores_the_patient(data: Store) -> None:
    found = await Server(data, ignores=("patient",)).client(data).search("Observation", [("patient", "a")])
    assert {item["subject"]["reference"] for item in found.resources} == {"Patient/a"}
    assert found.problems == ["the server sent 14 Observation of other patients: not used"]


async def test_a_probe_tells_what_does_not_work(data: Store) -> None:
    client = Server(data, blind=("value-quantity", "_has"), ignores=("status",)).client(data)
    body = await probe(client, "a")
    assert [row for row in body["does_not_work"] if "…" not in row] == [
        "Observation?status: ignored",
        "Observation?value-quantity gt: finds nothing",
        "Observation?value-quantity lt: finds nothing",
        "Patient?_has: finds nothing",
    ]
    assert client.quirks is not None and client.quirks.changed
    works = {f"{row['type']}?{row['parameter']}" for row in body["tried"] if row["verdict"] == "works"}
    assert {"Observation?code", "Observation?date ge", "Patient?name"} <= works


async def test_the_embedded_store_passes_its_own_probe() -> None:
    store = Store()
    for patient in demo_patients()[:5]:
        import_document(store, patient.bundle, patient.id)
    body = await probe(Server(store).client(store), "demo-acs-bleed")
    assert [row for row in body["does_not_work"] if "…" not in row and "_has" not in row] == []


async def test_what_was_learnt_is_used_from_the_start(data: Store) -> None:
    server = Server(data, blind=("value-quantity",))
    client = server.client(data, quirks=Quirks({"Observation?value-quantity gt": "finds nothing"}))
    assert (await ids(client, "Observation", GREATER))[0] == TRUE
    assert not [asked for asked in server.asked if "value-quantity" in asked]


def test_a_capability_statement_is_read_and_doubted() -> None:
    said = Capability.of(
        {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "software": {"name": "X", "version": "1"},
            "rest": [
                {"mode": "client", "resource": [{"type": "Basic"}]},
                {
                    "mode": "server",
                    "searchParam": [{"name": "_text", "type": "string"}],
                    "resource": [
                        {
                            "type": "Condition",
                            "searchParam": [{"name": "subject", "type": "reference"}, "nonsense"],
                            "searchInclude": ["Condition:subject"],
                        },
                        {"type": "Observation"},
                        {"type": "Goal", "searchParam": [{"name": "category", "type": "token"}]},
                    ],
                },
            ],
        }
    )
    assert set(said.types) == {"Condition", "Observation", "Goal"} and said.software == "X 1"
    assert said.supports("Condition", "subject:Patient.name") and said.supports("Condition", "_id")
    assert said.supports("Condition", "_text") and said.supports("Condition", "code") is False
    assert said.supports("Observation", "code") is None and said.supports("Basic", "code") is False
    assert said.includes("Condition", "Condition:subject:Patient") and not said.includes(
        "Condition", "Condition:asserter"
    )
    assert [said.scope(kind) for kind in ("Condition", "Observation", "Goal")] == ["subject", "patient", None]
    for nonsense in ({}, {"resourceType": "Patient"}, {"resourceType": "CapabilityStatement", "rest": "x"}):
        assert Capability.of(nonsense).supports("Condition", "code") is None
