"""`osler bench synthea --data FOLDER`: synthetic patients by path against facts established before the run.

No claim may contradict a fact (`evals/synthea/facts.yaml`, worked out by a script that imports nothing of Osler).
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import yaml

from agent import ClinicalAssistant
from evals.keys import results, shown_texts, value_matches
from evals.metrics import document
from tools.errors import OslerError, UsageError

Json = dict[str, Any]
FACTS = Path(__file__).parent.parent / "synthea" / "facts.yaml"


def run(folder: Path) -> Json:
    """Ask each patient's questions and look for a contradiction."""
    started = time.perf_counter()
    if not folder.is_dir():
        raise UsageError(
            f"no folder {folder}", found=folder, expected="a folder of Synthea bundles", action="give --data FOLDER"
        )
    by: Json = {}
    excluded: list[Json] = []
    good = n = asked = 0
    with ClinicalAssistant() as osler:
        for row in yaml.safe_load(FACTS.read_text(encoding="utf-8")):
            path = folder / row["bundle"]
            if not path.exists():
                excluded.append({"id": row["bundle"], "reason": "not in the folder"})
                continue
            documents, errors = [], []
            for question in row["questions"]:
                asked += 1
                try:
                    consult = osler.consult(
                        question, row["patient"], record=str(path), as_of=str(row["as_of"]), model="none"
                    )
                    documents.append(consult.document())
                except OslerError as error:
                    errors.append(f"{question}: {error.message}")
            faults = list(errors)
            for fact in row["facts"]:
                found = [fault for body in documents for fault in contradictions(body, fact)]
                n += 1
                good += not found
                faults += found
            if faults:
                by[row["bundle"]] = faults
    return document(
        "synthea",
        "facts that no claim contradicts",
        good,
        n,
        time.perf_counter() - started,
        by=by,
        excluded=excluded,
        questions=asked,
    )


def contradictions(body: Json, fact: Json) -> list[str]:
    """What of an answer contradicts a fact."""
    found = []
    for pattern in fact.get("contradicts", []):
        found += [
            f"{fact['id']} ({fact['what']}): {text}"
            for text in shown_texts(body)
            if re.search(pattern, text, re.IGNORECASE)
        ]
    wanted = fact.get("value")
    if wanted is not None:
        for item in results(body, wanted["name"]):
            known = item["value"] is not None or item["range"] is not None
            if known and not value_matches(item, wanted):
                found.append(f"{fact['id']} ({fact['what']}): {wanted['name']} is {item['display']}")
    for protocol in fact.get("protocols_not", []):
        if protocol in body["plan"]["protocols"]:
            found.append(f"{fact['id']} ({fact['what']}): chose {protocol}")
    return found
