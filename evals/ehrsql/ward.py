"""The synthetic ward: admissions where the questions need them, directed events, and events nobody asks about."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evals.ehrsql.directed import direct
from evals.ehrsql.questions import EVENTS, NOW, START, Question
from evals.ehrsql.schema import (
    DOSE_UNITS,
    FLOORS,
    INSURANCES,
    LABS,
    LANGUAGES,
    MARITAL,
    MORE,
    ORGANISMS,
    ROUTES,
    SOURCES,
    TABLES,
    TYPES,
    VITALS,
    WARDS,
    Row,
)

DISTRACTORS = 60
FILL = {
    "diagnoses_icd": 3,
    "procedures_icd": 2,
    "prescriptions": 4,
    "labevents": 6,
    "chartevents": 5,
    "microbiologyevents": 1,
    "inputevents_cv": 2,
    "outputevents": 2,
}
"""Events per admission that no question asked for."""
CHARGED = 0.35
"""Share of events with a charge of their own."""


@dataclass
class Stay:
    """One admission with its times; the rows of its events are made later."""

    patient: int
    start: datetime
    end: datetime | None
    id: int = 0
    icu: list[tuple[int, datetime, datetime | None]] = field(default_factory=list)
    moves: list[tuple[datetime, int]] = field(default_factory=list)
    source: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a time lies in it."""
        return self.start <= at <= (self.end or NOW)


class Ward:
    """Rows of every table; the same seed and questions give the same rows."""

    def __init__(self, questions: list[Question], seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.questions = [row for row in questions if not row.impossible]
        self.tables: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.stays: dict[int, list[Stay]] = {}
        self.patients = sorted(
            {int(number) for row in questions for number in re.findall(r"\b(\d{3,5})\b", _who(row))}
            | {row.patient for row in self.questions if row.patient is not None}
        )
        self.patients += [200_000 + step for step in range(DISTRACTORS)]
        self.demands: dict[int, list[datetime]] = defaultdict(list)
        self.current: set[int] = set()
        self.deaths: dict[int, datetime] = {}
        self.sources: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
        self._taken: set[tuple[str, int, datetime]] = set()
        self._codes: dict[tuple[str, str], str | int] = {}
        self._prices: dict[tuple[str, str], float] = {}
        self._names = self._all_names()
        plans = direct(self)
        self._admit()
        for plan in plans:
            plan()
        self._fill()
        self._finish()

    def _all_names(self) -> dict[str, list[str]]:
        names: dict[str, dict[str, None]] = {table: dict.fromkeys(rows) for table, rows in MORE.items()}
        names["chartevents"] = dict.fromkeys(VITALS)
        for row in self.questions:
            for table, name in row.names():
                names[table][name] = None
        found = {table: list(rows) for table, rows in names.items()}
        for rows in found.values():
            self.rng.shuffle(rows)
        return found

    def code(self, table: str, name: str) -> str | int:
        """The code or item number of a name; made, and its dictionary row with it, where there is none yet."""
        key = (table, name)
        if key not in self._codes:
            number = 10_000 + len(self._codes)
            code: str | int = f"Z{number}" if table.endswith("_icd") else number
            self._codes[key] = code
            if table.endswith("_icd"):
                row = {"icd9_code": code, "short_title": name, "long_title": f"{name.capitalize()}, in full words"}
                self.add(f"d_icd_{table.split('_')[0]}", **row)
            elif table == "labevents":
                self.add("d_labitems", itemid=code, label=name)
            else:
                self.add("d_items", itemid=code, label=name, linksto=table)
        return self._codes[key]

    def add(self, table: str, **row: object) -> int:
        """Add a row; gives its number."""
        rows = self.tables[table]
        row["row_id"] = len(rows) + 1
        rows.append(row)
        return len(rows)

    def any_name(self, table: str) -> str:
        """Some name of a table; a few are much more frequent than the rest."""
        rows = self._names[table]
        return rows[min(int(self.rng.paretovariate(0.7)) - 1, len(rows) - 1)]

    def rare_name(self, table: str) -> str:
        """A name that hardly any other event has."""
        return self.rng.choice(self._names[table][-12:])

    def stay_at(self, patient: int, at: datetime) -> Stay | None:
        """The admission that holds a time."""
        return next((stay for stay in self.stays[patient] if stay.holds(at)), None)

    def closed(self, patient: int) -> list[Stay]:
        """Past admissions in order."""
        return [stay for stay in self.stays[patient] if stay.end is not None]

    def event(
        self, table: str, patient: int, at: datetime, name: str | None = None, *, exact: bool = False, **more: object
    ) -> datetime | None:
        """One event in the admission that holds the time; its time is its own unless `exact`."""
        stay = self.stay_at(patient, at)
        if stay is None:
            return None
        while not exact and (table, patient, at) in self._taken:
            at += timedelta(minutes=1)
        self._taken.add((table, patient, at))
        name = name or self.any_name(table)
        row: Row = {"subject_id": patient, "hadm_id": stay.id, EVENTS[table]: str(at)}
        rng = self.rng
        if table == "prescriptions":
            row |= {"drug": name, "dose_val_rx": str(rng.choice([0.5, 1, 2, 5, 10, 25, 40, 100, 250, 500]))}
            row |= {"dose_unit_rx": DOSE_UNITS[len(name) % len(DOSE_UNITS)], "route": _route(name, rng)}
            row["enddate"] = str(at + timedelta(days=rng.randint(1, 5)))
        elif table.endswith("_icd"):
            row["icd9_code"] = self.code(table, name)
        elif table == "labevents":
            low, high, digits, unit = LABS.get(name, (1, 90, 0, "units"))
            row |= {"itemid": self.code(table, name), "valueuom": unit}
            row["valuenum"] = round(rng.uniform(low, high), digits)
        elif table == "microbiologyevents":
            row |= {"spec_type_desc": name, "org_name": rng.choice([*ORGANISMS, None, None])}
        else:
            row |= {"itemid": self.code(table, name), "icustay_id": _icu(stay, at)}
            if table == "chartevents":
                least, most, places, measure, _ = VITALS[name]
                row |= {"valuenum": round(rng.uniform(least, most), places), "valueuom": measure}
            else:
                row["amount" if table == "inputevents_cv" else "value"] = float(rng.choice(range(10, 600, 5)))
        row |= more
        number = self.add(table, **row)
        kind = {"prescriptions": 1, "labevents": 1, "diagnoses_icd": 1, "procedures_icd": 1}.get(table)
        if kind and (exact or name in more.values() or rng.random() < CHARGED):
            self.charge(table, number, name, stay, at)
        return at

    def charge(self, table: str, number: int, name: str, stay: Stay, at: datetime) -> None:
        """The charge of an event; one price per name."""
        price = self._prices.setdefault((table, name), round(self.rng.uniform(3, 400), 2))
        self.add(
            "cost",
            subject_id=stay.patient,
            hadm_id=stay.id,
            event_type=table,
            event_id=number,
            chargetime=str(at),
            cost=price,
        )

    def _admit(self) -> None:
        """Admissions that hold every time asked for, none overlapping another."""
        rng, number, unit = self.rng, 100_000, 200_000
        for patient in self.patients:
            times = sorted(self.demands[patient])
            spans: list[list[datetime]] = []
            for at in times:
                if spans and at - spans[-1][1] < timedelta(days=14):
                    spans[-1][1] = at
                else:
                    spans.append([at, at])
            while len(spans) < 2 + (patient in self.current):
                at = START + timedelta(minutes=rng.randint(0, 60 * 24 * 2200))
                if all(at < first - timedelta(days=30) or at > last + timedelta(days=30) for first, last in spans):
                    spans.append([at, at])
            spans.sort()
            stays = []
            for first, last in spans:
                start = first - timedelta(minutes=rng.randint(1500, 4000))
                end = last + timedelta(minutes=rng.randint(7200, 10000))
                stays.append(Stay(patient, start, end if end < NOW else None))
            if patient in self.current and stays[-1].end is not None:
                first = NOW - timedelta(minutes=rng.randint(9000, 30000))
                if stays[-1].end >= first - timedelta(days=3):
                    stays[-1].end = None
                else:
                    stays.append(Stay(patient, first, None))
            for stay in stays:
                number += 1
                stay.id = number
                last = stay.end or NOW
                cuts = [stay.start + timedelta(minutes=20)]
                if rng.random() < 0.3:
                    cuts.append(stay.start + (last - stay.start) * rng.uniform(0.4, 0.6))
                for step, cut in enumerate(cuts):
                    begin = _minute(cut)
                    unit += 1
                    final = step == len(cuts) - 1
                    until = last - timedelta(minutes=30) if final else _minute(cuts[step + 1] - timedelta(minutes=10))
                    stay.icu.append((unit, begin, None if final and stay.end is None else until))
                    stay.moves.append((begin, rng.choice(list(WARDS))))
            self.stays[patient] = stays

    def _fill(self) -> None:
        for stays in self.stays.values():
            for stay in stays:
                minutes = int(((stay.end or NOW) - stay.start).total_seconds() // 60)
                for table, count in FILL.items():
                    for _ in range(self.rng.randint(0, 2 * count)):
                        at = stay.start + timedelta(minutes=self.rng.randint(30, max(31, minutes - 60)))
                        if at < NOW:
                            self.event(table, stay.patient, at)

    def _finish(self) -> None:
        """Patients, admissions, intensive care stays and transfers as rows."""
        rng = self.rng
        for patient in self.patients:
            stays = self.stays[patient]
            birth = stays[0].start - timedelta(days=rng.randint(19 * 365, 84 * 365))
            birth = birth.replace(hour=0, minute=0)
            final = stays[-1].end
            dod = self.deaths.get(patient)
            if dod is None and final is not None and rng.random() < 0.15:
                dod = final + timedelta(days=rng.choice([0, rng.randint(1, 900)]))
            dod = None if dod is None or dod > NOW or final is None else max(dod, final)
            gender = rng.choice("mf")
            self.add("patients", subject_id=patient, gender=gender, dob=str(birth), dod=str(dod) if dod else None)
            marital, language = rng.choice(MARITAL), rng.choice(LANGUAGES)
            wanted = self.sources[patient]
            for stay in stays:
                source = next((name for at, name in wanted if stay.holds(at)), rng.choice(SOURCES))
                died = dod is not None and stay is stays[-1] and final is not None and dod <= final
                self.add(
                    "admissions",
                    subject_id=patient,
                    hadm_id=stay.id,
                    admittime=str(stay.start),
                    dischtime=str(stay.end) if stay.end else None,
                    admission_type=rng.choice(TYPES),
                    admission_location=source,
                    discharge_location=None if stay.end is None else "dead/expired" if died else "home",
                    insurance=rng.choice(INSURANCES),
                    language=language,
                    marital_status=marital,
                    ethnicity=None,
                    age=_age(birth, stay.start),
                )
                self._moves(stay)

    def _moves(self, stay: Stay) -> None:
        moves = sorted(stay.moves)
        first = self.rng.choice(FLOORS)
        self._transfer(stay, None, None, first, stay.start, moves[0][0])
        for step, (begin, ward) in enumerate(moves):
            until = moves[step + 1][0] if step + 1 < len(moves) else stay.end
            self._transfer(stay, _icu(stay, begin), WARDS[ward], ward, begin, until)
        for unit, begin, until in stay.icu:
            inside = [ward for at, ward in moves if begin <= at <= (until or NOW)]
            self.add(
                "icustays",
                subject_id=stay.patient,
                hadm_id=stay.id,
                icustay_id=unit,
                first_careunit=WARDS[inside[0]],
                last_careunit=WARDS[inside[-1]],
                first_wardid=inside[0],
                last_wardid=inside[-1],
                intime=str(begin),
                outtime=str(until) if until else None,
            )

    def _transfer(
        self, stay: Stay, unit: int | None, care: str | None, ward: int, begin: datetime, end: datetime | None
    ) -> None:
        self.add(
            "transfers",
            subject_id=stay.patient,
            hadm_id=stay.id,
            icustay_id=unit,
            eventtype="transfer" if unit else "admit",
            careunit=care,
            wardid=ward,
            intime=str(begin),
            outtime=str(end) if end else None,
        )


def _who(row: Question) -> str:
    return " ".join(re.findall(r"patient(?: ID|'s)? \d+|\d{3,5}'s", row.text))


def _icu(stay: Stay, at: datetime) -> int:
    held = [unit for unit, begin, until in stay.icu if begin <= at <= (until or NOW)]
    return held[0] if held else min(stay.icu, key=lambda row: abs(row[1] - at))[0]


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _age(birth: datetime, at: datetime) -> int:
    return at.year - birth.year - ((at.month, at.day) < (birth.month, birth.day))


def _route(drug: str, rng: random.Random) -> str:
    """Most drugs are given by one route, now and then by another."""
    return rng.choice(ROUTES) if rng.random() < 0.1 else ROUTES[(7 * len(drug) + ord(drug[0])) % len(ROUTES)]
