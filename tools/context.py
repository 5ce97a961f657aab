"""What a tool may use besides its parameters: the patient in scope, the clinical clock, the record, the knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from knowledge.evidence import Evidence

if TYPE_CHECKING:
    from knowledge.guideline import Corpus
    from knowledge.retriever import Retriever
    from knowledge.terminology import Terminology
    from tools.ehr.record import PatientRecord


@dataclass(frozen=True)
class VisionReply:
    """What a model said about images, as it came: text or JSON that nobody has checked yet.

    `constrained`: decoding was held to the schema, or the server did not refuse to.
    """

    text: str
    model: str
    revision: str | None
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    constrained: bool = False


class VisionModel(Protocol):
    """A model that reads images; what it says is an opinion."""

    name: str
    revision: str | None

    async def read(
        self, images: Sequence[bytes], question: str, schema: dict[str, Any] | None = None, *, instructions: str = ""
    ) -> VisionReply:
        """Answer a question about images (PNG, pixels only), as JSON where a schema is given.

        Raises:
            NotAssessable: the model takes no images.
            UpstreamError: no answer could be had.
        """
        ...


@dataclass(frozen=True)
class ImageFile:
    """What came with the question: where it is kept, its SHA-256 and the name it came under.

    A volume is a file, or a folder of its slices. `told`: what came with it and is no part of it. `series`: which stack
    it is, where what is kept holds several.
    """

    path: Path
    sha256: str
    name: str = field(repr=False)
    kind: Literal["image", "volume"] = "image"
    told: tuple[str, ...] = ()
    series: str | None = None


@dataclass(frozen=True)
class ToolContext:
    """Rebuilt from the consultation's own case for every run, never from what a caller or a model says.

    `record` is bound to one patient: there is no argument by which a tool could ask for another.
    """

    patient: str | None
    as_of: datetime
    terminology: Terminology
    corpus: Corpus
    record: PatientRecord | None = None
    retriever: Retriever | None = None
    vision: VisionModel | None = None
    images: tuple[ImageFile, ...] = ()
    slot: str = ""
    inputs: dict[str, Evidence] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)

    def at(self, slot: str, inputs: dict[str, Evidence]) -> ToolContext:
        """The same context for one step: the slot it fills and the evidence bound to its parameters."""
        return replace(self, slot=slot, inputs=inputs)

    @property
    def now(self) -> datetime:
        """The clinical clock, with a time zone."""
        return self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=UTC)
