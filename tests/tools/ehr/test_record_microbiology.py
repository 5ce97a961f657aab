"""Cultures in every shape that is in use: organism, susceptibilities, specimen; no growth is said, never meant."""

from __future__ import annotations

from typing import Any

import pytest

from tools.ehr.reads.microbiology import microbiology

V3 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


def result(id_: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": code},
        "effectiveDateTime": "2026-02-27T10:00:00Z",
        **more,
    }


def judged(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": V3, "code": code}]}]


def against(id_: str, drug: str, code: str, **more: Any) -> dict[str, Any]:
    return result(id_, f"{drug} [Susceptibility]", interpretation=judged(code), **more)


SPECIMEN = {
    "resourceType": "Specimen",
    "id": "sp",
    "type": {"text": "Blood"},
    "subject": {"reference": "Patient/p1"},
    "receivedTime": "2026-02-27T11:30:00Z",
    "collection": {"collectedDateTime": "2026-02-27T09:40:00Z", "bodySite": {"text": "left arm"}},
}


async def run(chart: Any, *resources: dict[str, Any], **arguments: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    output = await microbiology.call(arguments, await chart(resources=list(resources)))
    return output.evidence, output.detail["cultures"]


def names(*ids: str) -> list[dict[str, Any]]:
    return [{"reference": f"Observation/{id_}"} for id_ in ids]


def as_members() -> list[dict[str, Any]]:
    return [
        SPECIMEN,
        result(
            "org",
            "Bacteria identified in Blood by Culture",
            valueCodeableConcept={"text": "Klebsiella pneumoniae"},
            specimen={"reference": "Specimen/sp"},
            hasMember=names("s1", "s2", "s3"),
        ),
        against("s1", "Meropenem", "R", valueQuantity={"value": 8, "comparator": ">", "unit": "mg/L"}),
        against("s2", "Amikacin", "S"),
        against("s3", "Ciprofloxacin", "I"),
    ]


def as_components() -> list[dict[str, Any]]:
    parts = [
        {"code": {"text": drug}, "interpretation": judged(code)}
        for drug, code in (("Meropenem", "R"), ("Amikacin", "S"), ("Ciprofloxacin", "I"))
    ]
    value = {"text": "Klebsiella pneumoniae"}
    held = {"reference": "Specimen/sp"}
    return [SPECIMEN, result("org", "Organism", valueCodeableConcept=value, component=parts, specimen=held)]


def as_derived() -> list[dict[str, Any]]:
    """A test, an organism named by its code, susceptibilities derived from it."""
    return [
        SPECIMEN,
        result("test", "Blood Culture, Routine", specimen={"reference": "Specimen/sp"}, hasMember=names("org")),
        result("org", "Klebsiella pneumoniae", derivedFrom=names("test"), hasMember=names("s1", "s2", "s3")),
        against("s1", "Meropenem", "R", derivedFrom=names("org")),
        against("s2", "Amikacin", "S", derivedFrom=names("org")),
        against("s3", "Ciprofloxacin", "I", derivedFrom=names("org")),
    ]


def as_report() -> list[dict[str, Any]]:
    """A report of a panel that holds the organism and a susceptibility panel beside it."""
    report = {
        "resourceType": "DiagnosticReport",
        "id": "rep",
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "MB"}]}],
        "code": {"text": "Blood culture"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-02-27T10:00:00Z",
        "specimen": [{"reference": "Specimen/sp"}],
        "result": names("panel"),
    }
    return [
        SPECIMEN,
        report,
        result("panel", "Isolate panel", hasMember=names("org", "mic")),
        result("org", "ORGANISM", valueCodeableConcept={"text": "Klebsiella pneumoniae"}),
        result("mic", "Susceptibility - Automated broth dilution", hasMember=names("s1", "s2", "s3")),
        against("s1", "Meropenem", "R"),
        against("s2", "Amikacin", "S"),
        against("s3", "Ciprofloxacin", "I"),
    ]


@pytest.mark.parametrize("shape", [as_members, as_components, as_derived, as_report])
async def test_each_shape_gives_the_same_culture(chart: Any, shape: Any) -> None:
    items, cultures = await run(chart, *shape())
    assert len(cultures) == 1
    culture = cultures[0]
    assert (culture["growth"], culture["final"], culture["specimen"]) == (True, True, "Blood, left arm")
    assert culture["collected"] == "2026-02-27T09:40:00Z"
    assert culture["received"] == "2026-02-27T11:30:00Z"
    assert [isolate["organism"] for isolate in culture["isolates"]] == ["Klebsiella pneumoniae"]
    isolate = culture["isolates"][0]
    assert isolate["resistant"] == ["Meropenem"]
    assert {row["drug"]: row["verdict"] for row in isolate["susceptibilities"]} == {
        "Amikacin": "susceptible",
        "Ciprofloxacin": "intermediate",
        "Meropenem": "resistant",
    }
    assert items[0].display.startswith("1 culture; 1 with growth, 0 without growth")
    assert "Klebsiella pneumoniae" in items[1].display
    assert items[2].display.startswith("Klebsiella pneumoniae: resistant to Meropenem")


async def test_two_isolates_keep_their_own_susceptibilities(chart: Any) -> None:
    _, cultures = await run(
        chart,
        result("test", "Urine culture", hasMember=names("o1", "o2")),
        result("o1", "Organism", valueCodeableConcept={"text": "Escherichia coli"}, hasMember=names("a")),
        result("o2", "Organism", valueCodeableConcept={"text": "Enterococcus faecalis"}, hasMember=names("b")),
        against("a", "Nitrofurantoin", "S"),
        against("b", "Nitrofurantoin", "R"),
    )
    assert {row["organism"]: row["resistant"] for row in cultures[0]["isolates"]} == {
        "Escherichia coli": [],
        "Enterococcus faecalis": ["Nitrofurantoin"],
    }


@pytest.mark.parametrize(
    ("value", "status", "growth", "shown"),
    [
        ("No growth after 5 days", "final", False, "final: No growth after 5 days"),
        ("No growth to date", "preliminary", False, "preliminary: No growth to date so far"),
        ("Mixed skin flora", "final", True, "final: Mixed skin flora"),
        ("Negative", "final", False, "final: no growth: Negative"),
        ("Pending", "preliminary", None, "preliminary: Pending"),
    ],
)
async def test_growth_is_what_the_laboratory_says(
    chart: Any, value: str, status: str, growth: bool | None, shown: str
) -> None:
    items, cultures = await run(chart, result("c", "Blood culture", status=status, valueString=value))
    assert cultures[0]["growth"] is growth
    assert cultures[0]["isolates"] == []
    assert shown in items[1].display
    assert "specimen not stated" in items[1].display


async def test_no_breakpoint_is_applied_here(chart: Any) -> None:
    alone = result("a", "Vancomycin susceptibility by MIC", valueQuantity={"value": 2, "unit": "mg/L"})
    body = result("o", "Organism", valueCodeableConcept={"text": "MRSA"}, hasMember=names("a"))
    items, cultures = await run(chart, body, alone)
    assert cultures[0]["isolates"][0]["susceptibilities"][0]["verdict"] is None
    assert "not judged by the laboratory: Vancomycin" in items[2].display


async def test_other_results_are_no_cultures_and_narrowing_works(chart: Any) -> None:
    other = result("k", "Potassium", valueQuantity={"value": 4.1, "unit": "mmol/L"})
    items, cultures = await run(chart, other)
    assert cultures == []
    assert items[0].display == "no culture found in the record as of 2026-03-02"
    assert len((await run(chart, *as_members(), other, specimen="blood"))[1]) == 1
    assert (await run(chart, *as_members(), organism="aureus"))[1] == []
    assert len((await run(chart, *as_members(), drug="meropenem"))[1]) == 1


async def test_a_withdrawn_susceptibility_is_out(chart: Any) -> None:
    rows = as_members()
    rows[2]["status"] = "entered-in-error"
    _, cultures = await run(chart, *rows)
    assert cultures[0]["isolates"][0]["resistant"] == []


async def test_a_negative_test_that_is_no_culture_is_not_called_no_growth(chart: Any) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v2-0074"
    section = [{"coding": [{"system": system, "code": "MB"}]}]
    items, cultures = await run(chart, result("p", "C. difficile toxin PCR", valueString="Negative", category=section))
    assert cultures[0]["growth"] is None
    assert "final: Negative" in items[1].display


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Gram stain", "Moderate leukocytes"),
        ("Gram stain", "No organisms seen"),
        ("Specimen source", "Clean catch"),
        ("Colony count", ">100,000 CFU/mL"),
    ],
)
async def test_microscopy_and_the_specimen_are_no_growth_and_no_negative_culture(
    chart: Any, name: str, said: str
) -> None:
    micro = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "MB"}]}]
    aside = result("g", name, valueString=said, category=micro)
    report = {
        "resourceType": "DiagnosticReport",
        "id": "rep",
        "status": "preliminary",
        "code": {"text": "Wound culture"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-02-27T10:00:00Z",
        "result": names("g"),
    }
    _, rows = await run(chart, aside, report)
    assert rows[0]["growth"] is None
    assert rows[0]["isolates"] == []


async def test_positive_is_no_organism_and_non_sterile_is_not_no_growth(chart: Any) -> None:
    _, rows = await run(chart, result("m", "MRSA screen", valueCodeableConcept={"text": "Detected"}))
    assert (rows[0]["growth"], rows[0]["isolates"], rows[0]["said"]) == (None, [], "Detected")
    _, rows = await run(chart, result("u", "Urine culture", valueString="Non-sterile collection" + ", repeat" * 12))
    assert rows[0]["growth"] is None


async def test_a_withdrawn_culture_is_named(chart: Any) -> None:
    items, rows = await run(chart, result("u", "Urine culture", valueString="E. coli", status="entered-in-error"))
    assert rows == []
    assert "1 left out: entered in error" in items[0].display
