"""A drafted drug against the table: what stops, what warns, and what stays unknown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from agent.draft_drugs import at_clearance, at_dose, with_others
from knowledge.evidence import Derivation, Evidence
from knowledge.guideline import default_corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.record import open_record
from tools.ehr.store.store import Store

_NOW = datetime.fromisoformat("2026-03-02T09:00:00Z")


async def scene(*drugs: str, **more: Any) -> ToolContext:
    rows = [
        {"id": f"m{number}", "text": text, "authored": "2026-01-10", **more.get("row", {})}
        for number, text in enumerate(drugs)
    ]
    person = {"id": "p1", "name": {"given": "Ada", "family": "Marsh"}, "gender": "female", "birth_date": "1950-05-20"}
    store = Store()
    import_document(store, build_bundle({**person, "identifier": "MRN-1", "medications": rows}))
    record = await open_record(store, "p1", as_of=_NOW, terminology=default_terminology())
    return ToolContext("p1", _NOW, default_terminology(), default_corpus(), record=record, slot="s")


def said(slot: str, value: float | None, unit: str) -> Evidence:
    shown = f"{value:g} {unit}" if value is not None else "not recorded"
    source = Derivation(tool="test", version="1")
    return Evidence(slot=slot, value=value, unit=unit, display=shown, patient="p1", source=source)


async def test_an_unconditional_contraindication_stops() -> None:
    ctx = await scene("Simvastatin 40 mg", "Amlodipine 5 mg")
    state, why, at = await with_others(ctx, "clarithromycin", "Clarithromycin", None, "500 mg, twice daily")
    assert state == "contraindicated"
    assert "Clarithromycin + Simvastatin" in why
    assert at == ["MedicationRequest/p1-m0"]


@pytest.mark.parametrize(
    ("listed", "drug"),
    [("Warfarin 5 mg", "ibuprofen"), ("Methotrexate", "aspirin"), ("St John's wort", "warfarin")],
)
async def test_avoid_a_condition_or_an_unverified_entry_warns(listed: str, drug: str) -> None:
    state, why, _ = await with_others(await scene(listed), drug, drug.capitalize(), None, "")
    assert state == "warn", why


async def test_silence_of_the_table_is_no_pass() -> None:
    state, why, at = await with_others(await scene("Amlodipine 5 mg", "Qwertazole"), "apixaban", "Apixaban", None, "")
    assert state == "unknown"
    assert "none of the" in why
    assert "not recognised: Qwertazole" in why
    assert "not thereby safe" in why
    assert sorted(at) == ["MedicationRequest/p1-m0", "MedicationRequest/p1-m1"]


async def test_a_stopped_drug_and_no_drug_at_all() -> None:
    stopped = await scene("Simvastatin 40 mg", row={"status": "stopped"})
    assert (await with_others(stopped, "clarithromycin", "Clarithromycin", None, ""))[0] == "unknown"
    state, why, _ = await with_others(await scene(), "clarithromycin", "Clarithromycin", None, "")
    assert (state, "no medication list" in why) == ("unknown", True)


async def test_a_change_looks_at_the_new_dose_and_not_at_the_old_order() -> None:
    ctx = await scene("Simvastatin 20 mg", "Amlodipine 5 mg")
    assert ctx.record is not None
    target = next(entry for entry in (await ctx.record.medications()).entries if "Simvastatin" in entry.text)
    state, why, at = await with_others(ctx, "simvastatin", target.text, target, "40 mg, once daily")
    assert state == "warn"
    assert "above the 20 mg" in why
    assert at == ["MedicationRequest/p1-m1"]


@pytest.mark.parametrize(
    ("drug", "dose", "state"),
    [
        ("lisinopril", "10 mg, once daily", "pass"),
        ("lisinopril", "100 mg, once daily", "warn"),
        ("lisinopril", "10 mg", "unknown"),
        ("lisinopril", "", "unknown"),
        ("apixaban", "5 mg, twice daily", "unknown"),
    ],
)
async def test_a_dose_against_the_most_a_day(drug: str, dose: str, state: str) -> None:
    age, weight = said("age", 75, "a"), said("weight", None, "kg")
    assert at_dose(await scene(), drug, drug.capitalize(), None, dose, age, weight)[0] == state


async def test_a_dose_of_a_child_or_of_unknown_age_is_unknown() -> None:
    for age in (said("age", 9, "a"), said("age", None, "a")):
        dose = "10 mg, once daily"
        assert (
            at_dose(await scene(), "lisinopril", "Lisinopril", None, dose, age, said("weight", 30, "kg"))[0]
            == "unknown"
        )


def test_a_clearance_against_the_table() -> None:
    states = [at_clearance("levetiracetam", said("crcl", value, "mL/min"), "d")[0] for value in (25, 90, None)]
    assert states == ["warn", "pass", "unknown"]
