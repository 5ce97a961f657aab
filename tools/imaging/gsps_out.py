"""Outlines and calipers written out as a Grayscale Softcopy Presentation State, to be shown over the source images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import NotAssessable
from tools.imaging.dicom_out import Sources, equipment, save, sources_of, stem_of, writing
from tools.imaging.outlines import Drawing, Line
from tools.segmenters.contract import Target
from tools.segmenters.segment import Segment

_GREY = ("MONOCHROME1", "MONOCHROME2")
_MOST_WORDS = 1024


def write_presentation(
    target: Target,
    drawings: Sequence[Drawing],
    folder: Path,
    source: Path | None = None,
    segments: Sequence[Segment] = (),
) -> Path:
    """Write the presentation state; every structure is a layer of its own.

    Args:
        source: the file of an image; a volume knows its own.

    Raises:
        NotAssessable: the image is in colour, or there is nothing to draw.
        BadInput: the sources cannot be referenced.
    """
    sources = sources_of(target, source)
    kind = sources.datasets[0].get("PhotometricInterpretation")
    if kind not in _GREY or not drawings:
        raise NotAssessable(
            "no presentation state is made",
            found=f"{kind} image, {len(drawings)} drawings",
            expected="a grey image with an outline or calipers on it",
            action="take a picture with the outline instead: --as png",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem_of(target, segments, [(one.slice_, one.text) for one in drawings])}-pr.dcm"
    with writing("presentation state"):
        save(_state(sources, drawings), path)
    return path


def _state(sources: Sources, drawings: Sequence[Drawing]) -> Any:
    import highdicom as hd

    layers = {
        name: hd.pr.GraphicLayer(f"OSLER {number}", number, description=name[:64] or "landmarks")
        for number, name in enumerate(dict.fromkeys(one.structure for one in drawings), 1)
    }
    used = dict.fromkeys(sources.places[one.slice_][0] for one in drawings)
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[sources.datasets[number] for number in used],
        content_label="OSLER",
        content_description="Outlines and calipers, not verified",
        graphic_layers=list(layers.values()),
        graphic_annotations=[_annotation(sources, one, layers[one.structure]) for one in drawings],
        series_description="Osler outlines, not verified",
        **equipment(),
    )
    if "Laterality" not in made:
        # Type 2C of the general series: empty where the source does not say.
        made.Laterality = None
    return made


def _annotation(sources: Sources, one: Drawing, layer: Any) -> Any:
    import highdicom as hd

    dataset = sources.datasets[sources.places[one.slice_][0]]
    limits = np.array([dataset.Columns, dataset.Rows], dtype=np.float64)
    frames = sources.frame_numbers(one.slice_)
    words = []
    if one.text:
        anchor = np.clip(np.array(one.corner) + 0.5, 1, limits)
        words = [
            hd.pr.TextObject(
                text_value=one.text.replace("\n", "\r\n")[:_MOST_WORDS],
                units="PIXEL",
                anchor_point=(float(anchor[0]), float(anchor[1])),
                anchor_point_visible=False,
            )
        ]
    return hd.pr.GraphicAnnotation(
        referenced_images=[dataset],
        graphic_layer=layer,
        referenced_frame_number=frames,
        graphic_objects=[
            hd.pr.GraphicObject("POLYLINE", _placed(line, limits), "PIXEL") for line in (*one.outlines, *one.calipers)
        ],
        text_objects=words or None,
    )


def _placed(line: Line, limits: Line) -> Line:
    """Places as DICOM counts them, from the corner of the first pixel, kept on the image."""
    return np.clip(line + 0.5, 0, limits)
