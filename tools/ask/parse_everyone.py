"""Questions about everyone: how many patients, the most frequent, rates, charges; put together from the same marks."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tools.ask.parse_cues import CannotRead, Cues, joined, kind_of, names, relation_of, windows
from tools.ask.parse_filters import filters_of
from tools.ask.query import Group, Name, Person, Query, Relation, Select, Stay, Window
from tools.ask.spans import Mark, Marks
from tools.ask.times import NUMBERS

_N = "|".join(sorted((re.escape(word) for word in NUMBERS if word not in ("a", "an")), key=len, reverse=True))
_TOP = re.compile(
    rf"(?<!\w)(?:top|most)(?:[- ](?P<a>\d+|{_N}))(?!\w)|(?<!\w)(?P<b>\d+|{_N}) (?:\w+ ){{0,2}}?(?:of the )"
    rf"?(?:most|top|commonest|leading|common(?:ly)?|frequent(?:ly)?|highest|lowest)(?!\w)|"
    rf"(?<!\w)(?P<c>\d+|{_N}) (?!months|days|years|weeks|hours)(?:[\w'¦-]+ ){{1,9}}?(?:most|frequently|commonly|"
    rf"highest|"
    rf"lowest|worst|deadliest|(?<=by )frequency)(?!\w)|"
    rf"(?<!\w)(?:worst|first|leading|commonest) (?P<d>\d+|{_N})(?!\w)|: (?:the )?(?P<e>\d+|{_N})\W*$"
)
_COUNTED = re.compile(
    r"(?:how many|number of|count)(?: of)?(?: the| all| total)?(?: \w+){0,2} "
    r"(?:patients|people|individuals|persons|inpatients)|count (?:every|each) (?:patient|person)"
)
_PLURAL = re.compile(r"(?<!\w)(?:patients|people|individuals)(?!\w)")
_CASES = re.compile(r"times|cases|prescriptions|procedures? (?:cases|took|were|occurred)|occurrences")
_AGES = re.compile(
    r"(?<!\w)(?:(?:age (?:group|bracket|range|band):?|aged?|ages|in) )?(?:in )?(?:their |the |his |her )"
    r"?(?:(?:over|above)[- ]?(?P<overs>[2-9]0)s|(?P<decade>[1-9]0)(?:['’]?s)"
    r"(?!\w)|(?P<words>twenties|thirties|forties|fifties|sixties|seventies|eighties|"
    r"nineties)|"
    r"(?P<low>\d\d) ?(?:years?(?: old| of age)? )?(?:or|and) (?:above|over|older|more)|(?:over|above|"
    r"older than) (?:the age of )?(?P<over>\d\d)(?: years)?|(?:under|below|younger than) (?:the age of )"
    r"?(?P<under>\d\d)|"
    r"between (?:the ages of )?(?P<from>\d\d) and (?P<to>\d\d)(?: years)?(?: old| of age)?|"
    r"(?<![\d-])(?P<f2>\d\d)(?: ?[-–] ?| to )(?P<t2>\d\d)(?:(?: ?|-)(?:years?(?:[ -]olds?)?|y(?:rs)?|yo)|"
    r"(?<=aged \d\d.\d\d)|"
    r"(?<=aged \d\d to \d\d)|(?<=ages \d\d.\d\d)|(?<=ages \d\d to \d\d)|(?= (?:age )?(?:group|range|bracket|band)))|"
    r"(?P<plus>[2-9]0)(?:\+|-plus| plus))(?![\w-])(?: (?:age )?(?:group|bracket|range|band)| years(?: of age)?)?"
)
# "A, then B", "A and later B", "A ... B afterwards": B comes after A.
_THEN = re.compile(r"(?<!\w)(?:then|subsequently|afterwards?|thereafter|later|went on to|followed by|after that)(?!\w)")
_LATER = re.compile(r"(?<!\w)(?:subsequently|afterwards?|thereafter|later|after that)(?!\w)")
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_GENDER = re.compile(r"(?<!\w)(?:(?P<female>female|women|woman|females)|(?P<male>male|men|man|males))(?!\w)")
_HORIZON = re.compile(rf"(?<!\w)(?P<n>\d+|{_N})[ -]years?(?:['’]s?)?(?!\w)")
_PEOPLE = re.compile(
    r"(?<!\w)(?:patients|people|persons|individuals|pts|inpatients|anyone|everyone|those|a patient|ids)(?!\w)"
)
_WHO = re.compile(
    r"(?<!\w)(?:(?:for|among|amongst|of|to|in) (?:those |the |a )?(?:patients?|people|those) ?(?:aged)"
    r"?[ ¦']*(?:who |that )?(?:were |had |have |was |has |are |previously |also |been |received |"
    r"underwent |undergone |undergoing |given |got |prescribed |diagnosed |with |a |an |the )*$|"
    r"(?:who|that) (?:were |had |have |was |has |are |previously |also |been |received |underwent |"
    r"undergone |got |prescribed |diagnosed |with |a |an |the |given )+$)"
)


def about_everyone(marks: Marks, cues: Cues, person: Person, patient: bool) -> bool:
    """Whether all patients are asked about: people in the plural, or nobody at all."""
    text = marks.text
    if cues.has("percentile"):
        return True
    if person != Person():
        return False
    plural = bool(_PEOPLE.search(marks.rest))
    if patient:
        if plural and re.search(r"how many (?:\w+ )?(?:patients|people)|number of (?:\w+ )?(?:patients|people)", text):
            raise CannotRead("several_readings", "it asks about many patients, but one patient is given")
        return False
    return True


def read_everyone(marks: Marks, cues: Cues, question: str, now: datetime, person: Person) -> Query:
    """A question about everyone.

    Raises:
        CannotRead: it is not understood.
    """
    base: dict[str, Any] = {"question": question, "now": now, "person": person, "everyone": True}
    text = marks.rest
    group = _group(marks)
    if cues.has("percentile"):
        return _percentile(base, marks, cues, person)
    horizon = None
    if cues.has("survival") or cues.has("mortality"):
        spans = list(_HORIZON.finditer(marks.rest))
        years = {int(NUMBERS.get(match["n"], 0)) or int(match["n"]) for match in spans}
        if len(years) != 1:
            raise CannotRead("not_understood", "over how many years is not said")
        horizon = years.pop()
        for match in spans:
            marks.take(match.start(), match.end(), "horizon")
    top = _top(marks, cues) if not (horizon and names(marks)) else None
    filters = filters_of(marks, cues)
    times = next((mark.value for mark in marks.of("times")), None)
    named = [(mark, name, kind_of(name, kinds, cues)) for mark, name, kinds in names(marks)]
    window = joined([item for item in windows(marks) if not (item.window.stay and not item.window.stay.which)])
    more: dict[str, Any] = {}
    if horizon is not None:
        return _rate(base, marks, cues, named, horizon, top)
    if "expansion" in cues.wants and len(named) == 1 and "charge" not in cues.kinds:
        return Query(**base, select=Select(kind="any", what=(named[0][1],)), wants="expansion")
    priced = (
        len(named) == 1
        and not cues.wants.keys() - {"route"}
        and re.search(r"how much (?:is|are|does|do|for|was)(?!\w)", text)
    )
    if ("charge" in cues.kinds or priced) and top is None:
        return _charge(base, marks, cues, named, window)
    if "route" in cues.wants and len(named) == 1 and named[0][2] == "prescription" and "count" not in cues.wants:
        return Query(**base, select=Select(kind="prescription", what=(named[0][1],)), wants="route")
    if cues.has("returned") or "deceased" in cues.fields:
        return _after(base, marks, cues, named, window)
    relation, subject, rest = _related(marks, cues, named, top is not None)
    if (
        relation is None
        and len(named) > 1
        and re.search(r"(?<!\w)(?:then|afterwards?|followed by|subsequently|after that|later)(?!\w)", marks.text)
    ):
        raise CannotRead("not_understood", "which of the two came first is not clear")
    kind = _subject(cues, rest, subject, top is not None, relation)
    if relation is not None and window.stay is not None:
        raise CannotRead("not_understood", "one stay of everyone is not read")
    if group != Group():
        more["group"] = group
    select = Select(
        kind=kind, what=tuple(name for _, name, _ in rest), where=tuple(filters), window=window, relation=relation,  # type: ignore[arg-type]
        times=times[0] if times else None, at_least=bool(times and times[1]),
    )  # fmt: skip
    if top is not None:
        if rest:
            raise CannotRead("several_readings", "the most frequent of what is not clear")
        return Query(**base, **more, select=select, wants="list", top=top)
    if cues.per and "count" in cues.wants:
        aggregates = [name for name in cues.aggregates if name != "sum"]
        if len(aggregates) != 1:
            raise CannotRead("not_understood", "per period, but not which statistic")
        return Query(
            **base,
            **more,
            select=select,
            wants="count",
            per=next(iter(cues.per)),  # type: ignore[arg-type]
            aggregate=aggregates[0],  # type: ignore[arg-type]
            count_of="stays",
        )
    if (
        re.search(r"(?<!\w)(?:ids?|identif\w+|identit\w+|list|which patients|who)(?!\w)", marks.text)
        and "count" not in cues.wants
        and _PEOPLE.search(text + " " + marks.text)
    ):
        return Query(**base, **more, select=select, wants="patients")
    if "count" in cues.wants:
        people = _COUNTED.search(text) or (_PLURAL.search(text) and not _CASES.search(text))
        if kind == "stay" and not rest and not relation and window.open and people:
            if "discharged" in cues.stay_fields:
                return Query(**base, **more, select=select, wants="count", count_of="patients", field="discharged")
            ever = re.search(r"(?<!\w)(?:ever|altogether|to date|so far|in total)(?!\w)", marks.text)
            if (cues.has("current_people") and not ever) or group != Group():
                current = group.model_copy(update={"current": True})
                return Query(**base, group=current, select=Select(kind="stay"), wants="count", count_of="patients")
        if kind == "stay" and "discharged" in cues.stay_fields:
            more["field"] = "discharged"
        if (
            people is None
            and kind in ("prescription", "procedure", "condition", "result", "culture", "intake", "output")
            and not rest
        ):
            more["count_of"] = "events"
        return Query(**base, **{"count_of": "patients" if people else "events", **more}, select=select, wants="count")
    if "sum" in cues.aggregates and len(cues.aggregates) == 1 and rest and kind in ("prescription", "procedure"):
        return Query(**base, **more, select=select, wants="count", count_of="events")
    raise CannotRead(
        "not_understood", "what is wanted of all patients is not clear; name the patient where it is about one"
    )


def _group(marks: Marks) -> Group:
    more: dict[str, Any] = {}
    ages: list[dict[str, Any]] = []
    found = list(_AGES.finditer(marks.rest))
    for hit in found:
        if (said := _ages(hit)) not in ages:
            ages.append(said)
        marks.take(hit.start(), hit.end(), "group")
    if len(ages) > 1 and any(hit["overs"] for hit in found):
        # "Over-60s (60 or above)": the exact one counts.
        ages = [_ages(hit) for hit in found if not hit["overs"]][:1] or ages
    if len(ages) > 1:
        raise CannotRead("several_readings", "two different ages are named")
    more |= ages[0] if ages else {}
    if match := _GENDER.search(marks.rest):
        more["gender"] = "female" if match["female"] else "male"
        marks.take(match.start(), match.end(), "group")
    return Group(**more)


def _ages(match: re.Match[str]) -> dict[str, Any]:
    """The ages that one expression names."""
    if match["decade"]:
        return {"age_from": int(match["decade"]), "age_to": int(match["decade"]) + 9}
    if match["words"]:
        low = 20 + 10 * _DECADES.index(match["words"])
        return {"age_from": low, "age_to": low + 9}
    if match["low"] or match["plus"] or match["overs"]:
        return {"age_from": int(match["low"] or match["plus"] or match["overs"])}
    if match["over"]:
        return {"age_from": int(match["over"]) + 1}
    if match["under"]:
        return {"age_to": int(match["under"]) - 1}
    return {"age_from": int(match["from"] or match["f2"]), "age_to": int(match["to"] or match["t2"])}


def _top(marks: Marks, cues: Cues) -> int | None:
    if not cues.has("top") and not re.search(r"(?:highest|lowest|worst|deadliest) |by frequency", marks.rest):
        return None
    match = _TOP.search(marks.rest)
    if match is None:
        return (
            1
            if re.search(r"(?<!\w)most (?:frequent|common|often|commonly|frequently|prescribed|ordered)", marks.rest)
            else None
        )
    part = next(key for key in "abcde" if match[key])
    text, at = match[part], match.start(part)
    number = int(NUMBERS.get(text, 0)) or int(text)
    marks.take(at, at + len(text), "top")
    return number


Named = list[tuple[Mark, Name, str | None]]


def _related(marks: Marks, cues: Cues, named: Named, top: bool) -> tuple[Relation | None, set[str], Named]:
    """The relation, the kind words used up by it, and the names that are asked for themselves."""
    if not named:
        return None, set(), named
    after = next(iter(marks.of("after")), None)
    base: tuple[Mark, Name, str | None] | None = None
    order = "after"
    if after is not None:
        base = next((row for row in named if row[0].start >= after.end), named[0])
        order = "before" if after.value in ("before", "prior to", "preceding") else "after"
    if base is None and top:
        base = named[0]
        if re.search(
            r"(?<!\w)(?:also|simultaneously|together|concurrently|along with|alongside)(?!\w)", marks.text
        ) and not marks.of("within"):
            order = "with"
            joint = re.finditer(r"(?<!\w)(?:together|alongside|along|concurrently|simultaneously)(?!\w)", marks.rest)
            cues.marks += [Mark(hit.start(), hit.end(), "joint") for hit in joint]
    if base is None and len(named) == 2:
        behind = [row for row in named if _WHO.search(marks.rest[: row[0].start])]
        if len(behind) == 1:
            base = behind[0]
        elif not cues.has("negation") and (
            _THEN.search(marks.rest[named[0][0].end : named[1][0].start])
            or (_LATER.search(marks.rest[named[1][0].end :]) and not cues.has("returned"))
        ):
            base = named[0]
        if base is not None:
            place = [*_THEN.finditer(marks.rest), *_LATER.finditer(marks.rest)]
            cues.marks += [Mark(hit.start(), hit.end(), "then") for hit in place]
    if base is None:
        return None, set(), named
    if any(row is not base and row[1].names and row[1].names == base[1].names for row in named):
        again = re.finditer(r"(?<!\w)(?:another|one|again)(?!\w)", marks.rest)
        cues.marks += [Mark(hit.start(), hit.end(), "again") for hit in again]
    to = Select(kind=base[2] or "any", what=(base[1],))  # type: ignore[arg-type]
    return relation_of(marks, to, order), {base[2] or ""}, [row for row in named if row is not base]


def _subject(cues: Cues, named: Named, used: set[str], top: bool, relation: Relation | None) -> str:
    kinds = list(dict.fromkeys(kind for _, _, kind in named if kind))
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        raise CannotRead("several_readings", f"names of different kinds: {', '.join(kinds)}")
    said = dict(cues.kinds.items())
    order = ("culture", "intake", "output", "prescription", "condition", "procedure", "result", "icu", "stay")
    found = [kind for kind in order if kind in said]
    if "stay" in found and len(found) > 1:
        found.remove("stay")
    if "result" in found and len(found) > 1 and (found[0] == "culture" or "result" in used):
        found.remove("result")
    if (
        "result" in found
        and len(found) > 1
        and not re.search("lab", " ".join(str(mark.value) for mark in said["result"]))
    ):
        pass
    if relation is not None and len(found) > 1:
        first = [kind for kind in found if kind not in used]
        found = first or found
    if len(found) > 1:
        # The kind asked for stands first, or nearest to "most frequent".
        anchor = min((mark.start for mark in cues.single.get("top", [])), default=0)
        found.sort(key=lambda kind: min(abs(mark.start - anchor) for mark in said[kind]))
    if not found:
        if top:
            raise CannotRead("not_understood", "the most frequent of what is not said")
        return "stay"
    return found[0]


def _rate(base: dict[str, Any], marks: Marks, cues: Cues, named: Named, horizon: int, top: int | None) -> Query:
    if not named:
        worst = re.finditer(r"(?<!\w)(?:worst|rank|deadliest|most deadly|most lethal)(?!\w)", marks.text)
        cues.marks += [Mark(hit.start(), hit.end(), "worst") for hit in worst]
        lowest = bool(re.search(r"(?<!\w)lowest(?!\w)", marks.text)) != cues.has("survival")
        if "condition" not in cues.kinds:
            raise CannotRead("not_understood", "a rate of what is not said")
        return Query(
            **base,
            select=Select(kind="condition"),
            wants="rate",
            rate="mortality",
            horizon_years=horizon,
            top=top or 1,
            lowest=lowest,
        )
    share = re.finditer(r"(?<!\w)(?:share|proportion|percentage|percent|fraction|after)(?!\w)", marks.rest)
    cues.marks += [Mark(hit.start(), hit.end(), "share") for hit in share]
    conditions = [row for row in named if row[2] in ("condition", "procedure")]
    drugs = [row for row in named if row[2] == "prescription"]
    if cues.has("mortality") or len(conditions) != 1 or len(named) != len(conditions) + len(drugs):
        raise CannotRead("not_understood", "the survival after what is not clear")
    to = Select(kind=conditions[0][2], what=(conditions[0][1],))  # type: ignore[arg-type]
    select = to
    if drugs:
        select = Select(kind="prescription", what=tuple(row[1] for row in drugs), relation=Relation(to=to))
    return Query(**base, select=select, wants="rate", rate="survival", horizon_years=horizon)


def _charge(base: dict[str, Any], marks: Marks, cues: Cues, named: Named, window: Window) -> Query:
    if len(named) != 1:
        raise CannotRead("not_understood", "the cost of what is not clear")
    name, kind = named[0][1], named[0][2]
    stay = "stay" in cues.kinds or re.search(r"hospital", marks.text)
    aggregates = [item for item in cues.aggregates if item != "sum"]
    if stay and not aggregates and cues.has("top"):
        aggregates = ["max"]  # "the top hospital bill"
    if stay or aggregates:
        if len(aggregates) != 1:
            raise CannotRead("not_understood", "the highest, lowest or average cost is not said")
        to = Select(kind=kind or "any", what=(name,))  # type: ignore[arg-type]
        select = Select(kind="charge", window=window, relation=Relation(to=to, order="with", within="stay"))
        return Query(**base, select=select, wants="value", aggregate=aggregates[0])  # type: ignore[arg-type]
    return Query(**base, select=Select(kind="charge", what=(name,), window=window), wants="value")


def _after(base: dict[str, Any], marks: Marks, cues: Cues, named: Named, window: Window) -> Query:
    if len(named) != 1 or "count" not in cues.wants:
        raise CannotRead("not_understood", "after what is not clear")
    _, name, kind = named[0]
    relation = relation_of(marks, Select(kind="stay"), "after")
    select = Select(kind=kind or "condition", what=(name,), window=window, relation=relation)  # type: ignore[arg-type]
    if "deceased" in cues.fields:
        return Query(**base, select=select, wants="count", count_of="patients", died=True)
    return Query(**base, select=select, wants="count", count_of="patients", returned=not cues.has("negation"))


def _percentile(base: dict[str, Any], marks: Marks, cues: Cues, person: Person) -> Query:
    named = names(marks)
    stays = [item.window.stay for item in windows(marks) if item.window.stay]
    numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]\w)", marks.rest)
    where = re.finditer(r"(?<!\w)(?:ranks?|ranked|falls?|placed|positioned|ranking)(?!\w)", marks.rest)
    cues.marks += [Mark(hit.start(), hit.end(), "rank") for hit in where]
    if len(named) != 1 or len(numbers) != 1 or person == Person():
        raise CannotRead("not_understood", "a percentile of which value, result and patient is not clear")
    at = marks.rest.find(numbers[0])
    marks.take(at, at + len(numbers[0]), "number")
    window = Window(stay=stays[0] if stays else Stay(which="last"))
    return Query(
        **base,
        select=Select(kind="result", what=(named[0][1],), window=window),
        wants="percentile",
        number=float(numbers[0]),
    )
