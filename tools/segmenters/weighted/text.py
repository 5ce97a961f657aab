"""A structure from its words in one step: CLIPSeg, in the form of transformers.

Lüddecke 2022 (CVPR; arXiv:2112.10003). Its published weights were trained on photographs of everyday things
(PhraseCut): on medical images nothing is known of it, unless the folder holds a model fitted on such images.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import ToolError
from tools.imaging.volume import Volume
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import structure_and_side
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.hub import FROM_HERE, lacks_folder, pretrained, weights_of
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import Manifest, read_manifest
from tools.segmenters.weighted.picture import CLIP, at_size, grey_range, slice_of, three_channels
from tools.segmenters.weighted.warm import WARM, Warm

FOLDER = "text"
KINDS = ("clipseg",)
SIZE = 352
SOURCES = Manifest(
    code_licence="Apache-2.0 (transformers)",
    weights_licence="of the model in the folder: CIDAS/clipseg-rd64-refined Apache-2.0 (its model card)",
    citation="Lüddecke 2022, arXiv:2112.10003",
    trained_on="photographs of everyday things (PhraseCut), no medical images",
)


@dataclass(frozen=True)
class Loaded:
    """The network, its words, its input size and its place."""

    network: Any = field(repr=False)
    words: Any = field(repr=False)
    size: tuple[int, int]
    at: Place


class TextPrompted(Weighted):
    """One CLIPSeg model: config.json, tokenizer, safetensors; `osler.yaml` for its licence and what it is for."""

    modules = ("torch", "transformers", "safetensors")

    def __init__(self, folder: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.folder, self.manifest, self._problem = folder, SOURCES, None
        try:
            own = read_manifest(folder)
            self.manifest = own if own != Manifest() else SOURCES
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        told = self.manifest
        self.card = Card(
            name=f"text:{folder.name}",
            version=told.version,
            title=told.title or f"CLIPSeg ({folder.name})",
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
        return self._problem or lacks_folder(self.folder, KINDS)

    def load(self) -> Loaded:
        from transformers import AutoTokenizer, CLIPSegForImageSegmentation

        at = place()
        network = pretrained(CLIPSegForImageSegmentation, self.folder, at)
        words = AutoTokenizer.from_pretrained(self.folder, **FROM_HERE)
        return Loaded(network, words, _size(self.folder), at)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        import torch

        assert not isinstance(target, Volume)
        for name in structures:
            structure_and_side(name)
        given = model.words(list(structures), padding=True, return_tensors="pt").to(model.at.device)
        pixels = three_channels(slice_of(target, 0), model.size, grey_range(target), CLIP)
        found = []
        with torch.inference_mode(), watch.over(model.network):
            batch = model.at.tensor(pixels[None]).repeat(len(structures), 1, 1, 1)
            logits = model.network(pixel_values=batch, **given).logits
        # One text alone comes without its own axis.
        rows = logits.float().cpu().reshape(len(structures), *logits.shape[-2:])
        for name, row in zip(structures, rows, strict=True):
            chance = at_size(torch.sigmoid(row).numpy(), (target.rows, target.columns))
            mask = chance > self.manifest.threshold
            sure = round(float(chance[mask].mean()), 3) if mask.any() else 0.0
            found.append(Segment(name, np.asarray(mask), sure, self.card.name, self.card.version))
        return found


def _size(folder: Path) -> tuple[int, int]:
    path = folder / "preprocessor_config.json"
    body = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    size = body.get("size", SIZE)
    if isinstance(size, dict):
        return int(size.get("height", SIZE)), int(size.get("width", SIZE))
    return int(size), int(size)
