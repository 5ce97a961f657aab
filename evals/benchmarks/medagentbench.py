"""`osler bench medagentbench --data DIR`: MedAgentBench tasks on a reconstructed store, no model.

Each task goes through the product: a question is asked, an instruction is drafted; a scripted approver, named as one,
approves each draft; what is then in the record is put into the benchmark's dialect and scored all or nothing. The score
of an agent that always answers [] and writes nothing stands beside it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from agent import ClinicalAssistant, Settings
from evals.benchmarks.medagentbench_dialect import (
    MISSING,
    NOT_FOUND,
    clock_of,
    finished,
    patient_of,
    post,
    posted,
    question_of,
)
from evals.metrics import document, share
from tools.ehr.bundles import import_path
from tools.ehr.store.store import Store
from tools.errors import OslerError, UsageError

Json = dict[str, Any]
APPROVER = {"by": "Scripted approver of the benchmark", "role": "benchmark script, not a clinician"}
METRIC = "MedAgentBench tasks on a reconstructed store"


def run(folder: Path, n: int | None = None, paraphrases: Path | None = None) -> Json:
    """Run the tasks of a folder, or their paraphrases.

    Args:
        n: at most so many tasks of each type.
        paraphrases: YAML, JSON or JSON lines (.jsonl) of {id, instruction[, context]}, by the ids of the tasks.

    Raises:
        UsageError: the folder lacks a file.
    """
    started = time.perf_counter()
    tasks, expected = _load(folder)
    # The benchmark's clock is that of its own tasks: a paraphrase may say it in words.
    clocks = {clock_of(row["context"]) for row in tasks} - {None}
    if paraphrases is not None:
        tasks = _paraphrased(paraphrases, tasks)
    if n is not None:
        seen: Counter[str] = Counter()
        tasks = [
            row
            for row in tasks
            if not (seen.update([expected[row["id"]]["task"]]) or seen[expected[row["id"]]["task"]] > n)
        ]
    rows: list[Json] = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment().beside(Path(home))
        early = _fill(settings.records, folder, clocks.pop() if len(clocks) == 1 else None)
        with ClinicalAssistant(settings) as osler:
            known = _patients(settings.records)
            for task in tasks:
                rows.append(_one(osler, task, expected[task["id"]], known))
    good = sum(row["right"] for row in rows)
    return document(
        "medagentbench",
        METRIC + (", paraphrased" if paraphrases else ""),
        good,
        len(rows),
        time.perf_counter() - started,
        by=_by(rows),
        floor=share(sum(row["floor"] for row in rows), len(rows)),
        overrides=dict(Counter(f"{item['field']}: {item['why']}" for row in rows for item in row["overrides"])),
        data_overrides={"Observation.issued left out: not issued yet at the benchmark's clock": early},
        warned=dict(Counter(name for row in rows for name in row["warned"])),
        cases=rows,
    )


def _load(folder: Path) -> tuple[list[Json], dict[str, Json]]:
    files = {name: sorted(folder.glob(f"{name}*.json")) for name in ("tasks", "expected")}
    missing = [name for name in ("Patient.ndjson", "Observation.ndjson") if not (folder / name).is_file()]
    missing += [f"{name}*.json" for name, found in files.items() if not found]
    if missing:
        raise UsageError(
            f"{folder} is not laid out for this benchmark",
            found=f"no {', '.join(missing)}",
            expected="Patient.ndjson, Observation.ndjson, tasks*.json, expected*.json",
            action="give --data DIR",
        )
    tasks = [row for path in files["tasks"] for row in json.loads(path.read_text("utf-8"))]
    expected = {row["id"]: row for path in files["expected"] for row in json.loads(path.read_text("utf-8"))}
    return [row for row in tasks if row["id"] in expected], expected


def _paraphrased(path: Path, tasks: list[Json]) -> list[Json]:
    text = path.read_text("utf-8")
    lines = path.suffix == ".jsonl"
    rows = [json.loads(line) for line in text.splitlines() if line] if lines else yaml.safe_load(text)
    rows = rows if isinstance(rows, list) else next(found for found in rows.values() if isinstance(found, list))
    of = {row["id"]: row for row in tasks}
    return [
        {**of[row["id"]], "instruction": row["instruction"], "context": row.get("context", of[row["id"]]["context"]),
         "original": of[row["id"]]["instruction"]}
        for row in rows
        if row["id"] in of
    ]  # fmt: skip


def _fill(records: Path, folder: Path, clock: str | None) -> int:
    """Fill the store; how many results lost their time of issue.

    The benchmark counts a result from when it was drawn. At its clock some were not issued yet, and the product shows
    no result before it was issued: for those the adapter leaves `issued` out, and says how many.
    """
    records.parent.mkdir(parents=True, exist_ok=True)
    store, early = Store(records), 0
    try:
        for name in ("Patient", "Observation", "Condition", "Procedure", "MedicationRequest", "ServiceRequest"):
            file = folder / f"{name}.ndjson"
            if not file.is_file():
                continue
            if name == "Observation" and clock is not None:
                file, early = _issued(file, records.parent / f"{name}.ndjson", clock)
            import_path(store, file)
    finally:
        store.close()
    return early


def _issued(source: Path, target: Path, clock: str) -> tuple[Path, int]:
    now, early, lines = datetime.fromisoformat(clock), 0, []
    for line in source.read_text("utf-8").splitlines():
        row = json.loads(line) if line.strip() else {}
        drawn, issued = row.get("effectiveDateTime"), row.get("issued")
        if drawn and issued and datetime.fromisoformat(drawn) <= now < datetime.fromisoformat(issued):
            early += 1
            line = json.dumps({key: value for key, value in row.items() if key != "issued"})
        lines.append(line)
    target.write_text("\n".join(lines), "utf-8")
    return target, early


def _patients(records: Path) -> set[str]:
    store = Store(records)
    try:
        return set(store.ids("Patient"))
    finally:
        store.close()


def _one(osler: ClinicalAssistant, task: Json, expected: Json, known: set[str]) -> Json:
    """One task: what the product answered and wrote, and whether that is right."""
    text, context = task["instruction"], task["context"]
    overrides: list[Json] = []
    warned: list[str] = []
    began = time.perf_counter()
    answer: list[Any] = []
    posts: list[Json] = []
    how, said = "refused", ""
    try:
        how, answer, drafts, instruction = _asked(osler, text, context, known)
        for draft in drafts:
            warned += [row["name"] for row in draft["checks"] if row["state"] in ("warn", "contraindicated")]
            done = osler.open(instruction).approve(item=draft["id"], **APPROVER)
            if done["approved"]:
                posts.append(post(done["draft"]["resource"], overrides))
            else:
                said = f"{done['result']}: {done['rechecked']}"
    except OslerError as error:
        said = f"{type(error).__name__}: {error}"
    wrong = posted(expected, posts, str(task.get("original") or text))
    right = finished(expected, answer) and not wrong
    return {
        "id": task["id"],
        "task": expected["task"],
        "kind": "action" if expected["task"] in ("task3", "task5", "task8", "task9", "task10") else "query",
        "right": right,
        "floor": finished(expected, []) and not posted(expected, [], text),
        "how": how,
        "answer": answer,
        "expected": expected["finish"],
        "posts": posts,
        "faults": [fault for fault in wrong if fault],
        "said": said,
        "overrides": overrides,
        "warned": warned,
        "instruction": text,
        "seconds": round(time.perf_counter() - began, 3),
    }


def _asked(
    osler: ClinicalAssistant, text: str, context: str, known: set[str]
) -> tuple[str, list[Any], list[Json], str]:
    """`(how, answer in the dialect, drafts, id of the instruction)`."""
    clock, patient = clock_of(f"{context} {text}"), patient_of(text, known)
    if patient is not None and osler.is_instruction(text, context):
        body = osler.instruct(patient, text, context=context, as_of=clock)
        return "instructed", _looked(body), body["drafts"], body["instruction"]
    return "asked", _questioned(osler, text, context, patient, clock), [], ""


def _looked(body: Json) -> list[Any]:
    """What was looked up for an instruction, as the dialect lists it."""
    look = body["plan"]["look"]
    if look is None:
        return []
    row = body["answer"][0]
    if row["value"] is None:
        return [MISSING]
    # The dialect writes UTC as +00:00.
    return [row["value"], str(row["date"]).replace("Z", "+00:00")] if look["dated"] else [row["value"]]


def _questioned(osler: ClinicalAssistant, text: str, context: str, patient: str | None, clock: str | None) -> list[Any]:
    """A question's answer, as the dialect lists it: values, -1 where there is none, its words for nobody found."""
    from agent.ask_record import ask

    try:
        body = ask(osler.settings, None, question_of(text), as_of=clock, context=context)
    except UsageError:
        return [NOT_FOUND]
    if body["how"] == "search":
        return [MISSING]
    values = [row["value"] for row in body["answer"] if row["value"] is not None]
    return values or [MISSING]


def _by(rows: list[Json]) -> Json:
    groups: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        groups[row["task"]].append(row)
        groups[row["kind"]].append(row)
    return {
        name: {
            **share(sum(row["right"] for row in found), len(found)),
            "floor": share(sum(row["floor"] for row in found), len(found))["score"],
        }
        for name, found in sorted(groups.items(), key=lambda pair: (len(pair[0]), pair[0]))
    }
