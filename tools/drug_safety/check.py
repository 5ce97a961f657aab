"""`record.drug_safety`: the current drugs of a record, and drugs to be added, against the table."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from knowledge.evidence import Derivation, Evidence
from knowledge.interaction_rules import TIERS, DrugSafety, drug_safety
from tools.context import ToolContext
from tools.drug_safety.items import Item, of_entry, of_text
from tools.drug_safety.limits import body_of, doses, renal
from tools.drug_safety.pairs import Finding, duplicates_among, pairs_among
from tools.ehr.reads.reading import plural, record_of
from tools.ehr.record import Slice
from tools.errors import BadInput
from tools.spec import Params, ToolOutput, tool

VERSION = "1.0.0"
PARTIAL = "the table is partial: what it does not list is not thereby safe"


class DrugSafetyParams(Params):
    """Drugs that are to be looked at as if they were ordered too."""

    add: list[str] = Field(default_factory=list, description="drugs to be added, as words or concept ids")


@dataclass(frozen=True)
class _Names:
    """What the table cannot speak of, by name."""

    unknown: list[str]
    unlisted: list[str]
    classes: list[str]

    @property
    def said(self) -> list[str]:
        said = [f"not recognised: {', '.join(self.unknown)}"] if self.unknown else []
        said += [f"no entry in Osler's table for: {', '.join(self.unlisted)}"] if self.unlisted else []
        if self.classes:
            said.append(f"recognised only as a class, entries of single drugs not looked up: {', '.join(self.classes)}")
        return said


@tool("record.drug_safety", version=VERSION, kind="drug", title="Drug safety of current medication")
async def check_list(params: DrugSafetyParams, ctx: ToolContext) -> ToolOutput:
    """Pairs, duplicates, kidney dosing and daily doses among the current drugs, each with its source.

    Says of every drug it does not know or has no entry for that it does not; never that drugs go together.
    """
    record, table = record_of(ctx), drug_safety()
    if any(not word.strip() for word in params.add):
        raise BadInput("a drug to add has no name", found="", expected="the name of a drug", action="name it")
    part = await record.medications()
    current = [entry for entry in part.entries if entry.verdict.current]
    items = [of_entry(entry, table, ctx, number) for number, entry in enumerate(current)]
    items += [of_text(text.strip(), table, ctx, len(items) + number) for number, text in enumerate(params.add)]
    body = await body_of(ctx)
    known = [item for item in items if item.concepts]
    kidney, kidney_aside = renal(known, body, table, ctx.corpus)
    most, most_aside = doses(known, body, table)
    pairs, pairs_aside = pairs_among(known, table)
    findings = [*pairs, *duplicates_among(known, table), *kidney, *most]
    names = _names(items, table)
    asides = [*names.said, *pairs_aside, *kidney_aside, *most_aside]
    if not part.complete:
        asides.append("the medication list could not be read completely")
    head = _head(ctx, findings, items, names, part, table, asides)
    rows = [_evidence(ctx, finding, number) for number, finding in enumerate(findings)]
    return ToolOutput(
        evidence=[head, *rows, *(item.evidence for item in items)],
        warnings=asides,
        detail={"findings": [_row(finding, row) for finding, row in zip(findings, rows, strict=True)], "aside": asides},
    )


def _names(items: list[Item], table: DrugSafety) -> _Names:
    def unique(names: list[str]) -> list[str]:
        return list(dict.fromkeys(names))

    known = [item for item in items if item.concepts]
    return _Names(
        unknown=unique([item.name for item in items if not item.concepts]),
        unlisted=unique([item.name for item in known if not item.concepts & table.named]),
        classes=unique(
            [
                item.name
                for item in known
                if all(table.terminology.get(concept).kind != "medication" for concept in item.concepts)
            ]
        ),
    )


def _head(
    ctx: ToolContext,
    findings: list[Finding],
    items: list[Item],
    names: _Names,
    part: Slice,
    table: DrugSafety,
    asides: list[str],
) -> Evidence:
    """The summary: what was found, among what, and what that leaves open."""
    pairs = [finding for finding in findings if finding.kind == "pair"]
    counted = [f"{count} {tier}" for tier in TIERS if (count := sum(row.tier == tier for row in pairs))]
    others = {"duplicate": "duplicate", "renal": "kidney dosing", "dose": "daily dose"}
    counted += [f"{n} {word}" for kind, word in others.items() if (n := sum(row.kind == kind for row in findings))]
    among = f"{plural(len(items), 'drug')} looked at"
    value: float | None = float(len(findings))
    if not items:
        value, text = None, "no current medication is recorded: nothing to look at"
    elif findings:
        text = f"{plural(len(findings), 'finding')} ({', '.join(counted)}), {among}"
    else:
        text = f"none of the {len(table.pairs)} pairs of Osler's table, no duplicate, no dose finding, {among}"
        value = None if names.unknown or not part.complete else value
    said = [*names.said, *([] if part.complete else ["the medication list could not be read completely"]), PARTIAL]
    return Evidence(
        slot=ctx.slot,
        value=value,
        unit="1",
        display="; ".join([text, *said]),
        patient=ctx.patient,
        source=Derivation(
            tool="record.drug_safety",
            version=VERSION,
            inputs=tuple(item.evidence.id for item in items),
            warnings=tuple(asides),
        ),
    )


def _evidence(ctx: ToolContext, finding: Finding, number: int) -> Evidence:
    return Evidence(
        slot=f"{ctx.slot}.{finding.kind}.{number}",
        value=finding.tier,
        display=finding.display,
        patient=ctx.patient,
        source=Derivation(
            tool="record.drug_safety",
            version=VERSION,
            inputs=tuple(item.evidence.id for item in finding.items),
            steps=tuple(item.told for item in finding.items),
            references=finding.references,
            warnings=() if finding.verified else ("not verified in its source",),
        ),
    )


def _row(finding: Finding, evidence: Evidence) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "tier": finding.tier,
        "verified": finding.verified,
        "text": finding.display,
        "orders": [{"reference": item.reference, "evidence": item.evidence.id} for item in finding.items],
        "references": list(finding.references),
        "evidence": evidence.id,
    }
