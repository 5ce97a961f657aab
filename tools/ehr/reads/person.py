"""Who the patient is: age, sex, pregnancy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.coding import Coding
from knowledge.evidence import Evidence, FhirElement, Value
from tools.ehr.client.client import version_of
from tools.ehr.dates import start_of, years_at
from tools.ehr.elements import codings
from tools.ehr.modifiers import judge
from tools.ehr.reads.findings import find
from tools.ehr.reads.reading import NoParams, fact, nothing, record_of, within
from tools.ehr.record import PatientRecord
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

_BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
# Birth statistics of the United States are presented for mothers of 10 to 54 years (CDC/NCHS, Health, United States,
# sources and definitions: age). Outside that pregnancy is taken as absent, and the evidence says by what.
YOUNGEST, OLDEST = 10, 54
# A recorded pregnancy without an end counts for ten months.
PREGNANCY_DAYS = 300
# IPS value set pregnancy-status and its map to SNOMED CT.
_STATUS = Coding.parse("loinc:82810-3")
_PREGNANT = {"LA15173-0", "77386006"}
_NOT_PREGNANT = {"LA26683-5", "60001007"}


def _person(
    ctx: ToolContext,
    record: PatientRecord,
    value: Value,
    display: str,
    path: str,
    flags: tuple[str, ...] = (),
    bounds: tuple[float, float] | None = None,
    unit: str | None = None,
) -> Evidence:
    patient = record.patient
    return Evidence(
        slot=ctx.slot,
        value=value,
        unit=unit,
        range=bounds,
        display=display,
        patient=ctx.patient,
        effective_at=ctx.now.date().isoformat() if unit == "a" else None,
        source=FhirElement(
            reference=f"Patient/{patient['id']}",
            version=version_of(patient),
            path=path,
            flags=tuple(dict.fromkeys([*judge(patient).flags, *flags])),
        ),
    )


@tool("record.age", version="1.0.0", kind="record", title="Age", unit="a")
async def age(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Completed years at the clinical clock, from the birth date; a partial birth date gives a range."""
    record = record_of(ctx)
    birth = record.patient.get("birthDate")
    verdict = judge(record.patient)
    if not verdict.usable:
        return ToolOutput(evidence=[_person(ctx, record, None, f"birth date not usable: {verdict.reason}", "Patient")])
    if not birth or start_of(birth) is None:
        return ToolOutput(evidence=[_person(ctx, record, None, "birth date not recorded", "Patient.birthDate")])
    ended = start_of(record.patient.get("deceasedDateTime"))
    moment = min(ctx.now, ended) if ended else ctx.now
    low, high = years_at(str(birth), moment)
    dead = ", deceased" if "deceased" in verdict.flags else ""
    path = "Patient.birthDate"
    if low < 0:
        shown = "birth date lies after the clinical clock: not usable"
        found = _person(ctx, record, None, shown, path, ("impossible value",))
    elif low != high:
        shown = f"{low} to {high} years{dead}"
        found = _person(ctx, record, None, shown, path, ("partial birth date",), (low, high), "a")
    else:
        found = _person(ctx, record, float(low), f"{low} years{dead}", path, unit="a")
    return ToolOutput(evidence=[found])


@tool("record.sex", version="1.0.0", kind="record", title="Sex")
async def sex(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Administrative gender as female or male; unknown, other or missing stay unknown, never one of the two."""
    record = record_of(ctx)
    gender, path = record.patient.get("gender"), "Patient.gender"
    birth = next(
        (str(item.get("valueCode")) for item in record.patient.get("extension", []) if item.get("url") == _BIRTH_SEX),
        None,
    )
    flags: tuple[str, ...] = ()
    if birth in ("M", "F") and gender in ("male", "female") and birth.lower() != gender[0]:
        flags = (f"birth sex recorded as {'male' if birth == 'M' else 'female'}",)
    if not judge(record.patient).usable:
        found = _person(ctx, record, None, f"sex not usable: {judge(record.patient).reason}", path)
    elif gender in ("female", "male"):
        found = _person(ctx, record, str(gender), str(gender), path, flags)
    else:
        shown = {"other": "recorded as other", "unknown": "recorded as unknown"}.get(str(gender), "not recorded")
        found = _person(ctx, record, None, f"sex {shown}", path)
    return ToolOutput(evidence=[found])


@tool("record.pregnancy", version="1.0.0", kind="record", title="Pregnancy")
async def pregnancy(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Whether the patient is pregnant: recorded or noted within ten months; else excluded by sex or age only."""
    record = record_of(ctx)
    status = await _status(ctx, record)
    if status is not None:
        return ToolOutput(evidence=[status])
    output = ToolOutput()
    if "pregnancy" in ctx.terminology:
        output = await find(ctx, "pregnancy", window_days=PREGNANCY_DAYS, active_only=True)
        if output.evidence[0].value is not None or "conflict" in getattr(output.evidence[0].source, "flags", ()):
            return output
    if record.patient.get("gender") == "male":
        return ToolOutput(
            evidence=[
                _person(
                    ctx, record, False, "not applicable: recorded sex is male", "Patient.gender", ("from recorded sex",)
                )
            ]
        )
    birth = record.patient.get("birthDate")
    if birth and start_of(birth):
        low, high = years_at(str(birth), ctx.now)
        if low > OLDEST or 0 <= high < YOUNGEST:
            return ToolOutput(
                evidence=[
                    _person(ctx, record, False, f"not expected at {low} years", "Patient.birthDate", ("from age",))
                ]
            )
    if output.evidence:
        return output
    return ToolOutput(evidence=[nothing(ctx, f"Condition?patient={record.patient_id}", "pregnancy not recorded")])


async def _status(ctx: ToolContext, record: PatientRecord) -> Evidence | None:
    """The newest usable pregnancy status observation."""
    for entry in (await record.slice("Observation")).entries:
        if _STATUS in entry.codings or any(_STATUS.matches(coding) for coding in entry.codings):
            codes = {coding.code for coding in codings(entry.resource.get("valueCodeableConcept"))}
            value = True if codes & _PREGNANT else False if codes & _NOT_PREGNANT else None
            if value is not None and within(entry, PREGNANCY_DAYS, ctx.now):
                shown = "pregnant" if value else "not pregnant"
                return fact(ctx, entry, value, shown, path="Observation.value", concept="pregnancy")
    return None
