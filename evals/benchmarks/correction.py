"""`osler bench correction`: every correction of one input on the demo patients, against an independent oracle.

The oracle (`evals/correction_oracle.py`) sees only the exported JSON before and after.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from agent import ClinicalAssistant
from agent.api import Consultation
from evals.correction_oracle import expected
from evals.metrics import document
from tools.ehr.demo import demo_patients

Json = dict[str, Any]


# By unit, how far a value is moved: a body is not found a quarter warmer, nor more than saturated.
_SCALES = {"%": 0.9, "Cel": 1.04}


def another(item: Json) -> Any:
    """Another value of the same kind, far enough to matter and still possible; None where there is none to give."""
    value, unit = item["value"], item["unit"]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float) and unit is not None:
        return {"value": round(value * _SCALES.get(unit, 1.25), 3) if value else 1, "unit": unit}
    if value is None and item["source"].get("kind") == "fhir" and item["source"].get("reference") is None:
        return True
    return None


def corrections(body: Json) -> list[tuple[str, Any]]:
    """Every input of an answer (a leaf that something reads) with another value for it."""
    read = {slot for record in body["records"] for slot in record["bindings"].values()}
    found = []
    for record in body["records"]:
        if record["bindings"] or record["status"] != "ok" or record["slot"] not in read or not record["evidence"]:
            continue
        item = body["evidence"][record["evidence"][0]]
        if record["tool"] not in ("record.finding", "record.observation", "record.age", "record.medication"):
            continue
        value = another(item)
        if value is not None:
            found.append((record["slot"], value))
    return found


def run(limit: int | None = None) -> Json:
    """Correct every input, one at a time, each in a copy of the same consultation (`what_if`)."""
    started = time.perf_counter()
    wrong: list[Json] = []
    n = 0
    seconds: list[float] = []
    whole: list[float] = []
    with ClinicalAssistant() as osler:
        for patient in demo_patients():
            probe, took = _ask(osler, patient.id, patient.question)
            whole.append(took)
            before = probe.document()
            for slot, value in corrections(before)[:limit]:
                begun = time.perf_counter()
                copy, said = probe.what_if(slot, value, by="bench")
                seconds.append(time.perf_counter() - begun)
                n += 1
                oracle = expected(before, copy.document())
                if any(said[key] != oracle[key] for key in oracle):
                    wrong.append(
                        {
                            "patient": patient.id,
                            "slot": slot,
                            "differs": {k: sorted(set(said[k]) ^ set(oracle[k])) for k in oracle},
                        }
                    )
    return document(
        "correction",
        "corrections whose rerun, kept, added and dropped equal the oracle's",
        n - len(wrong),
        n,
        time.perf_counter() - started,
        wrong=wrong[:20],
        median_seconds_correction=round(statistics.median(seconds), 3),
        median_seconds_whole=round(statistics.median(whole), 3),
    )


def _ask(osler: ClinicalAssistant, patient: str, question: str) -> tuple[Consultation, float]:
    begun = time.perf_counter()
    consult = osler.consult(question, patient, model="none").run()
    return consult, time.perf_counter() - begun
