"""A question in plain words as a typed query, or why it is not read as one.

The words are marked up (`spans`), cue words say what is wanted of what kind of events, and the marks are put together
without regard to the order they stand in, except where two things are compared or one follows another. Nothing is
guessed: a word that no mark explains, two possible kinds, or times that contradict each other are said instead.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from knowledge.terminology import Terminology
from tools.ask.definitions import Given, definitions, without_form
from tools.ask.gazetteer import Gazetteer
from tools.ask.naming import by_name
from tools.ask.parse_cues import HOW_LONG, CannotRead, Cues, find_cues, joined, kind_of, names, refuse_beyond, windows
from tools.ask.parse_everyone import about_everyone, read_everyone
from tools.ask.parse_filters import filters_of
from tools.ask.parse_pairs import pair_of, relation_in
from tools.ask.parse_wants import check, pick_in, wants_of
from tools.ask.query import (
    Name,
    Person,
    Pick,
    Query,
    Relation,
    Select,
    Unread,
)
from tools.ask.spans import Mark, Marks, mark_up, unexplained
from tools.ask.spelling import respelt
from tools.ask.times import When
from tools.ask.wording import plain_words

_WHEN_WHO = re.compile(r"^\W*(?:when|who|whom|since when|how long)(?!\w)")
_DIED_OF = re.compile(r"(?<!\w)(?:die[ds]?|death|dead) (?:of|from)(?! ¦)(?!\w)")
_JOINT = re.compile(
    r"(?<!\w)(?:both|same time|simultaneously|together|at once|concurrently|concomitantly|jointly|in combination)(?!\w)"
)


def read(
    question: str,
    now: datetime,
    terms: Terminology,
    *,
    record: Gazetteer | None = None,
    store: Gazetteer | None = None,
    context: str = "",
    patient: bool = False,
) -> Query | Unread:
    """Read a question.

    Args:
        record: the names of the patient's record.
        store: the names of the whole store.
        context: what was said beside it: codes, the unit of the answer.
        patient: whether a patient is given besides the question.
    """
    asked, rest = definitions(question)
    rest = plain_words(without_form(rest))
    given, _ = definitions(context, context=True)
    given = Given({**given.codes, **asked.codes}, given.now or asked.now, given.unit or asked.unit)
    now = given.now or now
    held = [item for item in (record, store) if item is not None]
    marks = mark_up(respelt(rest, held), now, held, terms, given.codes)
    cues = find_cues(marks)
    try:
        if not re.search(r"[a-zA-Z]{2}", rest):
            raise CannotRead("nothing_asked", "there are no words to read")
        refuse_beyond(marks, cues)
        person = next((mark.value for mark in marks.of("person")), Person())
        if not person.birth_date and about_everyone(marks, cues, person, patient):
            query = read_everyone(marks, cues, question, now, person)
        else:
            query = _one(marks, cues, question, now, person, given)
        chosen = query.select
        if marks.of("within") and chosen.relation is None and not chosen.together and query.against is None:
            raise CannotRead("not_understood", "a distance between two events is named, but not between which")
        left = [] if query.field == "mrn" and by_name(rest) else unexplained(marks, cues.marks)
        if left:
            raise CannotRead("not_understood", f"not understood: {', '.join(left)}", tuple(left))
        return query
    except CannotRead as error:
        return Unread(question=question, reason=error.reason, words=error.words, said=error.said)  # type: ignore[arg-type]


def _one(marks: Marks, cues: Cues, question: str, now: datetime, person: Person, given: Given) -> Query:
    base: dict[str, Any] = {"question": question, "now": now, "person": person, "unit": given.unit}
    filters = filters_of(marks, cues)
    named = [(mark, name, kind_of(name, kinds, cues)) for mark, name, kinds in names(marks)]
    named = _once(named, marks.text)
    whens = windows(marks)
    text = marks.rest
    if not named and (found := _field(cues, marks)) is not None:
        if (found not in ("birth_date", "deceased", "age", "insurance", "mrn") and _WHEN_WHO.match(text)) or (
            found == "deceased" and _DIED_OF.search(text)
        ):
            raise CannotRead("not_in_records", "a record of the person says what, not when, by whom or of what")
        return _of_person(base, cues, whens, found)
    if unused := [name for name in ("phone", "address", "insurance", "religion", "language") if name in cues.fields]:
        raise CannotRead("not_understood", f"the {unused[0]} of what is not clear")
    if re.search(r"(?:more|less) than ¦", text):
        raise CannotRead("not_understood", "more or less than a time is not read here")
    if re.search(r"(?<!\w)(?:without|excluding|except|apart from|other than)(?!\w)", text):
        raise CannotRead("not_understood", "what is to be left out is not read here")
    pair = pair_of(marks, cues, named, whens, filters)
    if pair is not None:
        return Query(**{**base, **pair})
    relation, named, whens = relation_in(marks, cues, named, whens)
    kind = _subject(cues, named, text, relation)
    stays = [item for item in whens if item.window.stay is not None]
    if kind is None and stays and (cues.wants or HOW_LONG.search(text)):
        kind = stays[0].window.stay.kind  # type: ignore[union-attr]
    if kind is None and any(item.field == "via" for item in filters):
        kind = "stay"
    if kind is None:
        raise CannotRead("not_understood", "what is asked for is not named")
    window = joined(
        [item for item in whens if not (kind in ("stay", "icu") and item in stays and _is_subject(item, kind, marks))]
    )
    wants, more = wants_of(marks, cues, kind, [name for _, name, _ in named], text)
    pick = pick_in(cues, marks, wants)
    if kind in ("stay", "icu"):
        own = next((item.window.stay for item in stays if _is_subject(item, kind, marks)), None)
        if own is not None:
            if own.which == "current" or wants != "time":
                window = window.model_copy(update={"stay": own})
            else:
                pick = Pick(end="first" if own.which == "first" else "last", n=own.n)
    extreme = None
    if wants in ("time", "elapsed") and more.get("aggregate") in ("max", "min"):
        extreme = "highest" if more.pop("aggregate") == "max" else "lowest"
    times = next((mark.value for mark in marks.of("times")), None)
    if (
        wants in ("exists", "count")
        and kind not in ("stay", "icu", "culture")
        and pick is not None
        and filters
        and wants == "count"
    ):
        pick = None
    what = tuple(name for _, name, own in named if own == kind or own is None or _near_kind(own, kind))
    if len(what) != len(named):
        raise CannotRead(
            "several_readings",
            f"{', '.join(name.text for _, name, own in named if name not in what)} is not of the same kind as"
            f" what is asked for",
        )
    joint = list(_JOINT.finditer(marks.text))
    together = bool(
        len(what) > 1 and (joint or (not re.search(r"(?<!\w)or(?!\w)", text) and wants in ("time", "elapsed")))
    )
    if together:
        cues.marks += [Mark(hit.start(), hit.end(), "together") for hit in joint]
    select = Select(
        kind=kind, what=what, together=together, where=tuple(filters), window=window, relation=relation,  # type: ignore[arg-type]
        pick=pick if wants not in ("count",) else None, extreme=extreme,  # type: ignore[arg-type]
        times=times[0] if times else None, at_least=bool(times and times[1]),
    )  # fmt: skip
    check(select, wants, more)
    return Query(**{**base, **more, "select": select, "wants": wants})


def _once(named: list[tuple[Mark, Name, str | None]], text: str) -> list[tuple[Mark, Name, str | None]]:
    """Each name once; a part of a name that is said again beside it is not another."""
    kept: list[tuple[Mark, Name, str | None]] = []
    for row in named:
        again = (
            any(
                other is not row
                and row[1].text in other[1].text
                and (row[1].text != other[1].text or other in kept)
                and not re.search(
                    r"(?<!\w)(?:and|or)(?!\w)|,",
                    text[min(row[0].end, other[0].end) : max(row[0].start, other[0].start)],
                )
                for other in named
            )
            or any(row[1].names and row[1] == other[1] for other in kept)
            or any(row[1].codes and row[1].codes == other[1].codes for other in kept)
        )
        if not again:
            kept.append(row)
    return kept


def _near_kind(own: str, kind: str) -> bool:
    return (
        {own, kind} <= {"result", "vital"}
        or {own, kind} <= {"prescription", "administration"}
        or {own, kind} <= {"prescription", "intake"}
        or ({own, kind} <= {"allergy", "prescription"} and kind == "allergy")
        or kind == "any"
    )


def _field(cues: Cues, marks: Marks) -> str | None:
    """A field of the person, where no event is asked for besides."""
    found = [name for name in cues.fields if name not in ("deceased",)]
    if "deceased" in cues.fields and not cues.kinds and not cues.has("survival"):
        found.append("deceased")
    if "how old is" in marks.text and "age" not in found:
        found.append("age")
    named_so = any(mark.value.birth_date for mark in marks.of("person"))
    if "mrn" in found and named_so and not marks.of("name"):
        return "mrn"  # whom the name and birth date belong to; the rest of the sentence is how that came up
    if "mrn" in found and len(found) > 1:
        found = (
            [name for name in found if name != "mrn"]
            if any(mark.value for mark in marks.of("person") if mark.value.id)
            else ["mrn"]
        )
    if "birth_date" in found and (HOW_LONG.search(marks.rest) or "age" in found):
        asked = re.search(r"(?<!\w)age(?!\w)|how old|how many|number of", marks.rest)
        found = ["age"] if asked or "date" not in marks.text else ["birth_date"]
    others = set(cues.kinds) - {"stay", "icu", "result"}
    if len(found) != 1 or others or cues.has("difference") or cues.has("percentile"):
        return None
    return found[0]


def _of_person(base: dict[str, Any], cues: Cues, whens: list[When], field_: str) -> Query:
    window = joined(whens)
    return Query(**base, select=Select(kind="person", window=window), wants="field", field=field_)


def _subject(
    cues: Cues, named: list[tuple[Mark, Name, str | None]], text: str, relation: Relation | None
) -> str | None:
    """The kind of events asked for: that of the names, else of the cue words."""
    kinds = list(dict.fromkeys(kind for _, _, kind in named if kind))
    said = {kind: marks for kind, marks in cues.kinds.items() if kind != "charge"}
    if relation is not None:
        said = {kind: marks for kind, marks in said.items() if kind != relation.to.kind or len(marks) > 1}
        if kinds:
            return kinds[0]
    if "charge" in cues.kinds:
        return "charge"
    if cues.has("organism") and (not kinds or kinds == ["culture"] or "culture" in said):
        return "culture"
    if len(kinds) == 1:
        kind = kinds[0]
        if kind == "culture" and said.keys() & {"intake", "output"} and "culture" not in said:
            raise CannotRead("unknown_name", f"no intake or output is called {named[0][1].text}")
        if kind == "prescription" and "administration" in said:
            return "administration"
        if kind == "prescription" and "intake" in said and "prescription" not in said:
            return "intake"
        if kind == "condition" and "allergy" in said:
            return "allergy"
        return kind
    if len(kinds) > 1:
        wanted = [kind for kind in kinds if kind in said]
        if len(wanted) == 1:
            return wanted[0]
        raise CannotRead("several_readings", f"names of different kinds: {', '.join(kinds)}")
    order = (
        "culture",
        "allergy",
        "immunisation",
        "intake",
        "output",
        "careunit",
        "ward",
        "prescription",
        "condition",
        "procedure",
        "icu",
        "result",
        "stay",
        "vital",
        "administration",
    )
    found = [kind for kind in order if kind in said]
    if "stay" in found and len(found) > 1:
        found.remove("stay")
    if "intake" in found and "prescription" in found:
        found.remove("intake")
    if "result" in found and len(found) > 1:
        found.remove("result")
    if "culture" in found:
        return "culture"
    if "procedure" in found and len(found) > 1:
        found.remove("procedure")
    if found == ["procedure"] and "result" in said and not re.search(r"procedure|operation|surg|treatment", text):
        found = ["result"]
    if not found and cues.stay_fields:
        return "stay"
    if not found and re.search(r"(?<!\w)hospital(?!\w)", text):
        return "stay"
    return found[0] if found else None


def _is_subject(item: When, kind: str, marks: Marks) -> bool:
    stay = item.window.stay
    return (
        stay is not None
        and stay.kind == kind
        and (item.plain or not re.search(r"[a-z]{3,}\s*$", marks.rest[: item.start].split("¦")[-1]) or True)
    )
