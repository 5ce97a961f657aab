"""A tool that read half a record says so in each result, whatever the tool itself thought of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from knowledge.evidence import Evidence, FhirElement
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.completeness import FLAG, note, watching
from tools.context import ToolContext
from tools.spec import ToolOutput, tool

CTX = ToolContext("p", datetime(2026, 1, 1, tzinfo=UTC), default_terminology(), Corpus([]))


class Nothing(BaseModel):
    """No parameters."""


def element(slot: str, value: float, reference: str | None) -> Evidence:
    source = FhirElement(reference=reference, query=None if reference else "Observation?patient=p")
    return Evidence(slot=slot, value=value, display=f"{value:g}", source=source)


@tool("test.reads", version="1.0.0", kind="record", title="Reads")
async def reads(params: Nothing, ctx: ToolContext) -> ToolOutput:
    """Reads two types, one of them not wholly."""
    note("Condition", [])
    note("Observation", ["the server counts 5, its pages hold 2"])
    items = [element("count", 2.0, None), element("a", 7.0, "Observation/a")]
    return ToolOutput(evidence=items, detail={"rows": [{"evidence": items[1].id, "value": 7.0}]})


@tool("test.whole", version="1.0.0", kind="record", title="Reads all")
def whole(params: Nothing, ctx: ToolContext) -> ToolOutput:
    """Reads everything there is."""
    note("Observation", [])
    return ToolOutput(evidence=[element("count", 2.0, None)])


async def test_half_a_record_is_said_by_every_result() -> None:
    output = await reads.call({}, CTX)
    assert output.warnings == ["incomplete answer: Observation: the server counts 5, its pages hold 2"]
    count, value = output.evidence
    assert (count.value, count.display) == (None, "2 (incomplete answer)")
    assert value.value == 7.0
    for item in output.evidence:
        assert isinstance(item.source, FhirElement)
        assert FLAG in item.source.flags and not item.source.complete
    assert output.detail["rows"] == [{"evidence": value.id, "value": 7.0}]


async def test_a_whole_record_is_left_as_it_is() -> None:
    output = await whole.call({}, CTX)
    assert output.warnings == [] and output.evidence == [element("count", 2.0, None)]


def test_what_a_tool_read_inside_another_counts_for_both() -> None:
    with watching() as outer:
        with watching() as inner:
            note("Goal", ["cut"])
        assert inner == {"Goal": ["cut"]}
    assert outer == {"Goal": ["cut"]}
    note("Goal", ["nobody watches"])


@pytest.mark.parametrize("twice", [1, 2])
async def test_flagging_again_changes_nothing(twice: int) -> None:
    from tools.completeness import flagged

    items = (await reads.call({}, CTX)).evidence
    for _ in range(twice):
        again, _ = flagged(items, {})
        assert again == items
