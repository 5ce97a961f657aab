"""The converter as a tool: the evidence derives from the value it was given, so that a correction of it propagates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.evidence import Derivation, Evidence, Statement
from knowledge.guideline import Corpus
from knowledge.terminology import Terminology
from tools.catalog import catalog
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.spec import ToolOutput, plain


def measured(value: float | None, unit: str, concept: str, **more: Any) -> Evidence:
    return Evidence(
        slot="raw", value=value, unit=unit, display=f"{value} {unit}", effective_at="2026-02-20", patient="p1",
        concept=concept, source=Statement(by="test"), **more,
    )  # fmt: skip


async def call(evidence: Evidence, **arguments: Any) -> ToolOutput:
    context = ToolContext("p1", datetime(2026, 3, 2, tzinfo=UTC), Terminology({}), Corpus([]))
    return await catalog()["units.convert"].call(
        {"value": plain(evidence), **arguments}, context.at("creatinine_mass", {"value": evidence})
    )


async def test_the_evidence_rests_on_the_value_given() -> None:
    raw = measured(106.0, "umol/L", "creatinine")
    found = (await call(raw, to="mg/dL")).evidence[0]
    assert isinstance(found.source, Derivation)
    assert (found.value, found.unit, found.display) == (1.199072, "mg/dL", "1.199 mg/dL")
    assert (found.slot, found.concept, found.effective_at) == ("creatinine_mass", "creatinine", "2026-02-20")
    assert found.source.inputs == (raw.id,)
    assert "Molar mass: C4H7N3O, 113.12 g/mol" in found.source.steps
    corrected = (await call(measured(150.0, "umol/L", "creatinine"), to="mg/dL")).evidence[0]
    assert corrected.id != found.id


async def test_a_comparator_stays_and_unknown_stays_unknown() -> None:
    below = (await call(measured(0.5, "mg/L", "crp", comparator="<"), to="mg/dL")).evidence[0]
    assert (below.comparator, below.display) == ("<", "<0.05 mg/dL")
    unknown = (await call(measured(None, "mg/L", "crp"), to="mg/dL")).evidence[0]
    assert isinstance(unknown.source, Derivation)
    assert (unknown.value, unknown.source.missing) == (None, ("value",))


async def test_what_cannot_be_converted_is_an_error() -> None:
    with pytest.raises(NotAssessable, match="apolipoprotein"):
        await call(measured(50.0, "mg/dL", "lipoprotein_a"), to="nmol/L")
    with pytest.raises(BadInput, match="convertible"):
        await call(measured(50.0, "mg/dL", "creatinine"), to="kg")
