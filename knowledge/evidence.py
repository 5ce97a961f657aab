"""Evidence: what a statement can point at. One class, its `source` told apart by `kind`.

`id` is the hash of the result (slot, value, unit, display, date, patient, source) without lineage (`inputs`, `steps`)
and without volatile fields (`retrieved_at`). So the same fact read twice is one piece of evidence, a replay is
byte-stable, and a calculation that comes out unchanged after a correction keeps its id: what hangs on it stays.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.quantity import Quantity, number, unit_label

Value = bool | float | str | None


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FhirElement(_Source):
    """An element of a resource, or a complete search that found nothing (`reference` null, `query` given)."""

    kind: Literal["fhir"] = "fhir"
    reference: str | None
    version: str | None = None
    path: str | None = None
    query: str | None = None
    complete: bool = True
    retrieved_at: str | None = None
    flags: tuple[str, ...] = ()
    coding: str | None = None
    trend: tuple[dict[str, Any], ...] = ()


class DicomRegion(_Source):
    """A region of an image. Scale is in mm per pixel (rows, columns) and never without its source.

    UIDs are the file's own: None where it has none (PNG, JPEG); the file is always named by its SHA-256.
    `algorithm` (name and version) drew the region of a `structure` (SYSTEM|CODE). One not `validated` decides nothing.
    """

    kind: Literal["dicom"] = "dicom"
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    file_sha256: str | None = None
    frame: int | None = None
    segment: str | None = None
    box: tuple[float, float, float, float] | None = None
    pixel_spacing_mm: tuple[float, float] | None = None
    spacing_source: str | None = None
    algorithm: str | None = None
    structure: str | None = None
    validated: bool | None = None


class GuidelinePassage(_Source):
    """A recommendation or passage. `start` and `end` are offsets into the document's text as indexed."""

    kind: Literal["passage"] = "passage"
    document: str
    title: str
    edition: str
    section: str
    start: int
    end: int
    quote_hash: str
    text: str
    wording: Literal["osler-summary", "verbatim"]
    publisher: str
    jurisdiction: str
    grade: dict[str, str] | None = None
    url: str | None = None
    status: str = "in-force"
    verified: dict[str, str] | None = None
    values: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Statement(_Source):
    """What a person said: in this consultation (`turn`), in a note of the record (`reference`), or as a correction."""

    kind: Literal["statement"] = "statement"
    by: str | None = None
    role: str | None = None
    reason: str | None = None
    turn: int | None = None
    reference: str | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    assertion: str | None = None
    corrects: str | None = None


class Derivation(_Source):
    """A result computed from other evidence (`inputs`: ids) by a tool of ours.

    `validated` False: it is worked out of a size on what a program drew and nobody validated, so it decides nothing.
    """

    kind: Literal["derivation"] = "derivation"
    tool: str
    version: str
    inputs: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    validated: bool | None = None


class ImageRegion(_Source):
    """Where in an image something is said to be: a box in 0-based stored pixels, column first, right and bottom
    exclusive."""

    image: str
    frame: int = 0
    label: str
    box: tuple[int, int, int, int]


class ModelReading(_Source):
    """A model's opinion. Shown as one; never enough for a measurement, a normal finding or an exclusion.

    `images` are the SHA-256 of the files that it was shown; `regions` where it says it sees what it says.
    """

    kind: Literal["reading"] = "reading"
    model: str
    revision: str | None = None
    prompt_version: str
    images: tuple[str, ...] = ()
    regions: tuple[ImageRegion, ...] = ()
    inputs: tuple[str, ...] = ()


class Decision(_Source):
    """A criterion of a protocol worked out on this patient, or a choice between protocols."""

    kind: Literal["decision"] = "decision"
    protocol: str
    criterion: str
    template: str | None = None
    cites: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    detail: dict[str, Any] = Field(default_factory=dict)


Source = Annotated[
    FhirElement | DicomRegion | GuidelinePassage | Statement | Derivation | ModelReading | Decision,
    Field(discriminator="kind"),
]
# Left out of the hash where they are empty: what is without them keeps the id they had before there were any.
_LATER = ("algorithm", "structure", "validated")
_LINEAGE = ("inputs", "steps", "retrieved_at", "sensitivity", "missing", "trend", "warnings")


class Evidence(BaseModel):
    """One fact and where it comes from.

    `value` is a number (with `unit`, UCUM), a boolean, a code or text, or null: null with a `range` is a result known
    only within bounds; null without one is unknown, which is never "no".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str = ""
    kind: str = ""
    slot: str
    value: Value = None
    unit: str | None = None
    comparator: str | None = None
    range: tuple[float, float] | None = None
    display: str
    effective_at: str | None = None
    patient: str | None = None
    concept: str | None = None
    supersedes: str | None = None
    source: Source

    @model_validator(mode="after")
    def _identify(self) -> Self:
        body = self.model_dump(mode="json", exclude={"id", "kind"})
        for key in _LINEAGE:
            body["source"].pop(key, None)
        if not body["source"].get("regions", True):
            # Readings without regions keep the id they had before there were any.
            del body["source"]["regions"]
        for key in _LATER:
            if body["source"].get(key, True) is None:
                del body["source"][key]
        text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "kind", self.source.kind)
        object.__setattr__(self, "id", "e" + hashlib.sha256(text.encode()).hexdigest()[:12])
        return self

    @property
    def quantity(self) -> Quantity | None:
        """The value as a quantity, where it is a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return Quantity(float(self.value), self.unit or "1", self.comparator)

    @property
    def known(self) -> bool:
        """Whether there is one definite value."""
        return self.value is not None

    @property
    def date(self) -> str | None:
        """The day of `effective_at`, ISO 8601."""
        return self.effective_at[:10] if self.effective_at else None


def show_value(
    value: Value, unit: str | None = None, bounds: tuple[float, float] | None = None, comparator: str | None = None
) -> str:
    """How a value is printed: `43 mL/min/1.73 m²`, `3 to 5`, `yes`, `not known`."""
    label = unit_label(unit or "1")
    if value is None and bounds is not None:
        return f"{number(bounds[0])} to {number(bounds[1])} {label}".strip()
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{comparator or ''}{number(float(value))} {label}".strip()
    return value
