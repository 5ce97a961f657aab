"""What is searched: one passage per recommendation, and one per protocol (its title and purpose)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from knowledge.guideline import Corpus
from knowledge.protocol import Protocol
from knowledge.terminology import Terminology


@dataclass(frozen=True)
class Passage:
    """A unit of search: `text` is what is embedded, `words` what the lexical half adds (names of its concepts)."""

    id: str
    kind: Literal["recommendation", "protocol"]
    text: str
    words: str
    about: tuple[str, ...]


def passages(
    corpus: Corpus, protocols: Iterable[Protocol] = (), terminology: Terminology | None = None
) -> list[Passage]:
    """Every passage, recommendations of superseded documents left out, in a stable order."""
    found = []
    for document in corpus.documents.values():
        if document.document.status != "in-force":
            continue
        for rec in document.recommendations:
            found.append(
                Passage(
                    id=rec.id, kind="recommendation", text=f"{document.document.title}. {rec.text}",
                    words=_names(rec.about, terminology), about=rec.about,
                )
            )
    for protocol in protocols:
        found.append(
            Passage(
                id=protocol.id, kind="protocol", text=f"{protocol.title}. {protocol.purpose}",
                words=_names(protocol.about, terminology), about=protocol.about,
            )
        )
    return found


def corpus_hash(found: list[Passage]) -> str:
    """One hash over all passages: an index belongs to exactly these."""
    text = json.dumps([asdict(passage) for passage in found], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _names(about: tuple[str, ...], terminology: Terminology | None) -> str:
    words: list[str] = []
    for concept_id in about:
        if terminology is not None and concept_id in terminology:
            words += terminology.get(concept_id).words
        else:
            words.append(concept_id.replace("_", " "))
    return "; ".join(dict.fromkeys(words))
