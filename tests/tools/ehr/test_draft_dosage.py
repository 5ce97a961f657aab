"""A written dose becomes coded elements only where it was understood; resources of drafts and audit events are R4."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.terminology import default_terminology
from tools.ehr.checks.validate import check
from tools.ehr.writes.audit import audit_event
from tools.ehr.writes.drafts import Blank, Setting, accept, build
from tools.ehr.writes.drafts_dose import dosage
from tools.errors import BadInput

SETTING = Setting(patient="p1", at="2026-03-02T09:00:00+00:00", text="as asked", by="Dr A (physician)")


def test_all_of_it_coded() -> None:
    (line,) = dosage({"dose": "4 g", "route": "IV", "over": "4 hours", "timing": "once"})
    assert line["text"] == "4 g, IV, over 4 hours, once"
    row = line["doseAndRate"][0]
    assert (row["doseQuantity"]["value"], row["doseQuantity"]["code"]) == (4, "g")
    assert row["rateRatio"]["denominator"] == {
        "value": 4,
        "unit": "h",
        "system": "http://unitsofmeasure.org",
        "code": "h",
    }
    assert line["route"]["coding"][0]["code"] == "47625008"
    assert line["timing"]["repeat"] == {"count": 1}


@pytest.mark.parametrize(
    ("timing", "repeat"),
    [
        ("twice daily", {"frequency": 2, "period": 1, "periodUnit": "d"}),
        ("every 8 hours", {"frequency": 1, "period": 8, "periodUnit": "h"}),
        ("at bedtime", {"when": ["HS"], "frequency": 1, "period": 1, "periodUnit": "d"}),
        ("twice daily, then once daily from Friday", None),
        ("as the ward sees fit", None),
    ],
)
def test_timing_is_coded_only_where_every_word_was_read(timing: str, repeat: dict[str, Any] | None) -> None:
    (line,) = dosage({"dose": "5 mg", "timing": timing})
    assert line["timing"].get("repeat") == repeat
    assert line["timing"]["code"]["text"] == timing


@pytest.mark.parametrize("dose", ["5 mg then taper", "as before", "5 bananas"])
def test_a_dose_that_is_none_stays_text(dose: str) -> None:
    (line,) = dosage({"dose": dose, "timing": "once daily"})
    assert "doseAndRate" not in line
    assert dose in line["text"]


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("order", {"drug": "Drug", "dose": "5 mg", "timing": "once", "status": "active", "intent": "order",
                   "coding": "http://hl7.org/fhir/sid/ndc|0338-1715-40"}),
        ("observe", {"what": "potassium", "value": "3.4", "unit": "mmol/L", "status": "final",
                     "when": "2026-03-02T09:00:00Z"}),
        ("tell", {"recipient": "Dr B", "text": "please call", "status": "preparation"}),
        ("document", {"title": "Plan", "text": "a <b> & c", "status": "preliminary"}),
    ],
)  # fmt: skip
def test_what_is_built_is_r4(action: Any, given: dict[str, str]) -> None:
    resource = build(action, given, SETTING, default_terminology(), None)
    check(resource, "built")
    assert resource["subject"] == {"reference": "Patient/p1"}
    if action == "document":
        assert "a &lt;b&gt; &amp; c" in resource["section"][0]["text"]["div"]


def test_an_audit_event_is_r4_and_names_who_and_how_it_ended() -> None:
    event = audit_event(
        "osler-d1-0", at=SETTING.at, action="C", outcome="4", said="refused", by="Dr A", role="physician", patient="p1",
        draft="d1", reference=None,
    )  # fmt: skip
    assert [row["requestor"] for row in event["agent"]] == [True, False]
    assert (event["outcome"], event["outcomeDesc"]) == ("4", "refused")


@pytest.mark.parametrize(
    ("name", "text"),
    [("value", "high"), ("value", "70/120"), ("unit", "bananas"), ("coding", "12345"), ("coding", "x|")],
)
def test_fields_take_only_what_fits(name: str, text: str) -> None:
    with pytest.raises(BadInput):
        accept(Blank(name, "A field"), text, default_terminology())
