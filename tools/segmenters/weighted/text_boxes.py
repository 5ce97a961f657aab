"""A structure from its words in two steps: Grounding DINO says where, SAM 2 outlines what is there.

Liu 2024 (ECCV; arXiv:2303.05499) in the form of transformers. The published weights were trained on photographs of
everyday things: on medical images nothing is known of it, unless the folder holds a model fitted on such images.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools.errors import NotAssessable, ToolError
from tools.imaging.volume import Volume
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import structure_and_side
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.hub import FROM_HERE, lacks_folder, pretrained, weights_of
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import Manifest, read_manifest
from tools.segmenters.weighted.picture import grey_range, slice_of, three_channels
from tools.segmenters.weighted.sam2 import Sam2
from tools.segmenters.weighted.warm import WARM, Warm

KINDS = ("grounding-dino",)
# The size and the least score of its authors' examples (transformers, GroundingDinoImageProcessor).
SHORTER, LONGEST = 800, 1333
LEAST = 0.25
SOURCES = Manifest(
    threshold=LEAST,
    code_licence="Apache-2.0 (transformers)",
    weights_licence="of the models in the two folders, as their model cards say",
    citation="Liu 2024, arXiv:2303.05499; Ravi 2024, arXiv:2408.00714",
    trained_on="photographs of everyday things with captions, no medical images",
)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Loaded:
    """The network that finds, its words and its place."""

    network: Any = field(repr=False)
    words: Any = field(repr=False)
    at: Place


class TextBoxes(Weighted):
    """One Grounding DINO model and the SAM 2 that outlines what it finds.

    Args:
        folder: config.json, tokenizer, safetensors; `osler.yaml` for its licence, what it is for and the least score.
        outline: on one image; None where there is none.
    """

    modules = ("torch", "transformers", "safetensors")

    def __init__(self, folder: Path, outline: Sam2 | None, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.folder, self.outline, self.manifest, self._problem = folder, outline, SOURCES, None
        try:
            own = read_manifest(folder)
            self.manifest = own if own != Manifest() else SOURCES
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        told = self.manifest
        self.card = Card(
            name=f"text:{folder.name}",
            version=told.version,
            title=told.title or f"Grounding DINO ({folder.name}) and SAM 2",
            modalities=told.modalities or frozenset({"CT", "MR", "CR", "DX", "RG", "US", PHOTOGRAPH}),
            anatomy=told.anatomy,
            dimensions=2,
            structures=(),
            prompts=frozenset({"structure", "text"}),
            licence=told.licence,
            source=told.source,
            measured=UNMEASURED,
            extra="local",
            weights=str(folder),
        )

    @property
    def key(self) -> Hashable:
        return ("text", self.folder)

    @property
    def files(self) -> list[Path]:
        return weights_of(self.folder)

    def lacks_files(self) -> str | None:
        if problem := self._problem or lacks_folder(self.folder, KINDS):
            return problem
        if self.outline is None:
            return "a SAM 2 model that outlines what it finds: a folder below sam2/"
        return self.outline.lacks_files()

    def load(self) -> Loaded:
        from transformers import AutoTokenizer, GroundingDinoForObjectDetection

        # Its boxes are refined in steps too small for half precision.
        at = place(half=False)
        network = pretrained(GroundingDinoForObjectDetection, self.folder, at)
        return Loaded(network, AutoTokenizer.from_pretrained(self.folder, **FROM_HERE), at)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        assert not isinstance(target, Volume) and self.outline is not None
        found = []
        for name in structures:
            structure_and_side(name)
            box, score = _best_box(model, target, name, watch)
            if score < self.manifest.threshold:
                continue
            try:
                (part,) = self.outline.segment(target, [name], Prompts(box=box))
            except NotAssessable:
                continue
            doubts = (*part.doubts, f"a model put the box, with a score of {score:.2f}")
            sure = round(min(part.confidence, score), 3)
            found.append(
                replace(part, confidence=sure, algorithm=self.card.name, version=self.card.version, doubts=doubts)
            )
        return found


def _best_box(model: Loaded, target: Target, name: str, watch: Watch) -> tuple[Box, float]:
    """Where it is surest that the name belongs, in stored pixels, and how sure."""
    import torch

    grey = slice_of(target, 0)
    rows, columns = grey.shape
    scale = min(SHORTER / min(rows, columns), LONGEST / max(rows, columns))
    size = max(round(rows * scale), 1), max(round(columns * scale), 1)
    pixels = model.at.tensor(three_channels(grey, size, grey_range(target))[None])
    words = model.words(f"{name}.", return_tensors="pt").to(model.at.device)
    with torch.inference_mode(), watch.over(model.network):
        out = model.network(pixel_values=pixels, input_ids=words["input_ids"], attention_mask=words["attention_mask"])
    scores = torch.sigmoid(out.logits[0].float()).amax(-1)
    best = int(scores.argmax())
    x, y, width, height = (float(part) for part in out.pred_boxes[0, best].float())
    left, right = (min(max(edge * columns, 0.0), columns - 1.0) for edge in (x - width / 2, x + width / 2))
    top, bottom = (min(max(edge * rows, 0.0), rows - 1.0) for edge in (y - height / 2, y + height / 2))
    return (left, top, right, bottom), float(scores[best])
