"""Answer keys (safety rule 1): what an answer must say, must not say, and must leave open. Written before the code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KEYS = Path(__file__).with_name("keys")
Json = dict[str, Any]


@dataclass
class Verdict:
    """How one answer fares against its key."""

    patient: str
    missing: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    uncited: list[str] = field(default_factory=list)
    required: int = 0

    @property
    def passed(self) -> bool:
        """All required present, none forbidden, all cited."""
        return not (self.missing or self.forbidden or self.uncited)


def load_keys(folder: Path = KEYS) -> dict[str, Json]:
    """Every key, by patient."""
    keys = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    return {key["patient"]: key for key in keys}


def shown_texts(document: Json) -> list[str]:
    """Every sentence a clinician reads as said: claims and next steps that are not struck or rejected."""
    answer = document["answer"]
    texts = [part["text"] for part in answer["claims"] if part["status"] in ("shown", "edited")]
    for step in answer["next_steps"]:
        if step["status"] in ("shown", "edited"):
            texts.append(step["text"] + "".join(f" Check first: {item}." for item in step["unknown"]))
    return texts


def said(document: Json) -> list[str]:
    """What is said, with the guideline each claim names beside it: that stands on the page as its citation."""
    texts = shown_texts(document)
    for claim in document["answer"]["claims"]:
        if claim["status"] == "shown":
            for evidence_id in claim["evidence"]:
                item = document["evidence"].get(evidence_id)
                if item and item["kind"] == "passage":
                    texts.append(item["display"])
    return texts


def gaps(document: Json) -> list[tuple[str, str]]:
    """(reason, words) of what was not answered."""
    return [(gap["reason"], " ".join([gap["what"], *gap["needs"]])) for gap in document["answer"]["not_answered"]]


def check(document: Json, key: Json) -> Verdict:
    """Compare a document with a key. An empty answer still fails: all required are missing."""
    verdict = Verdict(key["patient"], required=len(key.get("required", [])) + len(key.get("abstain", [])))
    texts, spoken = said(document), shown_texts(document)
    for item in key.get("required", []):
        if not _present(item, document, texts):
            verdict.missing.append(f"{item['id']}: {item.get('what', item)}")
    for item in key.get("forbidden", []):
        for pattern in item["says"]:
            for text in spoken:
                if re.search(pattern, text, re.IGNORECASE):
                    verdict.forbidden.append(f"{item['id']}: {text}")
    for item in key.get("abstain", []):
        if not left_open(document, item):
            verdict.missing.append(f"{item.get('id', 'open')}: {item.get('what', item)} ({item['reason']})")
    for part in [*document["answer"]["claims"], *document["answer"]["next_steps"]]:
        if part["status"] == "shown" and not [i for i in part["evidence"] if i in document["evidence"]]:
            verdict.uncited.append(part["id"])
    return verdict


def _present(item: Json, document: Json, texts: list[str]) -> bool:
    if "value" in item:
        return value_shown(document, item["value"])
    if "critical" in item:
        rows = [
            " ".join(str(row.get(key) or "") for key in ("display", "concept", "slot")) for row in document["critical"]
        ]
        return any(re.search(item["critical"], row.replace("_", " "), re.IGNORECASE) for row in rows)
    return _any(item["says"], texts)


def _any(patterns: list[str], texts: list[str]) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts)


def left_open(document: Json, item: Json) -> bool:
    """Whether something is named as not answered, for the reason (or one of the reasons) a key gives."""
    reasons = [item["reason"]] if isinstance(item["reason"], str) else item["reason"]
    return any(reason in reasons and _any(item["says"], [words]) for reason, words in gaps(document))


def results(document: Json, name: str) -> list[Json]:
    """What a calculator (by the name keys use) gave, of all that shown claims and steps rest on."""
    tool = "calc." + {"egfr": "ckd_epi_2021"}.get(name, name)
    cited = {
        i
        for key in ("claims", "next_steps")
        for part in document["answer"][key]
        if part["status"] == "shown"
        for i in part["evidence"]
    }
    found = (document["evidence"].get(i) for i in sorted(cited))
    return [item for item in found if item and item["source"].get("tool") == tool]


def value_shown(document: Json, wanted: Json) -> bool:
    """Whether a claim that is shown rests on a result of a calculator with the value (or range) expected."""
    found = results(document, wanted["name"])
    if not found and wanted.get("if_shown"):
        return True
    return any(value_matches(item, wanted) for item in found)


def value_matches(item: Json, wanted: Json) -> bool:
    """Compare one piece of evidence with `equals`, `between` or `range`."""
    if wanted.get("unit") and item["unit"] and wanted["unit"] != item["unit"]:
        return False
    value, bounds = item["value"], item["range"]
    if "equals" in wanted and isinstance(wanted["equals"], list):
        return bounds is not None and [float(x) for x in bounds] == [float(x) for x in wanted["equals"]]
    if "range" in wanted:
        return bounds is not None and [float(x) for x in bounds] == [float(x) for x in wanted["range"]]
    if "equals" in wanted:
        if isinstance(wanted["equals"], int | float) and not isinstance(wanted["equals"], bool):
            return isinstance(value, int | float) and abs(float(value) - float(wanted["equals"])) < 1e-6
        return bool(value == wanted["equals"])
    if "at_least" in wanted:
        low = value if bounds is None else bounds[0]
        return isinstance(low, int | float) and float(low) >= float(wanted["at_least"])
    low, high = wanted["between"]
    if value is None and bounds is not None:
        return float(low) <= float(bounds[0]) and float(bounds[1]) <= float(high)
    return isinstance(value, int | float) and float(low) <= float(value) <= float(high)
