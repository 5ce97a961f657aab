"""patient-view: what cannot wait in the record that has just been opened, and which open step a guideline has."""

from __future__ import annotations

from collections.abc import Sequence

from agent.serve.advice import concern_of, owner
from agent.serve.cards import Concern, Indicator, Said, Source, escape, plain, suggestion, where
from agent.serve.work import Bench, Outcome
from agent.state import Board, Json
from knowledge.claim import NextStep
from knowledge.evidence import Derivation, Evidence, FhirElement
from knowledge.guideline import read_yaml
from knowledge.protocol import Protocol
from tools.ehr.reads.care_gap_rules import care_rules
from tools.ehr.reads.critical import HOURS, TABLE
from tools.ehr.writes.drafts import Setting, build

GAPS = "record.care_gaps"
MOST_SUGGESTIONS = 3
_INCOMPLETE = "incomplete answer: "


async def patient_view(bench: Bench, concerns: list[Concern], said: Said) -> None:
    """Add what there is to say, gravest first, so that a deadline leaves the most important."""
    board = Board(await bench.facts())
    if critical := board.items("critical"):
        concerns.append(_critical(critical))
    protocols = await bench.applicable()
    if protocols and not bench.deadline.over:
        outcome = await bench.work_out(protocols)
        for protocol in protocols:
            if (found := _protocol(bench, protocol, outcome)) is not None:
                concerns.append(found)
    if GAPS in bench.services.tools and not bench.deadline.over:
        listed = await bench.read(GAPS)
        more, aside = _gaps(bench, listed) if listed else ([], [])
        concerns += more
        said.limits += aside


def _critical(items: Sequence[Evidence]) -> Concern:
    """Critical results: the laboratory's own flag, else the table they are beyond."""
    urls = {
        str(row["source"]["title"]): row["source"].get("url") for row in read_yaml(TABLE) if "title" in row["source"]
    }
    tables = [
        flag.removeprefix("table: ")
        for item in items
        for flag in getattr(item.source, "flags", ())
        if flag.startswith("table: ")
    ]
    sources = [Source(name, urls.get(name)) for name in dict.fromkeys(tables)]
    own = any("laboratory's own flag" in getattr(item.source, "flags", ()) for item in items)
    first = [Source("The laboratory's own critical flag")] if own else []
    dated = items[0].effective_at[:10] if items[0].effective_at else "no date"
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    lines = [f"Results of the last {HOURS} hours that cannot wait:", ""]
    lines += [f"- {text}" for item in items if (text := where(item))]
    both = [*first, *sources]
    return Concern(
        "critical-results",
        "Critical results",
        "critical",
        f"Critical result: {items[0].display} ({dated}){more}",
        lines,
        both[0],
        both[1:],
        weight=1000,
    )


def _protocol(bench: Bench, protocol: Protocol, outcome: Outcome) -> Concern | None:
    """A protocol with a red flag, or with a treatment that is open; what is as it should be needs no card."""
    claims = [item for item in outcome.answer.claims if item.status == "shown" and owner(item) == protocol.id]
    steps = [item for item in outcome.answer.next_steps if item.status == "shown" and owner(item) == protocol.id]
    red = [claim for claim in claims if claim.red_flag and claim.polarity]
    flagged = {claim.criterion for claim in red}
    stops = [step for step in steps if step.stops]
    starts = [step for step in steps if step.kind == "treatment" and step.drugs and not step.stops]
    due = [step for step in starts if not _taken(bench, outcome, step)]
    wanted = [step for step in steps if step.criterion in flagged or step in stops or step in due]
    if not red and not wanted:
        return None
    about = {step.criterion for step in wanted}
    ended = {step.criterion for step in stops}
    rest = [claim for claim in claims if claim not in red and claim.criterion in about]
    shown = [*red, *sorted(rest, key=lambda claim: claim.criterion not in ended)]
    if not shown:
        return None
    indicator: Indicator = "critical" if red else ("warning" if stops else "info")
    found = concern_of(protocol, outcome, shown, wanted, indicator)
    found.suggestions = _tests(bench, wanted, outcome)
    found.behaviour = "any"
    return found


def _taken(bench: Bench, outcome: Outcome, step: NextStep) -> bool:
    """Whether one of the drugs a step would start is on the list already."""
    terms = bench.services.terminology
    wanted = {item.id for drug in step.drugs if drug in terms for item in terms.expand(drug)}
    return any(item.concept in wanted for item in outcome.board.items("medications"))


def _tests(bench: Bench, steps: Sequence[NextStep], outcome: Outcome) -> list[Json]:
    """Tests that a card asks for, as requests to be taken or left."""
    found = []
    for step in [step for step in steps if step.kind == "test"][:MOST_SUGGESTIONS]:
        sources = [item.source for item in outcome.evidence(step.evidence)]
        places = [source.reference for source in sources if isinstance(source, FhirElement) and source.reference]
        found.append(_request(bench, step.text, tuple(places)))
    return found


def _request(bench: Bench, text: str, places: tuple[str, ...] = ()) -> Json:
    """A ServiceRequest as a proposal: the clinician's system makes an order of it, or not."""
    setting = Setting(bench.record.patient_id, bench.record.as_of.isoformat(), "", tuple(dict.fromkeys(places)))
    given = {"what": plain(text), "status": "draft", "intent": "proposal"}
    resource = build("request", given, setting, bench.services.terminology, None)
    return suggestion(f"Request: {text}", "create", f"A request to be completed and signed: {text}", resource=resource)


def _gaps(bench: Bench, found: Sequence[Evidence]) -> tuple[list[Concern], list[str]]:
    """What is commonly due and was not found in time; and what could not be judged, its data being incomplete."""
    head, rules = found[0], {rule.id: rule for rule in care_rules()}
    flags = getattr(head.source, "flags", ())
    open_ = {flag.removeprefix(_INCOMPLETE) for flag in flags if flag.startswith(_INCOMPLETE)}
    by_id = {item.id: item for item in found}
    lines: list[str] = []
    titles: list[str] = []
    sources: list[Source] = []
    suggestions: list[Json] = []
    for item in found[1:]:
        rule, source = rules.get(item.concept or ""), item.source
        if rule is None or not isinstance(source, Derivation) or open_ & set(source.missing):
            continue
        titles.append(rule.title)
        sources.append(Source(f"{rule.verified.name}, {rule.edition}", rule.verified.url))
        lines.append(f"- {escape(item.display)}")
        rests = [by_id[key] for key in source.inputs if key in by_id]
        lines += [f"  - {text}" for rest in rests if (text := where(rest))]
        if len(suggestions) < MOST_SUGGESTIONS:
            suggestions.append(_request(bench, ", ".join(source.missing)))
    said = [f"whether {name} is due: not judged, its data are incomplete" for name in sorted(open_)]
    if not titles:
        return [], said
    unique = list(dict.fromkeys(sources))
    more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
    lines = ["Not found in this record is not yet overdue: it may have been done elsewhere.", "", *lines]
    summary = f"Not found in time in this record: {titles[0]}{more}"
    card = Concern("care-gaps", "Gaps in care", "info", summary, lines, unique[0], unique[1:], suggestions, "any")
    return [card], said
