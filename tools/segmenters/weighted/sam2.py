"""SAM 2 and what was made from it (MedSAM2): an object from a box or clicks, followed through the slices of a volume.

Ravi 2024 (arXiv:2408.00714), in the form of transformers (`Sam2VideoModel`); its video is the stack of slices, forwards
and backwards from the slice that was pointed at. It follows until the object is gone. What it says of slices nobody
pointed at is propagated, and the segment says which those are.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tools.errors import BadInput, ToolError
from tools.imaging.volume import Volume
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.hub import lacks_folder, pretrained, weights_of
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import Manifest, read_manifest
from tools.segmenters.weighted.picture import at_size, grey_range, slice_of, three_channels
from tools.segmenters.weighted.warm import WARM, Warm

FOLDER = "sam2"
KINDS = ("sam2_video",)
GREY = frozenset({"CT", "MR", "US", "PT", "CR", "DX", "RG", "MG", "XA", "RF"})
# Two slices without the object: it has ended, and is not only hidden.
GONE = 2
# Corners of a box and clicks, as the prompt encoder numbers them.
CORNERS, INSIDE, OUTSIDE = (2, 3), 1, 0
SOURCES = Manifest(
    code_licence="Apache-2.0 (transformers)",
    weights_licence="of the model in the folder: SAM 2 Apache-2.0, MedSAM2 CC BY-SA 4.0 (their model cards)",
    citation="Ravi 2024, arXiv:2408.00714; MedSAM2: Ma 2025, arXiv:2504.03600",
    trained_on="SAM 2: videos and photographs (SA-V, SA-1B); MedSAM2: CT, MR, PET, ultrasound and endoscopy",
)


@dataclass(frozen=True)
class Loaded:
    """The network, its input size and its place."""

    network: Any = field(repr=False)
    size: tuple[int, int]
    at: Place


class Sam2(Weighted):
    """One model of the family.

    Args:
        folder: config.json and safetensors; `osler.yaml` for its licence and citation.
        dimensions: 3 follows an object through a volume, 2 outlines it on one image.
    """

    modules = ("torch", "transformers", "safetensors")

    def __init__(
        self, folder: Path, dimensions: Literal[2, 3] = 3, *, warm: Warm = WARM, limits: Limits | None = None
    ) -> None:
        super().__init__(warm=warm, limits=limits)
        self.folder, self._problem = folder, None
        told = SOURCES
        try:
            own = read_manifest(folder)
            told = own if own != Manifest() else SOURCES
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        followed = "followed through slices" if dimensions == 3 else "on one image"
        self.card = Card(
            name=f"sam2:{folder.name}:{dimensions}d",
            version=told.version,
            title=f"{told.title or f'SAM 2 ({folder.name})'}, {followed}",
            modalities=told.modalities or (GREY | {PHOTOGRAPH} if dimensions == 2 else GREY),
            anatomy=told.anatomy,
            dimensions=dimensions,
            structures=(),
            prompts=frozenset({"box", "point"}),
            licence=told.licence,
            source=told.source,
            measured=UNMEASURED,
            extra="local",
            weights=str(folder),
        )

    @property
    def key(self) -> Hashable:
        return ("sam2", self.folder)

    @property
    def files(self) -> list[Path]:
        return weights_of(self.folder)

    def lacks_files(self) -> str | None:
        return self._problem or lacks_folder(self.folder, KINDS)

    def load(self) -> Loaded:
        from transformers import Sam2VideoModel

        at = place()
        network = pretrained(Sam2VideoModel, self.folder, at)
        size = network.config.prompt_encoder_config.image_size
        rows, columns = (size, size) if isinstance(size, int) else size
        return Loaded(network, (int(rows), int(columns)), at)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        frames = _Frames(target, model)
        start = _start(target, prompts, len(frames))
        mask, sure, last = _followed(model, frames, start, prompts, watch)
        doubts = []
        if isinstance(target, Volume):
            there = np.flatnonzero(mask.any(axis=(1, 2)))
            if len(there) > 1:
                doubts.append(f"pointed at on slice {start}; propagated to slices {there[0]} to {there[-1]}")
            if last in (0, len(frames) - 1):
                doubts.append("it reaches the last slice of the volume")
        else:
            mask = mask[0]
        name = structures[0] if structures else OBJECT
        return [Segment(name, mask, round(sure, 3), self.card.name, self.card.version, doubts=tuple(doubts))]


class _Frames(Mapping[int, Any]):
    """Slices as the network wants them, made when it asks: a whole volume at its size would fill the memory."""

    def __init__(self, target: Target, model: Loaded) -> None:
        self.target, self.model = target, model
        self.shown = grey_range(target)
        self.count = target.values.shape[0] if isinstance(target, Volume) else 1
        self.shape: tuple[int, int] = slice_of(target, 0).shape

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Any:
        return iter(range(self.count))

    def __getitem__(self, number: int) -> Any:
        grey = slice_of(self.target, number)
        return self.model.at.tensor(three_channels(grey, self.model.size, self.shown))


def _start(target: Target, prompts: Prompts, count: int) -> int:
    """The slice that was pointed at.

    Raises:
        BadInput: none was said, several were, or it is not in the volume.
    """
    if not isinstance(target, Volume):
        return 0
    named = {click.slice_ for click in prompts.clicks if click.slice_ is not None}
    if prompts.slice_ is not None:
        named.add(prompts.slice_)
    if len(named) != 1 or not 0 <= next(iter(named)) < count:
        raise BadInput(
            "it must be known which slice was pointed at",
            found=", ".join(map(str, sorted(named))) or "no slice",
            expected=f"one slice, 0 to {count - 1}",
            action="say the slice with the box or the points",
        )
    return next(iter(named))


def _points(prompts: Prompts, frames: _Frames) -> tuple[list[list[float]], list[int]]:
    rows, columns = frames.shape
    places: list[tuple[float, float]] = []
    kinds: list[int] = []
    if prompts.box is not None:
        x0, y0, x1, y1 = prompts.box
        places += [(x0, y0), (x1 + 1, y1 + 1)]
        kinds += CORNERS
    for click in prompts.clicks:
        places.append(click.at)
        kinds.append(INSIDE if click.inside else OUTSIDE)
    outside = [place for place in places if not (0 <= place[0] <= columns and 0 <= place[1] <= rows)]
    box = prompts.box
    if outside or (box is not None and not (box[0] <= box[2] and box[1] <= box[3])):
        raise BadInput(
            "a prompt lies outside the image or has no size",
            found=outside or box,
            expected=f"columns 0 to {columns - 1}, rows 0 to {rows - 1}",
            action="point at the image",
        )
    size = frames.model.size
    return [[x * size[1] / columns, y * size[0] / rows] for x, y in places], kinds


def _followed(
    model: Loaded, frames: _Frames, start: int, prompts: Prompts, watch: Watch
) -> tuple[np.ndarray[Any, Any], float, int]:
    """The masks of all slices, how sure it is on the slice pointed at, and the outermost slice that was looked at."""
    import torch
    from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

    session = Sam2VideoInferenceSession(
        video_height=frames.shape[0],
        video_width=frames.shape[1],
        inference_device=model.at.device,
        inference_state_device="cpu",
        video_storage_device="cpu",
        dtype=model.at.dtype,
    )
    session.processed_frames = frames
    places, kinds = _points(prompts, frames)
    given = {
        "point_coords": torch.tensor([[places]], dtype=torch.float32),
        "point_labels": torch.tensor([[kinds]], dtype=torch.int32),
    }
    session.add_point_inputs(session.obj_id_to_idx(1), start, given)
    session.obj_with_new_inputs = [1]
    mask = np.zeros((len(frames), *frames.shape), dtype=bool)

    def look(number: int, *, back: bool) -> float:
        watch.check()
        out = model.network(session, frame_idx=number, reverse=back)
        scores = at_size(out.pred_masks[0, 0].float().cpu().numpy(), frames.shape)
        there = float(out.object_score_logits.float().flatten()[0])
        mask[number] = (scores > 0) & (there > 0)
        return there

    with watch.over(model.network):
        sure = look(start, back=False)
        ends = []
        for numbers, back in ((range(start + 1, len(frames)), False), (range(start - 1, -1, -1), True)):
            gone, end = 0, start
            for number in numbers:
                look(number, back=back)
                end = number
                gone = 0 if mask[number].any() else gone + 1
                if gone == GONE:
                    break
            ends.append(end if gone < GONE else -1)
    touched = next((end for end in ends if end in (0, len(frames) - 1)), -1)
    return mask, 1 / (1 + float(np.exp(-sure))), touched
