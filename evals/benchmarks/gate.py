"""`osler bench gate`: plant a fault in a claim that passed and see whether the gate strikes it.

Every mutant changes one thing of a finished claim the way a broken planner, model or store would: its value, unit,
comparator, polarity, date, patient, quotation or evidence. All are of deterministic kinds.
"""

from __future__ import annotations

import copy
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from agent import ClinicalAssistant
from agent.state import load
from agent.verify import Case, case_of, check_item
from evals.metrics import document, share
from knowledge.claim import BoundValue, Claim, Quote
from knowledge.evidence import GuidelinePassage
from tools.ehr.demo import demo_patients

Json = dict[str, Any]
Mutant = tuple[Claim, Case]
Mutation = Callable[[Claim, Case, random.Random], Mutant | None]
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _value(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """Another number in the text and in what it is bound to."""
    spots = [v for v in claim.values if _NUMBER.search(v.shown)]
    if not spots:
        return None
    spot = rng.choice(spots)
    old = _NUMBER.search(spot.shown)
    assert old is not None
    new = f"{float(old.group(0)) * rng.choice([0.5, 2, 10]) + 3.7:g}"
    shown = spot.shown.replace(old.group(0), new, 1)
    body = claim.model_copy(deep=True)
    body.text = body.text.replace(spot.shown, shown)
    body.values = [
        BoundValue(evidence=v.evidence, path=v.path, value=float(new), unit=v.unit, shown=shown) if v == spot else v
        for v in body.values
    ]
    return body, case


def _text_only(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """Another number in the text alone."""
    numbers = _NUMBER.findall(claim.text)
    if not numbers:
        return None
    old = rng.choice(numbers)
    return claim.model_copy(
        update={"text": claim.text.replace(old, str(float(old) + 7).rstrip("0").rstrip("."), 1)}
    ), case


def _unit(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """Another unit in what is bound (and, where it stands there, in the text)."""
    spots = [v for v in claim.values if v.unit and v.unit != "1"]
    if not spots:
        return None
    spot = rng.choice(spots)
    label = spot.shown.partition(" ")[2]
    other = "mg/dL" if spot.unit == "mmol/L" else "mmol/L"
    shown = spot.shown.replace(label, other) if label else spot.shown
    body = claim.model_copy(deep=True)
    body.text = body.text.replace(spot.shown, shown)
    body.values = [v.model_copy(update={"unit": other, "shown": shown}) if v == spot else v for v in body.values]
    return body, case


def _comparator(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """A result that was exact is shown as a bound."""
    spots = [v for v in claim.values if isinstance(v.value, int | float) and not isinstance(v.value, bool)]
    if not spots:
        return None
    spot = rng.choice(spots)
    shown = f"<{spot.shown}"
    body = claim.model_copy(deep=True)
    body.text = body.text.replace(spot.shown, shown)
    body.values = [v.model_copy(update={"shown": shown}) if v == spot else v for v in body.values]
    return body, case


def _polarity(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """The sentence says the opposite: in its text, in its template too, or in what it asserts."""
    if claim.polarity is None:
        return None
    turn = rng.choice(["text", "template", "flag"])
    body = claim.model_copy(deep=True)
    if turn == "flag":
        body.polarity = not claim.polarity
        return body, case
    changed = re.sub(r"\b(is|are)\b", r"\1 not", claim.template, count=1)
    if changed == claim.template:
        changed = f"It is not so that {claim.template}"
    body.text = re.sub(r"\b(is|are)\b", r"\1 not", claim.text, count=1)
    if body.text == claim.text:
        body.text = f"It is not so that {claim.text}"
    if turn == "template":
        body.template = changed
    return body, case


def _date(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """A dated value is shown with another date."""
    spots = [v for v in claim.values if v.path == "date"]
    if not spots:
        dated = [i for i in claim.evidence if i in case.evidence and case.evidence[i].effective_at]
        if not dated:
            return None
        # A claim without a printed date gets one that its evidence does not have.
        body = claim.model_copy(deep=True)
        body.text = f"{claim.text} ({rng.randint(1990, 2020)}-01-01)"
        return body, case
    spot = rng.choice(spots)
    body = claim.model_copy(deep=True)
    body.text = body.text.replace(spot.shown, "1999-12-31")
    body.values = [
        v.model_copy(update={"value": "1999-12-31", "shown": "1999-12-31"}) if v == spot else v for v in body.values
    ]
    return body, case


def _patient(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """A piece of evidence is another patient's, with everything that hangs on its id renamed along."""
    owned = [i for i in claim.evidence if i in case.evidence and case.evidence[i].patient]
    if not owned:
        return None
    old = rng.choice(owned)
    body = case.evidence[old].model_dump(mode="json") | {"patient": "somebody-else"}
    foreign = load(body)
    swapped = {
        "evidence": [foreign.id if i == old else i for i in claim.evidence],
        "names": {n: foreign.id if i == old else i for n, i in claim.names.items()},
        "values": [v.model_copy(update={"evidence": foreign.id}) if v.evidence == old else v for v in claim.values],
    }
    current = frozenset(case.current | {foreign.id})
    return claim.model_copy(update=swapped), replace(
        case, evidence={**case.evidence, foreign.id: foreign}, current=current
    )


def _quotation(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """A quotation that does not stand where it says, or a passage whose text was changed."""
    held = [case.evidence[i] for i in claim.evidence if i in case.evidence]
    passages = [e for e in held if isinstance(e.source, GuidelinePassage)]
    if not passages:
        return None
    passage = rng.choice(passages)
    source = passage.source
    assert isinstance(source, GuidelinePassage)
    if rng.random() < 0.5:
        text = source.text[:20].upper() + " always"
        quote = Quote(evidence=passage.id, start=0, end=len(text), text=text)
        return claim.model_copy(update={"quotes": [quote]}), case
    changed = passage.model_dump(mode="json")
    changed["source"]["text"] = source.text.replace(" ", "  ", 1)
    forged = load(changed)
    ids = [forged.id if i == passage.id else i for i in claim.evidence]
    return claim.model_copy(update={"evidence": ids}), replace(
        case, evidence={**case.evidence, forged.id: forged}, current=frozenset(case.current | {forged.id})
    )


def _missing(claim: Claim, case: Case, rng: random.Random) -> Mutant | None:
    """A piece of evidence is gone: from the claim, or from the store while the claim still points at it."""
    if len(claim.evidence) < 1:
        return None
    gone = rng.choice(claim.evidence)
    if rng.random() < 0.5:
        return claim.model_copy(update={"evidence": [i for i in claim.evidence if i != gone]}), case
    return claim, replace(case, evidence={i: e for i, e in case.evidence.items() if i != gone})


MUTATIONS: dict[str, Mutation] = {
    "value": _value,
    "text": _text_only,
    "unit": _unit,
    "comparator": _comparator,
    "polarity": _polarity,
    "date": _date,
    "patient": _patient,
    "quotation": _quotation,
    "missing_evidence": _missing,
}


def mutants(claims: list[tuple[Claim, Case]], n: int, seed: int = 1) -> Iterator[tuple[str, Claim, Case]]:
    """`n` mutants, the kinds in turn."""
    rng = random.Random(seed)
    kinds, made, turn = list(MUTATIONS), 0, 0
    while made < n:
        claim, case = rng.choice(claims)
        kind = kinds[turn % len(kinds)]
        mutant = MUTATIONS[kind](copy.deepcopy(claim), case, rng)
        turn += 1
        if mutant is not None:
            made += 1
            yield kind, *mutant


def sound_claims(osler: ClinicalAssistant) -> list[tuple[Claim, Case]]:
    """Every shown claim of the demo patients' answers that passes every rule, with the case it was checked against."""
    sound: list[tuple[Claim, Case]] = []
    services = osler.portal.call(osler.core.services())
    for patient in demo_patients():
        consult = osler.consult(patient.question, patient.id)
        state = consult.state
        case = case_of(state, services)
        for body in state["answer"]["claims"]:
            claim = Claim.model_validate(body)
            if claim.status == "shown" and all(passed for _, passed, _ in check_item(claim, case)):
                sound.append((claim, case))
    return sound


def run(n: int = 200) -> Json:
    """Plant `n` faults in the claims of the demo patients' answers."""
    started = time.perf_counter()
    with ClinicalAssistant() as osler:
        sound = sound_claims(osler)
    caught: dict[str, list[int]] = {kind: [] for kind in MUTATIONS}
    escaped: list[Json] = []
    for kind, claim, case in mutants(sound, n):
        found = [rule for rule, passed, _ in check_item(claim, case) if not passed]
        caught[kind].append(int(bool(found)))
        if not found:
            escaped.append({"kind": kind, "claim": claim.text})
    hits = sum(sum(rows) for rows in caught.values())
    return document(
        "gate",
        "share of planted faults struck",
        hits,
        n,
        time.perf_counter() - started,
        by={kind: share(sum(rows), len(rows)) for kind, rows in caught.items()},
        escaped=escaped,
        sound_claims=len(sound),
    )
