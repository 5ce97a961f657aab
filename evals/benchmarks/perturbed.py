"""`osler bench perturbed`: copies of the demo patients with one thing changed, against an independent script's values.

`evals/perturb/expected.py` works the expected values out from the published formulas without importing Osler.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from agent import ClinicalAssistant
from evals.keys import left_open, load_keys, shown_texts, value_shown
from evals.metrics import document
from tools.ehr.compact import apply_change, build_bundle
from tools.ehr.demo import compact_patient

Json = dict[str, Any]
COPIES = Path(__file__).parent.parent / "perturb" / "copies.yaml"


def run(path: Path | None = None, only: str | None = None) -> Json:
    """Ask each copy its patient's question and compare."""
    started = time.perf_counter()
    rows = yaml.safe_load((path or COPIES).read_text(encoding="utf-8"))
    keys, by, passed = load_keys(), {}, 0
    with tempfile.TemporaryDirectory() as folder, ClinicalAssistant() as osler:
        for row in rows:
            if only is not None and only not in row["id"]:
                continue
            compact = compact_patient(row["base"])
            bundle = Path(folder) / f"{row['id']}.json"
            bundle.write_text(json.dumps(build_bundle(apply_change(compact, row["change"]))), encoding="utf-8")
            consult = osler.consult(
                keys[row["base"]]["question"],
                row["base"],
                record=str(bundle),
                as_of=str(compact["as_of"]),
                model="none",
            )
            faults = compare(consult.document(), row)
            passed += not faults
            if faults:
                by[row["id"]] = {"why": row["why"], "faults": faults}
    return document(
        "perturbed",
        "copies with every expected value and band",
        passed,
        len([r for r in rows if only is None or only in r["id"]]),
        time.perf_counter() - started,
        by=by,
    )


def compare(body: Json, row: Json) -> list[str]:
    """What of a copy's expectations does not hold."""
    critical = [f"{item['concept'] or item['slot']}: {item['display']}".replace("_", " ") for item in body["critical"]]
    texts = shown_texts(body)
    faults = [f"value {wanted}" for wanted in row.get("expect", []) if not value_shown(body, wanted)]
    for patterns in row.get("says", []):
        if not any(re.search(p, text, re.IGNORECASE) for p in patterns for text in [*texts, *critical]):
            faults.append(f"nothing says {patterns[0]!r}")
    for pattern in row.get("forbids", []):
        faults += [f"says: {text}" for text in texts if re.search(pattern, text, re.IGNORECASE)]
    faults += [f"not left open: {item}" for item in row.get("abstain", []) if not left_open(body, item)]
    for pattern in row.get("critical", []):
        if not any(re.search(pattern, text, re.IGNORECASE) for text in critical):
            faults.append(f"critical lacks {pattern}")
    return faults
