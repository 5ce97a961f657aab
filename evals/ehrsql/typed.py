"""The typed query of a question about everyone, from the data's own tags: the executor measured without a parser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from evals.ehrsql.questions import NOW, START, Question, When
from tools.ask.query import Group, Name, Person, Query, Relation, Select, Stay, Window

_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_KINDS = {
    "diagnoses_icd": "condition",
    "procedures_icd": "procedure",
    "prescriptions": "prescription",
    "labevents": "result",
    "microbiologyevents": "culture",
    "inputevents_cv": "intake",
    "outputevents": "output",
}
_AGES: dict[str, tuple[int, int | None]] = {
    "20s": (20, 29),
    "30s": (30, 39),
    "40s": (40, 49),
    "50s": (50, 59),
    "60 or above": (60, None),
}
_AGGREGATES = {"maximum": "max", "minimum": "min", "average": "mean", "max": "max", "min": "min"}


def typed(question: Question) -> Query:
    """The query of a question about everyone, as its tags and its SQL mean it."""
    kind, options = question.kind, question.options
    window = _window(question.when[0])
    more: dict[str, Any] = {}
    parts = re.split(r"\) as t1 join \(|\) as t2 join \(", question.query)
    if options[0]:
        low, high = _AGES[options[0]]
        more["group"] = Group(age_from=low, age_to=high, gender=_gender(question))
    elif "gender" in question.named:
        more["group"] = Group(gender=_gender(question))
    if options[3]:
        more["top"] = _COUNT[options[3]]
    if options[4]:
        more["horizon_years"] = _COUNT[options[4].split()[0]]
    wants = "list"
    if "current patients" in kind:
        select = Select(kind="stay")
        group = more.get("group", Group())
        more |= {"group": group.model_copy(update={"current": True}), "count_of": "patients"}
        wants = "count"
    elif "survival rate" in kind or "mortality rate" in kind:
        select, wants = _select(question, parts[0]), "rate"
        more["rate"] = "survival" if "survival rate" in kind else "mortality"
        if "prescribed" in kind:
            drug = Select(kind="prescription", what=(Name(text="", names=(str(question.named["drug_name"]),)),))
            select = drug.model_copy(update={"relation": Relation(to=select, order="after", within="any")})
    elif "hospital cost that involves" in kind:
        to = _select(question, question.query)
        select = Select(kind="charge", window=window, relation=Relation(to=to, order="with", within="stay"))
        more["aggregate"], wants = _AGGREGATES[options[1] or options[6]], "value"
    elif "what is the cost of" in kind:
        what = _select(question, question.query).what
        select, wants = Select(kind="charge", what=what), "value"
    elif "intake method" in kind:
        select, wants = _select(question, question.query), "route"
    elif "stand for" in kind:
        text = str(question.named["abbreviation"])
        select, wants = Select(kind="any", what=(Name(text=text, names=(text,)),)), "expansion"
    elif "percentile" in kind:
        which = {"cur": "current"}.get(question.visit.split("-")[1], question.visit.split("-")[1])  # type: ignore[union-attr]
        select = _select(question, question.query)
        select = select.model_copy(update={"window": Window(stay=Stay(which=which))})  # type: ignore[arg-type]
        more |= {"person": Person(id=str(question.patient)), "number": float(question.named["lab_value"])}
        wants = "percentile"
    elif "number of patient records" in kind:
        select, wants = _select(question, question.query, window), "count"
        more |= {"aggregate": _AGGREGATES[options[1]], "count_of": "stays"}
        more["per"] = {"monthly": "month", "daily": "day", "yearly": "year"}[options[7]]
    elif "did not come back" in kind or "were dead" in kind:
        select = _select(question, parts[0], window)
        relation = _relation(question, Select(kind="stay"))
        select, wants = select.model_copy(update={"relation": relation}), "count"
        more |= {"returned": False} if "come back" in kind else {"died": True}
        more["count_of"] = "patients"
    else:
        select = _select(question, parts[1] if len(parts) > 1 else parts[0], window)
        if len(parts) > 1:
            to = _select(question, parts[0], window)
            select = select.model_copy(update={"relation": _relation(question, to)})
        if kind.startswith("count"):
            wants = "count"
            more["count_of"] = "patients" if "number of patients" in kind else "events"
            more["field"] = "discharged" if "discharged" in kind else None
        elif kind.startswith("list the ids"):
            wants = "patients"
        if options[5]:
            select = select.model_copy(update={"times": 2, "at_least": "more" in options[5]})
    return Query(
        question=question.text,
        now=NOW.replace(tzinfo=UTC),
        everyone=True,
        select=select,
        wants=wants,  # type: ignore[arg-type]
        **more,
    )


def _gender(question: Question) -> Literal["male", "female"] | None:
    given = question.named.get("gender")
    return None if given is None else "female" if given == "f" else "male"


def _window(when: When) -> Window:
    return Window(
        since=None if when.low <= START or when.low < datetime(2098, 1, 1) else when.low.replace(tzinfo=UTC),
        until=None if when.high >= NOW else (when.high + timedelta(minutes=1)).replace(tzinfo=UTC),
    )


def _select(question: Question, text: str, window: Window | None = None) -> Select:
    window = window or Window()
    tables = [table for table in question.tables(text) if table in _KINDS]
    place = re.search(r"transfers\.(wardid|careunit) = '?(\w+)'?", text)
    if place:
        name = Name(text=place.group(2), names=(place.group(2),))
        return Select(kind="ward" if place.group(1) == "wardid" else "careunit", what=(name,), window=window)
    if not tables:
        return Select(kind="stay", window=window)
    names = tuple(Name(text=name, names=(name,)) for table, name in question.names(text) if table == tables[0])
    return Select(kind=_KINDS[tables[0]], what=names, window=window)  # type: ignore[arg-type]


def _relation(question: Question, to: Select) -> Relation:
    order: Any = "with" if "also prescribed" in question.kind else "after"
    within: Any = {"within-hosp": "stay", "within-month": "month", "within-same": "any"}.get(question.within, "any")
    amount = re.search(r"'\+(\d+) (month|day)'", question.query)
    if amount and question.within.startswith("within-n_"):
        return Relation(
            to=to,
            order=order,
            within="duration",
            amount=float(amount.group(1)),
            unit=amount.group(2),  # type: ignore[arg-type]
        )
    return Relation(to=to, order=order, within=within)
