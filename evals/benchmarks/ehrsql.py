"""`osler bench ehrsql --data FOLDER`: questions of hospital staff over a synthetic ward whose answers are known.

The questions and queries are EHRSQL's (MIMIC-III part); the patients are invented here, none of MIMIC's. The published
query, run on the ward's tables, says what is right; Osler sees the same ward as FHIR resources in its own store and is
asked through what `osler ehr ask` calls. A question no record answers has to be refused. Queries that do not ask what
their question says are listed with the reason (`evals/ehrsql/disputed.yaml`); the score is given with and without them.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import yaml

from agent.ask_record import ask
from agent.settings import Settings
from evals.ehrsql.compare import Told, gold, told, verdict
from evals.ehrsql.fhir import resources
from evals.ehrsql.questions import NOW, Question, load
from evals.ehrsql.schema import database
from evals.ehrsql.typed import typed
from evals.ehrsql.ward import Ward
from evals.metrics import document, share
from knowledge.terminology import default_terminology
from tools.ask.cohort import answer_everyone
from tools.ehr.bundles import import_document
from tools.ehr.client.client import FhirClient
from tools.ehr.store.store import Store
from tools.errors import OslerError, UsageError

Json = dict[str, Any]
DISPUTED = Path(__file__).parent.parent / "ehrsql" / "disputed.yaml"
BATCH = 2000
ONCE = "The query counts an event once for every earlier event it follows, which changes the ranks here."


def run(
    folder: Path | None,
    n: int | None = None,
    paraphrases: Path | None = None,
    level: str | None = None,
    home: Path | None = None,
    seed: int = 7,
) -> Json:
    """Build the ward, ask, compare.

    Args:
        folder: where the questions are.
        n: so many of them, spread over the file.
        paraphrases: YAML of `{id, question}`: only these questions, in these words.
        level: `question` (as asked), or `query`: questions about everyone from their typed query, without the parser.
        home: a home to keep the ward in for another run.
        seed: of the ward.

    Raises:
        UsageError: there are no questions, or a paraphrase names none of them.
    """
    if folder is None:
        raise UsageError(
            "this benchmark needs data", found="no --data", expected="a folder of EHRSQL", action="give --data FOLDER"
        )
    started = time.perf_counter()
    questions = load(folder)
    if level not in (None, "question", "query"):
        raise UsageError(f"no level {level!r}", found=level, expected="question, query", action="name one of these")
    ward = Ward(questions, seed)
    base = database(ward.tables)
    asked = _asked(questions, paraphrases)
    if level == "query":
        asked = [(row, text) for row, text in asked if row.cohort and not row.impossible]
    if n:
        asked = asked[:: max(1, len(asked) // n)][:n]
    disputed = {row["id"]: row["reason"] for row in yaml.safe_load(DISPUTED.read_text(encoding="utf-8")) or []}
    with tempfile.TemporaryDirectory() as folder_name:
        settings = Settings(home=home or Path(folder_name))
        count = fill(settings, ward)
        cases = []
        for question, text in asked:
            rows = [] if question.impossible else base.execute(question.sql).fetchall()
            reason = disputed.get(question.id)
            if question.once and set(base.execute(question.once).fetchall()) != set(rows):
                reason = reason or ONCE
            cases.append(_case(settings, question, text, rows, reason, level == "query"))
    base.close()
    return _document(cases, count, time.perf_counter() - started)


def fill(settings: Settings, ward: Ward) -> int:
    """Put the ward into the store of a home, unless it is there; gives the number of its resources."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = Store(settings.records)
    found = list(resources(ward.tables))
    if sum(store.counts().values()) < len(found):
        for start in range(0, len(found), BATCH):
            entries = [{"resource": row} for row in found[start : start + BATCH]]
            import_document(store, {"resourceType": "Bundle", "type": "collection", "entry": entries}, "ward")
    store.close()
    return len(found)


def _asked(questions: list[Question], paraphrases: Path | None) -> list[tuple[Question, str]]:
    if paraphrases is None:
        return [(row, row.text) for row in questions]
    by_id = {row.id: row for row in questions}
    found = yaml.safe_load(paraphrases.read_text(encoding="utf-8"))
    unknown = [row["id"] for row in found if row["id"] not in by_id]
    if unknown:
        raise UsageError(
            "paraphrases of no question", found=unknown[:3], expected="ids of the data", action="correct the file"
        )
    return [(by_id[row["id"]], row["question"]) for row in found]


def _case(
    settings: Settings, question: Question, text: str, rows: list[Any], disputed: str | None, direct: bool
) -> Json:
    began = time.perf_counter()
    detail: Json = {}
    try:
        if direct:
            said, detail = asyncio.run(_direct(settings, question))
        else:
            detail = ask(settings, None, text, as_of=NOW.isoformat() + "Z")
            said = told(detail)
    except OslerError as error:
        said = Told(False, [], str(error)[:200])
    wanted = gold(rows)
    right = verdict(question, rows, said)
    if question.impossible:
        right = "refused" if not said.answered else "wrong"
    return {
        "id": question.id,
        "question": text,
        "kind": question.kind,
        "scope": "none" if question.impossible else "everyone" if question.cohort else "one patient",
        "verdict": right,
        "trivial": not any(wanted),
        "disputed": disputed,
        "gold": [str(value) for value in wanted[:20]],
        "said": [f"{value} {unit or ''}".strip() for value, unit in said.values[:20]],
        "read": detail.get("query"),
        "why": said.why,
        "seconds": round(time.perf_counter() - began, 3),
    }


async def _direct(settings: Settings, question: Question) -> tuple[Told, Json]:
    """The executor alone: the query as the data's own tags have it."""
    query = typed(question)
    store = Store(settings.records)
    client = FhirClient(store=store)
    try:
        found = await answer_everyone(client, query, default_terminology())
    finally:
        await client.close()
        store.close()
    values = [(value.value, value.unit) for value in found.values]
    return Told(not found.problem, values, found.problem), {"query": query.model_dump(mode="json")}


def _document(cases: list[Json], count: int, seconds: float) -> Json:
    answerable = [row for row in cases if row["scope"] != "none"]
    impossible = [row for row in cases if row["scope"] == "none"]
    undisputed = [row for row in answerable if not row["disputed"]]
    by: Json = {
        "answerable, disputed left out": _share(undisputed, "right"),
        "answerable, answer not trivial": _share([row for row in answerable if not row["trivial"]], "right"),
    }
    for scope in ("one patient", "everyone"):
        rows = [row for row in answerable if row["scope"] == scope]
        clear = [row for row in rows if not row["disputed"]]
        by[scope] = {"verdicts": dict(Counter(row["verdict"] for row in rows)), **_share(rows, "right")}
        by[f"{scope}, disputed left out"] = {
            "verdicts": dict(Counter(row["verdict"] for row in clear)),
            **_share(clear, "right"),
        }
    by["wrong of what was answered"] = _share([row for row in undisputed if row["verdict"] != "refused"], "wrong")
    by["unanswerable refused"] = _share(impossible, "refused")
    by["unanswerable refused, disputed left out"] = _share(
        [row for row in impossible if not row["disputed"]], "refused"
    )
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for row in cases:
        kinds[row["kind"]][row["verdict"]] += 1
    by["kinds"] = {name: dict(found) for name, found in sorted(kinds.items())}
    return document(
        "ehrsql",
        "answerable questions answered as the published query does, disputed ones included",
        sum(row["verdict"] == "right" for row in answerable),
        len(answerable),
        seconds,
        by=by,
        cases=cases,
        resources=count,
        disputed=[{"id": row["id"], "reason": row["disputed"]} for row in cases if row["disputed"]],
    )


def _share(rows: list[Json], verdict: str) -> Json:
    return share(sum(row["verdict"] == verdict for row in rows), len(rows))
