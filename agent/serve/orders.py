"""order-select and order-sign: what speaks against the orders in hand, one concern for each order.

While an order is still being chosen only what may change the choice is shown; what could not be checked, pairs to be
watched and open requests wait until it is signed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.plan import steps_under
from agent.serve.advice import concern_of, owner
from agent.serve.cards import ORDER, Concern, Indicator, Said, Source, escape, passage_source, suggestion, where
from agent.serve.drafts import DRUG, REQUEST, Basket, Order, removal_label
from agent.serve.work import Bench, Outcome
from agent.state import Json
from agent.steps import SAFETY_STEPS, step
from knowledge.evidence import Evidence, FhirElement
from knowledge.guideline import default_corpus
from knowledge.interaction_rules import DrugSafety, drug_safety
from knowledge.protocol import Criterion, Protocol
from tools.drug_safety.items import Item, of_entry
from tools.drug_safety.limits import body_of, doses, renal
from tools.drug_safety.pairs import Finding, duplicates_among, pairs_among
from tools.ehr.modifiers import judge
from tools.ehr.reads.drugs import allergy
from tools.ehr.reads.reading import fact
from tools.ehr.record import Entry

_ALIVE = ("active", "on-hold", "draft")
_PAIRS: dict[str, Indicator] = {"contraindicated": "warning", "avoid": "warning", "monitor": "info"}
_FORMS = re.compile(
    r"\b(tablets?|capsules?|injection|infusion|solution|suspension|syrup|cream|ointment|drops|spray|inhaler|powder|patch|"
    r"suppository|release|modified|prolonged|extended|coated|sodium|potassium|hydrochloride|sul(f|ph)ate|phosphate|"
    r"acetate|citrate|maleate|allergy|intolerance|drugs?|known)\b"
)
ALLERGIES = Source("The allergy list of this record")


@dataclass
class Point:
    """One thing said about an order: how grave, in a sentence, where from, and on what it rests."""

    indicator: Indicator
    text: str
    source: Source
    rests: tuple[Evidence, ...] = ()
    standing: str | None = None


async def order_hook(bench: Bench, basket: Basket, concerns: list[Concern], said: Said, *, sign: bool) -> None:
    """Add what speaks against the orders, gravest first, and (on signing) what could not be looked at."""
    aside = Said(list(basket.aside), list(basket.others))
    if "deceased" in judge(bench.record.patient).flags:
        concerns.append(_deceased(basket))
    points: dict[str, list[Point]] = {order.reference: [] for order in basket.orders if order.focus}
    table = drug_safety()
    part = await bench.record.medications()
    current = [entry for entry in part.entries if entry.verdict.current]
    items = [of_entry(entry, table, bench.context, number) for number, entry in enumerate(current)]
    drugs = {order.reference for order in basket.of(DRUG)}
    focus = [item for item in items if item.reference in drugs]
    if focus:
        for item in focus:
            await _allergy(bench, item, points[item.reference], aside, table)
        _among(items, focus, points, aside, table)
        await _amounts(bench, items, focus, points, aside, table)
        unknown = [item.name for item in focus if not item.concepts]
        aside.gaps += [f"{name} is not recognised: nothing is known of it here" for name in unknown]
        others = [item.name for item in items if item not in focus and not item.concepts]
        aside.limits += [f"not recognised on the medication list: {', '.join(dict.fromkeys(others))}"] if others else []
        aside.gaps += [] if part.complete else ["the medication list is not complete"]
        await _pregnancy(bench, focus, points, aside)
    if sign:
        await _open_requests(bench, basket, points, aside)
    by_reference = {order.reference: order for order in basket.orders}
    for reference, found in points.items():
        kept = [point for point in found if sign or point.indicator != "info"]
        if kept:
            concerns.append(_concern(by_reference[reference], kept, {entry.reference: entry for entry in current}))
    if focus and not bench.deadline.over:
        concerns += await _protocols(bench, focus, by_reference)
    # While the order is being chosen, gaps are only told beside something else.
    if sign or concerns:
        said.gaps += aside.gaps
        said.limits += aside.limits


def _concern(order: Order, points: list[Point], listed: dict[str, Entry]) -> Concern:
    """All that is said of one order; the gravest leads and gives the source."""
    ranked = sorted(points, key=lambda point: ORDER.index(point.indicator))
    lead, more = ranked[0], len(ranked) - 1
    lines = []
    for point in ranked:
        lines.append(f"- **{point.indicator}**: {escape(point.text)}")
        lines += [f"  - {text}" for item in point.rests if (text := where(item))]
    tail = f" (and {more} more)" if more else ""
    found = Concern(
        f"order-{order.kind.lower()}",
        order.name,
        lead.indicator,
        f"{order.name}{tail}: {lead.text}",
        lines,
        lead.source,
        [point.source for point in ranked[1:]],
        weight=len(ranked),
    )
    standing = next((point.standing for point in ranked if point.standing), None)
    if lead.indicator != "info" or standing:
        found.suggestions.append(_take_back(order))
    if standing and standing in listed and standing.startswith(DRUG):
        found.suggestions.append(_stop(listed[standing]))
    return found


def _stop(entry: Entry) -> Json:
    """The same drug is ordered already: the standing order may be what is to go."""
    body = {**entry.resource, "status": "stopped"}
    # Version and time are those of the store made for this call, not the calling system's.
    meta = {key: value for key, value in body.pop("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    name = entry.text or "the standing order"
    return suggestion(
        f"Stop the standing order: {name}",
        "update",
        f"Stop the order for {name} of {entry.at or 'no date'}",
        resource=body | ({"meta": meta} if meta else {}),
    )


def _take_back(order: Order) -> Json:
    return suggestion(
        removal_label([order]), "delete", f"Remove {order.name} from the unsigned orders", resource_id=order.reference
    )


def _deceased(basket: Basket) -> Concern:
    names = ", ".join(order.name for order in basket.orders) or "orders"
    return Concern(
        "deceased",
        "Deceased",
        "critical",
        "The patient is recorded as deceased: check that this is the right record.",
        [f"- The record says that the patient has died; in hand: {escape(names)}"],
        Source("The patient's record"),
        suggestions=[_take_back(order) for order in basket.orders[:3] if order.focus],
        behaviour="any",
        weight=1000,
    )


async def _allergy(bench: Bench, item: Item, points: list[Point], said: Said, table: DrugSafety) -> None:
    """Recorded allergies to the drug or its class; "not recorded" is said, never taken for none."""
    # Drugs of the table's own terminology are looked up in that one; the resources are the same.
    record = copy.copy(bench.record)
    record.terminology = table.terminology
    ctx = replace(bench.context, terminology=table.terminology, record=record)
    if not item.concepts:
        part = await bench.record.slice("AllergyIntolerance")
        for row in part.entries:
            if row.verdict.current and _words(item.name) & _words(row.text):
                text = f"not recognised here, but the allergy list names it: {row.text}"
                shown = fact(ctx, row, True, row.text, path="AllergyIntolerance.code")
                points.append(Point("critical", text, ALLERGIES, (shown,)))
    for drug in sorted(item.concepts):
        output = await allergy.call({"concept": drug}, ctx.at(f"cds.allergy.{drug}", {}))
        found = output.evidence[0]
        if found.value is None:
            said.gaps.append(f"allergies, for {item.name}: {found.display}")
        elif found.value is True:
            entries = (await bench.record.slice("AllergyIntolerance")).entries
            entry = next((row for row in entries if row.reference == getattr(found.source, "reference", None)), None)
            mild = entry is not None and entry.resource.get("type") == "intolerance"
            word = "intolerance" if mild else "allergy"
            text = f"recorded {word}: {found.display}"
            points.append(Point("warning" if mild else "critical", text, ALLERGIES, (found,)))


def _words(name: str) -> set[str]:
    """The words of a drug's name that tell it from others."""
    return set(re.findall(r"[^\W\d_]{5,}", _FORMS.sub(" ", name.casefold())))


def _among(
    items: Sequence[Item], focus: Sequence[Item], points: dict[str, list[Point]], said: Said, table: DrugSafety
) -> None:
    """Pairs and duplicates in which an order in focus takes part."""
    known = [item for item in items if item.concepts]
    mine = {item.reference for item in focus}
    told: set[str] = set()
    for one in focus:
        if not one.concepts:
            continue
        pairs, aside = pairs_among(known, table, only=one)
        said.limits += aside
        for finding in pairs:
            level = "critical" if finding.strict else _PAIRS.get(finding.tier)
            if level is not None and finding.display not in told:
                told.add(finding.display)
                _add(finding, level, points, mine, table)
        if not one.concepts & table.named:
            said.limits.append(f"no pair in Osler's table for {one.name}")
    for finding in duplicates_among(known, table):
        if any(item.reference in mine for item in finding.items):
            _add(finding, "warning", points, mine, table)


async def _amounts(
    bench: Bench,
    items: Sequence[Item],
    focus: Sequence[Item],
    points: dict[str, list[Point]],
    said: Said,
    table: DrugSafety,
) -> None:
    """Kidney function and the most a day, for the orders in focus (with what else holds the same drug)."""
    mine = {item.reference for item in focus}
    body = await body_of(bench.context)
    known = [item for item in focus if item.concepts]
    kidney, aside = renal(known, body, table, bench.services.corpus)
    for finding in kidney:
        _add(finding, "critical" if finding.tier == "contraindicated" else "warning", points, mine, table)
    held = frozenset().union(*(item.concepts for item in known))
    most, more = doses([item for item in items if item.concepts & held], body, table)
    for finding in most:
        if any(item.reference in mine for item in finding.items):
            _add(finding, "warning" if finding.tier == "maximum" else "info", points, mine, table)
    # That kidney function is not known where a dose rests on it is this patient's gap; the rest is the table's.
    said.gaps += [text for text in aside if text.startswith("dose by ")]
    said.limits += [text for text in aside if not text.startswith("dose by ")]
    said.limits += [text for text in more if not text.startswith("not above the most a day")]


def _add(finding: Finding, level: Indicator, points: dict[str, list[Point]], mine: set[str], table: DrugSafety) -> None:
    """Put a finding with the first order in focus that it is about."""
    reference = next(item.reference for item in finding.items if item.reference in mine)
    standing = next((item.reference for item in finding.items if item.reference not in mine), None)
    source = _source(next(iter(finding.references), ""), table)
    rests = tuple(item.evidence for item in finding.items if item.reference != reference)
    points[reference].append(
        Point(level, finding.display, source, rests, standing if finding.tier == "same ingredient" else None)
    )


def _source(reference: str, table: DrugSafety) -> Source:
    """Where a finding of the table comes from: a source of its own, or a passage of the corpus."""
    named = next((row for row in table.sources.values() if row.url == reference), None)
    if named is not None:
        return Source(f"{named.name}, {named.edition}", named.url)
    corpus = default_corpus()
    passage = passage_source(corpus.evidence(reference)) if reference in corpus.recommendations else None
    return passage or Source("Osler's drug table")


async def _pregnancy(bench: Bench, focus: Sequence[Item], points: dict[str, list[Point]], said: Said) -> None:
    """A recorded pregnancy is named with the order; there is no table of drugs in pregnancy here."""
    found = await bench.read("record.pregnancy")
    if not found or found[0].value is False:
        return
    if found[0].value is None:
        said.limits.append(f"pregnancy: {found[0].display}")
        return
    names = ", ".join(item.name for item in focus)
    text = f"{found[0].display}: Osler has no table of drugs in pregnancy, not checked against it: {names}"
    points[focus[0].reference].append(Point("warning", text, Source("The patient's record"), (found[0],)))


async def _open_requests(bench: Bench, basket: Basket, points: dict[str, list[Point]], said: Said) -> None:
    """Requests for the same thing that are open already."""
    wanted = basket.of(REQUEST)
    if not wanted:
        return
    part = await bench.record.slice("ServiceRequest")
    open_ = [
        entry
        for entry in (*part.entries, *part.rejected)
        if entry.resource.get("status") in _ALIVE
        and entry.verdict.reason not in ("entered in error", "do not perform")
        and entry.reference not in basket.references
    ]
    for order in wanted:
        same = [entry for entry in open_ if _same(order, entry)]
        if same:
            listed = ", ".join(
                f"{entry.text} ({entry.resource.get('status')}, {entry.at or 'no date'})" for entry in same
            )
            points[order.reference].append(
                Point(
                    "info",
                    f"already asked for: {listed}",
                    Source("Open requests of this record"),
                    standing=same[0].reference,
                )
            )
    if not part.complete:
        said.gaps.append("open requests: the list is not complete")


def _same(order: Order, entry: Entry) -> bool:
    """Whether two requests are for the same thing: a code in common, else the same words."""
    rows = (order.resource.get("code") or {}).get("coding") or []
    codes = {(row.get("system"), row.get("code")) for row in rows if row.get("code")}
    theirs = {(row.system, row.code) for row in entry.codings}
    if codes and theirs:
        return bool(codes & theirs)
    return order.name.casefold() == entry.text.casefold() and bool(entry.text)


async def _protocols(bench: Bench, focus: Sequence[Item], orders: dict[str, Order]) -> list[Concern]:
    """Protocols that would stop a drug in hand: worked out as if it were taken already."""
    terms, drugs = bench.services.terminology, {concept for item in focus for concept in item.concepts}
    picked: list[tuple[Protocol, list[Criterion]]] = []
    for protocol in await bench.applicable():
        criteria = [
            criterion
            for criterion in protocol.criteria
            if any(
                template.stops
                and any(drug in terms and drugs & {part.id for part in terms.expand(drug)} for drug in template.drugs)
                for template in criterion.next
            )
        ]
        if criteria:
            picked.append((protocol, criteria))
    if not picked:
        return []
    steps = {body["slot"]: body for protocol, criteria in picked for body in steps_under(protocol, criteria)}
    steps |= {slot: step(slot, tool, arguments) for slot, tool, arguments in SAFETY_STEPS if slot not in steps}
    outcome = await bench.work_out([protocol for protocol, _ in picked], steps.values())
    found = [_stopping(protocol, outcome, orders) for protocol, _ in picked]
    return [item for item in found if item is not None]


def _stopping(protocol: Protocol, outcome: Outcome, orders: dict[str, Order]) -> Concern | None:
    """What a protocol stops of what is in hand: only where its reason rests on the order itself."""
    stops = [
        item
        for item in outcome.answer.next_steps
        if item.status == "shown"
        and item.stops
        and owner(item) == protocol.id
        and _rests_on(item.evidence, outcome, orders)
    ]
    criteria = {item.criterion for item in stops}
    claims = [item for item in outcome.answer.claims if item.status == "shown" and item.criterion in criteria]
    if not claims:
        return None
    about = [
        order
        for order in orders.values()
        if any(_rests_on(item.evidence, outcome, {order.reference: order}) for item in stops)
    ]
    opening = f"Worked out as if it were taken already: {', '.join(order.name for order in about)}"
    level: Indicator = "critical" if any(claim.red_flag for claim in claims) else "warning"
    found = concern_of(protocol, outcome, claims, stops, level, opening)
    found.summary = f"{protocol.title}: once signed, {claims[0].text}"
    found.suggestions = [_take_back(order) for order in about]
    found.behaviour = "any" if len(about) > 1 else "at-most-one"
    return found


def _rests_on(evidence: Sequence[str], outcome: Outcome, orders: dict[str, Order]) -> bool:
    """Whether evidence goes back to one of the orders in hand."""
    sources = [item.source for item in outcome.evidence(evidence)]
    return any(isinstance(source, FhirElement) and source.reference in orders for source in sources)
