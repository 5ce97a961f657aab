"""`osler doctor`: what works here, what lacks something, and how to get it. Looks only: nothing is built or written.

Whatever is missing or broken becomes a line of `problems`, never a crash: a doctor is called when something is wrong.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from agent.models.select import in_process_status
from agent.models.weights import is_in_process
from agent.settings import Settings
from knowledge.guideline import Corpus
from knowledge.protocol import Protocol
from tools.errors import OslerError

Json = dict[str, Any]
T = TypeVar("T")
UNREVIEWED = "not reviewed by a clinician"
SERVER_SECONDS = 2.0


def examine(settings: Settings) -> Json:
    """Look at everything; the document of `osler doctor --json`."""
    problems: list[str] = []
    corpus = _try("guidelines", _corpus, problems)
    protocols = _try("protocols", _protocols, problems) or {}
    faiss = faiss_status()
    if faiss["lacks"] and faiss["cpu"] and faiss["gpu"]:
        problems.append(f"faiss: {faiss['lacks']}; {faiss['how']}")
    encoder = _try("encoder", _encoder, problems)
    return {
        "osler": _version("osler"),
        "python": {"version": platform.python_version(), "usable": sys.version_info >= (3, 11)},
        "tools": _try("tools", _tools, problems) or [],
        "models": [*([encoder] if encoder else []), planner_status(settings)],
        "segmenters": _try("segmenters", lambda: segmenter_rows(settings), problems) or [],
        "index": _try("index", lambda: _index(settings, encoder, faiss), problems) or {},
        "faiss": faiss,
        "store": _try("store", lambda: _store(settings), problems) or {},
        "archives": _try("archives", lambda: _archives(settings), problems) or [],
        "corpus": {"documents": len(corpus.documents), **corpus.counts} if corpus else {},
        "protocols": [protocol_row(protocol) for protocol in protocols.values()],
        "problems": problems,
    }


def _try(what: str, look: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return look()
    except (ImportError, OSError, ValueError, sqlite3.Error, OslerError) as error:
        problems.append(f"{what}: {error}")
        return None


def _corpus() -> Corpus:
    from knowledge.guideline import default_corpus

    return default_corpus()


def _protocols() -> dict[str, Protocol]:
    from knowledge.protocol import default_protocols

    return default_protocols()


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


# -- tools and models -------------------------------------------------------------------------------------------------


def _tools() -> list[Json]:
    from tools.catalog import catalog

    return [tool_row(spec.name, spec.requires) for spec in catalog().values()]


def segmenter_rows(settings: Settings) -> list[Json]:
    """Everything that outlines or classifies images, with and without weights; nothing is loaded."""
    from tools.segmenters.pointed import LiteMedSAMBox
    from tools.segmenters.registry import segmenters
    from tools.segmenters.weighted.catalogue import row, rows

    models = settings.home / "models"
    own = [*segmenters().values(), LiteMedSAMBox(models)]
    return [*(row("segmenter", one) for one in own), *rows(models)]


def tool_row(name: str, requires: tuple[str, ...]) -> Json:
    """A tool and what it lacks of what it requires: each entry an extra of ours, or else a module."""
    lacks, how = [], []
    extras = _extras()
    for requirement in requires:
        if requirement in extras:
            missing = [name for name in extras[requirement] if _version(name) is None]
            lacks += missing
            how += [f"pip install 'osler[{requirement}]'"] if missing else []
        elif importlib.util.find_spec(requirement) is None:
            lacks.append(requirement)
            how.append(f"pip install {requirement}")
    return {"name": name, "usable": not lacks, "lacks": ", ".join(lacks) or None, "how": "; ".join(how) or None}


def _extras() -> dict[str, list[str]]:
    """The extras of the installed distribution and the distributions each brings."""
    found: dict[str, list[str]] = {}
    try:
        lines = importlib.metadata.requires("osler") or []
    except importlib.metadata.PackageNotFoundError:
        return found
    for line in lines:
        requirement, _, marker = line.partition(";")
        if "extra ==" in marker:
            extra = marker.partition("extra ==")[2].strip(" '\")")
            name = requirement.strip()
            end = next((i for i, letter in enumerate(name) if not (letter.isalnum() or letter in "-_.")), len(name))
            found.setdefault(extra, []).append(name[:end])
    return found


def _encoder() -> Json:
    from knowledge.encoder import encoder_status

    status = encoder_status()
    return {"name": status.name, "kind": "encoder", "usable": status.usable, "lacks": status.lacks, "how": status.how}


def planner_status(settings: Settings) -> Json:
    """The planner's model: none, whether its files are here, or whether its server answers and knows it."""
    if settings.model_url is None and settings.model is None:
        return {
            "name": "none",
            "kind": "planner",
            "usable": True,
            "lacks": None,
            "how": "protocols plan without a model; OSLER_MODEL_URL and OSLER_MODEL name one",
        }
    if settings.model_url is None and settings.model is not None and is_in_process(settings.model):
        return in_process_status(settings.model)
    from agent.models.openai import OpenAIModel

    model = settings.model
    row: Json = {"name": model or "the server's own", "kind": "planner", "usable": False}
    if settings.model_url is None:
        return row | {
            "lacks": "the address of its server",
            "how": "set OSLER_MODEL_URL, such as http://127.0.0.1:8080/v1",
        }
    url = OpenAIModel(settings.model_url).url
    row["url"] = _shown(url)
    body, error = _ask(f"{url}/models", proxies=False)
    if error is not None:
        return row | {"lacks": f"a server at {row['url']}: {error}", "how": "start it, or correct OSLER_MODEL_URL"}
    rows = body.get("data")
    served = [str(item.get("id")) for item in rows if isinstance(item, dict)] if isinstance(rows, list) else []
    if model and model not in served:
        return row | {
            "lacks": f"{model!r} on the server; it lists {', '.join(served) or 'none'}",
            "how": "correct OSLER_MODEL",
        }
    if not model and len(served) != 1:
        return row | {"lacks": f"the model's name; the server lists {len(served)}", "how": "set OSLER_MODEL"}
    return row | {"name": model or served[0], "usable": True, "lacks": None, "how": None}


def _shown(url: str) -> str:
    """An address without a user name or password in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _ask(url: str, proxies: bool) -> tuple[Json, str | None]:
    """A JSON document from a server of the settings, or why there is none; through proxies as its client would."""
    import httpx

    try:
        reply = httpx.get(url, timeout=SERVER_SECONDS, trust_env=proxies)
        reply.raise_for_status()
        body = reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return {}, str(error).splitlines()[0] if str(error) else type(error).__name__
    return (body, None) if isinstance(body, dict) else ({}, "its answer is not a JSON object")


# -- index and store --------------------------------------------------------------------------------------------------


def faiss_status() -> Json:
    """Which build of faiss is installed. Both own the module `faiss`, so pip puts one over the other without a word."""
    cpu, gpu = _version("faiss-cpu"), _version("faiss-gpu")
    lacks = how = None
    if cpu and gpu:
        lacks = f"found faiss-cpu {cpu} and faiss-gpu {gpu}, which overwrite each other; expected one"
        how = "pip uninstall -y faiss-cpu faiss-gpu, then pip install 'osler[cpu]' (or [gpu])"
    elif not cpu and not gpu:
        lacks = "faiss is not installed; the same exact search runs in numpy"
        how = "pip install 'osler[cpu]', or [gpu] with an NVIDIA driver"
    return {"cpu": cpu, "gpu": gpu, "usable": lacks is None, "lacks": lacks, "how": how}


def _index(settings: Settings, encoder: Json | None, faiss: Json) -> Json:
    from knowledge.chunking import corpus_hash, passages
    from knowledge.terminology import default_terminology

    body: Json = {
        "folder": str(settings.index),
        "state": "absent",
        "how": "osler knowledge index (else built on first use)",
        "search": "meaning and words" if encoder and encoder["usable"] else "words only",
        "faiss": "cpu" if faiss["cpu"] else "gpu" if faiss["gpu"] else None,
        "manifest": None,
    }
    path = settings.index / "manifest.json"
    if not path.is_file():
        return body
    manifest = json.loads(path.read_text(encoding="utf-8"))
    now = corpus_hash(passages(_corpus(), _protocols().values(), default_terminology()))
    used = encoder["name"] if encoder and encoder["usable"] else None
    if manifest.get("corpus") != now or manifest.get("encoder") != used:
        return body | {"state": "out of date", "manifest": manifest}
    return body | {"state": "ready", "how": None, "manifest": manifest}


def _store(settings: Settings) -> Json:
    """The record that is read when none is named: a FHIR server, or the embedded store (looked at, not opened)."""
    if settings.fhir_url:
        from agent.servers import status

        return {"url": _shown(settings.fhir_url), **status(settings, settings.fhir_url, SERVER_SECONDS)}
    body: Json = {
        "kind": "embedded",
        "path": str(settings.records),
        "usable": True,
        "lacks": None,
        "patients": 0,
        "how": "osler demo --load, or osler ehr import PATH",
    }
    if not settings.records.is_file():
        return body
    from tools.ehr.store.search_parameters import types

    with closing(sqlite3.connect(f"{settings.records.resolve().as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT type, count(*) FROM resource GROUP BY type").fetchall()
    # A store of an older version names its types; it is rebuilt when it is opened.
    counts = {types()[kind - 1] if isinstance(kind, int) else kind: count for kind, count in rows}
    patients = counts.get("Patient", 0)
    return body | {"patients": patients, "resources": sum(counts.values()), "how": None if patients else body["how"]}


def _archives(settings: Settings) -> list[Json]:
    """The image archives of `servers.yaml`, and whether each answers."""
    from agent.archive import statuses

    return statuses(settings, SERVER_SECONDS)


# -- knowledge --------------------------------------------------------------------------------------------------------


def protocol_row(protocol: Protocol) -> Json:
    """A protocol, how much it rests on and who reviewed it."""
    cited = {rec_id for criterion in protocol.criteria for rec_id in criterion.cites}
    return {
        "id": protocol.id,
        "title": protocol.title,
        "version": protocol.version,
        "jurisdiction": protocol.jurisdiction,
        "criteria": len(protocol.criteria),
        "recommendations": len(cited),
        "reviewed_by": protocol.reviewed_by,
        "review": f"reviewed by {protocol.reviewed_by}" if protocol.reviewed_by else UNREVIEWED,
    }


def knowledge_summary() -> Json:
    """Documents and protocols with how many recommendations are verified: the document of `osler knowledge list`."""
    corpus = _corpus()
    documents = []
    for document in corpus.documents.values():
        meta = document.document
        verified = sum(rec.verified is not None for rec in document.recommendations)
        documents.append(
            {
                "id": meta.id,
                "title": meta.title,
                "publisher": meta.publisher,
                "edition": meta.edition,
                "jurisdiction": meta.jurisdiction,
                "status": meta.status,
                "superseded_by": meta.superseded_by,
                "verified": verified,
                "unverified": len(document.recommendations) - verified,
            }
        )
    return {
        "counts": {"documents": len(documents), **corpus.counts},
        "documents": documents,
        "protocols": [protocol_row(protocol) for protocol in _protocols().values()],
    }


def report(body: Json) -> str:
    """`examine` for people: what does not work first."""
    lines = [f"Osler {body['osler'] or '(not installed)'}, Python {body['python']['version']}"]
    lines += [f"PROBLEM  {problem}" for problem in body["problems"]]
    broken = [row for row in body["tools"] if not row["usable"]]
    lines.append(f"tools    {len(body['tools']) - len(broken)} usable, {len(broken)} not")
    lines += [f"           {row['name']}: lacks {row['lacks']}; {row['how']}" for row in broken]
    for row in body["models"]:
        state = "ok" if row["usable"] else f"lacks {row['lacks']}"
        lines.append(f"model    {row['kind']} {row['name']}: {state}{_how(row)}")
    for row in body["segmenters"]:
        state = "ok" if row["usable"] else f"lacks {row['lacks']}"
        lines.append(f"{row['kind']:<10} {row['name']}: {state}; licence: {row['licence']}")
        lines += [f"             {row['measured']}"] if row["usable"] else []
    index, faiss, store, corpus = body["index"], body["faiss"], body["store"], body["corpus"]
    if index:
        searches = f"searches by {index['search']}, faiss: {index['faiss'] or 'no'}"
        lines.append(f"index    {index['state']}, {searches}{_how(index)}")
    if faiss["lacks"] and not (faiss["cpu"] and faiss["gpu"]):
        lines.append(f"faiss    {faiss['lacks']}{_how(faiss)}")
    if store:
        held = f"{store['patients']} patients" if store["kind"] == "embedded" else store["lacks"] or "ok"
        lines.append(f"store    {store['kind']} {store.get('url') or store['path']}: {held}{_how(store)}")
        lines += [f"           {sentence}; Osler makes up for it" for sentence in store.get("does_not_work", [])]
    for row in body["archives"]:
        lines.append(f"archive  {row['name']} {row['url']}: {row['lacks'] or 'ok'}{_how(row)}")
    if corpus:
        lines.append(
            f"corpus   {corpus['documents']} documents, {corpus['verified']} recommendations verified, "
            f"{corpus['unverified']} not (they support no claim)"
        )
    lines += [f"protocol {row['id']} {row['version']}: {row['review']}" for row in body["protocols"]]
    return "\n".join(lines)


def _how(row: Json) -> str:
    return f"; {row['how']}" if row["how"] else ""
