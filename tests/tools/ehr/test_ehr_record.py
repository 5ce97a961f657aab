"""Which patient, whose resources, and what the clock lets through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.evidence import Evidence
from knowledge.terminology import Terminology
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.demo import compact_patient
from tools.ehr.record import client_for, open_record, resolve_patient
from tools.ehr.store.store import Store
from tools.errors import UsageError

Ask = Callable[..., Awaitable[list[Evidence]]]
AS_OF = datetime(2026, 3, 2, 9, tzinfo=UTC)
ABOUT_P1 = {"subject": {"reference": "Patient/p1"}}


def observation(id_: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        **ABOUT_P1,
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "effectiveDateTime": "2026-02-01T08:00:00Z",
        "valueQuantity": {"value": value, "unit": "mg/dL"},
        **more,
    }


async def newest(ask: Ask, ctx: Any) -> Evidence:
    return (await ask(ctx, "record.observation", concept="creatinine"))[0]


async def test_the_only_patient_needs_no_name_and_several_do(store: Store) -> None:
    client = client_for(store)
    with pytest.raises(UsageError, match="0 patients"):
        await resolve_patient(client, None)
    import_document(store, build_bundle(compact_patient("demo-af")))
    assert (await resolve_patient(client, None))["id"] == "demo-af"
    import_document(store, build_bundle(compact_patient("demo-ckd")))
    with pytest.raises(UsageError) as several:
        await resolve_patient(client, None)
    assert several.value.found == "demo-af, demo-ckd"
    with pytest.raises(UsageError) as unknown:
        await resolve_patient(client, "nobody")
    assert "demo-ckd" in unknown.value.expected
    for name in ("demo-ckd", "Patient/demo-ckd", compact_patient("demo-ckd")["identifier"]):
        assert (await resolve_patient(client, name))["id"] == "demo-ckd"


async def test_sources(tmp_path: Path, store: Store, terms: Terminology) -> None:
    path = tmp_path / "bundle.json"
    from tools.ehr.fhirjson import dumps

    path.write_text(dumps(build_bundle(compact_patient("demo-af"))))
    for source in (path, str(path), tmp_path, store):
        if source is store:
            import_document(store, build_bundle(compact_patient("demo-af")))
        record = await open_record(source, as_of=AS_OF, terminology=terms)
        assert record.patient_id == "demo-af"
    Store(tmp_path / "kept.sqlite").put({"resourceType": "Patient", "id": "kept"})
    assert (await open_record(tmp_path / "kept.sqlite", as_of=AS_OF, terminology=terms)).patient_id == "kept"
    with pytest.raises(UsageError):
        client_for(tmp_path / "nothing")
    assert repr(record).count("demo-af") == 0


async def test_another_patient_s_results_are_not_the_patient_s(chart: Any, ask: Ask) -> None:
    other = {"resourceType": "Patient", "id": "p2"}
    performed = observation("by", 9.9, subject={"reference": "Patient/p2"}, performer=[{"reference": "Patient/p1"}])
    ctx = await chart(resources=[other, performed, observation("mine", 1.0)])
    assert (await newest(ask, ctx)).value == 1.0


async def test_focus_is_not_the_patient(chart: Any, ask: Ask) -> None:
    fetal = observation("fetus", 9.9, focus=[{"reference": "Patient/baby"}], effectiveDateTime="2026-03-01T08:00:00Z")
    found = await newest(ask, await chart(resources=[observation("mine", 1.0), fetal]))
    assert found.value == 1.0
    assert any("focus" in flag for flag in found.source.flags)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["replaces", "replaced-by", "seealso", "refer"])
@pytest.mark.parametrize("backwards", [False, True])
async def test_linked_patients_are_one_person(chart: Any, ask: Ask, kind: str, backwards: bool) -> None:
    link = [{"other": {"reference": "Patient/p2"}, "type": kind}]
    back = [{"other": {"reference": "Patient/p1"}, "type": kind}]
    resources = [
        {"resourceType": "Patient", "id": "p2", **({"link": back} if backwards else {})},
        {"resourceType": "Patient", "id": "p3"},
        observation("linked", 1.7, subject={"reference": "Patient/p2"}),
        observation("foreign", 9.9, subject={"reference": "Patient/p3"}, effectiveDateTime="2026-03-01T08:00:00Z"),
    ]
    if not backwards:
        resources.append({"resourceType": "Patient", "id": "p1", "link": link})
    assert (await newest(ask, await chart(resources=resources))).value == 1.7


async def test_demographics_come_from_the_record_in_use(chart: Any, ask: Ask) -> None:
    ctx = await chart(
        resources=[
            {
                "resourceType": "Patient",
                "id": "p1",
                "birthDate": "1990",
                "active": False,
                "link": [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}],
            },
            {"resourceType": "Patient", "id": "p2", "birthDate": "1950-01-01"},
        ]
    )
    assert (await ask(ctx, "record.age"))[0].value == 76


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Condition", {"code": {"text": "Stroke"}, "recordedDate": "2026-03-03"}),
        ("Condition", {"code": {"text": "Stroke"}, "onsetDateTime": "2026-03-02T10:00:00Z"}),
        ("Procedure", {"status": "completed", "code": {"text": "Stroke"}, "performedDateTime": "2026-03-02T09:01:00Z"}),
    ],
)
async def test_what_comes_after_the_clock_is_unseen(chart: Any, ask: Ask, kind: str, body: dict[str, Any]) -> None:
    ctx = await chart(resources=[{"resourceType": kind, "id": "later", **ABOUT_P1, **body}])
    assert (await ask(ctx, "record.finding", concept="stroke"))[0].value is None


async def test_a_note_of_tomorrow_is_unread(chart: Any, ask: Ask, note: Any) -> None:
    ctx = await chart(notes=[note("Stroke.", "2026-03-03T09:00:00Z")])
    found = (await ask(ctx, "record.finding", concept="stroke"))[0]
    assert found.value is None
    assert "0 notes" in found.display


async def test_what_ended_after_the_clock_was_still_so(chart: Any, ask: Ask) -> None:
    row = {
        "id": "c",
        "code": "snomed:230690007",
        "text": "Stroke",
        "onset": "2026-01-01",
        "clinical": "resolved",
        "abated": "2026-04-01",
    }
    assert (await ask(await chart(conditions=[row]), "record.finding", concept="stroke", active_only=True))[
        0
    ].value is True


async def test_records_are_read_once(chart: Any, ask: Ask) -> None:
    ctx = await chart(resources=[observation("mine", 1.0)])
    first = await ctx.record.slice("Observation")
    assert await ctx.record.slice("Observation") is first


async def test_attached_notes_count(chart: Any, ask: Ask) -> None:
    from tools.notes import Note

    ctx = await chart()
    assert (await ask(ctx, "record.finding", concept="stroke"))[0].value is None
    ctx.record.attach(Note(reference="attachment/1", text="Stroke last year.", at="2026-03-02T09:00:00Z"))
    found = (await ask(ctx, "record.finding", concept="stroke"))[0]
    assert (found.value, found.source.reference) == (True, "attachment/1")  # type: ignore[union-attr]


async def test_replaced_notes_and_binaries(chart: Any, ask: Ask) -> None:
    def doc(id_: str, attachment: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "resourceType": "DocumentReference",
            "id": id_,
            "status": "current",
            **ABOUT_P1,
            "date": "2026-01-01T00:00:00Z",
            "content": [{"attachment": attachment}],
            **more,
        }

    binary = {"resourceType": "Binary", "id": "b", "contentType": "text/html", "data": "PHA+Tm8gc3Ryb2tlLjwvcD4="}
    ctx = await chart(
        resources=[
            binary,
            doc(
                "new",
                {"contentType": "text/html", "url": "Binary/b"},
                relatesTo=[{"code": "replaces", "target": {"reference": "DocumentReference/old"}}],
            ),
            doc("old", {"contentType": "text/plain", "data": "U3Ryb2tlLg=="}),
        ]
    )
    found = (await ask(ctx, "record.finding", concept="stroke"))[0]
    assert (found.value, found.source.reference) == (False, "DocumentReference/new")  # type: ignore[union-attr]
