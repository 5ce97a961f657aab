"""Running a typed query over one patient's record: typed values, each with its evidence, or why there is none.

A count of none and "none recorded" come only from complete data. Values of different units or materials are never taken
together. What is not recorded is not answered; it is never guessed from something near.
"""

from __future__ import annotations

import re
from collections import defaultdict

from knowledge.evidence import Evidence, show_value
from tools.ask.events import Event, Events
from tools.ask.person import of_person
from tools.ask.query import Query, Select
from tools.ask.run_base import TOOL, Answer, Chooser, NoAnswer, routes_of
from tools.ask.run_values import aggregated, converted_to, in_unit
from tools.ehr.compartment import walk
from tools.ehr.elements import quantity
from tools.ehr.facts.statistics import change
from tools.ehr.reads.reading import plural

_SHOWN = 40
_LISTED = re.compile(r"^\s*(?:please\s+)?(?:list|show (?:me )?(?:all|every)|give me (?:all|every))\b", re.IGNORECASE)


class Runner(Chooser):
    """Runs a query over one record."""

    async def run(self) -> Answer:
        """The answer.

        Raises:
            UpstreamError: the server failed.
        """
        try:
            await self._run()
        except NoAnswer as error:
            self.answer.values, self.answer.problem = [], str(error)
        return self.answer

    async def _run(self) -> None:
        query = self.query
        if query.wants == "field" and query.select.kind == "person":
            return await self._person()
        if query.wants in ("difference", "compare") and query.against is not None:
            return await self._two(query.select, query.against)
        events, read = await self.chosen(query.select)
        if query.select.times is not None:
            return self._often(events, query.select, read)
        if query.wants == "difference" and query.select.kind == "prescription" and not query.select.window.open:
            return self._names(events, read)  # new in a window: what was prescribed in it
        handler = {
            "exists": self._exists, "count": self._count, "time": self._times, "elapsed": self._elapsed,
            "length": self._length, "dose": self._doses, "route": self._routes, "who": self._who, "name": self._names,
            "list": self._names, "value": self._values, "field": self._field,
        }.get(query.wants)  # fmt: skip
        if handler is None:
            raise NoAnswer(f"{query.wants} is not worked out for one patient")
        handler(events, read)
        return None

    def _exists(self, events: list[Event], read: Events) -> None:
        query = self.query
        if query.select.kind == "culture" and _asks_growth(query):
            events = [
                event
                for event in events
                if (event.result and (event.result.display or "no growth").casefold() not in ("no growth", "none"))
            ]
        if events:
            self._derived(True, f"yes: {self._told(events)}", events)
        else:
            self._none(read, False)

    def _count(self, events: list[Event], read: Events) -> None:
        if self.query.count_of == "names":
            names = {event.name.casefold() for event in events}
            number, what = len(names), "different names"
        else:
            # A panel and its components are one measurement.
            places = {(event.entry.reference, "" if event.result else event.path) for event in events}
            number, what = len(places), "recorded"
        if not number:
            return self._none(read, 0)
        if read.problems:
            raise NoAnswer(f"the record is not complete ({'; '.join(read.problems[:2])}): a count would be too low")
        self._derived(
            number,
            f"{number} {what} ({len(events)} of {read.total} {self.query.select.kind} entries)",
            events,
            unit="1",
        )
        return None

    def _times(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        rows: dict[str | None, Event] = {}
        for event in events:
            rows.setdefault(event.written, event)
        chosen = list(rows.values())
        if self.query.select.pick is None and self.query.select.extreme is None and len(chosen) > _SHOWN:
            self.answer.notes.append(f"{_SHOWN} of {len(chosen)} times shown, the newest")
            chosen = chosen[-_SHOWN:]
        for event in chosen:
            if event.written is None:
                raise NoAnswer(f"{event.name} is recorded, but not dated")
            self._element(event, event.written, f"{event.name}: {event.written}")
        return None

    def _elapsed(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        select = self.query.select
        event = events[-1] if select.pick is None else events[0]
        if select.kind in ("stay", "icu") and select.pick is None and event.end is not None:
            raise NoAnswer(f"no such stay goes on now; the newest ended {(_ended(event) or '')[:10]}")
        if event.at is None or (event.written or "") == "":
            raise NoAnswer(f"{event.name} is recorded, but not dated")
        seconds = (self.record.as_of - event.at).total_seconds()
        exact = len(event.written or "") > 10
        value, unit, shown = in_unit(
            seconds, self.query.elapsed_in or ("day" if seconds >= 172800 or not exact else "hour")
        )
        if not exact:
            value = float(int(value))
        self._derived(
            value, f"{shown} since {event.name or self.query.select.kind} ({event.written})", [event], unit=unit
        )
        return None

    def _length(self, events: list[Event], read: Events) -> None:
        if self.query.select.kind not in ("stay", "icu", "ward", "careunit"):
            raise NoAnswer(f"how long a {self.query.select.kind} took is not recorded")
        if not events:
            return self._nothing(read)
        if len(events) > 1 and self.query.select.pick is None and self.query.aggregate is None:
            events = events[-1:] if self.query.select.window.open else events
        if len(events) > 1:
            raise NoAnswer(f"{len(events)} of them: the length of which one is not said")
        event = events[0]
        if event.kind not in ("stay", "icu", "ward", "careunit"):
            raise NoAnswer(f"how long {event.name} took is not recorded")
        if event.at is None:
            raise NoAnswer("its beginning is not recorded")
        end = event.end or self.record.as_of
        value, unit, shown = in_unit((end - event.at).total_seconds(), self.query.elapsed_in or "day")
        self._derived(value, f"{shown}{'' if event.end else ' so far (not ended)'}", [event], unit=unit)
        return None

    def _doses(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        rows: list[tuple[Event, float | str | None, str | None]] = []
        for event in events:
            dose = next(
                (
                    m
                    for row in [
                        *walk(event.resource, "dosageInstruction.doseAndRate.doseQuantity"),
                        *walk(event.resource, "dosage.dose"),
                    ]
                    if (m := quantity(row))
                ),
                None,
            )
            if dose is None:
                text = str(next(walk(event.resource, "dosageInstruction.text"), "") or "")
                rows.append((event, text or None, None))
            else:
                rows.append((event, dose.value, dose.written or dose.unit))
        if self.query.aggregate is not None:
            numbers = [(event, value, unit) for event, value, unit in rows if isinstance(value, float)]
            units = {unit for _, _, unit in numbers}
            if len(numbers) != len(rows) or len(units) != 1 or self.query.aggregate != "sum":
                raise NoAnswer("doses in different units, or without a number, are not added up")
            total = float(f"{sum(value for _, value, _ in numbers):.12g}")
            unit = units.pop()
            return self._derived(
                total, f"{show_value(total, unit)} over {plural(len(numbers), 'prescription')}", events, unit=unit
            )
        if all(value is None for _, value, _ in rows):
            raise NoAnswer("the dose is not recorded")
        for event, value, unit in rows:
            if value is not None:
                self._element(
                    event,
                    value,
                    f"{event.name}: {show_value(value, unit)}",
                    unit=unit,
                    path=f"{event.entry.type}.dosageInstruction",
                )
        return None

    def _routes(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        seen: dict[str, Event] = {}
        for event in events:
            for route in routes_of(event):
                seen.setdefault(route, event)
        if not seen:
            raise NoAnswer("the route is not recorded")
        for route, event in seen.items():
            self._element(event, route, f"{event.name}: {route}", path=f"{event.entry.type}.dosageInstruction.route")
        return None

    def _who(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        for event in events[-1:] if self.query.select.pick is None else events:
            for path in ("performer.actor", "performer", "requester", "recorder", "asserter", "author"):
                names = [
                    str(row.get("display"))
                    for row in walk(event.resource, path)
                    if isinstance(row, dict) and row.get("display")
                ]
                for name in names:
                    self._element(event, name, f"{event.name}: {name}", path=f"{event.entry.type}.{path}")
                if names:
                    break
        if not self.answer.values:
            raise NoAnswer("who did it is not recorded")
        return None

    def _names(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        rows: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            rows[event.name.casefold()].append(event)
        if len(rows) > _SHOWN:
            self.answer.notes.append(f"{_SHOWN} of {len(rows)} names shown, the newest")
        for held in sorted(rows.values(), key=lambda row: row[-1].at or self.record.as_of, reverse=True)[:_SHOWN]:
            event = held[-1]
            times = f" ({len(held)} times)" if len(held) > 1 else ""
            self._element(event, event.name, f"{event.name}{times}")
        return None

    def _often(self, events: list[Event], select: Select, read: Events) -> None:
        rows: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            rows[event.name.casefold()].append(event)
        wanted = select.times or 0
        fits = [held for held in rows.values() if (len(held) >= wanted if select.at_least else len(held) == wanted)]
        if not fits:
            return self._nothing(read)
        for held in fits:
            self._derived(held[-1].name, f"{held[-1].name}: {len(held)} times", held)
        return None

    def _values(self, events: list[Event], read: Events) -> None:
        query = self.query
        if not events:
            if query.aggregate == "sum" and query.select.kind in ("intake", "output"):
                return self._nothing(read)
            return self._nothing(read)
        if query.select.kind == "charge":
            return self._charges(events)
        if query.aggregate is not None:
            return self._series(events, read)
        if query.select.kind == "culture" or all(
            event.result is None or event.result.quantity is None for event in events
        ):
            picked = events if query.select.pick else events[-_SHOWN:]
        else:
            listed = query.select.pick is None and _LISTED.search(query.question) is not None
            picked = events if query.select.pick is not None else events[-_SHOWN:] if listed else events[-1:]
            if len(picked) < len(events) and query.select.pick is None and listed:
                self.answer.notes.append(f"the newest {_SHOWN} of {len(events)}")
            elif query.select.pick is None and len(events) > 1 and not listed:
                self.answer.notes.append(f"the newest of {len(events)}")
        for event in picked:
            result = event.result
            if result is None or result.empty or result.problem:
                why = (result.empty or result.problem) if result else "no value"
                raise NoAnswer(f"{event.name} of {event.written}: {why}")
            unit, value = result.unit, result.value
            if query.unit and result.quantity is not None:
                value, unit = converted_to(result, query.unit, event, query, self.record)
                if value is None:
                    raise NoAnswer(f"{result.display} is not converted to {query.unit}")
            shown = result.display if unit == result.unit else show_value(value, unit)
            more = {"range": result.range, "comparator": result.comparator} if value is not None or result.range else {}
            self._element(event, value, shown, unit=unit, path=event.path, flags=result.flags, **more)
        return None

    def _series(self, events: list[Event], read: Events) -> None:
        rows = aggregated(events, self.query, self.record)
        for label, outcome, used in rows:
            if not outcome.known:
                raise NoAnswer(outcome.display)
            if read.problems:
                raise NoAnswer(f"the record is not complete ({'; '.join(read.problems[:2])})")
            shown = f"{label}{outcome.display} ({self.query.aggregate} of {outcome.n})"
            self._derived(
                outcome.value, shown, used, unit=outcome.unit, range_=outcome.bounds, comparator=outcome.comparator
            )
            left = len(outcome.left_out)
            if left:
                self.answer.notes.append(
                    f"{left} left out: {'; '.join(dict.fromkeys(item.reason for item in outcome.left_out))}"
                )

    def _charges(self, events: list[Event]) -> None:
        prices = []
        for event in events:
            price = event.resource.get("priceOverride") or {}
            if price.get("value") is not None:
                prices.append((event, float(price["value"]), price.get("currency")))
        currencies = {currency for _, _, currency in prices}
        if len(currencies) != 1:
            raise NoAnswer("charges are not recorded in one currency")
        total = float(f"{sum(price for _, price, _ in prices):.12g}")
        unit = currencies.pop()
        self._derived(
            total,
            f"{total:g} {unit or ''} over {plural(len(prices), 'charge')}",
            [event for event, _, _ in prices],
            unit=unit,
        )

    def _field(self, events: list[Event], read: Events) -> None:
        if not events:
            return self._nothing(read)
        for event in events:
            if not event.name:
                raise NoAnswer("the type of admission is not recorded")
            self._element(event, event.name, f"{event.name} ({(event.written or '')[:10]})", path="Encounter.type")
        return None

    async def _person(self) -> None:
        visits = await self.reader.stay(self.query.select.window.stay) if self.query.select.window.stay else None
        found = await of_person(self.record, self.query, visits)
        if isinstance(found, str):
            raise NoAnswer(found)
        for value, shown, source, unit in found:
            evidence = Evidence(
                slot="answer", value=value, unit=unit, display=shown, patient=self.record.patient_id, source=source
            )
            self._add(value, shown, evidence, unit, None)

    async def _two(self, first: Select, second: Select) -> None:
        query = self.query
        one, read = await self.chosen(first)
        other, read_other = await self.chosen(second)
        if first.kind == "prescription":
            if read.problems:
                raise NoAnswer(f"the record is not complete ({'; '.join(read.problems[:2])})")
            before = {event.name.casefold() for event in other}
            new = [event for event in one if event.name.casefold() not in before]
            return self._names(new, read)
        if not one or not other:
            return self._nothing(read if not one else read_other)
        if query.aggregate == "sum":
            plain = query.model_copy(update={"aggregate": "sum", "per": None})
            rows = [aggregated(events, plain, self.record)[0][1] for events in (one, other)]
            if not all(isinstance(row.value, float) for row in rows) or rows[0].unit != rows[1].unit:
                raise NoAnswer("intake and output are not recorded in one unit")
            value = float(f"{float(rows[0].value or 0) - float(rows[1].value or 0):.12g}")
            shown = f"{show_value(value, rows[0].unit)}: {rows[0].display} in, {rows[1].display} out"
            return self._derived(value, shown, [*one, *other], unit=rows[0].unit)
        left, right = one[0].result, other[0].result
        if (
            left is None
            or right is None
            or len({e.result.display for e in one if e.result}) > 1
            or len({e.result.display for e in other if e.result}) > 1
        ):
            raise NoAnswer("there is more than one value at that time")
        if query.wants == "compare":
            outcome = change(left, right)
            if not isinstance(outcome.value, float):
                raise NoAnswer(outcome.display)
            verdict = {
                ">": outcome.value > 0,
                "<": outcome.value < 0,
                ">=": outcome.value >= 0,
                "<=": outcome.value <= 0,
                "=": outcome.value == 0,
            }
            holds = verdict[query.compare or "="]
            return self._derived(
                holds, f"{'yes' if holds else 'no'}: {left.display} and {right.display}", [one[0], other[0]]
            )
        later, earlier = (
            (left, right) if (one[0].at or self.record.as_of) >= (other[0].at or self.record.as_of) else (right, left)
        )
        outcome = change(later, earlier)
        if not outcome.known:
            raise NoAnswer(outcome.display)
        shown = f"{outcome.display}: from {earlier.display} ({earlier.at}) to {later.display} ({later.at})"
        self._derived(
            outcome.value,
            shown,
            [one[0], other[0]],
            unit=outcome.unit,
            range_=outcome.bounds,
            comparator=outcome.comparator,
        )
        return None


def _ended(event: Event) -> str | None:
    return event.end.isoformat() if event.end else None


def _asks_growth(query: Query) -> bool:
    return (
        any(condition.field == "organism" for condition in query.select.where)
        or "organism" in query.question.lower()
        or "grow" in query.question.lower()
    )


__all__ = ["TOOL", "Answer", "Runner"]
