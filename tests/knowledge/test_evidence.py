"""Evidence ids and claims."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from knowledge.claim import UnboundSlot, render
from knowledge.evidence import Derivation, Evidence, FhirElement, show_value
from knowledge.guideline import default_corpus, quote_hash


def lab(**changes: object) -> Evidence:
    body = {
        "slot": "creatinine",
        "value": 1.1,
        "unit": "mg/dL",
        "display": "1.1 mg/dL",
        "patient": "p",
        "effective_at": "2026-02-20T08:10:00+00:00",
        "source": {"kind": "fhir", "reference": "Observation/1", "retrieved_at": "2026-03-01T00:00:00+00:00"},
    }
    return Evidence.model_validate({**body, **changes})


def test_the_same_fact_read_twice_is_one() -> None:
    later = {"kind": "fhir", "reference": "Observation/1", "retrieved_at": "2026-03-05T00:00:00+00:00"}
    assert lab().id == lab(source=later).id


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 1.2},
        {"unit": "umol/L"},
        {"comparator": "<"},
        {"patient": "q"},
        {"effective_at": "2026-02-21"},
        {"slot": "other"},
        {"supersedes": "e1"},
        {"source": {"kind": "fhir", "reference": "Observation/2"}},
    ],
)
def test_another_fact_is_another_id(changes: dict[str, object]) -> None:
    assert lab().id != lab(**changes).id


def test_lineage_is_not_content() -> None:
    def derived(inputs: tuple[str, ...]) -> str:
        return Evidence(
            slot="egfr",
            value=60.0,
            unit="mL/min",
            display="60",
            patient="p",
            source=Derivation(tool="calc.x", version="1", inputs=inputs, steps=inputs),
        ).id

    assert derived(("e1",)) == derived(("e2",))


def test_evidence_is_frozen_and_closed() -> None:
    item = lab()
    with pytest.raises(ValidationError):
        item.value = 2.0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        lab(colour="red")


def test_kind_follows_the_source() -> None:
    assert lab().kind == "fhir"
    assert isinstance(lab().source, FhirElement)


@pytest.mark.parametrize(
    ("value", "unit", "bounds", "text"),
    [
        (None, "1", (3.0, 5.0), "3 to 5"),
        (None, None, None, "not known"),
        (True, None, None, "yes"),
        (False, None, None, "no"),
        (43.0, "mL/min/{1.73_m2}", None, "43 mL/min/1.73 m²"),
        ("G3a", None, None, "G3a"),
    ],
)
def test_values_are_shown(value: object, unit: str | None, bounds: tuple[float, float] | None, text: str) -> None:
    assert show_value(value, unit, bounds) == text  # type: ignore[arg-type]


def test_claims_are_rendered_from_evidence() -> None:
    text, values = render("Creatinine is {creatinine} on {creatinine.date}.", {"creatinine": lab()})
    assert text == "Creatinine is 1.1 mg/dL on 2026-02-20."
    assert [(v.path, v.value, v.unit, v.shown) for v in values] == [
        ("display", 1.1, "mg/dL", "1.1 mg/dL"),
        ("date", "2026-02-20", None, "2026-02-20"),
    ]


def test_a_template_without_evidence_is_refused() -> None:
    with pytest.raises(UnboundSlot, match="egfr"):
        render("eGFR is {egfr}.", {"creatinine": lab()})
    with pytest.raises(UnboundSlot, match="path"):
        render("{creatinine.colour}", {"creatinine": lab()})


def test_every_passage_is_found_at_its_offsets() -> None:
    corpus = default_corpus()
    for rec_id in corpus.recommendations:
        source = corpus.evidence(rec_id).source
        text = corpus.documents[source.document].text  # type: ignore[union-attr]
        assert text[source.start : source.end] == source.text  # type: ignore[union-attr]
        assert quote_hash(source.text) == source.quote_hash  # type: ignore[union-attr]
