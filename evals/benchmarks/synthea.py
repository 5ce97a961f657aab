"""`osler bench synthea --data FOLDER`: synthetic patients by path against facts established before the run.

No claim may contradict a fact, and some must be told (`evals/synthea/facts*.yaml`, worked out by a script that imports
nothing of Osler).
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import yaml

from agent import ClinicalAssistant
from evals.keys import results, shown_texts, value_matches
from evals.metrics import document, share
from tools.errors import OslerError, UsageError

Json = dict[str, Any]
FOLDER = Path(__file__).parent.parent / "synthea"
FILES = ("facts.yaml", "facts_2.yaml")


def run(folder: Path, files: tuple[str, ...] = FILES) -> Json:
    """Ask each patient's questions; look for a contradiction, and for what had to be said."""
    started = time.perf_counter()
    if not folder.is_dir():
        raise UsageError(
            f"no folder {folder}", found=folder, expected="a folder of Synthea bundles", action="give --data FOLDER"
        )
    by: Json = {}
    excluded: list[Json] = []
    good = n = asked = 0
    with ClinicalAssistant() as osler:
        for name in files:
            before = (good, n)
            for row in yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")):
                path = folder / row["bundle"]
                if not path.exists():
                    excluded.append({"id": row["bundle"], "reason": "not in the folder"})
                    continue
                asked += len(row["questions"])
                documents, faults = _answers(osler, row, path)
                for fact in row["facts"]:
                    found = [fault for body in documents if body for fault in contradictions(body, fact)]
                    found += unsaid(documents, fact)
                    n += 1
                    good += not found
                    faults += found
                if faults:
                    by[row["bundle"]] = faults
            by[name] = share(good - before[0], n - before[1])
    return document(
        "synthea",
        "facts that are told where they must be and that no claim contradicts",
        good,
        n,
        time.perf_counter() - started,
        by=by,
        excluded=excluded,
        questions=asked,
    )


def _answers(osler: ClinicalAssistant, row: Json, path: Path) -> tuple[list[Json | None], list[str]]:
    """The answer to each question, none where it could not be asked, and why not."""
    documents: list[Json | None] = []
    errors = []
    for question in row["questions"]:
        try:
            consult = osler.consult(question, row["patient"], record=str(path), as_of=str(row["as_of"]), model="none")
            documents.append(consult.document())
        except OslerError as error:
            documents.append(None)
            errors.append(f"{question}: {error.message}")
    return documents, errors


def unsaid(documents: list[Json | None], fact: Json) -> list[str]:
    """What the answer to a fact's question had to say and did not."""
    if "says" not in fact:
        return []
    body = documents[fact["question"]]
    told = "\n".join(shown_texts(body)) if body else ""
    return [
        f"{fact['id']} ({fact['what']}): not said: {pattern}"
        for pattern in fact["says"]
        if not re.search(pattern, told, re.IGNORECASE)
    ]


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
