"""record.care_gaps: what is commonly due for this person and not found in this record, or found long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knowledge.evidence import Derivation, Evidence
from tools.ehr.reads.care_gap_rules import CareRule, Found, as_plain, care_rules, look
from tools.ehr.reads.drugs import medication
from tools.ehr.reads.findings import find
from tools.ehr.reads.listing import dated, key
from tools.ehr.reads.person import age, sex
from tools.ehr.reads.reading import NoParams, fact, nothing, plural, record_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


@tool("record.care_gaps", version="1.0.0", kind="record", title="Not found or long ago")
async def care_gaps(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Monitoring, screening and vaccination that rules name for this person and the record does not hold in time.

    Each item names the last one found, its rule's source and jurisdiction. Not found in this record is not overdue.
    """
    record = record_of(ctx)
    who = {"age": await _one(age, ctx, "age"), "sex": await _one(sex, ctx, "sex")}
    years = who["age"].value if isinstance(who["age"].value, float) else None
    if "deceased" in getattr(who["age"].source, "flags", ()):
        told = "deceased: nothing is looked for"
        query = f"care rules on Patient/{record.patient_id}"
        return ToolOutput(evidence=[nothing(ctx, query, told)], detail={"rules": [], "known": len(care_rules())})
    items: list[Evidence] = []
    rows: list[dict[str, Any]] = []
    met, unclear, trouble = 0, [], []
    for rule in care_rules():
        grounds, applies = await _applies(ctx, rule, who)
        if applies is None:
            unclear.append(rule.title)
        if not applies:
            continue
        found = [await look(record, group, years) for group in rule.looks_for]
        trouble += [group.group.name for group in found if not group.complete]
        missing = [group for group in found if not group.met]
        rows.append(_row(rule, found))
        if not missing:
            met += 1
            continue
        held = [
            fact(
                ctx,
                group.hits[0],
                True,
                f"{group.group.name} ({dated(ctx, group.hits[0])})",
                path=f"{group.hits[0].type}.code",
                slot=f"{ctx.slot}.{rule.id}.{key(group.hits[0])}",
            )
            for group in missing
            if group.hits
        ]
        items += [_item(ctx, rule, missing, [*grounds, *held]), *held]
    shown = sum(1 for item in items if isinstance(item.source, Derivation))
    total = len(care_rules())
    told = (
        f"{plural(shown, 'rule')} with something not found in time, {met} met, of {len(rows)} that apply "
        f"({total} rules known; not found in this record is not overdue)"
    )
    flags = [f"not known whether it applies: {title}" for title in unclear]
    flags += [f"incomplete answer: {name}" for name in dict.fromkeys(trouble)]
    head = nothing(
        ctx,
        f"care rules on Patient/{record.patient_id}",
        told,
        value=float(shown) if not trouble else None,
        unit="1" if not trouble else None,
        flags=tuple(flags),
        complete=not trouble,
    )
    return ToolOutput(evidence=[head, *items], warnings=flags, detail={"rules": rows, "known": total})


async def _one(spec: Any, ctx: ToolContext, name: str, **arguments: Any) -> Evidence:
    output = await spec.call(arguments, ctx.at(f"{ctx.slot}.{name}", {}))
    found: Evidence = output.evidence[0]
    return found


async def _applies(ctx: ToolContext, rule: CareRule, who: dict[str, Evidence]) -> tuple[list[Evidence], bool | None]:
    """Whether a rule is for this person, and on what that rests; None where what it hangs on is not known.

    A condition or drug that the record does not name is taken as not there: then the rule is silent.
    """
    wants, grounds = rule.applies, []
    if wants.sex is not None:
        if who["sex"].value is None:
            return [], None
        if who["sex"].value != wants.sex:
            return [], False
        grounds.append(who["sex"])
    if wants.age_from is not None or wants.age_to is not None:
        years = who["age"].value
        if not isinstance(years, float):
            return [], None
        if not (wants.age_from or 0) <= years <= (wants.age_to or 200):
            return [], False
        grounds.append(who["age"])
    if wants.condition is not None:
        if wants.condition not in ctx.terminology:
            return [], False
        found = (await find(ctx.at(f"{ctx.slot}.{rule.id}.for", {}), wants.condition, active_only=True)).evidence[0]
        if found.value is not True:
            return [], False
        grounds.append(found)
    for drug in wants.drug:
        if drug not in ctx.terminology:
            return [], False
        taken = await _one(medication, ctx, f"{rule.id}.{drug}", concept=drug)
        if taken.value is not True:
            return [], False
        grounds.append(taken)
    return grounds, True


def _item(ctx: ToolContext, rule: CareRule, missing: list[Found], inputs: list[Evidence]) -> Evidence:
    told = "; ".join(_told(ctx, group) for group in missing)
    whole = all(group.complete for group in missing)
    told += "" if whole else " (incomplete answer: absence is not shown)"
    value = "older" if all(group.hits for group in missing) else "not found"
    return Evidence(
        slot=f"{ctx.slot}.{rule.id}",
        value=value if whole else None,
        display=f"{rule.title}: {told} [{rule.edition}; {rule.jurisdiction}]",
        effective_at=ctx.now.isoformat(),
        patient=ctx.patient,
        concept=rule.id,
        source=Derivation(
            tool="record.care_gaps",
            version="1.0.0",
            inputs=tuple(item.id for item in inputs),
            steps=(f"for: {', '.join(item.display for item in inputs[:4])}",),
            references=(f"{rule.verified.name}: {rule.verified.url} (read {rule.verified.read_on})",),
            missing=tuple(group.group.name for group in missing),
        ),
    )


def _told(ctx: ToolContext, found: Found) -> str:
    group = found.group
    if not found.hits:
        span = f" (looked for: within {group.within.shown})" if group.within else ""
        return f"{group.name} not found in this record{span}"
    last = f"{group.name} last found {dated(ctx, found.hits[0])}"
    if group.count > 1 and len(found.recent) < group.count:
        return f"{last}; {len(found.recent)} of {group.count} doses found in this record"
    return f"{last}, older than {group.within.shown}" if group.within else last


def _row(rule: CareRule, found: list[Found]) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": rule.title,
        "met": all(group.met for group in found),
        "looked_for": [
            {
                "name": group.group.name,
                "met": group.met,
                "within_days": group.group.within.days if group.group.within else None,
                "last": group.hits[0].at if group.hits else None,
                "reference": group.hits[0].reference if group.hits else None,
                "found": len(group.hits),
            }
            for group in found
        ],
        "source": as_plain(rule),
    }
