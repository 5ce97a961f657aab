"""Pairs of the table and duplicate therapy among the drugs of a list, in words that claim no more than the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.interaction_rules import TIERS, Bound, Case, DrugSafety, Pair
from tools.drug_safety.dose import of_order, shown
from tools.drug_safety.items import Item

_RANK: dict[str, int] = {tier: rank for rank, tier in enumerate(TIERS)}


@dataclass(frozen=True)
class Finding:
    """Something the table speaks of: what kind, how grave by its source, in words, and the orders it is about."""

    kind: str
    tier: str
    display: str
    items: tuple[Item, ...]
    references: tuple[str, ...]
    verified: bool = True
    strict: bool = False


@dataclass(frozen=True)
class _Held:
    """An entry with the cases that the recorded doses leave open; the first leads."""

    pair: Pair
    cases: tuple[Case, ...]

    @property
    def rank(self) -> tuple[int, bool, bool]:
        lead = self.cases[0]
        return _RANK[lead.tier], not _settled(lead), bool(self.pair.unverified)


def pairs_among(items: Sequence[Item], table: DrugSafety, only: Item | None = None) -> tuple[list[Finding], list[str]]:
    """Every two drugs of which the table has an entry, gravest first; and entries that the recorded dose rules out.

    `only` keeps the pairs with one order.
    """
    couples: dict[tuple[str, str], tuple[list[Pair], list[Item]]] = {}
    for index, one in enumerate(items):
        for other in items[index + 1 :]:
            if only is not None and only is not one and only is not other:
                continue
            for pair, mine, theirs in table.between(one.concepts, other.concepts):
                entries, orders = couples.setdefault((min(mine, theirs), max(mine, theirs)), ([], []))
                entries += [pair] if pair not in entries else []
                orders += [item for item in (one, other) if item not in orders]
    found: list[Finding] = []
    aside: list[str] = []
    for names, (entries, orders) in couples.items():
        drugs = " + ".join(table.called(name) for name in names)
        held = [_Held(pair, open_cases(pair, orders)) for pair in entries]
        for row in held:
            if not row.cases:
                aside.append(f"{drugs}: the entry holds where {row.pair.when}; the recorded dose is outside that")
        kept = sorted((row for row in held if row.cases), key=lambda row: row.rank)
        if kept:
            found.append(_pair(drugs, kept, orders, table))
    return sorted(found, key=lambda finding: (_RANK[finding.tier], not finding.strict, not finding.verified)), aside


def open_cases(pair: Pair, orders: list[Item]) -> tuple[Case, ...]:
    """The cases of an entry, without those that every recorded dose of the drug rules out."""
    return tuple(case for case in pair.cases if case.mg is None or _holds(case.mg, orders) is not False)


def _holds(bound: Bound, orders: list[Item]) -> bool | None:
    """Whether a dose bound holds; none where a dose could not be read."""
    said = []
    for item in orders:
        if bound.drug in item.concepts:
            daily = of_order(item.resource, item.name)
            if isinstance(daily, str):
                return None
            said.append(bound.holds({"dose": daily.each, "day": daily.mg, "week": daily.mg * 7}[bound.per]))
    return any(said) if said else None


def _settled(case: Case) -> bool:
    return not case.when or bool(case.mg and case.mg.whole)


def _pair(drugs: str, held: list[_Held], orders: list[Item], table: DrugSafety) -> Finding:
    first, cases = held[0].pair, held[0].cases
    prefix = "Unverified, " if first.unverified else ""
    tier = f"{prefix}{cases[0].tier}" if prefix else cases[0].tier.capitalize()
    parts = [f"{tier}: {drugs}: {first.effect}{f' ({first.why})' if first.why else ''}."]
    for number, case in enumerate(cases):
        if case.when:
            known = case.mg is not None and _holds(case.mg, orders) is True
            checked = "as recorded" if known and _settled(case) else "not checked here"
            label = "Holds" if number == 0 else case.tier.capitalize()
            joined = case.when if case.when.startswith("unless ") else f"where: {case.when}"
            parts.append(f"{label} {joined} ({checked}).")
    parts.append(f"Watch or do: {first.watch}.")
    parts += [_limit(row.pair, orders, table) for row in held if row.pair.limit]
    parts.append(f"Source: {cited(first, table)}.")
    for row in held[1:]:
        also = f"{'unverified, ' if row.pair.unverified else ''}{row.cases[0].tier}"
        parts.append(f"Also: {also}: {row.pair.effect} ({cited(row.pair, table)}).")
    local = [item.name for item in orders if item.local]
    if local:
        parts.append(
            f"{', '.join(local)} seems to be for local use; entries are written for drugs that reach the blood."
        )
    return Finding(
        kind="pair",
        tier=cases[0].tier,
        display=" ".join(parts),
        items=tuple(orders),
        references=tuple(dict.fromkeys(table.sources[row.pair.source].url for row in held)),
        verified=not first.unverified,
        strict=first.strict and not local,
    )


def cited(pair: Pair, table: DrugSafety) -> str:
    """The source of an entry and the place in it; what was not read says so."""
    source = table.sources[pair.source]
    if pair.unverified:
        return f"not verified: {pair.unverified}"
    return f"{source.name}, {source.edition}, {pair.at}"


def _limit(pair: Pair, orders: list[Item], table: DrugSafety) -> str:
    """How the recorded dose stands to the most that the source still allows."""
    assert pair.limit is not None
    drug, most = pair.limit.drug, shown(pair.limit.mg)
    name = table.called(drug)
    said = []
    for item in orders:
        if drug not in item.concepts:
            continue
        daily = of_order(item.resource, item.name)
        if isinstance(daily, str):
            said.append(f"the daily dose of {name} could not be read ({daily}): compare it with {most} a day")
        else:
            how = "above" if daily.mg > pair.limit.mg else "not above"
            said.append(f"{name} is recorded at {shown(daily.mg)} a day, {how} the {most} named here")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}."


def duplicates_among(items: Sequence[Item], table: DrugSafety) -> list[Finding]:
    """The same ingredient on two entries, and two drugs of a class that is normally taken once."""
    found: list[Finding] = []
    for drug in sorted({concept for item in items for concept in item.concepts}):
        same = [item for item in items if drug in item.concepts]
        if len(same) > 1 and table.terminology.get(drug).kind == "medication":
            listed = ", ".join(item.told for item in same)
            text = f"{table.called(drug)} stands on {len(same)} entries: {listed}. One course listed twice, or two \
strengths or forms on purpose?"
            found.append(Finding("duplicate", "same ingredient", text, tuple(same), ()))
    systemic = [item for item in items if not item.local]
    for row in table.duplicates:
        members = frozenset().union(*(table.members(name) for name in row.members))
        inside = {item.reference + item.name: (item, item.concepts & members) for item in systemic}
        held = {key: (item, drugs) for key, (item, drugs) in inside.items() if drugs}
        if len({drugs for _, drugs in held.values()}) < 2:
            continue
        source = table.sources[row.source]
        place = f"not verified: {row.unverified}" if row.unverified else f"{source.name}, {source.edition}, {row.at}"
        listed = ", ".join(item.told for item, _ in held.values())
        prefix = "Unverified: more" if row.unverified else "More"
        text = f"{prefix} than one {row.name}: {listed}. A switch or a bridge may be meant. Source: {place}."
        orders = tuple(item for item, _ in held.values())
        found.append(Finding("duplicate", "same class", text, orders, (source.url,), verified=not row.unverified))
    return found
