"""What an instruction asks to be drafted: orders, measurements, messages, problems, notes, each in its own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.instruct_codes import Masked, overlap
from agent.instruct_given import best, sole
from agent.instruct_guard import MATERIAL, act_fits, part_fits, refuse
from agent.instruct_measured import measured, measurements
from agent.instruct_pieces import (
    ANY_REFERRAL,
    ARTICLE,
    FRAGMENT,
    GENERIC,
    LEAD,
    bare_noun,
    cleaned,
    fragments,
    imperative,
    named_in,
)
from agent.instruct_plan import Act, Definition, DoseRule
from agent.instruct_times import ahead, measured_at, when
from agent.instruct_timing import timing_of
from agent.instruct_words import (
    CHECKS,
    FORMAT,
    IMAGING,
    LAB,
    PAIR,
    RECORDS,
    REFERRAL,
    REPLACE,
    STOPS,
    TELLS,
    VERB,
    negative,
)
from knowledge.terminology import Terminology
from tools.ehr.writes.drafts import coded
from tools.ehr.writes.drafts_dose import DOSE, OVER, ROUTE, ucum
from tools.notes import linker_for

_ANYWAY = re.compile(r"\b(?:regardless|in any case|either way|anyway|whatever the|irrespective|in all cases)\b", re.I)
_PROBLEM = re.compile(
    r"\b(?:add|enter|put|record|document|list|note)\s+(?P<what>.+?)\s+(?:to|on|in|onto|as an? (?:active |"
    r"new )?(?:problem|diagnosis))"
    r"\s*(?:the |her |his |their )?(?:active )?(?:problem list|problems|diagnos[ei]s list|"
    r"diagnos[ei]s)?\s*(?:as|$|[.,])",
    re.I,
)
_DIAGNOSIS = re.compile(
    r"\b(?:record|document|add|enter)\s+(?:a |the )?(?:new )?(?:diagnosis|problem) of (?P<what>[^.,;]+)", re.I
)
_NOTE = re.compile(
    r"\b(?:progress |clinical |nursing |phone |telephone )?(?P<kind>note|summary|letter|document)\b", re.I
)
_NOT_ME = re.compile(r"^(?:me|us|we|know|it|whether|if|what)\b", re.I)


@dataclass(frozen=True)
class Reading:
    """What acts are read with: the text with quotations taken out, codes given, clock, rule and subject."""

    masked: Masked
    given: list[Definition]
    terms: Terminology
    now: datetime
    rule: DoseRule | None
    subject: str | None
    conditional: bool


def acts_of(
    sentences: list[str], spans: dict[int, tuple[str, str, str]], reading: Reading
) -> tuple[list[Act], list[str]]:
    """The acts, in order, and the sentences that nothing was read from."""
    acts: list[Act] = []
    unread: list[str] = []
    recorded = _measurements(sentences, spans, reading)
    acts += recorded
    seen_condition = False
    for number, sentence in enumerate(sentences):
        text, conditional = sentence, seen_condition and not _ANYWAY.search(sentence)
        if number in spans:
            before, _, then = spans[number]
            seen_condition = conditional = True
            acting = imperative(before) is not None or any(found.search(before) for found in (STOPS, TELLS, RECORDS))
            before = before if acting else ""
            pieces = [piece for piece in (before, then) if piece.strip() and not negative(piece)]
            found = [act for piece in pieces for act in _of_text(piece, reading, conditional)]
            acts += found
            if not found and not (negative(f"{before} {then}") or (before and CHECKS.search(before) and not then)):
                unread.append(sentence)
            continue
        if FORMAT.search(sentence) or negative(sentence) or (recorded and measured(sentence, reading.terms)):
            continue
        found = _of_text(text, reading, conditional)
        if found:
            acts += [act.model_copy(update={"conditional": conditional}) for act in found]
        elif not (CHECKS.search(sentence) or recorded or _given_only(sentence, reading) or _detail(sentence, acts)):
            unread.append(sentence)
    _whole(acts, unread, reading)
    lost = [spans[number][2] for number, sentence in enumerate(sentences) if number in spans and sentence in unread]
    if acts and (left := next((then for then in lost if then.strip() and not CHECKS.match(then)), None)):
        refuse("an order of several", left, "say it in other words")
    return acts, unread


def _whole(acts: list[Act], unread: list[str], reading: Reading) -> None:
    """Refuse a plan that would leave one of several orders out, or give one dose twice.

    Raises:
        BadInput: it would.
    """
    ruled = [act for act in acts if act.rule is not None]
    if len(ruled) > 1:
        refuse("one dosing rule for two orders", "; ".join(act.text for act in ruled), "order each by itself")
    asked = [
        (act.fields.get("coding") or act.fields["what"], act.fields.get("when"))
        for act in acts
        if act.action == "request"
    ]
    if len(set(asked)) < len(asked):
        refuse("one order said twice, or two that are not told apart", "; ".join(act.text for act in acts))
    for sentence in unread if acts else []:
        needed = re.search(r"\bneeds?\s+(?!to\b)", sentence, re.I) and (_lab(sentence, reading) or _dose(sentence))
        if needed or (not re.match(r"\W*needs?\b", sentence, re.I) and _asks_for(sentence, after=False)):
            refuse("one of several orders", sentence, "say it in other words")


def _given_only(sentence: str, reading: Reading) -> bool:
    """Whether a sentence only gives a code, a name or a dosing rule."""
    named = any(item.code in sentence for item in reading.given)
    rule = reading.rule is not None and any(
        part and part[:24].lower() in " ".join(sentence.split()).lower()
        for part in (reading.rule.text, *(band.text for band in reading.rule.bands))
    )
    return (
        named
        or rule
        or bool(re.search(r"\bcode for\b|\bdosing\b|\bis coded\b|\bit(?:'|’)?s? (?:is )?\d{4}-", sentence, re.I))
    )


def _detail(sentence: str, acts: list[Act]) -> bool:
    """Whether a sentence only says what the free text of the order before it is."""
    return bool(acts) and "⟦" in sentence and acts[-1].fields.get("note") is not None


def _measurements(sentences: list[str], spans: dict[int, tuple[str, str, str]], reading: Reading) -> list[Act]:
    """Measured values that are to be recorded."""
    free = [text for number, text in enumerate(sentences) if number not in spans]
    if not any(RECORDS.search(text) for text in free) or reading.rule is not None:
        return []
    found: list[Act] = []
    for text in free:
        values = measured(text, reading.terms)
        if values and (found_not := re.search(r"\b(?:not|never|don['’]?t|dont|ignore|disregard)\b", text, re.I)):
            refuse(f"a value, and what is not to be done ({found_not[0]!r})", text)
        for concept, value, unit, words in values:
            fields = {"what": concept, "value": value, **({"unit": unit} if unit else {})}
            moment = measured_at(text, reading.now)
            label = _label(concept, reading)
            fields |= {"when": moment, **({"label": label} if label else {})}
            found.append(Act(action="observe", conditional=False, fields=fields, text=f"record {words}"))
    return found


def _label(concept: str, reading: Reading) -> str | None:
    """The name of the flowsheet row, where one was given."""
    rows = [item for item in reading.given if item.system == "flowsheet"]
    names = " ".join(reading.terms.get(concept).words)
    fitting = [item for item in rows if overlap(item.text, names)] or (rows if len(rows) == 1 else [])
    return fitting[0].code if fitting else None


def _of_text(text: str, reading: Reading, conditional: bool) -> list[Act]:
    """The acts of one sentence or consequence."""
    whole = _special(text, reading, conditional)
    if whole:
        if whole[0].action in ("stop", "problem"):
            part_fits(text)
        return whole
    acts: list[Act] = []
    missed: list[str] = []
    for part in fragments(text):
        act = _one(part, reading, conditional, first=not acts)
        if act is not None:
            part_fits(part)
            act_fits(act, part, reading.terms)
        elif _asks_for(part, after=bool(acts)):
            missed.append(part)
        if act is not None and not any(act.fields == other.fields and act.action == other.action for other in acts):
            acts.append(act)
    if acts and missed:
        refuse(f"one of several orders ({missed[0]!r})", text, "say it in a sentence of its own, in other words")
    if acts and (stop := STOPS.search(text)):
        refuse(f"an order and a stop in one ({stop[0]!r})", text, "say what to stop in a sentence of its own")
    return acts


def _asks_for(part: str, *, after: bool) -> bool:
    """Whether a piece that no order was read from asks for something all the same: "order X", or "an X" after one."""
    said = imperative(part)
    if said is not None:
        named = named_in(said)
        plain = RECORDS.match(said) or CHECKS.match(said) or FORMAT.search(said)
        return not plain and bool(named) and not GENERIC.match(named)
    return after and bool(re.match(r"(?:and\s+)?(?:an?|another)\s+\w", part, re.I)) and bare_noun(part)


def _special(text: str, reading: Reading, conditional: bool) -> list[Act]:
    """Messages, problems and notes."""
    tell = TELLS.search(text)
    if tell and not _NOT_ME.match(tell["who"]) and len(tell["who"].split()) <= 6:
        said = _quoted(text, reading) or text[tell.end() :].strip(" ,.:")
        who = re.sub(r"\s+know$", "", LEAD.sub("", tell["who"].strip()))
        if said:
            return [Act(action="tell", fields={"recipient": who, "text": said}, text=f"message to {who}")]
    problem = _DIAGNOSIS.search(text) or (_PROBLEM.search(text) if re.search(r"problem|diagnos", text, re.I) else None)
    if problem:
        named = ARTICLE.sub("", cleaned(problem["what"]))
        return [Act(action="problem", fields={"condition": named}, text=f"problem list: {named}")]
    note = _NOTE.search(text)
    quoted = _quoted(text, reading)
    if note and quoted and RECORDS.search(text) and not REFERRAL.search(text) and not _lab(text, reading):
        title = ARTICLE.sub("", LEAD.sub("", note[0])).strip().capitalize()
        return [Act(action="note", fields={"title": title, "text": quoted}, text=f"file: {title}")]
    stop = STOPS.search(text)
    if stop and not VERB.search(text):
        named = cleaned(stop["what"])
        return [Act(action="stop", fields={"drug": named, "reason": text.strip()}, text=f"{stop['verb']} {named}")]
    return []


def _quoted(text: str, reading: Reading) -> str | None:
    found = re.search(r"⟦(\d+)⟧", text) or re.search(r"⟦(\d+)⟧", reading.masked.text)
    return reading.masked.quotes[int(found[1])] if found and int(found[1]) < len(reading.masked.quotes) else None


def _one(part: str, reading: Reading, conditional: bool, *, first: bool) -> Act | None:
    """One order. A piece without a verb is one only after another (“and a morning level”) or within a condition."""
    said = imperative(part)
    verb = VERB.search(said or "")
    if said is not None:
        part = said
    elif first and (not conditional or CHECKS.search(part) or not bare_noun(part)):
        return None
    if RECORDS.match(part) and not verb:
        return None
    if CHECKS.match(part) and not REPLACE.search(part) and when(part, reading.now) is None:
        return None
    if REFERRAL.search(part):
        return _request(part, reading, "referral")
    body = PAIR.sub(" ", part, count=1) if PAIR.match(part) else part  # "pair the replacement with a level": a level
    drug = _drug(body, reading)
    if drug and not (LAB.search(body) and not REPLACE.search(body) and not _dose(body)):
        return _order(part, reading)
    if _lab(part, reading) or IMAGING.search(part):
        return _request(part, reading, "test")
    if conditional and verb and reading.rule is None and reading.subject and GENERIC.match(named_in(part) or "it"):
        return _request(part, reading, "test")
    if (
        conditional
        and verb
        and reading.rule is not None
        and re.search(
            r"\b(?:it|accordingly|dos(?:e|ing)|instructions|protocol|by the rule|schedule|scale)\b", part, re.I
        )
    ):
        return _order(part, reading)
    return None


def _measure(text: str, reading: Reading) -> str | None:
    """The measurement that a text names."""
    return next((concept for _, _, concept in measurements(text, reading.terms)), None)


def _lab(part: str, reading: Reading) -> bool:
    return bool(LAB.search(part)) or _measure(part, reading) is not None


def _drug(part: str, reading: Reading) -> bool:
    if REPLACE.search(part) or _dose(part):
        return True
    if reading.rule is not None and ROUTE.search(part) and not LAB.search(part):
        return True
    if reading.rule is not None and re.search(r"\bby the rule\b|\b(?:give|administer|infuse|prescribe)\b", part, re.I):
        return True
    kinds = {reading.terms.get(found.concept).kind for found in linker_for(reading.terms).link(part)}
    return bool(kinds & {"medication", "drug_class"})


def _dose(part: str) -> re.Match[str] | None:
    return next((found for found in DOSE.finditer(part) if ucum(found["unit"]) and found["unit"] != "%"), None)


def _request(part: str, reading: Reading, kind: str) -> Act | None:
    """A test, an examination or a referral."""
    at = ahead(part, reading.now)
    named = named_in(part)
    if at:
        for word in at[1].split(" "):
            named = re.sub(rf"\s*\b{re.escape(word)}\b", "", named, count=1)
        named = re.sub(
            r"(?:\s*\b(?:at|on|by|for|in|the|to be|due|timed|tomorrow|next day)\b[\s,]*)+$", "", named
        ).strip(" ,")
    systems = ("snomed", "cpt") if kind == "referral" else ("loinc", "cpt", "snomed")
    codes = [item for item in reading.given if item.system in systems]
    generic = not named or GENERIC.match(named) is not None
    subject = reading.terms.get(reading.subject).words if reading.subject and generic else ()
    linked = linker_for(reading.terms).link(named)
    measures = [reading.terms.get(found[2]).words for found in measurements(named, reading.terms)]
    more = [word for words in (subject, *measures) for word in words]
    given = best(codes, f"{named} {_names(linked, reading)} {' '.join(more)}", only=generic)
    if kind == "test" and given is None and reading.subject in {row[2] for row in measurements(named, reading.terms)}:
        given = sole(codes, reading.subject, reading.terms)
    if kind == "test" and reading.subject and (not named or GENERIC.match(named)):
        # "a morning level", "a new one": of what the instruction is about.
        plain = re.sub(r"\b(?:a|an|the|one|it|that|this|new|order|another|reorder)\b", " ", named, flags=re.I)
        named = " ".join(f"{reading.terms.get(reading.subject).name} {plain}".split())
    if kind == "referral" and ANY_REFERRAL.match(named):
        given = best(codes, named, only=True)
        named = given.about if given else named
    if LAB.search(named) and REFERRAL.search(named):
        refuse("a test and a referral in one", part, "ask for the referral in a sentence of its own")
    if FRAGMENT.search(named) or len(named.split()) > 9:
        concept = _measure(part, reading) if kind == "test" else None
        if concept is None or _measure(named, reading) != concept:
            refuse(f"what is to be ordered is not understood ({named!r})", part, "name it in a sentence of its own")
        named = reading.terms.get(concept).name
    fields = {"what": named or (given.about if given else "")}
    if not fields["what"]:
        return None
    if given:
        fields["coding"] = f"{given.system}|{given.code}"
    elif kind == "test" and (code := _own_code(named, reading)):
        fields["coding"] = code
    if at:
        fields["when"] = at[0]
    if urgent := re.search(r"\b(stat|urgent(?:ly)?|asap|routine)\b", part, re.I):
        fields["priority"] = urgent[1].lower().removesuffix("ly")
    if kind == "referral" and (note := _quoted(part, reading)):
        fields["note"] = note
    timed = f" at {at[0]}" if at else ""
    return Act(action="request", fields=fields, text=f"order {fields['what']}{timed}")


def _own_code(named: str, reading: Reading) -> str | None:
    """The one LOINC code of the measurement that a test names, where the terminology has exactly one."""
    if MATERIAL.search(named):
        return None
    for mention in linker_for(reading.terms).link(named):
        concept = reading.terms.get(mention.concept)
        if concept.kind == "observation":
            coding = coded(concept, "loinc").get("coding")
            return f"loinc|{coding[0]['code']}" if coding else None
    return None


def _order(part: str, reading: Reading) -> Act:
    """A medication: what it is called, and its dose where it is fixed; else by the rule."""
    codes = [item for item in reading.given if item.system in ("ndc", "rxnorm")]
    about = reading.terms.get(reading.subject).name if reading.subject else ""
    dose, over, route = _dose(part), OVER.search(part), ROUTE.search(part)
    _one_dose(part, reading.rule)
    if (
        behind := re.search(r"\bby the rule\b(?P<rest>.*?)(?:[\s,]*\b(?:and|then))?[\s,.]*$", part, re.I | re.DOTALL)
    ) and (
        any(found.search(behind["rest"]) for found in (LAB, VERB, IMAGING, REFERRAL, _MORE))
        or when(behind["rest"], reading.now)
    ):
        refuse("an order that holds another", part, "say each in a sentence of its own")
    timed, plain = timing_of(part.replace(over[0], " ") if over else part, reading.now)
    named = named_in(plain)
    for found in (dose, over, route):
        if found:
            named = named.replace(found[0], " ")
    named = re.sub(
        r"\b(?:for every|for each|every|per|each|by the rule)\b.*|\s:.*|:.*",
        "",
        named,
        flags=re.I,
    )
    named = re.sub(
        r"^(?:replace|replet\w*|replenish|correct|treat|supplement)\s+(?:it|this|that|them)?\s*(?:with|using)?\s*",
        "",
        named,
        flags=re.I,
    )
    named = re.sub(r"^(?:of|with|by|in|as|using)\s+|\s+(?:of|with|by|in|as|using)$", "", named.strip(), flags=re.I)
    named = " ".join(named.split()).strip(" ,.:;-–")
    mentions = linker_for(reading.terms).link(named)
    generic = not mentions and _UNNAMED.match(named or "it") is not None
    more = " ".join(reading.terms.get(row[2]).name for row in measurements(named, reading.terms))
    given = best(codes, f"{named} {_names(mentions, reading)} {more} {about if generic else ''}", only=generic)
    if (
        given is None
        and reading.rule is not None
        and not any(reading.terms.get(row.concept).kind == "medication" for row in mentions)
    ):
        given = sole(codes, reading.subject, reading.terms)
    if generic and (about or given):
        named = given.about if given else f"{about} replacement"
    elif about and mentions and all(reading.terms.get(found.concept).kind == "observation" for found in mentions):
        named = named if REPLACE.search(named) or _SALT.search(named) else f"{named} replacement"
    elif about and not mentions and measurements(named, reading.terms) and not REPLACE.search(named):
        named = f"{about} replacement"
    if FRAGMENT.search(named) or re.search(r"\b(?:dosing|given|stated|below|above)\b", named, re.I):
        refuse(f"what is to be ordered is not understood ({named!r})", part, "name it in a sentence of its own")
    fields: dict[str, str] = {"drug": named or "drug not named"}
    if not named:
        fields.pop("drug")
    if given:
        fields["coding"] = f"{given.system}|{given.code}"
    rule = reading.rule
    ruled = rule is not None and (rule.bands or rule.step)
    if dose and not (ruled and _ruled(dose, part, rule)):
        fields["dose"] = dose[0].strip()
        rule = None
    if route is None:
        text = (rule.route or rule.text) if rule else ""
        route = (
            ROUTE.search(given.about if given else "")
            or ROUTE.search(text)
            or (_route_near(reading) if rule is not None or len(list(DOSE.finditer(reading.masked.text))) < 2 else None)
        )
    if route:
        fields["route"] = route[0]
    if over and rule is None:
        fields["over"] = over[0]
    if timed and rule is None:
        fields["timing"] = timed
    elif rule is not None:
        fields["timing"] = "once"
    return Act(action="order", fields=fields, rule=rule, text=f"order {fields.get('drug', 'a drug')}")


_MORE = re.compile(r"\b(?:and|plus|with|tie|link|pair|then)\b", re.I)
_SALT = re.compile(r"\b(?:chloride|sul(?:f|ph)ate|phosphate|gluconate|citrate|oxide|bicarbonate|acetate)\b", re.I)
_UNNAMED = re.compile(
    r"^(?:(?:a|an|the|it|this|that|them|her|his|by|the rule|replace\w*|replet\w*|replenish\w*|supplement\w*|correct\w*|"
    r"top(?:ping)? up|dos(?:e|es|ing)|infusion|bolus|therapy|treatment|treat|medication|drug|order|level|deficit|"
    r"according|accordingly|to|with|oral(?:ly)?|po|iv|intravenous(?:ly)?|appropriate|required|needed|following|in|of|as|low|rule|"
    r"schedule|protocol|instructions?|scale)\b[\s,.]*)+$",
    re.I,
)


def _names(mentions: Sequence[Any], reading: Reading) -> str:
    """All the names of what a text mentions."""
    return " ".join(word for found in mentions for word in reading.terms.get(found.concept).words)


def _one_dose(part: str, rule: DoseRule | None) -> None:
    """Refuse an order of two doses, of a rate in place of a dose, or by two routes; one of them would be lost."""
    doses = [found for found in DOSE.finditer(part) if ucum(found["unit"]) and found["unit"] != "%"]
    if rule is None and len(doses) > 1:
        refuse("two doses in one order", part, "give one dose; order each drug in a sentence of its own")
    for found in doses if rule is None else []:
        if re.match(r"\s*(?:/|per\b)", part[found.end() :], re.I):
            refuse(f"a rate ({part[found.start() : found.end() + 4]!r}) is not a dose", part, "order it by hand")
    if len({found.lastgroup for found in ROUTE.finditer(part)}) > 1:
        refuse("two routes in one order", part, "give one route")


def _ruled(dose: re.Match[str], part: str, rule: DoseRule | None) -> bool:
    """Whether the dose in these words is one of the rule's own."""
    if rule is None:
        return False
    own = {band.dose for band in rule.bands} | ({f"{rule.amount:g} {rule.amount_unit}"} if rule.amount else set())
    plain = f"{float(dose['low']):g} {dose['unit'].lower()}".rstrip("s")
    return plain in {f"{float(text.split()[0]):g} {text.split(' ', 1)[1].lower()}".rstrip("s") for text in own if text}


def _route_near(reading: Reading) -> re.Match[str] | None:
    """A route named with the dosing rule or with the instruction; several different ones are none."""
    texts = [item.about for item in reading.given if item.system == "ndc"] + [reading.masked.text]
    for text in texts:
        found = list(ROUTE.finditer(text))
        if len({match.lastgroup for match in found}) == 1:
            return found[0]
    return None
