"""How the inputs of calculators are read from a record."""

from __future__ import annotations

from knowledge.terminology import default_terminology
from tools.calculators import calculator, calculators
from tools.fill.record import declared_parts, reads_for

TERMS = default_terminology()


def test_the_parts_of_nested_inputs_are_looked_for_too() -> None:
    parts = declared_parts(calculator("nafld_fibrosis_score"))
    assert {"bmi", "weight", "height"} <= set(parts)
    assert list(parts)[: len(calculator("nafld_fibrosis_score").inputs)] == [
        entry.name for entry in calculator("nafld_fibrosis_score").inputs
    ]


def test_a_laboratory_value_is_read_by_code_and_not_when_too_old() -> None:
    (read,) = reads_for(calculator("ckd_epi_2021"), calculator("ckd_epi_2021").input("creatinine"), TERMS)
    assert read.tool == "record.observation"
    assert read.arguments["concept"] == "creatinine"
    assert read.arguments["max_age_days"] == calculator("ckd_epi_2021").input("creatinine").max_age_days


def test_a_protocol_that_binds_an_input_says_how_it_is_read() -> None:
    (read,) = reads_for(calculator("cha2ds2_va"), calculator("cha2ds2_va").input("hypertension"), TERMS)
    assert (read.tool, read.arguments["concept"]) == ("record.finding", "hypertension")


def test_every_read_names_a_concept_there_is() -> None:
    found = [
        read
        for declared in calculators().values()
        for entry in declared.inputs
        for read in reads_for(declared, entry, TERMS)
    ]
    assert len(found) > 300
    assert all(read.arguments["concept"] in TERMS for read in found if "concept" in read.arguments)
