"""Lesions that a person outlined at two time points, as RECIST 1.1 takes them: targets, their sums, the change.

The response itself is the calculator `recist_1_1`: it needs the smallest sum so far, other lesions and new ones too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.errors import NotAssessable, UsageError
from tools.imaging.mask_files import labels_in, mask_from
from tools.imaging.measures.model import rounded
from tools.imaging.measures.recist import Lesion, select_targets, sum_of
from tools.imaging.measures.shape import diameters
from tools.imaging.measuring import plane
from tools.segmenters.contract import Target

_NODE = re.compile(r"\bnod(?:e|es|al)\b|\blymph|\blns?\b")
NOT_THE_RESPONSE = (
    "targets are a proposal; the response of a time point is the calculator recist_1_1, which needs the smallest sum "
    "so far, the non-target lesions and new ones"
)


@dataclass(frozen=True)
class Named:
    """A label of both masks, and the organ it lies in; a lymph node is measured across its short axis."""

    label: int
    organ: str

    @property
    def node(self) -> bool:
        """Whether it is a lymph node."""
        return bool(_NODE.search(self.organ))


def named_from(text: str) -> list[Named]:
    """Lesions from text: `1:liver,2:liver,3:node`.

    Raises:
        UsageError: they are no lesions.
    """
    pairs = [part.partition(":") for part in text.split(",")]
    if any(not label.strip().isdecimal() or not organ.strip() for label, _, organ in pairs):
        raise UsageError(
            "these are no lesions", found=text[:80], expected="LABEL:ORGAN,LABEL:ORGAN ...", action="1:liver,2:node"
        )
    named = [Named(int(label), organ.strip().casefold()) for label, _, organ in pairs]
    if len({one.label for one in named}) < len(named):
        raise UsageError(
            "a lesion is named twice",
            found=text[:80],
            expected="each label of the masks once",
            action="give every lesion a label of its own",
        )
    return named


def lesions_on(target: Target, path: Path, named: Sequence[Named]) -> list[Lesion]:
    """Each lesion with its diameter; one that the mask does not hold is not evaluated: it may be gone, or not drawn.

    Raises:
        OslerError: the mask does not fit (`mask_from`).
        NotAssessable: a volume whose slices are not axial.
    """
    if "plane" in plane(target).note:
        raise NotAssessable(
            "lesions are measured on axial slices",
            found=plane(target).note,
            expected="axial slices",
            action="give the axial series",
        )
    there = labels_in(path)
    found = []
    for one in named:
        lesion = Lesion(
            f"lesion {one.label}, {one.organ}",
            one.organ,
            node=one.node,
            state="not evaluated",
            modality=target.header.modality or "unknown",
            slice_mm=target.header.acquisition.slice_thickness_mm,
        )
        if one.label in there:
            axis = diameters(mask_from(path, target, one.label), plane(target))[1 if one.node else 0]
            lesion = replace(lesion, diameter=axis, state="measured")
        found.append(lesion)
    return found


def recist(now: Sequence[Lesion], baseline: Sequence[Lesion]) -> dict[str, Any]:
    """The targets at baseline, both sums, and the change.

    Raises:
        NotAssessable: a slice thickness is not known.
        BadInput: no lesion is measurable at baseline, or one has no scale.
    """
    chosen = select_targets(baseline)
    names = [lesion.name for lesion in chosen.targets]
    before, after = sum_of(chosen.targets), sum_of([lesion for lesion in now if lesion.name in names])
    change = 100 * (after.total.value / before.total.value - 1) if after.complete else None
    return {
        "targets": names,
        "not_targets": [{"name": lesion.name, "why": why} for lesion, why in chosen.others],
        "baseline": before.total.document(),
        "now": after.total.document(),
        "complete": after.complete,
        "percent": None if change is None else rounded(change),
        "note": NOT_THE_RESPONSE,
    }
