"""What is offered to a model beyond protocols, and how a route reads as a choice."""

from __future__ import annotations

from typing import Any

from agent.planners.candidates import board_rows, calls_made, candidates
from agent.planners.choice import Choice
from agent.planners.protocol import choice_of, offer, offered_concepts
from agent.route import Ranked, RouteResult
from agent.state import Board, Json, State, dump
from knowledge.evidence import Derivation, Evidence, FhirElement
from knowledge.protocol import default_protocols
from knowledge.terminology import default_terminology
from tools.calculators.tool import calculator_tools
from tools.spec import ToolRecord

AF, CKD = "af-stroke-prevention", "chronic-kidney-disease"
TOOLS = [spec for spec in calculator_tools() if spec.name in ("calc.ckd_epi_2021", "calc.cockcroft_gault")]


def board(*held: tuple[str, Any, str | None, str | None], tool: str = "record.observation") -> Board:
    """Slots with evidence: (slot, value, unit, concept)."""
    evidence = [
        Evidence(
            slot=slot,
            value=value,
            unit=unit,
            display=str(value),
            concept=concept,
            patient="p",
            source=FhirElement(reference=f"Observation/{slot}"),
        )
        for slot, value, unit, concept in held
    ]
    records = [
        ToolRecord(
            id=item.slot,
            tool=tool,
            version="1",
            slot=item.slot,
            bindings={"x": "y", "when:z": "z"},
            status="ok",
            evidence=[item.id],
        ).model_dump(mode="json")
        for item in evidence
    ]
    steps: list[Json] = [{"slot": item.slot} for item in evidence]
    return Board(State(plan={"steps": steps}, records=records, evidence={item.id: dump(item) for item in evidence}))


AGE, SEX = ("patient.age", 77.0, "a", "age"), ("patient.sex", "female", None, "sex")
CREATININE = ("creatinine", 0.92, "mg/dL", "creatinine")


def test_a_calculator_is_offered_when_every_input_is_among_the_evidence() -> None:
    again, before = ("safety.renal", 0.92, "mg/dL", "creatinine"), ("baseline", 0.84, "mg/dL", "creatinine")
    rows = candidates(TOOLS, board(AGE, SEX, CREATININE, again, before))
    assert rows == [
        {
            "tool": "calc.ckd_epi_2021",
            "title": TOOLS[0].title,
            "parameters": {
                "creatinine": ["creatinine", "baseline"],
                "age": ["patient.age"],
                "sex": ["patient.sex"],
            },
        }
    ]


def test_unknown_values_other_types_and_other_concepts_do_not_fit() -> None:
    assert not candidates(TOOLS, board(AGE, SEX, ("creatinine", None, "mg/dL", "creatinine")))
    assert not candidates(TOOLS, board(AGE, SEX, ("creatinine", True, None, "creatinine")))
    assert not candidates(TOOLS, board(AGE, SEX, ("potassium", 4.3, "mmol/L", "potassium")))


def test_a_calculator_that_has_run_is_not_offered_again() -> None:
    made = board(AGE, SEX, CREATININE, ("egfr", 62.0, "mL/min/{1.73_m2}", "egfr"), tool="calc.ckd_epi_2021")
    assert not candidates(TOOLS, made)


def test_the_boards_rows_leave_out_decisions_and_what_is_not_known() -> None:
    rows = board_rows(board(AGE, ("weight", None, "kg", "body_weight")))
    assert [(row["slot"], row["display"], row["kind"]) for row in rows] == [("patient.age", "77.0", "fhir")]


def test_calls_made_keeps_the_arguments_and_drops_the_conditions() -> None:
    assert calls_made(board(AGE)) == [("record.observation", {"x": "y"})]


def ranked(protocol: str, score: float, entry: bool | None = True) -> Ranked:
    return Ranked(protocol, score, ("the question names what it is about",), entry)


def test_a_route_reads_as_a_choice() -> None:
    one = choice_of(RouteResult("one", (AF,), (ranked(AF, 0.9), ranked(CKD, 0.1)), reason="it is about it"))
    assert (one.kind, one.protocols, one.value) == ("one", (AF,), AF)
    assert one.reasons == ("it is about it", f"{AF}: the question names what it is about")
    several = choice_of(RouteResult("several", (AF, CKD), (ranked(AF, 0.9), ranked(CKD, 0.8))))
    assert several.value == f"{AF}+{CKD}"


def test_an_open_choice_names_the_protocols_it_is_between() -> None:
    asked = choice_of(
        RouteResult(
            "ask",
            ranked=(ranked(AF, 0.6), ranked(CKD, 0.5), ranked("other", 0.1)),
            needs=("Is it about one?", "Is it about two?"),
        )
    )
    assert (asked.kind, asked.protocols, asked.options) == ("ask", (), (AF, CKD))


def test_look_ups_and_calculations_are_kept_apart_from_protocols() -> None:
    looked = choice_of(RouteResult("lookup", concepts=("creatinine",), lists=("medications",)))
    assert (looked.lookup, looked.value) == (("creatinine", "medications"), None)
    worked = choice_of(RouteResult("calculate", concepts=("bmi",), calculators=("bmi",)))
    assert (worked.lookup, worked.calculators) == ((), ("bmi",))
    assert Choice("none").detail()["kind"] == "none" and "model" not in Choice("none").detail()


def test_the_offer_is_the_ranking_in_the_protocols_own_words() -> None:
    protocols = default_protocols()
    rows = offer(RouteResult("one", (AF,), (ranked(AF, 0.9, None), ranked("gone", 0.2))), protocols)
    assert [(row["protocol"], row["title"], row["entry"]) for row in rows] == [(AF, protocols[AF].title, None)]
    assert rows[0]["purpose"] == protocols[AF].purpose


def test_concepts_offered_come_from_the_question_and_the_lists() -> None:
    result = RouteResult("none", concepts=("creatinine", "asthma_topic_of_no_protocol"))
    assert offered_concepts(result, default_terminology(), ["problems"]) == ["creatinine", "problems"]


def test_derived_evidence_fits_too() -> None:
    egfr = Evidence(
        slot="egfr",
        value=62.0,
        unit="mL/min/{1.73_m2}",
        display="62",
        concept="ckd_epi_2021",
        patient="p",
        source=Derivation(tool="calc.ckd_epi_2021", version="1"),
    )
    state = State(
        plan={"steps": [{"slot": "egfr"}]},
        evidence={egfr.id: dump(egfr)},
        records=[
            ToolRecord(
                id="r",
                tool="calc.ckd_epi_2021",
                version="1",
                slot="egfr",
                status="ok",
                evidence=[egfr.id],
            ).model_dump(mode="json")
        ],
    )
    kdigo = [spec for spec in calculator_tools() if spec.name == "calc.kdigo_gfr_category"]
    assert [row["tool"] for row in candidates(kdigo, Board(state))] == ["calc.kdigo_gfr_category"]
