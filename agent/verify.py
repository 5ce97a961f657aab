"""verify: deterministic checks of every claim and next step. What fails is struck through, visibly.

Nothing here trusts how an answer was made: each check reads the claim as it stands and the evidence as it stands, so a
claim altered anywhere on its way (value, unit, comparator, polarity, date, patient, quotation, missing evidence) fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from langgraph.runtime import Runtime

from agent import wording
from agent.runtime import Services
from agent.state import Board, Json, State
from agent.steps import SAFETY_STEPS
from knowledge.claim import PLACEHOLDER, Answer, Claim, NextStep, UnboundSlot, render
from knowledge.evidence import Decision, Evidence, GuidelinePassage, ModelReading, Statement
from knowledge.guideline import Corpus, quote_hash
from knowledge.protocol import FREE_NUMBER, Criterion, Protocol
from tools.vlm.limits import oversteps

Item = Claim | NextStep
_EXCLUDES = re.compile(r"\b(ruled? out|excluded|excludes|no evidence of|normal)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """What the checks compare with."""

    patient: str | None
    evidence: dict[str, Evidence]
    current: frozenset[str]
    protocols: dict[str, Protocol]
    corpus: Corpus
    read: frozenset[str]
    documents: dict[str, str]


async def verify(state: State, runtime: Runtime[Services]) -> Json:
    """Check the answer; strike what fails and say why."""
    services = runtime.context
    case = case_of(state, services)
    answer = Answer.model_validate(state["answer"])
    checks: list[Json] = []
    items: list[Item] = [*answer.claims, *answer.next_steps]
    for item in items:
        results = check_item(item, case)
        checks += [
            {"claim": item.id, "rule": rule, "passed": passed, "detail": detail} for rule, passed, detail in results
        ]
        failed = [(rule, detail) for rule, passed, detail in results if not passed]
        if failed and item.status == "shown":
            item.status = "struck"
            item.reason = "; ".join(f"{rule}: {detail}" for rule, detail in failed)
    return {"answer": answer.model_dump(mode="json", by_alias=True), "checks": checks, "status": "verified"}


def case_of(state: State, services: Services) -> Case:
    """The state as the checks see it."""
    board = Board(state)
    current = {evidence_id for record in board.records.values() for evidence_id in record.evidence}
    evidence = {evidence_id: board.evidence(evidence_id) for evidence_id in state.get("evidence", {})}
    passages = {item.id for item in evidence.values() if isinstance(item.source, GuidelinePassage)}
    return Case(
        patient=state["case"].get("patient"),
        evidence=evidence,
        current=frozenset(current | passages),
        protocols=services.protocols,
        corpus=services.corpus,
        read=frozenset(slot for slot, record in board.records.items() if record.status == "ok"),
        documents={name: doc.text for name, doc in services.corpus.documents.items()},
    )


def check_item(item: Item, case: Case) -> list[tuple[str, bool, str]]:
    """Every rule on one claim or next step: (rule, passed, detail)."""
    results = []
    for name, rule in RULES.items():
        problems = list(rule(item, case))
        results.append((name, not problems, "; ".join(problems)))
    return results


def _held(item: Item, case: Case) -> list[Evidence]:
    return [case.evidence[i] for i in item.evidence if i in case.evidence]


def _cites(item: Item, case: Case) -> Iterable[str]:
    if not item.evidence:
        yield "points at no evidence"


def _exists(item: Item, case: Case) -> Iterable[str]:
    for found in [*item.evidence, *item.names.values(), *(value.evidence for value in item.values)]:
        if found not in case.evidence:
            yield f"no evidence {found}"


def _current(item: Item, case: Case) -> Iterable[str]:
    for evidence in _held(item, case):
        if evidence.id not in case.current:
            yield f"{evidence.slot} ({evidence.id}) has been superseded"


def _patient(item: Item, case: Case) -> Iterable[str]:
    for evidence in _held(item, case):
        if evidence.patient is not None and evidence.patient != case.patient:
            yield f"{evidence.slot} belongs to another patient"
        if evidence.patient is None and not isinstance(evidence.source, GuidelinePassage | Decision | Statement):
            yield f"{evidence.slot} does not say whose it is"


def _bound(item: Item, case: Case) -> dict[str, Evidence]:
    return {name: case.evidence[i] for name, i in item.names.items() if i in case.evidence}


def _render(item: Item, case: Case) -> Iterable[str]:
    try:
        text, values = render(item.template, _bound(item, case))
    except UnboundSlot as error:
        yield str(error)
        return
    if text != item.text:
        yield "text is not its template filled with its evidence"
    if [v.evidence for v in values] != [v.evidence for v in item.values]:
        yield "values are not bound to the evidence the template names"
    if missing := [name for name, i in item.names.items() if i not in item.evidence]:
        yield f"prints {missing} without citing it"


def _values(item: Item, case: Case) -> Iterable[str]:
    try:
        _, fresh = render(item.template, _bound(item, case))
    except UnboundSlot:
        return
    for found, true in zip(item.values, fresh, strict=False):
        if (found.path, found.value, found.unit, found.shown) != (true.path, true.value, true.unit, true.shown):
            yield f"shows {found.shown!r} ({found.value} {found.unit}), the evidence says {true.shown!r}"
        elif found.shown not in item.text:
            yield f"{found.shown!r} does not stand in the text"
    if len(item.values) != len(fresh):
        yield f"{len(item.values)} values for {len(fresh)} slots"


def _free_number(item: Item, case: Case) -> Iterable[str]:
    bare = PLACEHOLDER.sub("", item.template)
    if found := FREE_NUMBER.search(bare):
        yield f"number {found.group(0)!r} comes from no evidence"


def _criterion(item: Item, case: Case) -> tuple[Criterion, Decision, Evidence] | None:
    for evidence in _held(item, case):
        if isinstance(evidence.source, Decision) and evidence.slot == item.criterion:
            protocol = case.protocols.get(evidence.source.protocol)
            found = [c for c in protocol.criteria if c.id == evidence.source.criterion] if protocol else []
            if found:
                return found[0], evidence.source, evidence
    return None


def _template(item: Item, case: Case) -> Iterable[str]:
    """The wording belongs to the decision and to its outcome: polarity cannot be turned by editing a sentence."""
    if item.criterion is None:
        if isinstance(item, Claim) and item.certainty == "opinion":
            return
        if item.template not in wording.TEMPLATES:
            yield "wording is neither a protocol's nor a look-up's"
        return
    found = _criterion(item, case)
    if found is None:
        yield f"no decision {item.criterion} among its evidence"
        return
    criterion, _, decision = found
    if decision.value is None:
        yield f"{item.criterion} is not assessable"
    elif isinstance(item, Claim):
        right = criterion.claim if decision.value else (criterion.otherwise.claim if criterion.otherwise else None)
        if item.template != right:
            yield f"wording is not that of {item.criterion} when it is {'met' if decision.value else 'not met'}"
        if item.polarity is not bool(decision.value):
            yield f"asserts {item.polarity}, the decision is {decision.value}"
        if item.certainty != criterion.certainty:
            yield f"certainty {item.certainty}, the protocol says {criterion.certainty}"
    else:
        steps = criterion.next if decision.value else (criterion.otherwise.next if criterion.otherwise else ())
        if item.template not in [step.text for step in steps]:
            yield f"step is not one of {item.criterion}"


def _support(item: Item, case: Case) -> Iterable[str]:
    """A decision brings what it was worked out from and what it cites; none may be missing from the claim."""
    found = _criterion(item, case)
    if found is None:
        return
    criterion, source, _ = found
    for needed in source.inputs:
        if needed not in item.evidence:
            yield f"lacks {needed}, an input of the decision"
    slots = {case.evidence[i].slot for i in item.evidence if i in case.evidence}
    for rec_id in criterion.cites:
        if rec_id not in slots:
            yield f"lacks the passage {rec_id}"


def _passages(item: Item, case: Case) -> Iterable[str]:
    for evidence in _held(item, case):
        source = evidence.source
        if not isinstance(source, GuidelinePassage):
            continue
        if source.verified is None:
            yield f"{evidence.slot} is unverified and supports no claim"
        stored = case.corpus.recommendations.get(evidence.slot)
        text = case.documents.get(source.document, "")
        found = text[source.start : source.end] == source.text and quote_hash(source.text) == source.quote_hash
        if stored is None or not found:
            yield f"{evidence.slot} is not found at its place in {source.document}"
        elif evidence.id != case.corpus.evidence(evidence.slot).id:
            yield f"{evidence.slot} is not the passage of the corpus"


def _quotations(item: Item, case: Case) -> Iterable[str]:
    for evidence in _held(item, case):
        source = evidence.source
        if isinstance(source, Statement) and source.quote is not None:
            length = (source.end or 0) - (source.start or 0)
            if source.start is None or length != len(source.quote):
                yield f"{evidence.slot}: quotation does not fit its offsets"
    if isinstance(item, Claim):
        for quote in item.quotes:
            held = case.evidence.get(quote.evidence)
            text = getattr(held.source, "quote", None) if held else None
            text = text or (getattr(held.source, "text", None) if held else None)
            if text is None or text[quote.start : quote.end] != quote.text:
                yield f"quotation {quote.text[:40]!r} is not in {quote.evidence}"
            elif held is not None and getattr(held.source, "wording", "verbatim") == "osler-summary":
                yield "a summary is shown as a quotation"


def _readings(item: Item, case: Case) -> Iterable[str]:
    held = [e for e in _held(item, case) if not isinstance(e.source, GuidelinePassage)]
    sees = [e.source for e in held if isinstance(e.source, ModelReading) and e.source.images]
    printed = {e.id for e in held if isinstance(e.source, ModelReading) and e.source.images} & set(item.names.values())
    # What prints a model's words about an image rests on them, whatever else it cites.
    if not printed and not (held and all(e.kind == "reading" for e in held)):
        return
    words = item.text
    for source in sees:
        words = words.replace(source.model, "the model")
    over = oversteps(words) if sees else []
    if over or any(e.unit for e in held if e.kind == "reading") or _EXCLUDES.search(words):
        carried = f" (here: {', '.join(over)})" if over else ""
        yield f"a model's reading alone carries no measurement, normal finding, exclusion or action{carried}"
    elif isinstance(item, NextStep):
        yield "a model's reading alone carries no measurement, normal finding, exclusion or action"
    elif item.certainty != "opinion":
        yield "a model's reading is shown as an opinion"


def _rules_out(item: Item, case: Case) -> Iterable[str]:
    found = _criterion(item, case)
    if found is None or not found[0].rules_out or not isinstance(item, Claim) or not item.polarity:
        return
    criterion, source, _ = found
    slots = {e.slot: e for e in _held(item, case)}
    for slot in criterion.deciding_slots:
        if slot in slots and slots[slot].value is None:
            yield f"excludes a disease while {slot} is unknown"
    if source.unknown:
        yield f"excludes a disease while {', '.join(source.unknown)} is unknown"


def _drugs(item: Item, case: Case) -> Iterable[str]:
    if not isinstance(item, NextStep):
        return
    found = _criterion(item, case)
    drugs = item.drugs
    if found is not None:
        drugs = [
            drug
            for step in (*found[0].next, *(found[0].otherwise.next if found[0].otherwise else ()))
            if step.text == item.template
            for drug in step.drugs
        ]
    if drugs:
        for slot, _, _ in SAFETY_STEPS:
            if slot not in case.read:
                yield f"names a drug before {slot} was read"


RULES: dict[str, Callable[[Item, Case], Iterable[str]]] = {
    "cites": _cites,
    "exists": _exists,
    "current": _current,
    "patient": _patient,
    "render": _render,
    "values": _values,
    "free_number": _free_number,
    "template": _template,
    "support": _support,
    "passages": _passages,
    "quotations": _quotations,
    "readings": _readings,
    "rules_out": _rules_out,
    "drugs": _drugs,
}
"""Every rule by its name: what an item breaks of it, in words."""
