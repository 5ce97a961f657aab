"""`osler bench keys`: every demo patient and twin against the key written before the code (safety rule 1)."""

from __future__ import annotations

import time
from typing import Any

from agent import ClinicalAssistant
from evals.keys import check, load_keys
from evals.metrics import document

Json = dict[str, Any]


def run(model: str | None = "none") -> Json:
    """Ask each demo patient's question and compare the answer with its key."""
    started = time.perf_counter()
    rows: dict[str, Json] = {}
    passed = 0
    with ClinicalAssistant() as osler:
        for patient, key in load_keys().items():
            verdict = check(osler.consult(key["question"], patient, model=model).document(), key)
            passed += verdict.passed
            rows[patient] = {
                "passed": verdict.passed,
                "required": verdict.required,
                "missing": verdict.missing,
                "forbidden": verdict.forbidden,
                "uncited": verdict.uncited,
            }
    return document(
        "keys",
        "patients with all required facts, none forbidden, all cited",
        passed,
        len(rows),
        time.perf_counter() - started,
        by=rows,
    )
