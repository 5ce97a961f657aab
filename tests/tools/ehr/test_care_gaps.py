"""What is commonly due: every rule has a source that was read; not found is not overdue; unknown stays unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.evidence import Derivation, Evidence
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.reads.care_gap_rules import care_rules
from tools.ehr.reads.care_gaps import care_gaps
from tools.ehr.record import open_record
from tools.ehr.store.store import Store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def run(*resources: dict[str, Any], **rows: Any) -> tuple[dict[str, Evidence], Evidence, dict[str, Any]]:
    store = Store()
    body = {"id": "p1", "name": {"given": "Ada", "family": "Marsh"}, "gender": "male", "birth_date": "1996-05-20"}
    import_document(store, build_bundle({**body, **rows}))
    for resource in resources:
        import_document(store, resource)
    record = await open_record(store, "p1", as_of=NOW)
    ctx = ToolContext("p1", NOW, default_terminology(), Corpus([]), record=record, slot="s")
    output = await care_gaps.call({}, ctx)
    items = {str(item.concept): item for item in output.evidence[1:] if isinstance(item.source, Derivation)}
    return items, output.evidence[0], {row["rule"]: row for row in output.detail["rules"]}


def test_every_rule_says_who_says_so() -> None:
    assert len(care_rules()) >= 15
    for rule in care_rules():
        assert rule.verified.url.startswith("http")
        assert rule.verified.read_on in ("2026-11-22", "2026-11-23")
        assert rule.jurisdiction
        assert rule.edition
        assert all(group.within is None or group.within.days > 0 for group in rule.looks_for)


DIABETES = {"id": "c", "code": "snomed:73211009", "text": "Diabetes mellitus"}


def hba1c(at: str) -> dict[str, Any]:
    return {"id": f"h{at}", "code": "loinc:4548-4", "text": "HbA1c", "value": 7.1, "unit": "%", "at": at}


async def test_found_in_time_found_long_ago_and_not_found() -> None:
    items, _, rules = await run(conditions=[DIABETES], observations=[hba1c("2026-01-10")])
    assert rules["hba1c_in_diabetes"]["met"]
    assert "hba1c_in_diabetes" not in items
    items, _, _ = await run(conditions=[DIABETES], observations=[hba1c("2025-01-10")])
    gap = items["hba1c_in_diabetes"]
    assert gap.value == "older"
    assert "HbA1c last found 2025-01-10, 13 months ago, older than 6 months" in gap.display
    assert gap.display.endswith("[NICE NG28 (2022, updated); England]")
    assert isinstance(gap.source, Derivation)
    assert "nice.org.uk" in gap.source.references[0]
    items, head, _ = await run(conditions=[DIABETES])
    assert items["hba1c_in_diabetes"].value == "not found"
    assert "not found in this record" in items["hba1c_in_diabetes"].display
    assert "not found in this record is not overdue" in head.display
    assert not any("overdue" in item.display for item in items.values())


async def test_drugs_and_their_monitoring() -> None:
    both = [
        {"id": "a", "code": "rxnorm:9997", "text": "Spironolactone"},
        {"id": "b", "code": "rxnorm:29046", "text": "Lisinopril"},
    ]
    items, _, _ = await run(medications=both)
    assert "potassium not found in this record" in items["potassium_on_spironolactone_and_acei"].display
    items, _, _ = await run(medications=both[:1])
    assert "potassium_on_spironolactone_and_acei" not in items
    items, _, rules = await run(medications=[{**both[0], "status": "stopped"}, both[1]])
    assert "potassium_on_spironolactone_and_acei" not in rules


async def test_a_condition_that_is_not_recorded_says_nothing() -> None:
    _, _, rules = await run()
    assert "hba1c_in_diabetes" not in rules


async def test_screening_by_age_and_sex() -> None:
    woman = {"gender": "female", "birth_date": "1970-01-01"}
    film = {"id": "m", "text": "Screening mammogram", "at": "2025-06-01"}
    items, _, rules = await run(**woman, procedures=[film])
    assert rules["breast_screening"]["met"]
    assert {"cervical_screening", "colorectal_screening", "zoster_vaccine"} <= set(items)
    scope = {"id": "k", "code": "snomed:73761001", "text": "Colonoscopy", "at": "2019-02-01"}
    _, _, rules = await run(**woman, procedures=[scope])
    assert rules["colorectal_screening"]["met"]
    _, _, rules = await run(gender="male", birth_date="1970-01-01")
    assert "breast_screening" not in rules


async def test_unknown_sex_leaves_it_open_and_the_dead_have_no_gaps() -> None:
    _, head, rules = await run(gender="unknown", birth_date="1970-01-01")
    assert "breast_screening" not in rules
    assert "not known whether it applies: Breast cancer screening" in head.source.flags  # type: ignore[union-attr]
    items, head, _ = await run(birth_date="1950-01-01", deceased="2026-01-01")
    assert (items, head.display) == ({}, "deceased: nothing is looked for")


def vaccine(id_: str, text: str, at: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "text": text, "at": at, **more}


@pytest.mark.parametrize(
    ("rows", "rule", "met"),
    [
        ([vaccine("a", "zoster recombinant", "2024-01-01")], "zoster_vaccine", False),
        (
            [vaccine("a", "zoster recombinant", "2024-01-01"), vaccine("b", "zoster recombinant", "2024-05-01")],
            "zoster_vaccine",
            True,
        ),
        ([vaccine("a", "Influenza, seasonal, injectable", "2025-10-01")], "influenza_vaccine", True),
        ([vaccine("a", "Haemophilus influenzae type b", "2025-10-01")], "influenza_vaccine", False),
        ([vaccine("a", "Influenza, seasonal", "2025-10-01", status="not-done")], "influenza_vaccine", False),
        ([vaccine("a", "Pneumococcal conjugate PCV 13", "2016-10-01")], "pneumococcal_vaccine", False),
    ],
)
async def test_vaccines(rows: list[dict[str, Any]], rule: str, met: bool) -> None:
    _, _, rules = await run(birth_date="1960-01-01", immunizations=rows)
    assert rules[rule]["met"] is met


async def test_an_incomplete_record_is_said() -> None:
    store = Store()
    import_document(
        store,
        build_bundle({"id": "p1", "name": {"given": "A", "family": "B"}, "birth_date": "1960-01-01", "gender": "male"}),
    )
    record = await open_record(store, "p1", as_of=NOW)
    (await record.slice("Immunization")).problems.append("stopped at 5 of 9")
    ctx = ToolContext("p1", NOW, default_terminology(), Corpus([]), record=record, slot="s")
    output = await care_gaps.call({}, ctx)
    assert output.evidence[0].value is None
    assert any("incomplete answer" in text for text in output.warnings)


async def test_a_broken_off_procedure_is_not_found() -> None:
    body = {
        "resourceType": "Procedure",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Colonoscopy"},
    }
    body |= {"status": "completed", "performedDateTime": "2025-01-01"}
    old = {"birth_date": "1966-05-20"}
    done, _, _ = await run(body, **old)
    stopped, _, _ = await run({**body, "status": "stopped"}, **old)
    assert set(stopped) - set(done) == {"colorectal_screening"}
