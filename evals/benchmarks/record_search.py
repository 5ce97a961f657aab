"""`osler bench record-search [--n RESOURCES]`: one sentence among thousands of resources, found with its reference.

The record is invented here (`evals/record_search/planted.yaml`; three seeds): results, visits, orders, notes of filler,
and among them the planted sentences with their decoys. A hit is the planted resource, and in a note its own sentence.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from evals.metrics import document, share
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.reads.search import record_search
from tools.ehr.record import open_record
from tools.ehr.search.index import index_of
from tools.ehr.store.store import Store

Json = dict[str, Any]
PLANTED = Path(__file__).parent.parent / "record_search" / "planted.yaml"
SEEDS = (1, 2, 3)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = datetime(1996, 1, 1, tzinfo=UTC)
RESOURCES, DEEP = 10_000, 5
SETS = ("planted", "fresh")
Place = tuple[str, str]
"""Reference and text."""


def run(resources: int | None = None, seeds: tuple[int, ...] = SEEDS) -> Json:
    """Plant, search, count."""
    started = time.perf_counter()
    size = resources or RESOURCES
    given = yaml.safe_load(PLANTED.read_text(encoding="utf-8"))
    cases: list[Json] = []
    quiet: list[Json] = []
    timing: dict[str, list[float]] = {"read": [], "index": [], "search": []}
    for seed in seeds:
        found = asyncio.run(_trial(given, size, seed, timing))
        cases += [row for row in found if row["set"] != "absent"]
        quiet += [row for row in found if row["set"] == "absent"]
    slowest = sorted(timing["search"])
    by = {f"{name}, hit@{deep}": _share(cases, name, deep) for name in SETS for deep in (1, DEEP)}
    by[f"hit@{DEEP}"] = _share(cases, None, DEEP)
    by["not found where it is nowhere"] = share(sum(row["rank"] is None for row in quiet), len(quiet))
    return document(
        "record-search",
        "planted place first (hit@1)",
        sum(row["rank"] == 1 for row in cases),
        len(cases),
        time.perf_counter() - started,
        by=by,
        cases=[*cases, *quiet],
        resources=size,
        search_seconds={
            "median": round(statistics.median(slowest), 4),
            "p95": round(slowest[int(0.95 * (len(slowest) - 1))], 4),
            "slowest": round(slowest[-1], 4),
        },
        read_seconds=round(statistics.mean(timing["read"]), 2),
        index_seconds=round(statistics.mean(timing["index"]), 2),
    )


def _share(cases: list[Json], name: str | None, deep: int) -> Json:
    rows = [row for row in cases if name in (None, row["set"])]
    return share(sum(row["rank"] is not None and row["rank"] <= deep for row in rows), len(rows))


async def _trial(given: Json, size: int, seed: int, timing: dict[str, list[float]]) -> list[Json]:
    patient, places = long_record(given, size, random.Random(seed))
    store = Store()
    import_document(store, build_bundle(patient))
    began = time.perf_counter()
    record = await open_record(store, str(patient["id"]), as_of=AS_OF)
    await record.notes()
    await asyncio.gather(
        *(record.slice(kind) for kind in ("Observation", "Encounter", "Procedure", "MedicationRequest"))
    )
    timing["read"].append(time.perf_counter() - began)
    began = time.perf_counter()
    await index_of(record)
    timing["index"].append(time.perf_counter() - began)
    ctx = ToolContext(str(patient["id"]), AS_OF, default_terminology(), Corpus([]), record=record, slot="search")
    rows = []
    for name, row, place in places:
        hits = await _search(ctx, row["ask"], timing)
        rank = next((at for at, hit in enumerate(hits, 1) if _is(hit, place)), None)
        rows.append(
            {
                "id": f"{seed}/{row['ask']}",
                "set": name,
                "rank": rank,
                "first": hits[0]["text"][:120] if hits else None,
            }
        )
    for question in given["absent"]:
        hits = [hit for hit in await _search(ctx, question, timing) if not hit["without"]]
        rows.append(
            {
                "id": f"{seed}/{question}",
                "set": "absent",
                "rank": 1 if hits else None,
                "first": hits[0]["text"][:120] if hits else None,
            }
        )
    return rows


async def _search(ctx: ToolContext, question: str, timing: dict[str, list[float]]) -> list[Json]:
    began = time.perf_counter()
    output = await record_search.call({"text": question, "limit": 10}, ctx)
    timing["search"].append(time.perf_counter() - began)
    found: list[Json] = output.detail["hits"]
    return found


def _is(hit: Json, place: Place) -> bool:
    """Whether a hit is the planted place: the resource, and in a note the sentence."""
    reference, text = place
    return hit["reference"] == reference and (not reference.startswith("DocumentReference") or hit["text"] in text)


def long_record(given: Json, size: int, dice: random.Random) -> tuple[Json, list[tuple[str, Json, Place]]]:
    """A compact patient of about so many resources, and the set, row and place of each planted thing."""
    filler = given["filler"]
    patient: Json = {
        "id": "long",
        "name": {"given": "Ida", "family": "Longrecord"},
        "gender": "female",
        "birth_date": "1944-03-09",
        **{
            section: []
            for section in (
                "encounters",
                "conditions",
                "observations",
                "medications",
                "allergies",
                "notes",
                "procedures",
                "immunizations",
                "reports",
            )
        },
    }
    makers = (
        (0.62, "observations", lambda: _result(dice.choice(filler["results"]), dice)),
        (0.12, "encounters", lambda: {"class": "AMB", "type": "General practice visit"}),
        (0.10, "notes", lambda: {"type": "Clinic note", "author": "Dr Moss", "lines": _lines(filler, dice)}),
        (0.06, "procedures", lambda: {"text": dice.choice(filler["procedures"])}),
        (0.04, "medications", lambda: {"text": dice.choice(filler["drugs"]), "status": "completed"}),
        (0.03, "reports", lambda: {"text": dice.choice(filler["reports"]), "section": "LAB"}),
        (0.02, "immunizations", lambda: {"text": dice.choice(filler["vaccines"])}),
        (0.01, "conditions", lambda: {"text": dice.choice(filler["conditions"]), "clinical": "resolved"}),
    )
    for portion, section, make in makers:
        for number in range(round(size * portion)):
            patient[section].append({"id": f"{section[:3]}{number}", **_dated(section, dice), **make()})
    rows = [(name, row) for name in SETS for row in given[name]]
    places = [(name, row, _plant(patient, row, number, dice)) for number, (name, row) in enumerate(rows)]
    for _, row in rows:
        if "decoy" in row:
            note = dice.choice(patient["notes"])
            note["lines"].insert(dice.randrange(len(note["lines"]) + 1), row["decoy"])
    for note in patient["notes"]:
        note["text"] = "\n".join(note.pop("lines"))
    return patient, places


def _plant(patient: Json, row: Json, number: int, dice: random.Random) -> Place:
    """Put one row into the record; where it is."""
    kind, text, me = row["in"], row["text"], patient["id"]
    if kind == "note":
        note = dice.choice(patient["notes"])
        note["lines"].insert(dice.randrange(len(note["lines"]) + 1), text)
        return f"DocumentReference/{me}-{note['id']}", text
    body: Json = {"id": f"planted{number}", "text": text}
    section = {
        "Procedure": "procedures",
        "Condition": "conditions",
        "AllergyIntolerance": "allergies",
        "DiagnosticReport": "reports",
        "MedicationRequest": "medications",
        "Immunization": "immunizations",
        "Observation": "observations",
    }[kind]
    if kind == "DiagnosticReport":
        body |= {"text": "Specialist report", "conclusion": text, "section": "RAD"}
    elif kind == "Observation":
        body |= {"code": "loinc:38483-4", "value": row["value"], "unit": row["unit"], "interpretation": row["flag"]}
    elif kind == "Condition":
        body |= {"clinical": "active"}
    elif kind == "MedicationRequest":
        body |= {"status": "stopped"}
    patient[section].append({**body, **_dated(section, dice)})
    return f"{kind}/{me}-planted{number}", text


def _dated(section: str, dice: random.Random) -> Json:
    moment = FIRST + timedelta(minutes=dice.randrange(int((AS_OF - FIRST).total_seconds() // 60)))
    at = moment.isoformat().replace("+00:00", "Z")
    names = {"encounters": "start", "conditions": "onset", "medications": "authored", "allergies": "recorded"}
    return {names.get(section, "at"): at[:10] if section in ("conditions", "allergies") else at} | (
        {"end": at} if section == "encounters" else {}
    )


def _result(row: Json, dice: random.Random) -> Json:
    value = round(dice.uniform(row["low"], row["high"]), 1)
    return {
        "code": row["code"],
        "text": row["text"],
        "value": value,
        "unit": row["unit"],
        **({"interpretation": row["flag"]} if row.get("flag") else {}),
    }


def _lines(filler: Json, dice: random.Random) -> list[str]:
    return [dice.choice(filler["notes"]) for _ in range(dice.randrange(4, 12))]
