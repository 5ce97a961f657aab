"""Guideline documents and their recommendations, as data (`knowledge/corpus/*.yaml`).

Every recommendation says the source in which it was read (`verified`) or why it could not be (`unverified`); the
latter supports no claim. Offsets of a passage count in `Document.text`, the recommendations one after another.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.evidence import Evidence, GuidelinePassage
from knowledge.quantity import check_unit

CORPUS = Path(__file__).with_name("corpus")
DecisionType = Literal["start", "stop", "choose", "dose", "diagnose", "stage", "triage", "monitor", "refer"]


class CorpusError(ValueError):
    """A data file of ours that does not hold together; says file, what was found and what was expected."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Verified(_Model):
    """The source actually read: where, when, whose page, and what it states."""

    url: str
    read_on: str
    source: Literal["publisher", "secondary"]
    name: str
    supports: str


class RecValue(_Model):
    """A number (or short text such as an interval) a recommendation states; `display` overrides how it is printed."""

    value: float | str
    unit: str | None = None
    display: str | None = None


class Recommendation(_Model):
    """One recommendation in our own words, with every number a protocol compares with or prints."""

    id: str
    section: str
    text: str
    wording: Literal["osler-summary", "verbatim"] = "osler-summary"
    grade: dict[str, str] | None = None
    about: tuple[str, ...]
    decides: tuple[DecisionType, ...] = ()
    values: dict[str, RecValue] = Field(default_factory=dict)
    verified: Verified | None = None
    unverified: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Recommendation:
        if (self.verified is None) == (self.unverified is None):
            raise ValueError(f"{self.id}: expected exactly one of `verified` and `unverified`")
        return self


class DocumentMeta(_Model):
    """Which document, whose, for whom, and whether it is still in force."""

    id: str
    title: str
    publisher: str
    edition: str
    jurisdiction: str
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    status: Literal["in-force", "superseded"] = "in-force"
    superseded_by: str | None = None
    supersedes: tuple[str, ...] = ()
    licence_note: str = ""


class Document(_Model):
    """A guideline with its recommendations."""

    document: DocumentMeta
    recommendations: tuple[Recommendation, ...]

    @functools.cached_property
    def text(self) -> str:
        """The recommendations one after another, a blank line between: what passages' offsets count in."""
        return "\n\n".join(rec.text for rec in self.recommendations)

    def offsets(self, rec_id: str) -> tuple[int, int]:
        """Start and end of a recommendation in `text`."""
        start = 0
        for rec in self.recommendations:
            if rec.id == rec_id:
                return start, start + len(rec.text)
            start += len(rec.text) + 2
        raise KeyError(rec_id)


def quote_hash(text: str) -> str:
    """SHA-256 of a passage's text, first 16 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Corpus:
    """All documents, and every recommendation by its id."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = {doc.document.id: doc for doc in documents}
        self.home: dict[str, Document] = {}
        self.recommendations: dict[str, Recommendation] = {}
        for doc in documents:
            for rec in doc.recommendations:
                if rec.id in self.recommendations:
                    raise CorpusError(f"found recommendation id {rec.id!r} twice; ids are unique over all documents")
                self.recommendations[rec.id] = rec
                self.home[rec.id] = doc

    def evidence(self, rec_id: str) -> Evidence:
        """A recommendation as a piece of evidence.

        Raises:
            CorpusError: no such recommendation.
        """
        rec = self.recommendations.get(rec_id)
        if rec is None:
            raise CorpusError(f"found recommendation {rec_id!r}; expected one of {len(self.recommendations)} known ids")
        doc = self.home[rec_id]
        start, end = doc.offsets(rec_id)
        meta = doc.document
        return Evidence(
            slot=rec_id,
            display=f"{meta.publisher} {meta.edition}, {rec.section}",
            source=GuidelinePassage(
                document=meta.id,
                title=meta.title,
                edition=meta.edition,
                section=rec.section,
                start=start,
                end=end,
                quote_hash=quote_hash(rec.text),
                text=rec.text,
                wording=rec.wording,
                publisher=meta.publisher,
                jurisdiction=meta.jurisdiction,
                grade=rec.grade,
                status=meta.status,
                url=meta.url or (f"https://doi.org/{meta.doi}" if meta.doi else None),
                verified=rec.verified.model_dump() if rec.verified else None,
                values={name: value.model_dump(exclude_none=True) for name, value in rec.values.items()},
            ),
        )

    def value(self, reference: str) -> RecValue:
        """The value `rec_id.name` refers to."""
        rec_id, _, name = reference.partition(".")
        rec = self.recommendations.get(rec_id)
        if rec is None or name not in rec.values:
            raise CorpusError(f"found value reference {reference!r}; expected REC_ID.NAME of the corpus")
        return rec.values[name]

    @property
    def counts(self) -> dict[str, int]:
        """How many recommendations are verified and how many are not."""
        verified = sum(rec.verified is not None for rec in self.recommendations.values())
        return {"verified": verified, "unverified": len(self.recommendations) - verified}


def read_yaml(path: Path) -> Any:
    """A YAML file of ours.

    Raises:
        CorpusError: not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  (a safe loader, in C where it is built)
    except yaml.YAMLError as error:
        raise CorpusError(f"{path.name}: expected YAML: {error}") from error


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_corpus(folder: Path = CORPUS) -> Corpus:
    """Read and check every document of a folder.

    Raises:
        CorpusError: a file that does not fit the format, a unit that is not UCUM, an id used twice.
    """
    documents = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            documents.append(Document.model_validate(read_yaml(path)))
        except ValueError as error:
            raise CorpusError(f"{path.name}: {error}") from error
    return Corpus(documents)


def check_units(corpus: Corpus) -> None:
    """Raise unless every unit of every value is UCUM (slow: loads the unit library)."""
    for rec in corpus.recommendations.values():
        for value in rec.values.values():
            if value.unit is not None:
                check_unit(value.unit)


@functools.cache
def default_corpus() -> Corpus:
    """The corpus that comes with Osler, read once."""
    return load_corpus()
