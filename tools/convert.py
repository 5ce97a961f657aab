"""A laboratory value in another unit, as a tool: its evidence derives from the value it was given."""

from __future__ import annotations

from pydantic import Field

from knowledge.evidence import Derivation, Evidence
from tools.calculators.convert_units import convert_value
from tools.calculators.tool import Measured
from tools.context import ToolContext
from tools.spec import Params, ToolOutput, tool

VERSION = "1.0.0"


class ConvertParams(Params):
    """A value with its unit, and the unit it is wanted in."""

    value: Measured | None = Field(default=None, description="the value as it was measured, with its UCUM unit")
    to: str = Field(description="the UCUM unit it is wanted in")
    analyte: str | None = Field(default=None, description="id or LOINC code; needed between mass and amount")


@tool("units.convert", version=VERSION, kind="calculator", title="Convert a unit", references=())
def units_convert(params: ConvertParams, ctx: ToolContext) -> ToolOutput:
    """A laboratory value in another unit; refused where no factor holds for every sample of the analyte."""
    bound = ctx.inputs.get("value")
    inputs = (bound.id,) if bound else ()
    analyte = params.analyte or (bound.concept if bound else None)
    if params.value is None:
        source = Derivation(tool="units.convert", version=VERSION, inputs=inputs, missing=("value",))
        return ToolOutput(evidence=[Evidence(slot=ctx.slot or "converted", value=None, display="not known",
                                             patient=ctx.patient, source=source)])  # fmt: skip
    found = convert_value(params.value.value, params.value.unit, params.to, analyte)
    evidence = Evidence(
        slot=ctx.slot or "converted",
        value=found.value,
        unit=found.unit,
        comparator=params.value.comparator,
        display=f"{params.value.comparator or ''}{found.display}",
        effective_at=bound.effective_at if bound else None,
        patient=ctx.patient,
        concept=bound.concept if bound else None,
        source=Derivation(tool="units.convert", version=VERSION, inputs=inputs, steps=tuple(found.steps)),
    )
    return ToolOutput(evidence=[evidence], detail=found.document())
