"""Drafting an answer: rendering templates on evidence, and the checks that belong to naming a drug."""

from __future__ import annotations

from agent import wording
from agent.conflicts import settle
from agent.runtime import Services
from agent.state import Board, Json
from agent.steps import SAFETY_NAMES, SAFETY_STEPS
from knowledge.claim import (
    Answer,
    Claim,
    DifferentialItem,
    MostUseful,
    NextStep,
    NotAnswered,
    UnboundSlot,
    content_id,
    placeholders,
    render,
)
from knowledge.coding import Coding
from knowledge.evidence import Decision, Derivation, Evidence, FhirElement, Statement
from knowledge.protocol import Criterion, NextTemplate, Protocol


class Draft:
    """An answer in the making. Everything it says is a template filled with evidence."""

    def __init__(self, board: Board, services: Services, chosen: list[str]) -> None:
        self.board, self.services, self.chosen = board, services, frozenset(chosen)
        self.claims: list[Claim] = []
        self.next_steps: list[NextStep] = []
        self.not_answered: list[NotAnswered] = []
        self.differential: list[DifferentialItem] = []
        self.most_useful: MostUseful | None = None

    def names(self, template: str, criterion: Criterion, extra: dict[str, Evidence]) -> dict[str, Evidence]:
        """What a template's slots are bound to.

        Raises:
            UnboundSlot: something it prints is not there.
        """
        found = dict(extra)
        for name, _ in placeholders(template):
            if name in found:
                continue
            evidence = self.board.slot(name)
            if evidence is None and name in criterion.cites:
                evidence = self.services.corpus.evidence(name)
            if evidence is None:
                raise UnboundSlot(f"nothing fills {name!r}")
            found[name] = evidence
        return found

    def claim(
        self,
        protocol: Protocol,
        criterion: Criterion,
        decision: Evidence,
        template: str,
        extra: dict[str, Evidence] | None = None,
    ) -> None:
        """A claim that renders a decision; one that cannot be rendered is named as not answered, never guessed."""
        assert isinstance(decision.source, Decision)
        try:
            names = self.names(template, criterion, extra or {})
            text, values = render(template, names)
        except UnboundSlot as error:
            self.not_answered.append(
                NotAnswered(
                    what=criterion.label,
                    reason="missing_input",
                    needs=[str(error)],
                    criterion=f"{protocol.id}/{criterion.id}",
                )
            )
            return
        self.claims.append(
            Claim(
                id=content_id("c", decision.slot, template, text),
                text=text,
                template=template,
                names={name: evidence.id for name, evidence in names.items()},
                evidence=self._support(decision, criterion, names),
                values=values,
                certainty=criterion.certainty,
                criterion=decision.slot,
                polarity=bool(decision.value),
                red_flag=criterion.red_flag,
                rules_out=criterion.rules_out and bool(decision.value),
                section=criterion.section or protocol.title,
            )
        )

    def next_step(
        self,
        protocol: Protocol,
        criterion: Criterion,
        decision: Evidence,
        template: NextTemplate,
        check_first: list[str],
        extra: dict[str, Evidence] | None = None,
    ) -> None:
        """A next step. One that names a drug carries the reads of safety rule 2, and what of them is unknown."""
        try:
            names = self.names(template.text, criterion, extra or {})
            text, values = render(template.text, names)
        except UnboundSlot:
            return
        evidence = self._support(decision, criterion, names)
        unknown = [self._ask(slot) for slot in check_first]
        status, reason = "shown", None
        if template.drugs:
            for slot, _, _ in SAFETY_STEPS:
                found = self.board.slot(slot)
                if found is None or found.value is None:
                    unknown.append(SAFETY_NAMES[slot])
                if found is not None:
                    evidence.append(found.id)
            clash = None if template.stops else self._allergy(template.drugs)
            if clash is not None:
                status, reason = "struck", f"recorded allergy: {clash.display}"
                evidence.append(clash.id)
                # A struck step is read by few; that a drug is held back, and why, is part of the answer.
                if not isinstance(clash.source, Statement):
                    self.plain(wording.ALLERGY, clash, [], protocol.title)
                self.not_answered.append(
                    NotAnswered(
                        what=text,
                        reason="unsafe",
                        needs=[f"recorded allergy: {clash.display}"],
                        criterion=decision.slot,
                    )
                )
        self.next_steps.append(
            NextStep(
                id=content_id("n", decision.slot, template.text, text),
                text=text,
                template=template.text,
                names={name: item.id for name, item in names.items()},
                values=values,
                kind=template.kind,
                evidence=list(dict.fromkeys(evidence)),
                unknown=list(dict.fromkeys(unknown)),
                drugs=list(template.drugs),
                stops=template.stops,
                status="struck" if status == "struck" else "shown",
                reason=reason,
                criterion=decision.slot,
            )
        )

    def plain(self, template: str, item: Evidence, more: list[str], section: str = "Record") -> None:
        """A claim that only states a piece of evidence."""
        text, values = render(template, {"item": item})
        self.claims.append(
            Claim(
                id=content_id("c", template, text),
                text=text,
                template=template,
                names={"item": item.id},
                evidence=[item.id, *more],
                values=values,
                certainty="opinion" if item.kind == "reading" else "established",
                section={"passage": "Guidelines", "reading": "Images"}.get(item.kind, section),
            )
        )

    def ask(self, slot: str, steps: dict[str, Json]) -> str:
        """How a missing input is asked for."""
        body = steps.get(slot)
        if body is not None and body["ask"]:
            return str(body["ask"])
        return slot.rpartition(".")[2].replace("_", " ")

    def _ask(self, slot: str) -> str:
        for protocol in self.services.protocols.values():
            step = protocol.step_by_slot.get(slot)
            if step is not None and step.ask:
                return step.ask
        return slot.replace("_", " ")

    def _support(self, decision: Evidence, criterion: Criterion, names: dict[str, Evidence]) -> list[str]:
        assert isinstance(decision.source, Decision)
        named = [source.references for item in names.values() if isinstance(source := item.source, Derivation)]
        known = self.services.corpus.recommendations
        recs = [*criterion.cites, *(rec_id for refs in named for rec_id in refs if rec_id in known)]
        cited = [self.services.corpus.evidence(rec_id).id for rec_id in recs]
        ids = [decision.id, *decision.source.inputs, *(item.id for item in names.values()), *cited]
        return [found for found in dict.fromkeys(ids) if found in self.board.by_id]

    def _allergy(self, drugs: tuple[str, ...]) -> Evidence | None:
        """A recorded allergy to a drug that a step names, or to a member of a class it names."""
        terminology = self.services.terminology
        for item in self.board.items("safety.allergies"):
            if not isinstance(item.source, FhirElement | Statement):
                continue
            coded = item.source.coding if isinstance(item.source, FhirElement) else None
            codings = [Coding.parse(coded)] if coded and ":" in coded else []
            for drug in drugs:
                if drug in terminology and (
                    terminology.matches(drug, codings, item.display)
                    or (item.concept is not None and item.concept in {c.id for c in terminology.expand(drug)})
                    or self._of_class(drug, item.concept)
                ):
                    return item
        return None

    def _of_class(self, drug: str, allergen: str | None) -> bool:
        """Whether a drug is a member of the class an allergy names."""
        terminology = self.services.terminology
        if allergen is None or allergen not in terminology or terminology.get(allergen).grouping:
            return False
        return drug in {member.id for member in terminology.expand(allergen)}

    def finish(self) -> Answer:
        """The answer: red flags first, then in the order of the protocols, what several say said once."""
        first: dict[str, Claim] = {}
        for claim in self.claims:
            first.setdefault(claim.text, claim)
        claims = list(first.values())
        claims.sort(key=lambda claim: not claim.red_flag)
        gaps: dict[tuple[str, ...], NotAnswered] = {}
        for gap in self.not_answered:
            alike = gap.reason in ("missing_input", "not_applicable") and gap.needs
            key = (gap.reason, *gap.needs) if alike else (gap.reason, gap.what)
            if key in gaps:
                if gap.what not in gaps[key].what:
                    gaps[key] = gaps[key].model_copy(update={"what": f"{gaps[key].what}; {gap.what}"})
            else:
                gaps[key] = gap
        once: dict[str, NextStep] = {}
        for step in self.next_steps:
            once.setdefault(step.text, step)
        steps = list(once.values())
        titles = {protocol.id: protocol.title for protocol in self.services.protocols.values()}
        torn = settle(steps, self.services.terminology, titles)
        return Answer(
            claims=claims,
            differential=self.differential,
            most_useful=self.most_useful,
            next_steps=steps,
            not_answered=[*torn, *gaps.values()],
        )
