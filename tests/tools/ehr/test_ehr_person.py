"""Age, sex, pregnancy, critical results, lists, and tools without a record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from knowledge.evidence import Evidence, FhirElement
from tools.ehr.reads import critical as critical_module
from tools.ehr.reads.catalog import TOOLS
from tools.errors import BadInput, NotAssessable

Ask = Callable[..., Awaitable[list[Evidence]]]
Row = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("birth", "as_of", "years"),
    [
        ("1950-03-02", "2026-03-02T09:00:00Z", 76),
        ("1950-03-03", "2026-03-02T09:00:00Z", 75),
        ("2024-02-29", "2026-02-28T09:00:00Z", 1),
        ("2024-02-29", "2026-03-01T09:00:00Z", 2),
    ],
)
async def test_age_in_completed_years(chart: Any, ask: Ask, birth: str, as_of: str, years: int) -> None:
    found = (await ask(await chart(patient={"birth_date": birth}, as_of=as_of), "record.age"))[0]
    assert (found.value, found.unit, found.display) == (years, "a", f"{years} years")


async def test_partial_birth_date_gives_a_range(chart: Any, ask: Ask) -> None:
    found = (await ask(await chart(patient={"birth_date": "1950"}), "record.age"))[0]
    assert (found.value, found.range) == (None, (75.0, 76.0))


async def test_unknown_impossible_and_deceased(chart: Any, ask: Ask) -> None:
    assert (await ask(await chart(patient={"birth_date": None}), "record.age"))[0].display == "birth date not recorded"
    assert (await ask(await chart(patient={"birth_date": "2027-01-01"}), "record.age"))[0].value is None
    found = (await ask(await chart(deceased="2020-06-01T00:00:00Z"), "record.age"))[0]
    assert (found.value, found.display) == (70.0, "70 years, deceased")
    assert found.source.flags == ("deceased",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("gender", "value"), [("female", "female"), ("male", "male"), ("other", None), ("unknown", None), (None, None)]
)
async def test_sex_is_never_guessed(chart: Any, ask: Ask, gender: str | None, value: str | None) -> None:
    assert (await ask(await chart(patient={"gender": gender}), "record.sex"))[0].value == value


YOUNG = {"birth_date": "1996-01-01"}


async def test_pregnancy(chart: Any, ask: Ask, note: Row) -> None:
    row = {
        "id": "c",
        "code": "snomed:77386006",
        "text": "Pregnancy",
        "onset": "2025-11-01",
        "recorded": "2025-12-01",
        "clinical": "active",
    }
    assert (await ask(await chart(patient=YOUNG, conditions=[row]), "record.pregnancy"))[0].value is True
    old = {**row, "onset": "2020-01-01", "recorded": "2020-01-01"}
    assert (await ask(await chart(patient=YOUNG, conditions=[old]), "record.pregnancy"))[0].value is None
    assert (await ask(await chart(patient=YOUNG, notes=[note("Not pregnant.")]), "record.pregnancy"))[0].value is False
    male = (await ask(await chart(patient={"gender": "male", **YOUNG}), "record.pregnancy"))[0]
    assert (male.value, male.source.flags) == (False, ("from recorded sex",))  # type: ignore[union-attr]
    aged = (await ask(await chart(), "record.pregnancy"))[0]
    assert (aged.value, aged.source.flags) == (False, ("from age",))  # type: ignore[union-attr]


async def test_pregnancy_status_observation(chart: Any, ask: Ask) -> None:
    row = {
        "id": "ps",
        "code": "loinc:82810-3",
        "value_code": "loinc:LA15173-0",
        "value_text": "Pregnant",
        "at": "2026-02-01T08:00:00Z",
    }
    assert (await ask(await chart(patient=YOUNG, observations=[row]), "record.pregnancy"))[0].value is True


# -- critical --------------------------------------------------------------------------------------------------------


def potassium(value: float, at: str, **more: Any) -> dict[str, Any]:
    return {"id": "k", "code": "loinc:2823-3", "text": "Potassium", "value": value, "unit": "mmol/L", "at": at, **more}


async def test_the_laboratory_s_own_flag_comes_first(chart: Any, ask: Ask) -> None:
    ctx = await chart(observations=[potassium(5.9, "2026-03-01T08:00:00Z", interpretation="HH")])
    head, item = await ask(ctx, "record.critical")
    assert (head.value, head.display) == (1.0, "1 critical result")
    assert (item.value, item.unit, item.concept) == (5.9, "mmol/L", "potassium")
    assert item.display == "Potassium: 5.9 mmol/L, critically high"
    assert isinstance(item.source, FhirElement)
    assert "interpretation HH" in item.source.flags


async def test_the_table_where_the_laboratory_is_silent(chart: Any, ask: Ask) -> None:
    limit = next(row for row in critical_module.limits() if row.concept == "potassium")
    assert limit.high is not None
    ctx = await chart(observations=[potassium(limit.high.value, "2026-03-01T08:00:00Z")])
    head, item = await ask(ctx, "record.critical")
    assert head.value == 1.0
    assert any(flag.startswith("table: ") for flag in item.source.flags)  # type: ignore[union-attr]
    below = await chart(observations=[potassium(4.1, "2026-03-01T08:00:00Z")])
    head, *items = await ask(below, "record.critical")
    assert (head.value, items) == (0.0, [])
    assert head.display.startswith("none of 1 result of 72 h")


async def test_critical_looks_back_72_hours_and_skips_what_is_withdrawn(chart: Any, ask: Ask) -> None:
    old = await chart(observations=[potassium(7.5, "2026-02-27T08:59:00Z", interpretation="HH")])
    assert (await ask(old, "record.critical"))[0].value is None
    wrong = await chart(
        observations=[potassium(7.5, "2026-03-01T09:00:00Z", interpretation="HH", status="entered-in-error")]
    )
    assert len(await ask(wrong, "record.critical")) == 1


async def test_critical_table_names_known_concepts_with_sources() -> None:
    from knowledge.terminology import default_terminology

    terms = default_terminology()
    rows = critical_module.limits()
    assert rows
    for row in rows:
        assert row.concept in terms, row.concept
        assert row.low or row.high
        assert row.source


# -- lists -----------------------------------------------------------------------------------------------------------


async def test_problems_vitals_labs_timeline_summary(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(
        conditions=[
            {"id": "c1", "code": "snomed:38341003", "text": "Hypertension", "onset": "2009-04-20"},
            {"id": "c2", "code": "snomed:73211009", "text": "Diabetes", "clinical": "resolved", "onset": "2001"},
            {"id": "c3", "code": "snomed:230690007", "text": "Stroke", "verification": "refuted"},
        ],
        observations=[
            creatinine(1.1, "2026-02-01T08:00:00Z"),
            {
                "id": "bp",
                "code": "loinc:85354-9",
                "at": "2026-03-01T08:00:00Z",
                "category": "vital-signs",
                "components": [{"code": "loinc:8480-6", "value": 138, "unit": "mm[Hg]"}],
            },
        ],
        encounters=[
            {
                "id": "e1",
                "class": "AMB",
                "type": "Clinic",
                "start": "2026-02-01T08:00:00Z",
                "end": "2026-02-01T09:00:00Z",
            }
        ],
        medications=[{"id": "m", "code": "rxnorm:1191", "text": "Aspirin", "authored": "2025-01-01"}],
    )
    head, *items = await ask(ctx, "record.problems")
    assert (head.value, head.display) == (1.0, "1 active problem, 1 past")
    assert [(item.concept, item.value) for item in items] == [("hypertension", True), ("diabetes", "resolved")]
    assert head.source.flags == ("refuted: Stroke",)  # type: ignore[union-attr]
    assert [item.concept for item in await ask(ctx, "record.labs")] == [None, "creatinine"]
    assert [item.concept for item in await ask(ctx, "record.vitals")] == [None, "systolic_bp"]
    assert (await ask(ctx, "record.labs", concept="creatinine"))[0].value == 1.1
    timeline = await ask(ctx, "record.timeline")
    assert [item.display for item in timeline[1:]] == [
        "Encounter: Clinic",
        "MedicationRequest: Aspirin",
        "Condition: Hypertension",
        "Condition: Diabetes",
    ]
    summary = await ask(ctx, "record.summary")
    assert summary[0].display == "75 years; female; 1 active problem, 1 past; 1 current drug; allergies not recorded"


async def test_ids_are_stable_and_slots_follow_the_context(chart: Any, ask: Ask, creatinine: Row) -> None:
    rows = {"observations": [creatinine(1.1, "2026-02-01T08:00:00Z")]}
    first = await ask(await chart(**rows), "record.observation", concept="creatinine")
    second = await ask(await chart(**rows), "record.observation", concept="creatinine")
    assert first[0].id == second[0].id
    third = await ask((await chart(**rows)).at("other", {}), "record.observation", concept="creatinine")
    assert (third[0].slot, third[0].id != first[0].id) == ("other", True)


ARGUMENTS: dict[str, dict[str, Any]] = {
    "record.persists": {"op": ">=", "value": 1, "days": 1},
    "record.rise": {"ratio": 1.5, "days": 7},
    "record.search": {"text": "creatinine"},
    "record.since": {"since": "2026-01-01"},
    "record.statistic": {"statistic": "latest"},
}


@pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.name)
async def test_every_tool_is_not_assessable_without_a_record_and_knows_its_concepts(spec: Any, chart: Any) -> None:
    ctx = await chart()
    given = {
        **ARGUMENTS.get(spec.name, {}),
        **({"concept": "creatinine"} if "concept" in spec.params.model_fields else {}),
    }
    assert (await spec.call(given, ctx)).evidence[0].patient == "p1"
    with pytest.raises(NotAssessable):
        await spec.call(given, replace(ctx, record=None))
    if "concept" in given:
        with pytest.raises(BadInput):
            await spec.call({**given, "concept": "no_such_concept"}, ctx)


async def test_a_death_after_the_clock_is_not_shown(chart: Any, ask: Any) -> None:
    body = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-05-20"}
    later = await chart(resources=[{**body, "deceasedDateTime": "2026-03-05"}])
    assert (await ask(later, "record.age"))[0].display == "75 years"
    before = await chart(resources=[{**body, "deceasedDateTime": "2026-03-01"}])
    assert "deceased" in (await ask(before, "record.age"))[0].display
