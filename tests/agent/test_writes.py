"""Nothing reaches the record without a person's approval, nothing twice, and nothing on what has changed since."""

from __future__ import annotations

import ast
import base64
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent import ClinicalAssistant
from agent.api import Consultation
from tools.catalog import catalog
from tools.ehr.bundles import import_document
from tools.ehr.client.client import FhirClient
from tools.ehr.compact import apply_change, build_bundle
from tools.ehr.demo import compact_patient
from tools.ehr.server.server import application
from tools.ehr.store.store import Store
from tools.ehr.writes.drafts import carries
from tools.ehr.writes.write import Writer, WriteRefused
from tools.errors import BadInput, NotAssessable, Refused, UpstreamError, UsageError

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
WHOLE = {"medication": "apixaban", "dose": "5 mg", "timing": "twice daily"}
WHO = {"by": "Dr A. Example", "role": "physician"}


@pytest.fixture(scope="module")
def desk(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicalAssistant]:
    """An assistant with a store of its own: what is written here is seen by no other test."""
    with ClinicalAssistant(osler.settings.beside(tmp_path_factory.mktemp("writes"))) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def answered(desk: ClinicalAssistant) -> Consultation:
    return desk.consult("Should she be anticoagulated?", "demo-af").run()


@pytest.fixture
def consult(answered: Consultation, store: Store) -> Iterator[Consultation]:
    """The answered consultation; record and drafts are put back afterwards, so that each test finds the same."""
    with sqlite3.connect(":memory:") as held:
        store._db.backup(held)
        yield answered
        held.backup(store._db)
        store._rows.forget()
    effects = answered._portal.call(answered._core.services()).effects
    effects._connection.execute("DELETE FROM effects WHERE kind = 'draft'")


@pytest.fixture(scope="module")
def store(answered: Consultation) -> Store:
    client = answered._portal.call(answered._core.reader(answered.state["case"]))
    assert client.store is not None
    return client.store


def checks(draft: Json) -> dict[str, str]:
    return {row["name"]: row["state"] for row in draft["checks"]}


def orders(store: Store) -> list[Json]:
    rows = [store.get("MedicationRequest", id_) for id_ in store.ids("MedicationRequest")]
    return [row.resource for row in rows if row is not None and carries(row.resource)]


def test_what_nobody_said_is_asked_for(consult: Consultation, store: Store) -> None:
    before = store.counts()
    draft = consult.draft(1)
    assert draft["state"] == "incomplete"
    assert {row["field"] for row in draft["missing"]} == {"medication", "dose", "timing"}
    assert "dosageInstruction" not in draft["resource"]
    assert "medicationCodeableConcept" not in draft["resource"]
    assert checks(draft)["allergies"] == checks(draft)["renal"] == "unknown"
    with pytest.raises(NotAssessable, match="Dose"):
        consult.approve(item=draft["id"], **WHO)
    assert store.counts() == before


def test_a_field_takes_only_what_fits_and_every_edit_is_kept(consult: Consultation) -> None:
    draft = consult.draft(1, fields=WHOLE, by="Dr A")
    assert draft["state"] == "draft"
    assert draft["resource"]["dosageInstruction"][0]["text"] == "5 mg, twice daily"
    assert draft["resource"]["medicationCodeableConcept"]["coding"][0]["code"] == "1364430"
    assert [(row["field"], row["after"], row["by"]) for row in draft["edits"]] == [
        ("medication", "apixaban", "Dr A"),
        ("dose", "5 mg", "Dr A"),
        ("timing", "twice daily", "Dr A"),
    ]
    for wrong in ({"medication": "warfarin"}, {"status": "completed"}):
        with pytest.raises(BadInput):
            consult.draft(draft["id"], fields=wrong)
    with pytest.raises(UsageError, match="no field"):
        consult.draft(draft["id"], fields={"colour": "red"})
    taken_back = consult.draft(draft["id"], fields={"dose": ""})
    assert taken_back["state"] == "incomplete"
    assert consult.draft(1)["id"] == draft["id"]


def test_unknown_is_shown_and_is_no_pass(consult: Consultation) -> None:
    draft = consult.draft(1, fields=WHOLE)
    states = checks(draft)
    assert (states["interactions"], states["dose_ceiling"]) == ("warn", "unknown")
    assert states["allergies"] == states["renal"] == states["record_version"] == "pass"
    assert [row["why"] for row in draft["checks"] if row["name"] == "check_first"]
    assert all(row["hash"] and row["version"] for row in draft["rests_on"] if row["reference"])


def test_an_approved_order_is_written_once_and_named(consult: Consultation, store: Store) -> None:
    draft = consult.draft(1, fields=WHOLE)
    done = consult.approve(item=draft["id"], **WHO)
    assert done["approved"]
    assert done["result"] == "committed"
    again = consult.approve(item=draft["id"], **WHO)
    assert again["draft"]["committed"] == done["draft"]["committed"]
    (order,) = orders(store)
    assert (order["status"], order["intent"]) == ("draft", "order")
    assert order["requester"] == {"display": "Dr A. Example (physician)"}
    proof = store.get("Provenance", f"osler-{draft['id']}")
    assert proof is not None
    assert proof.resource["target"][0]["reference"] == done["draft"]["committed"]["reference"]
    # The answer is not outdated by what was written on its own advice, and can still be signed.
    assert consult.outdated() == []
    assert consult.draft(1)["state"] == "committed"
    states = [row["state"] for row in _journal(consult, draft["id"])]
    assert states[-2:] == ["approved", "committed"]


def _journal(consult: Consultation, id_: str) -> list[Json]:
    writes = consult._portal.call(consult._core.writes())
    return writes.journal.history(consult.id, id_)


def test_a_change_of_what_it_rests_on_voids_it(consult: Consultation, store: Store) -> None:
    draft = consult.draft(1, fields=WHOLE)
    old = store.get("Observation", "demo-af-o4")
    assert old is not None
    body = old.resource
    body["valueQuantity"]["value"] = 4.9
    store.put(body)
    said = consult.approve(item=draft["id"], **WHO)
    assert not said["approved"]
    assert said["draft"]["state"] == "void"
    assert any("4.9" in str(row["now"]) and "0.92" in str(row["then"]) for row in said["rechecked"])
    assert orders(store) == []
    with pytest.raises(UsageError, match="void"):
        consult.approve(item=draft["id"], **WHO)
    with pytest.raises(UsageError, match="record has changed"):
        consult.draft(1)


def test_a_check_that_comes_out_otherwise_is_looked_at_again(consult: Consultation, store: Store) -> None:
    draft = consult.draft(1, fields=WHOLE)
    assert checks(draft)["encounter"] == "warn"
    encounter = {
        "resourceType": "Encounter",
        "id": "enc-new",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/demo-af"},
        "period": {"start": "2026-03-02T08:00:00Z"},
    }
    store.put(encounter)
    said = consult.approve(item=draft["id"], **WHO)
    assert not said["approved"]
    assert [row["slot"] for row in said["rechecked"]] == ["encounter"]
    assert said["draft"]["state"] == "draft"
    assert orders(store) == []
    assert consult.approve(item=draft["id"], **WHO)["approved"]
    assert orders(store)[0]["encounter"] == {"reference": "Encounter/enc-new"}


def test_an_order_is_stopped_at_the_version_it_was_seen_at(consult: Consultation, store: Store) -> None:
    with pytest.raises(UsageError, match="a question"):
        consult.draft(2)
    with pytest.raises(UsageError, match="no current order"):
        consult.draft(2, action="stop", target="MedicationRequest/nobody-m1")
    with pytest.raises(UsageError, match="start cannot be drafted"):
        consult.draft(2, action="start")
    draft = consult.draft(2, action="stop")
    assert draft["target"]["reference"] == "MedicationRequest/demo-af-m3"
    assert [row["field"] for row in draft["missing"]] == ["status"]
    draft = consult.draft(draft["id"], fields={"status": "stopped", "reason": "no stent, no infarction"})
    assert {row["path"]: (row["before"], row["after"]) for row in draft["diff"]} == {
        "status": ("active", "stopped"),
        "statusReason.text": (None, "no stent, no infarction"),
    }
    assert consult.approve(item=draft["id"], **WHO)["approved"]
    now = store.get("MedicationRequest", "demo-af-m3")
    assert now is not None
    assert now.resource["status"] == "stopped"
    assert now.resource["dosageInstruction"] == draft["target"]["resource"]["dosageInstruction"]


def test_monitoring_needs_its_date(consult: Consultation, store: Store) -> None:
    draft = consult.draft(3)
    assert (draft["kind"], [row["field"] for row in draft["missing"]]) == ("ServiceRequest", ["when"])
    with pytest.raises(BadInput, match="date"):
        consult.draft(3, fields={"when": "in June"})
    consult.draft(3, fields={"when": "2026-06-02"})
    assert consult.approve(item=draft["id"], **WHO)["approved"]
    assert store.counts()["ServiceRequest"] == 1


def test_a_problem_has_no_certainty_or_code_that_nobody_gave(consult: Consultation) -> None:
    draft = consult.draft(consult.answer.claims[0].id, fields={"condition": "a diagnosis in words"})
    assert draft["resource"]["code"] == {"text": "a diagnosis in words"}
    assert "verificationStatus" not in draft["resource"]
    known = consult.draft(draft["id"], fields={"condition": "Atrial fibrillation", "verification": "confirmed"})
    assert checks(known)["duplicates"] == "warn"


def test_a_filed_assessment_is_no_evidence(consult: Consultation, store: Store) -> None:
    draft = consult.draft("answer")
    assert consult.approve(item=draft["id"], **WHO)["approved"]
    (filed,) = [
        row.resource
        for id_ in store.ids("DocumentReference")
        if (row := store.get("DocumentReference", id_)) and carries(row.resource)
    ]
    text = base64.b64decode(filed["content"][0]["attachment"]["data"]).decode()
    assert "CHA2DS2-VA" in text
    assert filed["docStatus"] == "preliminary"
    read = consult._portal.call(_notes(consult))
    assert f"DocumentReference/{filed['id']}" not in read
    assert "DocumentReference/demo-af-n2" in read


async def _notes(consult: Consultation) -> list[str]:
    services = await consult._core.services()
    services.forget(consult.id)
    context = await services.context((await consult._core.state(consult.id))["case"])
    assert context.record is not None
    return [note.reference for note in (await context.record.notes()).notes]


def test_a_copy_never_writes(consult: Consultation, store: Store) -> None:
    before = store.counts()
    copy, _ = consult.what_if("patient.sex", "male")
    for item in (1, "answer"):
        with pytest.raises(UsageError, match="what-if"):
            copy.draft(item)
    draft = consult.draft(1, fields=WHOLE)
    with pytest.raises(UsageError):
        copy.approve(item=draft["id"], **WHO)
    assert store.counts() == before


def test_a_refused_draft_stays_with_who_and_why(consult: Consultation, store: Store) -> None:
    draft = consult.draft(1, fields=WHOLE)
    consult.reject(draft["id"], "Dr B", "physician", "the patient declines")
    (held,) = [row for row in consult.drafts() if row["id"] == draft["id"]]
    assert (held["state"], held["decision"]["by"], held["decision"]["reason"]) == (
        "refused",
        "Dr B",
        "the patient declines",
    )
    with pytest.raises(UsageError, match="refused"):
        consult.approve(item=draft["id"], **WHO)
    assert consult.draft(1)["id"] != draft["id"]
    assert orders(store) == []


# -- a contraindicated twin ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("consult")
def test_only_a_contraindication_stops_and_a_reason_goes_on_record(desk: ClinicalAssistant, store: Store) -> None:
    patient = compact_patient("demo-af")
    twin = apply_change(
        {**patient, "id": "allergic-twin"},
        {"add_allergy": {"id": "a9", "text": "Amlodipine", "reaction": "angioedema", "recorded": "2026-01-01"}},
    )
    import_document(store, build_bundle(twin), "allergic-twin")
    consult = desk.consult("Should she be anticoagulated?", "allergic-twin", as_of=patient["as_of"])
    dose = {"dose": "10 mg", "timing": "once daily", "reason": "blood pressure"}
    draft = consult.draft(2, action="change", target="MedicationRequest/allergic-twin-m2", fields=dose)
    assert checks(draft)["allergies"] == "contraindicated"
    with pytest.raises(Refused, match="angioedema"):
        consult.approve(item=draft["id"], **WHO)
    assert consult.drafts()[-1]["state"] == "draft"
    done = consult.approve(item=draft["id"], override="the entry is the sister's", **WHO)
    assert done["draft"]["decision"]["override"] == "the entry is the sister's"
    now = store.get("MedicationRequest", "allergic-twin-m2")
    assert now is not None
    assert now.resource["dosageInstruction"][0]["text"] == "10 mg, once daily"
    proof = store.get("Provenance", f"osler-{draft['id']}")
    assert proof is not None
    assert proof.resource["reason"] == [{"text": "Override: the entry is the sister's"}]


# -- a kill, and servers that refuse ---------------------------------------------------------------------------------

KILLED = """
import os, sys
from agent import ClinicalAssistant, Settings
from tools.ehr.writes.write import Writer
sent = Writer._post
async def killed(self, bundle):
    await sent(self, bundle)
    os._exit(9)
Writer._post = killed
settings = Settings.model_validate_json(sys.argv[1])
consult = ClinicalAssistant(settings).open(sys.argv[2])
consult.approve(item=sys.argv[3], by="Dr A. Example", role="physician")
"""


def test_a_kill_between_the_write_and_its_note_leaves_one(
    desk: ClinicalAssistant, consult: Consultation, store: Store
) -> None:
    draft = consult.draft(1, fields=WHOLE)
    given = [desk.settings.model_dump_json(), consult.id, draft["id"]]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", KILLED, *given], env=env, capture_output=True, timeout=120)
    assert ended.returncode == 9, ended.stderr.decode()[-2000:]
    only_one(consult, store, draft["id"])


def test_an_update_that_was_not_noted_is_found_again(
    consult: Consultation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What a test throws where a process would end."""

    sent = Writer._post

    async def killed(self: Writer, bundle: Json) -> Json:
        await sent(self, bundle)
        raise Killed

    draft = consult.draft(2, action="stop", fields={"status": "stopped"})
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "_post", killed)
        with pytest.raises(Killed):
            consult.approve(item=draft["id"], **WHO)
    only_one(consult, store, draft["id"])


def only_one(consult: Consultation, store: Store, id_: str) -> None:
    """The order was written before the end; approving it again notes that and writes nothing."""
    written = orders(store)
    assert len(written) == 1
    assert next(row for row in consult.drafts() if row["id"] == id_)["state"] == "approved"
    done = consult.approve(item=id_, **WHO)
    assert done["approved"]
    assert done["draft"]["committed"]["reference"] == f"MedicationRequest/{written[0]['id']}"
    assert orders(store) == written


@pytest.fixture
def refusing(consult: Consultation, store: Store) -> Iterator[Callable[[int], None]]:
    """The record on a server elsewhere that reads like the store and answers every write with one status."""
    records, inside = consult._core._records, application(store)
    kept = records._clients[""]

    def refuse(status: int) -> None:
        async def server(scope: Any, receive: Any, send: Any) -> None:
            if scope["method"] == "GET":
                await inside(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        records._clients[""] = FhirClient(store.base, transport=httpx.ASGITransport(server, root_path="/fhir"))

    yield refuse
    records._clients[""] = kept


@pytest.mark.parametrize("status", [403, 412, 422])
def test_a_server_that_refuses_leaves_the_draft_as_it_was(
    consult: Consultation, store: Store, refusing: Callable[[int], None], status: int
) -> None:
    draft = consult.draft(1, fields=WHOLE)
    refusing(status)
    with pytest.raises(WriteRefused, match=str(status)):
        consult.approve(item=draft["id"], **WHO)
    (held,) = [row for row in consult.drafts() if row["id"] == draft["id"]]
    assert held["state"] == "draft"
    assert held["error"]["found"] == f"HTTP {status}"
    assert orders(store) == []


def test_no_answer_is_no_refusal(consult: Consultation, store: Store, refusing: Callable[[int], None]) -> None:
    draft = consult.draft(1, fields=WHOLE)
    refusing(503)
    with pytest.raises(UpstreamError, match="not known"):
        consult.approve(item=draft["id"], **WHO)
    (held,) = [row for row in consult.drafts() if row["id"] == draft["id"]]
    assert held["state"] == "approved"
    # Given up after it was looked for and not found.
    assert consult.reject(draft["id"], "Dr B", "physician", "never mind")["draft"]["state"] == "refused"
    assert orders(store) == []


# -- no other way ----------------------------------------------------------------------------------------------------


def test_no_tool_writes_and_only_the_gate_imports_the_writer() -> None:
    assert [name for name, spec in catalog().items() if spec.effect] == []
    importing = set()
    for path in [*ROOT.glob("*.py"), *(p for name in ("agent", "tools", "evals") for p in (ROOT / name).rglob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "ehr" in text and "write" in text.lower() else ():
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module), *(f"{node.module}.{item.name}" for item in node.names)]
            else:
                names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            if "tools.ehr.writes.write" in names:
                importing.add(path.relative_to(ROOT).as_posix())
    assert importing == {"agent/writes.py"}
