"""The drugs of a list against the table: what counts, what is said of what is not known, and doses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from knowledge.evidence import Derivation
from knowledge.guideline import default_corpus
from tools.context import ToolContext
from tools.drug_safety.check import check_list
from tools.drug_safety.dose import Daily, of_order, of_text
from tools.errors import BadInput, NotAssessable
from tools.spec import ToolOutput

_YEARS = "2026-02-20T09:00:00Z"


def drug(name: str, dose: str = "", **more: Any) -> dict[str, Any]:
    return {"id": f"m-{name.split()[0].lower()}", "text": name, "dose": dose, "authored": "2026-01-10", **more}


async def look(ctx: ToolContext, *add: str) -> ToolOutput:
    return await check_list.call({"add": list(add)}, replace(ctx, corpus=default_corpus()))


def texts(output: ToolOutput, kind: str) -> list[str]:
    return [row["text"] for row in output.detail["findings"] if row["kind"] == kind]


async def test_a_pair_names_both_orders_tier_and_source(chart: Any) -> None:
    ctx = await chart(medications=[drug("Simvastatin 40 mg"), drug("Clarithromycin 500 mg")])
    output = await look(ctx)
    (row,) = [row for row in output.detail["findings"] if row["kind"] == "pair"]
    assert row["tier"] == "contraindicated"
    assert {order["reference"] for order in row["orders"]} == {
        "MedicationRequest/p1-m-simvastatin",
        "MedicationRequest/p1-m-clarithromycin",
    }
    shown = {item.id: item for item in output.evidence}
    assert all(order["evidence"] in shown for order in row["orders"])
    source = shown[row["evidence"]].source
    assert isinstance(source, Derivation)
    assert source.references[0].startswith("https://ansm")
    assert set(source.inputs) == {order["evidence"] for order in row["orders"]}
    assert "1 contraindicated" in output.evidence[0].display


async def test_a_coded_drug_and_one_in_words_meet(chart: Any) -> None:
    coded = {"id": "m1", "code": "rxnorm:11289", "text": "Blood thinner", "authored": "2026-01-10"}
    output = await look(await chart(medications=[coded, drug("Ibuprofen 400 mg tablet")]))
    assert texts(output, "pair")[0].startswith("Avoid: Ibuprofen + Warfarin")


@pytest.mark.parametrize("status", ["stopped", "completed", "cancelled", "entered-in-error"])
async def test_a_drug_that_is_no_longer_taken_does_not_count(chart: Any, status: str) -> None:
    ctx = await chart(medications=[drug("Simvastatin 40 mg"), drug("Clarithromycin", status=status)])
    assert not texts(await look(ctx), "pair")


async def test_silence_is_said_as_what_it_is(chart: Any) -> None:
    ctx = await chart(medications=[drug("Lisinopril 10 mg"), drug("Pantoprazole"), drug("Qwertazole 5 mg")])
    head = (await look(ctx)).evidence[0]
    assert head.value is None
    assert "none of the" in head.display
    assert "not recognised: Qwertazole 5 mg" in head.display
    assert "not thereby safe" in head.display
    assert "no interaction" not in head.display.lower()


async def test_a_known_drug_without_a_pair_is_named(chart: Any) -> None:
    output = await look(await chart(medications=[drug("Cefalexin 500 mg"), drug("Warfarin")]))
    assert "no entry in Osler's table for: Cefalexin 500 mg" in output.evidence[0].display


async def test_an_empty_list_gives_no_number(chart: Any) -> None:
    head = (await look(await chart())).evidence[0]
    assert head.value is None
    assert "no current medication" in head.display


async def test_a_misspelt_name_is_not_guessed(chart: Any) -> None:
    output = await look(await chart(medications=[drug("Simvastatin 40 mg"), drug("Claritromycim")]))
    assert not texts(output, "pair")
    assert "not recognised: Claritromycim" in output.evidence[0].display


async def test_drugs_to_be_added_are_looked_at_too(chart: Any) -> None:
    ctx = await chart(medications=[drug("Warfarin 5 mg")])
    output = await look(ctx, "metronidazole 400 mg three times daily")
    assert "to be added" in str(output.detail["findings"][0]["orders"])
    assert "not recognised: stroke" in (await look(ctx, "stroke")).evidence[0].display
    with pytest.raises(BadInput):
        await look(ctx, " ")


async def test_no_record_is_no_answer(chart: Any) -> None:
    with pytest.raises(NotAssessable):
        await look(replace(await chart(), record=None))


async def test_a_condition_on_a_dose_is_decided_where_the_dose_can_be_read(chart: Any) -> None:
    weekly = drug("Methotrexate", "10 mg once weekly")
    low = await look(await chart(medications=[weekly, drug("Ibuprofen")]))
    assert texts(low, "pair")[0].startswith("Monitor: Ibuprofen + Methotrexate")
    high = await look(await chart(medications=[drug("Methotrexate", "25 mg once weekly"), drug("Ibuprofen")]))
    assert texts(high, "pair")[0].startswith("Avoid:")
    unread = await look(await chart(medications=[drug("Methotrexate"), drug("Ibuprofen")]))
    assert "not checked here" in texts(unread, "pair")[0]


async def test_an_entry_that_the_recorded_dose_rules_out_is_still_named(chart: Any) -> None:
    ctx = await chart(medications=[drug("Aspirin", "75 mg once daily"), drug("Lisinopril 10 mg")])
    output = await look(ctx)
    assert not texts(output, "pair")
    assert any("outside that" in line for line in output.detail["aside"])


async def test_a_limit_on_a_dose_is_compared(chart: Any) -> None:
    for dose, said in (("40 mg once daily", "above the 20 mg"), ("20 mg nightly", "not above the 20 mg")):
        ctx = await chart(medications=[drug("Simvastatin", dose), drug("Amlodipine 5 mg")])
        assert said in texts(await look(ctx), "pair")[0]
    ctx = await chart(medications=[drug("Simvastatin", "as directed"), drug("Amlodipine 5 mg")])
    assert "could not be read" in texts(await look(ctx), "pair")[0]


async def test_what_is_for_local_use_says_so(chart: Any) -> None:
    ctx = await chart(medications=[drug("Ibuprofen 5% gel"), drug("Warfarin 5 mg")])
    assert "local use" in texts(await look(ctx), "pair")[0]


async def test_the_same_drug_twice_and_two_of_a_class(chart: Any) -> None:
    twice = [drug("Ramipril 5 mg"), drug("Ramipril 2.5 mg", id="m2")]
    (same,) = texts(await look(await chart(medications=twice)), "duplicate")
    assert same.startswith("Ramipril stands on 2 entries")
    two = [drug("Ramipril 5 mg"), drug("Lisinopril 10 mg")]
    (alike,) = texts(await look(await chart(medications=two)), "duplicate")
    assert alike.startswith("More than one ACE inhibitor")
    statins = [drug("Simvastatin 20 mg"), drug("Atorvastatin 20 mg")]
    assert texts(await look(await chart(medications=statins)), "duplicate")[0].startswith("Unverified:")


async def test_aspirin_with_clopidogrel_is_no_duplicate(chart: Any) -> None:
    ctx = await chart(medications=[drug("Aspirin 75 mg"), drug("Clopidogrel 75 mg")])
    assert not texts(await look(ctx), "duplicate")


async def test_kidney_function_that_is_missing_is_asked(chart: Any, creatinine: Any) -> None:
    ctx = await chart(medications=[drug("Levetiracetam 500 mg")])
    (line,) = [text for text in (await look(ctx)).detail["aside"] if "clearance" in text]
    assert "not judged for Levetiracetam 500 mg" in line
    assert "creatinine" in line
    assert "weight" in line
    ctx = await chart(medications=[drug("Levetiracetam 500 mg")], observations=[creatinine(2.4, _YEARS)])
    (line,) = [text for text in (await look(ctx)).detail["aside"] if "clearance" in text]
    assert "needs weight" in line


def weight(kilograms: float) -> dict[str, Any]:
    return {"id": "w1", "code": "loinc:29463-7", "value": kilograms, "unit": "kg", "at": _YEARS}


async def test_a_clearance_within_a_band_is_told(chart: Any, creatinine: Any) -> None:
    rows = [creatinine(2.4, _YEARS), weight(60)]
    ctx = await chart(medications=[drug("Levetiracetam 500 mg")], observations=rows)
    (text,) = texts(await look(ctx), "renal")
    assert "250 to 500 mg every 12 hours" in text
    assert "m-levetiracetam" in text
    stopped = await chart(medications=[drug("Levetiracetam 500 mg", status="stopped")], observations=rows)
    assert not texts(await look(stopped), "renal")


async def test_a_label_of_the_corpus_goes_before_the_table(chart: Any, creatinine: Any) -> None:
    ctx = await chart(medications=[drug("Metformin 500 mg")], observations=[creatinine(2.4, _YEARS)])
    (text,) = texts(await look(ctx), "renal")
    assert text.startswith("Metformin is contraindicated below")


async def test_creatinine_on_the_move_gives_no_estimate(chart: Any, creatinine: Any) -> None:
    rows = [creatinine(1.0, "2026-02-19T09:00:00Z"), creatinine(2.4, _YEARS), weight(60)]
    output = await look(await chart(medications=[drug("Levetiracetam 500 mg")], observations=rows))
    assert not texts(output, "renal")
    assert any("not stable" in text for text in output.detail["aside"])


async def test_a_dose_above_the_most_a_day(chart: Any) -> None:
    ctx = await chart(medications=[drug("Paracetamol", "1 g every 4 hours")])
    (text,) = texts(await look(ctx), "dose")
    assert "6000 mg a day, above the maximum for adults of 4000 mg" in text
    assert not texts(await look(await chart(medications=[drug("Paracetamol", "1 g four times daily")])), "dose")
    light = await chart(medications=[drug("Paracetamol", "1 g four times daily")], observations=[weight(40)])
    assert "2400 mg (60 mg/kg a day at 40 kg)" in texts(await look(light), "dose")[0]


async def test_two_entries_are_added_up(chart: Any) -> None:
    rows = [drug("Paracetamol 500 mg", "1 g three times daily"), drug("Paracetamol", "500 mg q6h", id="m2")]
    assert texts(await look(await chart(medications=rows)), "dose")[0].startswith("2 entries together")


async def test_a_child_and_an_unknown_age_are_not_compared(chart: Any) -> None:
    for birth in ("2018-01-01", None):
        ctx = await chart(patient={"birth_date": birth}, medications=[drug("Citalopram", "80 mg daily")])
        output = await look(ctx)
        assert not texts(output, "dose")
        assert any("not compared" in text for text in output.detail["aside"])


@pytest.mark.parametrize(
    ("text", "mg"),
    [
        ("5 mg twice daily", 10),
        ("1 g three times a day", 3000),
        ("500 mg every 8 hours", 1500),
        ("2,5 mg daily", 2.5),
        ("1,000 mg bid", 2000),
        ("400 mg 1-0-1", 800),
        ("500 mcg daily", 0.5),
        ("5-10 mg every 6 hours as needed, max 30 mg/day", 40),
        ("7 mg once weekly", 1),
        ("40 mg qhs", 40),
    ],
)
def test_doses_that_can_be_read(text: str, mg: float) -> None:
    daily = of_text(text)
    assert isinstance(daily, Daily)
    assert daily.mg == pytest.approx(mg)


@pytest.mark.parametrize(
    "text",
    ["as directed", "20 mg in the morning and 10 mg at night", "5 mg/kg daily", "80 mg", "10 mg on Mondays",
     "1 tablet in the morning and 2 tablets at night", ""],
)  # fmt: skip
def test_doses_that_cannot_be_read_are_not_guessed(text: str) -> None:
    assert isinstance(of_text(text, "Simvastatin 20 mg tablet"), str)


def test_coded_doses() -> None:
    timing = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
    coded = {"timing": timing, "doseAndRate": [{"doseQuantity": {"value": 1}}]}
    daily = of_order({"dosageInstruction": [coded]}, "Simvastatin 20 MG Oral Tablet")
    assert isinstance(daily, Daily)
    assert daily.mg == 40
    assert isinstance(of_order({"dosageInstruction": [coded]}, "Simvastatin"), str)
    assert isinstance(of_order({"dosageInstruction": [coded, coded]}, "Simvastatin 20 mg"), str)
