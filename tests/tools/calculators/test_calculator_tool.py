"""Calculators as tools: one piece of evidence, with its lineage, its date and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.evidence import Derivation, Evidence, Statement
from knowledge.guideline import Corpus
from knowledge.terminology import Terminology
from tools.calculators.catalog import NAMES
from tools.calculators.tool import calculator_tools
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.spec import ToolOutput, plain

TOOLS = {tool.name: tool for tool in calculator_tools()}


def fact(slot: str, value: Any, unit: str | None = None, at: str | None = None, **more: Any) -> Evidence:
    return Evidence(
        slot=slot,
        value=value,
        unit=unit,
        display=str(value),
        effective_at=at,
        patient="p1",
        source=Statement(by="test"),
        **more,
    )


def context(inputs: dict[str, Evidence]) -> ToolContext:
    return ToolContext(
        patient="p1",
        as_of=datetime(2026, 3, 2, 9, tzinfo=UTC),
        terminology=Terminology([]),
        corpus=Corpus([]),
        slot="result",
        inputs=inputs,
    )


async def call(name: str, inputs: dict[str, Evidence], **more: Any) -> ToolOutput:
    arguments = {parameter: plain(evidence) for parameter, evidence in inputs.items()}
    return await TOOLS[name].call({**arguments, **more}, context(inputs))


def derivation(output: ToolOutput) -> Derivation:
    source = output.evidence[0].source
    assert isinstance(source, Derivation)
    return source


RENAL = {
    "creatinine": fact("creatinine", 150.0, "umol/L", "2026-02-20T08:10:00Z"),
    "age": fact("age", 70.0, "a"),
    "sex": fact("sex", "male"),
}


def test_every_calculator_is_a_tool() -> None:
    assert sorted(TOOLS) == [f"calc.{name}" for name in NAMES]
    for tool in TOOLS.values():
        assert tool.kind == "calculator" and tool.description and tool.references
        schema = tool.params.model_json_schema()
        assert set(schema["properties"]) == set(tool.asks)
        assert all(schema["properties"][name]["description"] for name in tool.asks)


async def test_the_evidence_says_what_it_rests_on() -> None:
    output = await call("calc.ckd_epi_2021", RENAL)
    evidence, source = output.evidence[0], derivation(output)
    assert (evidence.slot, evidence.patient, evidence.concept) == ("result", "p1", "ckd_epi_2021")
    assert (evidence.display, evidence.unit) == ("43 mL/min/1.73 m²", "mL/min/{1.73_m2}")
    assert evidence.effective_at == "2026-02-20T08:10:00Z"
    assert source.inputs == tuple(each.id for each in RENAL.values())
    assert source.tool == "calc.ckd_epi_2021" and source.missing == () and source.warnings == ()
    assert "doi:10.1056/NEJMoa2102953" in source.references
    assert source.steps[-1] == "Estimated GFR: 43 mL/min/1.73 m² (G3b)"
    assert "G4 if serum creatinine were 203 µmol/L or more" in source.sensitivity
    assert output.detail["value"] == evidence.value


async def test_what_is_missing_is_evidence_too() -> None:
    output = await call("calc.cockcroft_gault", RENAL)
    evidence = output.evidence[0]
    assert (evidence.value, evidence.range, evidence.display) == (None, None, "not known")
    assert derivation(output).missing == ("weight",)


async def test_unknown_findings_give_a_range() -> None:
    known = {
        "age": fact("age", 76.0, "a"),
        "hypertension": fact("hypertension", True),
        "diabetes": fact("diabetes", None),
    }
    output = await call("calc.cha2ds2_va", known)
    evidence = output.evidence[0]
    assert (evidence.value, evidence.range, evidence.display) == (None, (3.0, 8.0), "3 to 8 points")
    assert derivation(output).missing == ("heart_failure", "diabetes", "stroke_tia_te", "vascular_disease")


async def test_a_range_from_an_earlier_step_is_carried_on() -> None:
    inside = {"egfr": fact("egfr", None, "mL/min/{1.73_m2}", range=(32.0, 43.0))}
    assert (await call("calc.kdigo_gfr_category", inside)).evidence[0].value == "G3b"
    across = {"egfr": fact("egfr", None, "mL/min/{1.73_m2}", range=(42.0, 48.0))}
    assert (await call("calc.kdigo_gfr_category", across)).evidence[0].value is None


async def test_the_date_is_that_of_the_newest_input() -> None:
    inputs = {**RENAL, "weight": fact("weight", 70.0, "kg", "2025-11"), "age": fact("age", 70.0, "a", "2026-03-01")}
    assert (await call("calc.cockcroft_gault", inputs)).evidence[0].effective_at == "2026-03-01"


async def test_stale_inputs_are_computed_and_named() -> None:
    old = {**RENAL, "creatinine": fact("creatinine", 150.0, "umol/L", "2024-01-02T08:00:00Z")}
    output = await call("calc.ckd_epi_2021", old)
    assert output.evidence[0].value is not None
    assert output.warnings == ["Serum creatinine is 790 days old (2024-01-02); expected no more than 365"]
    assert derivation(output).warnings == tuple(output.warnings)


async def test_an_unchanged_result_keeps_its_id() -> None:
    first = await call("calc.kdigo_gfr_category", {"egfr": fact("egfr", 43.0, "mL/min/{1.73_m2}", "2026-01-01")})
    second = await call("calc.kdigo_gfr_category", {"egfr": fact("egfr", 41.0, "mL/min/{1.73_m2}", "2026-01-01")})
    assert first.evidence[0].id == second.evidence[0].id


async def test_what_cannot_be_right_becomes_a_typed_error() -> None:
    with pytest.raises(BadInput, match="4000 mg/dL"):
        await call("calc.ckd_epi_2021", {"creatinine": fact("creatinine", 4000.0, "mg/dL")})
    with pytest.raises(BadInput, match="hypertension"):
        await call("calc.cha2ds2_va", {}, hypertension="yes")
    with pytest.raises(BadInput, match="Extra"):
        await call("calc.cha2ds2_va", {}, height={"value": 1.7, "unit": "m"})
    with pytest.raises(NotAssessable, match="FEU"):
        await call("calc.years", {"d_dimer": fact("d_dimer", 400.0, "ng/mL")})


async def test_a_comparator_reaches_the_calculator() -> None:
    output = await call(
        "calc.age_adjusted_d_dimer",
        {
            "age": fact("age", 60.0, "a"),
            "d_dimer": fact("d_dimer", 270.0, "ng/mL{FEU}", comparator="<"),
        },
    )
    assert output.evidence[0].value == "below"
