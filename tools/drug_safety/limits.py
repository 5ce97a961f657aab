"""Doses against kidney function and against the most a day. What a measure is missing for is asked, never assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.evidence import Evidence
from knowledge.guideline import Corpus
from knowledge.interaction_rules import DrugSafety, MaxDose, RenalRule
from tools.context import ToolContext
from tools.drug_safety.dose import Daily, of_order, shown
from tools.drug_safety.items import Item
from tools.drug_safety.pairs import Finding
from tools.drugs import Rule, band_for, rule_of
from tools.ehr.compartment import walk
from tools.ehr.reads.critical import ADULT
from tools.spec import plain

Json = dict[str, Any]
_YEAR = 365.0
_CALLED = {"egfr": "eGFR", "crcl": "creatinine clearance"}


@dataclass
class Body:
    """Age, weight and kidney function as the record has them; `missing` names what is asked for."""

    age: Evidence | None = None
    weight: Evidence | None = None
    measures: dict[str, Evidence] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    dated: str = ""
    unstable: str = ""


async def body_of(ctx: ToolContext) -> Body:
    """Read age, sex, weight and creatinine, and estimate kidney function unless creatinine is moving.

    Estimates that are already bound to the step (`egfr`, `crcl`) are taken instead.
    """
    from tools.catalog import catalog

    tools = catalog()

    async def ask(tool: str, slot: str, arguments: Json, inputs: dict[str, Evidence] | None = None) -> Evidence:
        output = await tools[tool].call(arguments, ctx.at(f"{ctx.slot}.{slot}", inputs or {}))
        return output.evidence[0]

    held = {
        name: await ask("record.observation", name, {"concept": name, "max_age_days": _YEAR})
        for name in ("creatinine", "weight")
    }
    held |= {"age": await ask("record.age", "age", {}), "sex": await ask("record.sex", "sex", {})}
    body = Body(held["age"], held["weight"], dated=f"creatinine of {held['creatinine'].date or 'no date'}")
    body.missing = {name: item.display for name, item in held.items() if item.value is None}
    given = {name: item for name in _CALLED if (item := ctx.inputs.get(name)) is not None}
    for kind in ("ratio", "rise") if "creatinine" not in body.missing and not given else ():
        definition = "kdigo_aki_definition"
        limits = {kind: f"{definition}.{kind}", "days": f"{definition}.{kind}_days"}
        wanted = {"concept": "creatinine", "max_age_days": _YEAR, **limits}
        risen = await ask("record.rise", f"rise.{kind}", wanted)
        if risen.value is True:
            body.unstable = f"creatinine is not stable ({risen.display}): kidney function is not estimated from it"
            return body
    for name, tool, needs in (
        ("egfr", "calc.ckd_epi_2021", ("creatinine", "age", "sex")),
        ("crcl", "calc.cockcroft_gault", ("creatinine", "age", "sex", "weight")),
    ):
        inputs = {key: held[key] for key in needs}
        if name in given:
            body.measures[name] = given[name]
        elif not any(key in body.missing for key in needs):
            arguments = {key: plain(item) for key, item in inputs.items()}
            body.measures[name] = await ask(tool, name, arguments, inputs)
    return body


def own_band(rule: RenalRule, measure: Evidence, table: DrugSafety) -> tuple[str, str] | None:
    """Action and words of the band that a clearance lies in; none where no band fits."""
    name, ends = table.called(rule.drug), measure.range or (measure.value, measure.value)
    low, high = (float(end) for end in ends if isinstance(end, (int, float)))
    bands = [next((band for band in rule.bands if band.holds(end)), None) for end in (low, high)]
    if bands[0] is None and bands[1] is None:
        return None
    if bands[0] is not bands[1] or bands[0] is None:
        return "caution", f"{name}: at a clearance of {measure.display} more than one dose band is possible"
    source = table.sources[rule.source]
    text = f"{name} {rule.form} at a creatinine clearance of {measure.display}: {bands[0].text}"
    return bands[0].action, f"{text}. Source: {source.name}, {source.edition}."


def renal(items: Sequence[Item], body: Body, table: DrugSafety, corpus: Corpus) -> tuple[list[Finding], list[str]]:
    """What labels say at this kidney function, and what was not judged and why."""
    found: list[Finding] = []
    aside: list[str] = []
    asked: dict[str, list[str]] = {}
    uncovered: list[str] = []
    for item in items:
        rules = [(drug, _rule(drug, table)) for drug in sorted(item.concepts)]
        if item.local:
            continue
        if not any(rule for _, rule in rules):
            uncovered.append(item.name)
        for _, rule in rules:
            if rule is None:
                continue
            name: str = "crcl" if isinstance(rule, RenalRule) else rule.measure
            measure = body.measures.get(name)
            if measure is None or (measure.value is None and measure.range is None):
                asked.setdefault(name, []).append(item.name)
                continue
            said = _said(rule, measure, table, corpus)
            if said is None or said[0] == "no_change":
                continue
            action, text, references = said
            shown_as = f"{text} ({body.dated}) On the list: {item.told}."
            found.append(Finding("renal", action, shown_as, (item,), references))
    for name, drugs in asked.items():
        needs = ("creatinine", "age", "sex", *(("weight",) if name == "crcl" else ()))
        lacking = ", ".join(f"{key} ({body.missing[key]})" for key in needs if key in body.missing)
        why = body.unstable or (f"needs {lacking}" if lacking else "could not be worked out")
        aside.append(f"dose by {_CALLED[name]} not judged for {', '.join(drugs)}: {why}")
    if uncovered:
        aside.append(f"no renal rule in Osler's tables for: {', '.join(dict.fromkeys(uncovered))}")
    return found, aside


def _rule(drug: str, table: DrugSafety) -> Rule | RenalRule | None:
    return rule_of(drug, table.terminology) or table.renal.get(drug)


def _said(
    rule: Rule | RenalRule, measure: Evidence, table: DrugSafety, corpus: Corpus
) -> tuple[str, str, tuple[str, ...]] | None:
    if isinstance(rule, RenalRule):
        own = own_band(rule, measure, table)
        return (*own, (table.sources[rule.source].url,)) if own else None
    found = band_for(rule, measure, corpus)
    if found == "unknown":
        return "caution", f"{table.called(rule.drug)}: {measure.display} leaves more than one dose band possible.", ()
    return (found[0].action, found[1], found[0].passages) if found else None


def most(drug: str, row: MaxDose, daily: Daily, body: Body, table: DrugSafety) -> tuple[str, str]:
    """How a daily dose stands to the most a day: `above`, `within` or `unknown`, and the words for it."""
    name, source = table.called(drug), table.sources[row.source]
    age = body.age.value if body.age else None
    if not isinstance(age, (int, float)) or isinstance(age, bool):
        return "unknown", f"{name}: not compared with the most a day for adults: age not known"
    if age < ADULT:
        return "unknown", f"{name}: not compared with the most a day for adults: the patient is under {ADULT}"
    limit, by = row.mg, ""
    if row.per_kg and row.below_kg:
        kg = body.weight.value if body.weight else None
        if isinstance(kg, (int, float)) and not isinstance(kg, bool):
            if kg < row.below_kg:
                limit = min(row.mg, row.per_kg * kg)
                by = f" ({row.per_kg:g} mg/kg a day at {kg:g} kg)"
        elif daily.mg > row.per_kg * row.below_kg:
            by = f"; below {row.below_kg:g} kg it is {row.per_kg:g} mg/kg a day, and weight is not known"
    called = "maximum" if row.basis == "maximum" else "upper end of the usual range"
    how = "above" if daily.mg > limit * 1.001 else "within"
    needed = ", taken as often as is written" if daily.as_needed else ""
    text = (
        f"{name} {daily.words}{needed} is {shown(daily.mg)} a day, {how} the {called} for adults of {shown(limit)}{by}"
    )
    note = f" {row.note[:1].upper()}{row.note[1:]}." if row.note else ""
    return how, f"{text}.{note} Source: {source.name}, {source.edition}."


def doses(items: Sequence[Item], body: Body, table: DrugSafety) -> tuple[list[Finding], list[str]]:
    """Orders above the most a day, and what was not compared and why."""
    found: list[Finding] = []
    within: list[str] = []
    aside: list[str] = []
    uncovered: list[str] = []
    totals: dict[str, list[Item]] = {}
    for item in items:
        drugs = [drug for drug in sorted(item.concepts) if drug in table.most]
        if not drugs:
            uncovered.append(item.name)
        for drug in drugs:
            totals.setdefault(drug, []).append(item)
    for drug, orders in totals.items():
        row = table.most[drug]
        read: list[Daily] = []
        for item in orders:
            reason = not_compared(item, row)
            daily = reason or of_order(item.resource, item.name)
            if isinstance(daily, str):
                aside.append(f"daily dose of {item.name} not compared: {daily}")
                continue
            read.append(daily)
            how, text = most(drug, row, daily, body, table)
            if how == "above":
                url = table.sources[row.source].url
                listed = f"{text} On the list: {item.told}."
                found.append(Finding("dose", row.basis, listed, (item,), (url,)))
            elif how == "unknown":
                aside.append(text)
            else:
                within.append(item.name)
        if len(read) > 1:
            words = " and ".join(daily.words for daily in read)
            both = Daily(sum(daily.mg for daily in read), words, any(daily.as_needed for daily in read))
            how, text = most(drug, row, both, body, table)
            if how == "above":
                listed = f"{len(read)} entries together: {text} On the list: {', '.join(item.told for item in orders)}."
                found.append(Finding("dose", row.basis, listed, tuple(orders), (table.sources[row.source].url,)))
    if within:
        aside.append(f"not above the most a day in Osler's table: {', '.join(within)}")
    if uncovered:
        aside.append(f"no most a day in Osler's table for: {', '.join(dict.fromkeys(uncovered))}")
    return found, aside


def not_compared(item: Item, row: MaxDose) -> str:
    """Why the most a day does not fit an order: another route, or several drugs in one product."""
    if item.local:
        return "it seems to be for local use"
    if len(item.concepts) > 1:
        return "several drugs in one product"
    routes = [*walk(item.resource, "dosageInstruction.route.text"), *walk(item.resource, "dosage.route.text")]
    routes += walk(item.resource, "dosageInstruction.route.coding.display")
    words = " ".join(map(str, routes)).casefold()
    allowed = {"oral": ("oral", "mouth", "po"), "iv": ("intravenous", "iv")}
    wanted = [word for route in row.routes for word in allowed.get(route, (route,))]
    if words and not any(word in words.split() or (len(word) > 3 and word in words) for word in wanted):
        return f"the route is {words}"
    return ""
