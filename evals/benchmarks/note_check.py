"""`osler bench note-check`: planted errors in notes, and how many of them are found.

Without data: errors of nine kinds planted in a note that is assembled from each demo patient's own record; every plant
is a trial, and each clean note one for false alarms. With data: notes with at most one planted error (the layout of
MEDEC's validation file: Text, Error Flag, Error Type, Error Sentence), checked alone, as there is no record to them.
"""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from evals.benchmarks.note_plants import PLANTS, clean_note, plant
from evals.metrics import document, share
from knowledge.terminology import default_terminology
from tools.errors import UsageError
from tools.notecheck.inside import clashes
from tools.notecheck.told import told

Json = dict[str, Any]


def run(data: Path | None, n: int | None = None) -> Json:
    """The planted errors found: of our own plants, or of a file of notes."""
    return _file(data, n) if data is not None else _plants(n)


def _plants(n: int | None) -> Json:
    from agent import ClinicalAssistant
    from tools.ehr.demo import demo_patients

    started = time.perf_counter()
    found: dict[str, list[bool]] = defaultdict(list)
    alarms: list[bool] = []
    cases = []
    with ClinicalAssistant() as osler:
        for patient in list(demo_patients())[:n]:
            facts = osler.portal.call(clean_note(osler.core, patient.id))
            clean = osler.check_note(patient.id, facts.text)
            wrong = [row["text"] for row in clean["statements"] if row["outcome"] == "contradicted"]
            alarms.append(bool(wrong or clean["inside"]))
            cases.append({"id": patient.id, "kind": "clean", "alarm": alarms[-1], "what": wrong})
            for kind in PLANTS:
                made = plant(facts, kind)
                if made is None:
                    continue
                text, start, end = made
                checked = osler.check_note(patient.id, text)
                places = [(r["start"], r["end"]) for r in checked["statements"] if r["outcome"] == "contradicted"]
                places += [tuple(span) for clash in checked["inside"] for span in clash["spans"]]
                hit = any(a < end and start < b for a, b in places)
                found[kind].append(hit)
                cases.append({"id": patient.id, "kind": kind, "found": hit, "text": text[start:end]})
    hits, total = sum(map(sum, found.values())), sum(map(len, found.values()))
    return document(
        "note-check",
        "planted errors found at their place",
        hits,
        total,
        time.perf_counter() - started,
        by={kind: share(sum(rows), len(rows)) for kind, rows in sorted(found.items())},
        false_alarms={"notes": share(sum(alarms), len(alarms))},
        cases=cases,
        data="notes assembled from the demo patients' own records",
    )


def _file(path: Path, n: int | None) -> Json:
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise UsageError(
            "no notes to check", found=str(path), expected="a CSV with Text, Error Flag and Error Sentence",
            action="give --data FILE",
        )  # fmt: skip
    started, terminology = time.perf_counter(), default_terminology()
    with files[0].open(encoding="utf-8", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))[:n]
    by_type: dict[str, list[bool]] = defaultdict(list)
    anywhere, alarms, cases = 0, [], []
    rules: dict[str, int] = defaultdict(int)
    for row in rows:
        text = row["Text"]
        found = clashes(text, told(text, terminology), terminology)
        for clash in found:
            rules[clash.rule] += 1
        if row["Error Flag"].strip() != "1":
            alarms.append(bool(found))
            continue
        wrong = row["Error Sentence"].strip()
        start = text.find(wrong[:60])
        hit = any(start <= a < start + len(wrong) for clash in found for a, _ in clash.spans) if start >= 0 else False
        anywhere += bool(found)
        by_type[row["Error Type"]].append(hit)
        cases.append({"id": row["Text ID"], "type": row["Error Type"], "found": hit, "rules": [c.rule for c in found]})
    hits, total = sum(map(sum, by_type.values())), sum(map(len, by_type.values()))
    return document(
        "note-check",
        "notes with a planted error in which a contradiction is found in the wrong sentence",
        hits,
        total,
        time.perf_counter() - started,
        by={kind: share(sum(found), len(found)) for kind, found in sorted(by_type.items())},
        flagged_anywhere=share(anywhere, total),
        false_alarms={"notes": share(sum(alarms), len(alarms))},
        rules=dict(rules),
        cases=cases,
        data=files[0].name,
    )
