"""Renal dosing of what the patient takes: rules as data (`knowledge/drugs/renal.yaml`), each citing a label.

The measure is the one in the drug's own label (safety rule 8), never converted into the other. A drug without a rule is
named as not covered; silence is not safety.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

import knowledge
from knowledge.claim import render
from knowledge.evidence import Derivation, Evidence
from knowledge.guideline import Corpus, CorpusError, read_yaml
from knowledge.predicate import evaluate
from knowledge.quantity import Quantity
from knowledge.terminology import Terminology
from tools.context import ToolContext
from tools.ehr.compartment import walk
from tools.ehr.record import Entry
from tools.errors import NotAssessable
from tools.spec import Params, ToolOutput, tool

RULES = Path(knowledge.__file__).with_name("drugs") / "renal.yaml"
VERSION = "1.1.0"
Action = Literal["contraindicated", "avoid_start", "reduce", "caution", "no_change"]


class Band(BaseModel):
    """What a label says within limits (`at_least` <= measure < `below`, or <= `at_most`); the first that fits is used.

    `more`: further passages whose values the text prints, such as another country's label.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: str | None = None
    below: str | None = None
    at_most: str | None = None
    action: Action
    cites: str
    more: tuple[str, ...] = ()
    text: str

    @property
    def passages(self) -> tuple[str, ...]:
        """Every passage it rests on."""
        return (self.cites, *self.more)

    @property
    def limits(self) -> tuple[str, ...]:
        """The values it compares with."""
        return tuple(filter(None, (self.at_least, self.below, self.at_most)))

    @property
    def predicate(self) -> dict[str, Any]:
        """The band as a predicate over the slot `measure`."""
        parts = []
        if self.at_least:
            parts.append({"compare": {"slot": "measure", "op": ">=", "value": self.at_least}})
        if self.below:
            parts.append({"compare": {"slot": "measure", "op": "<", "value": self.below}})
        if self.at_most:
            parts.append({"compare": {"slot": "measure", "op": "<=", "value": self.at_most}})
        return {"all": parts}


class Rule(BaseModel):
    """The bands of one drug (or of a class, for its members without a rule of their own)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drug: str
    measure: Literal["egfr", "crcl"]
    bands: tuple[Band, ...]
    no_action_cites: str | None = None


class RenalDosingParams(Params):
    """The two measures of kidney function; null where not known."""

    egfr: Any = Field(default=None, description="eGFR by CKD-EPI 2021, mL/min/{1.73_m2}")
    crcl: Any = Field(default=None, description="creatinine clearance by Cockcroft-Gault, mL/min")
    leave: list[str] = Field(default_factory=list, description="drugs of renal.yaml that the caller decides on itself")


@functools.cache
def rules() -> tuple[Rule, ...]:
    """The rules, read once."""
    return tuple(Rule.model_validate(row) for row in read_yaml(RULES))


def check_rules(corpus: Corpus, terminology: Terminology) -> None:
    """Every rule names a drug, cites a verified passage and compares with values it cites.

    Raises:
        CorpusError: one does not.
    """
    for rule in rules():
        if rule.drug not in terminology:
            raise CorpusError(f"renal.yaml: no concept {rule.drug!r}")
        for band in rule.bands:
            for cited in band.passages:
                rec = corpus.recommendations.get(cited)
                if rec is None or rec.verified is None:
                    raise CorpusError(f"renal.yaml: {rule.drug} cites {cited!r}; expected a verified recommendation")
            for reference in band.limits:
                corpus.value(reference)


def rule_for(entry: Entry, terminology: Terminology) -> Rule | None:
    """The rule of a medication: by the drug itself before its class."""
    text = entry.text or None
    own = [rule for rule in rules() if len(terminology.expand(rule.drug)) == 1]
    classes = [rule for rule in rules() if len(terminology.expand(rule.drug)) > 1]
    for rule in [*own, *classes]:
        if terminology.matches(rule.drug, list(entry.codings), text):
            return rule
    return None


@tool("drugs.renal_dosing", version=VERSION, kind="drug", title="Renal dosing of current medication")
async def renal_dosing(params: RenalDosingParams, ctx: ToolContext) -> ToolOutput:
    """What the labels of the drugs a patient takes say at this kidney function; names the drugs without a rule."""
    if ctx.record is None:
        raise NotAssessable("no record is open", found="no patient", expected="a patient's record",
                            action="name a patient")
    medications = await ctx.record.medications()
    active = [entry for entry in medications.entries if entry.verdict.current]
    items: dict[str, Evidence] = {}
    uncovered, undecided = [], []
    for entry in active:
        rule = _named(entry, ctx)
        if rule is None:
            uncovered.append(entry.text)
            continue
        if rule.drug in params.leave:
            continue
        measure = ctx.inputs.get(rule.measure)
        item = _apply(rule, entry, measure, ctx)
        if item == "unknown":
            undecided.append(f"{entry.text} (needs {rule.measure})")
        elif isinstance(item, Evidence):
            items.setdefault(item.slot, item)
    names = list(dict.fromkeys(uncovered))
    warnings = [*(["no renal rule here for: " + ", ".join(names)] if names else []),
                *(["not decided: " + ", ".join(undecided)] if undecided else [])]
    shown = f"{len(items)} of {len(active)} current medications need attention"
    known: float | None = float(len(items))
    if undecided and not items:
        known, shown = None, "not decided: " + ", ".join(undecided)
    if names:
        shown += "; no rule here for " + ", ".join(names)
    head = Evidence(
        slot=ctx.slot, value=known, unit="1", display=shown, patient=ctx.patient,
        source=Derivation(tool="drugs.renal_dosing", version=VERSION, warnings=tuple(warnings)),
    )
    return ToolOutput(evidence=[head, *items.values()], warnings=warnings)


def _named(entry: Entry, ctx: ToolContext) -> Rule | None:
    found = rule_for(entry, ctx.terminology)
    if found is None and ctx.record is not None:
        # A drug written only in words ("Gabapentin 300 mg three times a day") is matched the way record reads match.
        own = sorted(rules(), key=lambda rule: len(ctx.terminology.expand(rule.drug)))
        found = next((rule for rule in own if ctx.record.match(rule.drug, entry)), None)
    return found


def _listed(entry: Entry) -> str:
    """The drug as the record writes it, with the dose where one is written."""
    doses = [*walk(entry.resource, "dosageInstruction.text"), *walk(entry.resource, "dosage.text")]
    name = entry.text or "drug without a name"
    return f"{name}, {doses[0]}" if doses else name


def _apply(
    rule: Rule, entry: Entry, measure: Evidence | None, ctx: ToolContext
) -> Evidence | Literal["unknown"] | None:
    found = band_for(rule, measure, ctx.corpus)
    if found == "unknown" or found is None or measure is None:
        return "unknown" if found == "unknown" else None
    band, text = found
    drug = rule.drug.replace("_", " ")
    return Evidence(
        slot=f"{ctx.slot}.{rule.drug}", value=band.action, display=f"{text} On the list: {_listed(entry)}.",
        patient=ctx.patient, concept=rule.drug, effective_at=measure.effective_at,
        source=Derivation(
            tool="drugs.renal_dosing", version=VERSION, inputs=(measure.id,), references=band.passages,
            steps=(f"{drug}: {entry.text} ({entry.reference})", f"{rule.measure}: {measure.display}"),
        ),
    )


def rule_of(concept: str, terminology: Terminology) -> Rule | None:
    """The rule of a drug by its concept: its own before that of its narrowest class."""
    fitting = [rule for rule in rules() if any(item.id == concept for item in terminology.expand(rule.drug))]
    return min(fitting, key=lambda rule: len(terminology.expand(rule.drug)), default=None)


def band_for(
    rule: Rule, measure: Evidence | None, corpus: Corpus
) -> tuple[Band, str] | Literal["unknown"] | None:
    """What the label says at this measure, in words; none where no band fits."""
    if measure is None or (measure.value is None and measure.range is None):
        return "unknown"

    def reference(name: str) -> Quantity:
        value = corpus.value(name)
        return Quantity(float(value.value), value.unit or "1")

    for band in rule.bands:
        fits = evaluate(band.predicate, lambda slot: measure, reference)
        if fits is None:
            return "unknown"
        if fits:
            passages = {cited: corpus.evidence(cited) for cited in band.passages}
            return band, render(band.text, {**passages, "measure": measure})[0]
    return None
