"""The drugs of a list as concepts: by code, by words where no code names a drug, and not at all where neither does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from knowledge.evidence import Evidence, Statement
from knowledge.interaction_rules import DrugSafety
from tools.context import ToolContext
from tools.ehr.compartment import walk
from tools.ehr.reads.reading import fact
from tools.ehr.record import Entry, concepts_of
from tools.notes import linker_for

_KINDS = ("medication", "drug_class", "substance")
_LOCAL = re.compile(
    r"\b(?:cream|ointment|gel|lotion|shampoo|topical|cutaneous|eye|ear|ophthalmic|otic|nasal|vaginal|mouthwash)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Item:
    """A drug on the list or to be added: what it was recognised as, and the evidence that it is there."""

    name: str
    concepts: frozenset[str]
    evidence: Evidence
    reference: str
    resource: dict[str, Any] = field(default_factory=dict)
    local: bool = False

    @property
    def told(self) -> str:
        """Its name and where it stands."""
        return f"{self.name} ({self.reference})"


def of_entry(entry: Entry, table: DrugSafety, ctx: ToolContext, number: int) -> Item:
    """A current order or statement."""
    name = entry.text or "drug without a name"
    codes = {concept for coding in entry.codings for concept in concepts_of(table.terminology, coding)}
    routes = [*walk(entry.resource, "dosageInstruction.route.text"), *walk(entry.resource, "dosage.route.text")]
    routes += walk(entry.resource, "dosageInstruction.route.coding.display")
    routes += walk(entry.resource, "dosage.route.coding.display")
    shown = fact(ctx, entry, True, name, slot=f"{ctx.slot}.order.{number}")
    local = bool(_LOCAL.search(" ".join([name, *map(str, routes)])))
    return Item(name, recognised(name, table, codes), shown, entry.reference, entry.resource, local)


def of_text(text: str, table: DrugSafety, ctx: ToolContext, number: int) -> Item:
    """A drug that is named to be added."""
    shown = Evidence(
        slot=f"{ctx.slot}.order.{number}", value=True, display=text, patient=ctx.patient, source=Statement(quote=text)
    )
    named = bool(_kept({text}, table)) if text in table.terminology else False
    found = frozenset({text}) if named else recognised(text, table)
    name = table.called(text) if named else text
    return Item(name, found, shown, "to be added", {"dosageInstruction": [{"text": text}]}, bool(_LOCAL.search(text)))


def recognised(text: str, table: DrugSafety, codes: set[str] | None = None) -> frozenset[str]:
    """The drugs that codes name, else those that words name, else a class that either names."""
    by_code = _kept(codes or set(), table)
    drugs = {concept for concept in by_code if table.terminology.get(concept).kind == "medication"}
    if drugs:
        return frozenset(drugs)
    mentions = linker_for(table.terminology).link(text)
    by_words = _kept(
        {
            mention.concept
            for mention in mentions
            if mention.how != "typo" and mention.assertion in ("present", "historical")
        },
        table,
    )
    drugs = {concept for concept in by_words if table.terminology.get(concept).kind == "medication"}
    return frozenset(drugs or by_words or by_code)


def _kept(concepts: set[str], table: DrugSafety) -> set[str]:
    return {concept for concept in concepts if table.terminology.get(concept).kind in _KINDS}
