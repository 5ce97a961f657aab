"""The typed query a question is read into. Frozen and closed: what is not in it was not understood.

A query is a selection of events (`Select`) of one patient or of everyone, what is wanted of them (`wants`), and, where
two things are compared, a second selection (`against`). Times are absolute: they were resolved against the clinical
clock when the question was read. Half-open intervals: `since` is in, `until` is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "result",  # laboratory tests, and any measurement that is no vital sign, intake or output
    "vital",
    "condition",
    "procedure",
    "prescription",
    "administration",
    "stay",  # a hospital visit, admission to discharge
    "icu",  # a stay on intensive care
    "ward",
    "careunit",
    "culture",  # microbiology: a specimen tested, with what grew
    "intake",
    "output",
    "allergy",
    "immunisation",
    "person",  # demographics; `field` says which
    "order",
    "note",
    "imaging",
    "charge",
    "any",  # whatever carries the name
]
Wants = Literal[
    "value", "time", "name", "dose", "route", "who", "count", "exists", "elapsed", "length", "list", "field", "unit",
    "range", "status", "difference", "compare", "patients", "expansion", "rate", "percentile",
]  # fmt: skip
Aggregate = Literal["mean", "min", "max", "sum", "median", "count"]
Period = Literal["hour", "day", "week", "month", "year"]
Operator = Literal["<", "<=", ">", ">=", "="]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Name(_Part):
    """What is asked about: the words of the question, names as recorded, concepts, codes given with the question."""

    text: str
    names: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Stay(_Part):
    """Which stay a window is: the current one (not yet ended), or the n-th, first or last, of those that ended."""

    kind: Literal["stay", "icu", "emergency", "ward"] = "stay"
    which: Literal["current", "first", "last"] = "current"
    n: int = 1


class Window(_Part):
    """When. `stay` narrows further; `text` is how the question said it."""

    since: datetime | None = None
    until: datetime | None = None
    stay: Stay | None = None
    text: str = ""

    @property
    def open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.since is None and self.until is None and self.stay is None


class Filter(_Part):
    """A condition on one element. `field`: value, route, status, admitted_via, organism, normal, specimen, name."""

    field: Literal[
        "value", "route", "status", "via", "organism", "normal", "abnormal", "specimen", "reaction", "dose",
        "resistant", "sensitive", "active",
    ]  # fmt: skip
    op: Operator = "="
    value: str | float | bool | None = None
    unit: str | None = None


class Pick(_Part):
    """One of many: the n-th by time (or by value), counted from the first or the last."""

    by: Literal["time", "value"] = "time"
    end: Literal["first", "last", "highest", "lowest"] = "last"
    n: int = 1


class Relation(_Part):
    """How events stand to others of the same patient: after (or with) them, within what.

    `within`: the same stay, day, month; or `amount` of `unit` at most (`beyond`: at least) after.
    """

    to: Select
    order: Literal["after", "before", "with"] = "after"
    within: Literal["any", "stay", "day", "month", "duration"] = "any"
    amount: float | None = None
    unit: Period | None = None
    beyond: bool = False


class Select(_Part):
    """Events of one kind. `what`: any of these names; `together`: all of them at the same time."""

    kind: Kind
    what: tuple[Name, ...] = ()
    together: bool = False
    where: tuple[Filter, ...] = ()
    window: Window = Window()
    relation: Relation | None = None
    pick: Pick | None = None
    extreme: Literal["highest", "lowest"] | None = None  # only those with the extreme value; `pick` chooses among them
    times: int | None = None  # only names that occur so often
    at_least: bool = False  # ... or more often


class Person(_Part):
    """The patient a question names; empty where it names none."""

    id: str | None = None
    name: str | None = None
    birth_date: str | None = None


class Group(_Part):
    """Whom a question about everyone is limited to."""

    age_from: int | None = None
    age_to: int | None = None
    gender: Literal["male", "female"] | None = None
    current: bool = False  # in hospital now


class Query(_Part):
    """A question, understood.

    Attributes:
        everyone: about all patients, not one; `group` limits them.
        wants: what of the events is wanted.
        field: of a person or stay: birth_date, sex, age, mrn, phone, address, insurance, marital_status, language,
            ethnicity, religion, admission_type, admitted, discharged, deceased, name.
        aggregate: over all values; `per` period where one is given.
        against: the second selection of a difference or a comparison (`compare` is its operator).
        elapsed_in: the unit of a time since something, or of a length.
        top: so many of the most frequent names (or, with `rate`, of the highest or lowest rates).
        count_of: what a count counts: events, distinct names, or patients.
        unit: the unit the answer is to be in.
    """

    question: str
    now: datetime
    person: Person = Person()
    everyone: bool = False
    group: Group = Group()
    select: Select
    wants: Wants
    field: str | None = None
    aggregate: Aggregate | None = None
    per: Period | None = None
    against: Select | None = None
    compare: Operator | None = None
    elapsed_in: Period | None = None
    top: int | None = None
    count_of: Literal["events", "names", "patients", "stays"] = "events"
    unit: str | None = None
    rate: Literal["survival", "mortality"] | None = None
    notes_too: bool = False
    horizon_years: int | None = None
    lowest: bool = False
    returned: bool | None = None  # of patients: whether they came back (or not) within the relation's time
    died: bool | None = None
    also: tuple[Wants, ...] = ()  # asked for beside: "and when was it recorded?"
    number: float | None = None  # the value a percentile is asked for


class Unread(_Part):
    """A question that was not understood, or that no record answers.

    `words`: the words nothing explains. `reason`: `not_in_records` names something a record does not hold.
    """

    question: str
    reason: Literal["not_understood", "not_in_records", "several_readings", "nothing_asked", "unknown_name"]
    words: tuple[str, ...] = ()
    said: str = ""


Relation.model_rebuild()
Select.model_rebuild()
