"""Every weighted back end of this machine: the known ones, and a row for each folder of models that lies here.

    MODELS/totalsegmentator/Dataset297_.../...       as TotalSegmentator unpacks its weights
    MODELS/torchxrayvision/*.pth, *.pt               TorchXRayVision's files
    MODELS/nnunet/NAME/plans.json ...                any model of nnU-Net v2, with osler.yaml
    MODELS/monai/NAME/configs/inference.json ...     any MONAI bundle
    MODELS/sam2/NAME/config.json ...                 SAM 2, MedSAM2, in the form of transformers
    MODELS/text/NAME/config.json ...                 CLIPSeg or Grounding DINO, in the form of transformers
    MODELS/trusted.sha256                            files that may run although they are programs

Nothing is loaded and no torch is imported to make this list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.segmenters.contract import Segmenter
from tools.segmenters.weighted.absent import absent
from tools.segmenters.weighted.base import Model
from tools.segmenters.weighted.hub import model_type
from tools.segmenters.weighted.limits import Limits
from tools.segmenters.weighted.monai_bundle import FOLDER as MONAI
from tools.segmenters.weighted.monai_bundle import MonaiBundle
from tools.segmenters.weighted.nnunet import NnUnet
from tools.segmenters.weighted.sam2 import FOLDER as SAM2
from tools.segmenters.weighted.sam2 import Sam2
from tools.segmenters.weighted.text import FOLDER as TEXT
from tools.segmenters.weighted.text import TextPrompted
from tools.segmenters.weighted.text_boxes import KINDS as BOXES
from tools.segmenters.weighted.text_boxes import TextBoxes
from tools.segmenters.weighted.totalsegmentator import TotalSegmentator, tasks
from tools.segmenters.weighted.warm import WARM, Warm
from tools.segmenters.weighted.xray import ChestFindings, ChestStructures

NNUNET = "nnunet"
EXAMPLE = "NAME"
Json = dict[str, Any]


def segmenters(models: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> list[Segmenter]:
    """Every segmenter; where a folder of models is empty, one that says what belongs there."""
    held: dict[str, Any] = {"warm": warm, "limits": limits}
    kinds: list[tuple[str, Callable[[Path], list[Segmenter]]]] = [
        (NNUNET, lambda folder: [NnUnet(folder, **held)]),
        (MONAI, lambda folder: [MonaiBundle(folder, **held)]),
        (SAM2, lambda folder: [Sam2(folder, 3, **held), Sam2(folder, 2, **held)]),
        (TEXT, lambda folder: [_by_words(folder, models, held)]),
    ]
    found: list[Segmenter] = [TotalSegmentator(name, models, **held) for name in tasks()]
    found.append(ChestStructures(models, **held))
    for kind, make in kinds:
        here = sorted(path for path in (models / kind).glob("*") if path.is_dir())
        for folder in here or [models / kind / EXAMPLE]:
            found += make(folder)
    return [*found, *absent()]


def _by_words(folder: Path, models: Path, held: Json) -> Segmenter:
    if model_type(folder) not in BOXES:
        return TextPrompted(folder, **held)
    outlines = [Sam2(path, 2, **held) for path in sorted((models / SAM2).glob("*")) if path.is_dir()]
    return TextBoxes(folder, next((one for one in outlines if one.lacks_files() is None), None), **held)


def here(models: Path) -> list[Segmenter]:
    """Those whose weights lie here, packages or not: what a question by name goes to after what needs no weights."""
    return [one for one in segmenters(models) if isinstance(one, Model) and one.lacks_files() is None]


def classifiers(models: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> list[ChestFindings]:
    """Every classifier."""
    return [ChestFindings(models, warm=warm, limits=limits)]


def rows(models: Path) -> list[Json]:
    """One row for each, as `osler doctor` shows them: usable, what it lacks and how to get it, and its licence."""
    listed: list[tuple[str, Segmenter | ChestFindings]] = [("segmenter", one) for one in segmenters(models)]
    listed += [("classifier", one) for one in classifiers(models)]
    return [row(kind, one) for kind, one in listed]


def row(kind: str, model: Any) -> Json:
    """One back end."""
    card, lacks = model.card, model.lacks()
    packages = isinstance(model, Model) and model.lacks_packages() is not None
    return {
        "name": card.name,
        "kind": kind,
        "title": card.title,
        "usable": lacks is None,
        "lacks": lacks,
        "how": f"pip install 'osler[{card.extra}]'" if packages else None,
        "licence": card.licence,
        "source": card.source,
        "modalities": sorted(card.modalities),
        "structures": len(card.structures) or None,
        "prompts": sorted(card.prompts),
        "measured": card.measured,
        "weights": card.weights,
    }
